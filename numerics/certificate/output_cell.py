r"""One output over a box of weights and an interval of biases: its loss enclosed.

.. math:: F(a, c, b) = \frac p3 - 2 E\,x z_+ + E\,z_+^2, \qquad
          \partial_a F = 2 E\,x (z_+ - x 1), \;
          \partial_c F = 2 E\,y (z_+ - x 1), \;
          \partial_b F = 2 E\,(z_+ - x 1)

z = a x + c y + b with a = w² and c = w u; w: weight of the output's own feature x; u: weight of
the other feature y; 1: indicator of z > 0. Every expectation grows with a, c and b
(``positive_part_moments``), so that over a cell each of them lies between its values at two
corners, and ∂F between differences of those. F is Lipschitz and these are its derivatives
almost everywhere on every segment, so the mean value form holds across kinks:
F(θ) ≥ F(θ_c) - Σ_k |θ_k - θ_ck| sup |∂_k F|. Its excess over the truth shrinks with the square of
the cell. Source: derived here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from flint import arb

from superposition.numerics.certificate.positive_part_moments import moments

Interval = tuple[float, float]  # floats are exact binary fractions


class Slopes(NamedTuple):
    """(a, c) of an output over a box of weights: least, in the middle, largest; w, u as balls."""

    low: tuple[Any, Any]
    middle: tuple[Any, Any]
    high: tuple[Any, Any]
    own: Any
    other: Any


class Cell(NamedTuple):
    """I F over a box of weights times an interval of biases.

    bias: the interval; middle: I F in the middle of the cell; least: a lower bound by
    monotony alone; own, other: balls of its derivatives by w and u; reach: how far the bias
    alone may take it from the middle, half the width times sup |∂F/∂b|.
    """

    bias: Interval
    middle: Any
    least: Any
    own: Any
    other: Any
    reach: Any


def slopes(own: Interval, other: Interval) -> Slopes:
    """The slopes of an output over a box of weights, neither interval with 0 inside.

    Ends are ordered as floats, which is exact; their products are exact from 106 bits on.
    """
    (w_low, w_high), (u_low, u_high) = (sorted(abs(end) for end in ends) for ends in (own, other))
    small, large = arb(w_low) * arb(u_low), arb(w_high) * arb(u_high)
    if sum(own) * sum(other) < 0:
        small, large = -large, -small
    w, u = arb(middle(own)), arb(middle(other))
    low, high = (arb(w_low) ** 2, small), (arb(w_high) ** 2, large)
    return Slopes(low, (w * w, w * u), high, ball(own), ball(other))


def bias_interval(over: Slopes, p: Any) -> Interval:
    """Where a minimiser's bias must lie if its output is not silent.

    b ≤ -(a + c₊): always silent, F = p/3. A stationary bias has E z₊ = E x 1 ≤ p/2, and
    E z₊ ≥ E z ≥ b - (c)₋ p/2.
    """
    low, high = over.low, over.high
    bottom = -(high[0] + high[1].max(0)).upper()
    top = (p / 2 * (1 - low[1].min(0))).upper()
    return below(bottom), -below(-top)


def cells(over: Slopes, biases: Iterable[Interval], p: Any, importance: Any) -> list[Cell]:
    """The cells in which the loss may be stationary in the bias."""
    found = []
    for bias in biases:
        low = moments(*over.low, arb(bias[0]), p)
        high = moments(*over.high, arb(bias[1]), p)
        by_bias = _difference(low.z, high.z, low.x1, high.x1)
        if by_bias > 0 or by_bias < 0:
            continue
        by_a = _difference(low.xz, high.xz, low.xx1, high.xx1)
        by_c = _difference(low.yz, high.yz, low.xy1, high.xy1)
        centre = moments(*over.middle, arb(middle(bias)), p)
        found.append(
            Cell(
                bias,
                importance * (p / 3 - 2 * centre.xz + centre.zz),
                importance * (p / 3 - 2 * high.xz + low.zz),
                2 * importance * (2 * over.own * by_a + over.other * by_c),
                2 * importance * over.own * by_c,
                2 * importance * half_width(bias) * by_bias.abs_upper(),
            )
        )
    return found


def middle(interval: Interval) -> float:
    """A float near the middle: where exactly does not matter, as long as all use the same."""
    return (interval[0] + interval[1]) / 2


def half_width(interval: Interval) -> Any:
    """The larger distance from ``middle`` to an end."""
    centre = arb(middle(interval))
    return (arb(interval[1]) - centre).max(centre - arb(interval[0]))


def halves(interval: Interval) -> tuple[Interval, Interval]:
    """Two intervals that cover one.

    >>> halves((0.0, 1.0))
    ((0.0, 0.5), (0.5, 1.0))
    """
    centre = middle(interval)
    return (interval[0], centre), (centre, interval[1])


def ball(interval: Interval) -> Any:
    """The ball that holds the interval."""
    return arb(interval[0]).union(arb(interval[1]))


def below(value: Any) -> float:
    """A float that is proven to lie below a ball.

    >>> below(arb(1)) < 1
    True
    """
    number = float(value.lower())
    step = max(abs(number), 1e-300) * 1e-12
    while not arb(number) < value:
        number, step = number - step, 2 * step
    return number


def _difference(low: Any, high: Any, minus_low: Any, minus_high: Any) -> Any:
    """The ball of X - Y for X in [low, high] and Y in [minus_low, minus_high]."""
    return (low - minus_high).union(high - minus_low)
