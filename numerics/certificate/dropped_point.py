r"""Around the dropped optimum, where the loss is C^{1,1} and not smooth: no better loss nearby.

At W = (1, 0), b = (0, p/2) a zero bias meets the atom of silence, second derivatives are
one-sided, and interval Newton methods do not apply. In the scaled variables

.. math:: W_1^2 = a = 1 + t\alpha, \quad W_1 W_2 = \sigma t, \quad b_1 = t\beta, \quad
          \sigma = \pm 1,\; t > 0,

the loss of the first output is, exactly, as long as t(1 + |β|) ≤ a,

.. math:: \frac{F_1}{t^2} = Q_\sigma(\alpha, \beta)
          - t\,h(a)\,p\big[(1-p)\,(\beta)_-^3 + p\,E(\sigma y + \beta)_-^3\big], \qquad
          h(a) = \frac{1 + a}{3a^2},

.. math:: Q_\sigma = (1-p)^2 (\beta)_+^2 + p(1-p)\,E(\alpha x + \beta)^2
          + p(1-p)\,E(\sigma y + \beta)_+^2 + p^2 E(\alpha x + \sigma y + \beta)^2,

x, y uniform on [0, 1]. The quadratic form counts (x - z)² also where z = a x - s is negative;
the error there is x², and ∫ ((x - z)² - x²) dx over x < s/a is h(a) s³, s = t(σy + β)₋.

Lemma. Let r ≤ 1, κ² = 24 r v/p, 0 < |W_2| ≤ s and W_1 ≤ w. Then L > r v if
(1) (2/3) s² + (1 + p/2) w s < p/4,  (2) κ s < 1; let a± = 1 ± κs, T = s√a+, A = κ/√a-;
(3) (B - 1)² > 4 a+² (r v/p)(2/a- - 1), B > 1,  (4) T(1 + B) ≤ a-, and
(5) Φ = F_1/t² - r v (2/a - 1 - t²/a²) > 0 for |α| ≤ A, |β| ≤ B, 0 ≤ t ≤ T and both signs σ.

Proof. Second output, a_2 = W_2² ≤ s², t = |W_1 W_2| ≤ w s: with b_2 ≥ t it is linear and
costs at least v[(1 - a_2)² + t²]. With b_2 < t, E x z_+ < a_2 p/3 + t p²/4 + t p/2, so it costs
p/3 - 2 E x z_+ > v by (1), and L > r v. Else L - r v ≥ F_1 - r v W_2²(2 - a - W_2²), which is t² Φ
as W_2² = t²/a. Now F_1 ≥ p J(a) (``search_region``). a ≥ 2: nothing is subtracted. Next,
|a - 1| > κ|W_2|: p J(a) > r v W_2² (2 - a), as J ≥ (1 - a)²/12, 2 - a ≤ 2 for a ≤ 1, and for
d = a - 1 in [0, 1] J = d²/(3(2 + d)²) with (1 - d)(2 + d)² ≤ 4. So |α| = |a - 1|/t ≤ κ/W_1 ≤ A
and t ≤ T are left. |β| > B: the integral along x costs at least (|e|/max(a, 1))²/4 at the offset
e = b_1 ± t y if |e| ≤ a, and 1/4 beyond: e²/4 for e ≥ 0; for e = -a s, s³/3 +
min_k ∫_0^{1-s} (s - k u)² du = s³/3 + s²(1 - s)/4. As |e| ≥ t(B - 1), F_1 ≥ p (t(B - 1)/a+)²/4, and
(3) suffices. The rest is (5), where (4) makes the formula exact. ∎

On W_1 W_2 = 0 itself: an output whose other slope is 0, with a = 0 or b_2 ≥ 0, costs v at least
(its constant part is best at the mean); ``certificate`` spells out the equality case.
(5) is proven by branch and bound over three variables, mean value form and monotony, with
balls. v = p/3 - p²/4: variance of a feature. Source: derived here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from flint import arb

from superposition.numerics.certificate.output_cell import (
    Interval,
    ball,
    half_width,
    halves,
    middle,
)

Scaled = tuple[Interval, Interval, Interval]  # α, β, t


@dataclass(frozen=True)
class Neighbourhood:
    """The region |W_2| ≤ second, |W_1| ≤ first, and the box of (α, β, t) that it asks for."""

    first: float
    second: float
    box: Scaled


def neighbourhood(importance: Any, p: Any, first: float) -> Neighbourhood:
    """The widest strip that conditions (1) to (4) allow, for |W_1| ≤ first; balls r ≤ 1 and p.

    >>> neighbourhood(arb(1) / 4, arb(1) / 2, 1.5).second
    0.0590335435106244
    """
    ratio = importance * (4 - 3 * p) / 12  # r v/p
    kappa = (24 * ratio).sqrt()
    second = 0.5
    while True:
        s = arb(second)
        low, high = 1 - kappa * s, 1 + kappa * s
        largest = s * high.sqrt()
        linear = 2 * s * s / 3 + (1 + p / 2) * first * s < p / 4
        if linear and low > 0:
            bias = _above(1 + 2 * high * (ratio * (2 / low - 1)).sqrt())
            if largest * (1 + bias) <= low:
                slope = _above(kappa / low.sqrt())
                box = ((-slope, slope), (-bias, bias), (0.0, _above(largest)))
                if 2 * slope * box[2][1] < 1:  # a stays away from 0 on the whole box
                    return Neighbourhood(first, second, box)
        second *= 0.875


def excess(
    importance: Any, p: Any, sign: int, alpha: Any, beta: Any, t: Any
) -> tuple[Any, Any, Any, Any]:
    """Φ and its derivatives by α, β and t; floats, fractions or balls.

    >>> excess(0.25, 0.5, -1, 0.0, 0.0, 0.0)[0]  # p²/3 - r v
    0.057291666666666664
    """
    q, v, a = 1 - p, p / 3 - p * p / 4, 1 + t * alpha
    up, down = _positive(beta), _positive(-beta)
    # E (σy + β)_±^k for k = 2 and 3, and their derivatives by β.
    near, far = (up, _positive(beta + 1)) if sign > 0 else (_positive(beta - 1), up)
    over, over_b = (far**3 - near**3) / 3, far**2 - near**2
    near, far = (_positive(-beta - 1), down) if sign > 0 else (down, _positive(1 - beta))
    under, under_b = (far**4 - near**4) / 4, near**3 - far**3
    form = (
        q * q * up * up
        + p * (alpha * alpha / 3 + alpha * beta + beta * beta)
        + p * q * over
        + p * p * (1 / (3 + 0 * p) + sign * (alpha / 2 + beta))
    )
    form_b = 2 * q * q * up + p * (alpha + 2 * beta) + p * q * over_b + sign * p * p
    form_a = p * (2 * alpha / 3 + beta) + sign * p * p / 2
    clipped = p * (q * down**3 + p * under)
    clipped_b = p * (p * under_b - 3 * q * down * down)
    h, h_a = (1 + a) / (3 * a * a), -(a + 2) / (3 * a * a * a)
    gain_a = importance * v * (2 * t * t / (a * a * a) - 2 / (a * a))  # of r v (2/a - 1 - t²/a²)
    gain = importance * v * (2 / a - 1 - t * t / (a * a))
    return (
        form - t * h * clipped - gain,
        form_a - t * t * h_a * clipped - t * gain_a,
        form_b - t * h * clipped_b,
        -clipped * (h + t * alpha * h_a) - alpha * gain_a + 2 * importance * v * t / (a * a),
    )


def positive_everywhere(
    importance: Any, p: Any, sign: int, box: Scaled, budget: int
) -> tuple[int, Scaled | None]:
    """Whether Φ > 0 on a box of (α, β, t): boxes looked at, and where that got stuck, or None."""
    waiting: list[Scaled] = [box]
    looked = 0
    while waiting:
        whole = waiting.pop()
        looked += 1
        slants = excess(importance, p, sign, *(ball(interval) for interval in whole))[1:]
        part = _shrunk(whole, slants, box)
        if part is None:
            continue
        centre = excess(importance, p, sign, *(arb(middle(interval)) for interval in part))[0]
        blurs = [
            half_width(interval) * slant.abs_upper()
            for interval, slant in zip(part, slants, strict=True)
        ]
        if centre - sum(blurs) > 0:
            continue
        if looked >= budget or centre <= 0:
            return looked, part
        widest = max(range(3), key=lambda k: float(blurs[k]))
        for half in halves(part[widest]):
            alpha, beta, t = (half if k == widest else part[k] for k in range(3))
            waiting.append((alpha, beta, t))
    return looked, None


def configuration(
    sign: int, alpha: float, beta: float, t: float, density: float
) -> tuple[float, float, float, float]:
    """(W_1, W_2, b_1, b_2) near a point of the scaled variables, b_2 the best of a linear output.

    >>> configuration(-1, 0.0, 0.5, 0.25, 0.5)
    (1.0, -0.25, 0.125, 0.296875)
    """
    first = math.sqrt(1 + t * alpha)
    second = sign * t / first
    return first, second, t * beta, density / 2 * (1 - second**2 - first * second)


def _shrunk(part: Scaled, slants: tuple[Any, ...], box: Scaled) -> Scaled | None:
    """The face on which Φ can be least over the whole box; None if that is not in this part."""
    faces = list(part)
    for k, slant in enumerate(slants):
        end = 0 if slant > 0 else 1 if slant < 0 else None
        if end is None:
            continue
        if part[k][end] != box[k][end]:
            return None
        faces[k] = (part[k][end], part[k][end])
    return faces[0], faces[1], faces[2]


def _positive(value: Any) -> Any:
    """(value)₊; of a ball that holds zero, the ball of all its positive parts."""
    if value > 0:
        return value
    return 0 * value if value <= 0 else value.max(0)


def _above(value: Any) -> float:
    """A float that is proven to exceed a ball."""
    number = float(value.upper()) * (1 + 1e-12)
    while not arb(number) > value:
        number *= 1 + 1e-12
    return number
