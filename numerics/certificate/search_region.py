r"""What an output's own feature costs, whatever its bias: how far a minimiser may lie.

.. math:: F(a, c, b) \ge p\,J(a), \qquad
          J(a) = \begin{cases} (1-a)^2/12 & a \le 1 \\
                 \frac13 \big(\frac{a-1}{a+1}\big)^2 & a \ge 1 \end{cases}

Proof. Where x is active, whatever y does, the output is (a x + e)₊ with e = b + c y, and
J(a) = min_e ∫ (x - (a x + e)₊)² dx. For e ≥ 0 this is the variance of (1 - a) x at least,
(1 - a)²/12. For e < 0 let ℓ = 1 + e/a be the part of [0, 1] where the output is not silent:
the integral is 1/3 - a (ℓ² - (1 + a) ℓ³/3), least at ℓ = 2/(1 + a) if a ≥ 1, where it is the
second line; if a < 1 it falls up to ℓ = 1, that is e = 0. And for a ≥ 1, e ≥ 0 the second line
is less still.

J falls up to a = 1 and grows from there to 1/3. With v = p/3 - p²/4 < p/3 and r ≤ 1, losses
L ≤ r v therefore need W_1² ≤ (1 + κ)/(1 - κ) with κ² = 3 r v/p < 1, and W_2² likewise with
κ² = 3 v/p. The biases are bounded above as E z₊² grows with b, and an output that is always
silent, as it is from b ≤ -(a + c₊) on, costs p/3, or r p/3: more than r v. So {L ≤ r v} is
compact. a = W_i²; c = W_1 W_2; b: bias; p: density; r: importance of the second feature.
Source: derived here.
"""

from __future__ import annotations

from typing import Any

from flint import arb

Interval = tuple[float, float]


def own_feature_loss(weight: Interval, p: Any) -> Any:
    """p J(w²), the least over an interval of weights that has 0 not inside; a ball.

    >>> float(own_feature_loss((1.5, 2.0), arb(1))) > 0.049  # at w² = 2.25
    True
    """
    low, high = (arb(end) ** 2 for end in sorted(abs(end) for end in weight))
    if low > 1:
        return p * ((low - 1) / (low + 1)) ** 2 / 3
    return p * (1 - high) ** 2 / 12 if high < 1 else 0 * p


def largest_weights(importance: Any, p: Any) -> tuple[float, float]:
    """|W_1| and |W_2| beyond which the loss exceeds r v; balls r ≤ 1 and p.

    >>> [round(weight, 6) for weight in largest_weights(arb(1) / 4, arb(1))]
    [1.290994, 1.732051]
    """
    target = importance * p * (4 - 3 * p) / 12
    return _largest(target, p), _largest(target / importance, p)


def _largest(target: Any, p: Any) -> float:
    square = 3 * target / p  # κ²
    weight = float((1 + square.sqrt()) / (1 - square).sqrt())
    while not own_feature_loss((weight, weight), p) > target:
        weight *= 1 + 1e-9
    return weight
