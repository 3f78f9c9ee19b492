r"""The polygons of ``one_active_polygons`` in numbers: norm, bias and loss of every k-gon.

.. math:: t: P(t) = 0, \quad g = C/Q, \quad b = -g t, \quad
          H = \frac kn \Big( \frac13 - g C \Big)
              + \frac{n - k}{n} \Big( \frac13 - \frac1{4n} \Big)

k: sides; n: features, n - k of them dead; t: threshold; g: squared norm; b: bias; H: loss.
Polygons of five to nine sides are minima of H over all weights and biases, up to rotation;
those of ten to thirteen sides are saddles (Hessians, in the tests).
Source: ``one_active_polygons``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np
import sympy

from superposition.theory.domain import check_count
from superposition.theory.one_active_polygons import (
    cosine,
    neighbour_term,
    own_power,
    stationarity,
    t,
)

HEPTAGON = 7


@dataclass(frozen=True)
class PolygonCriticalPoint:
    """A regular polygon of ``sides`` features at its best norm and bias; the others are dead.

    squared_norm: ‖W_i‖² of a stored feature; bias: its bias, not positive; seen: r, the
    neighbours on one side that disturb it; loss: H, the mean squared error summed over the
    outputs, when one of the ``features`` is active, the dead ones at bias 1/(2n).
    """

    sides: int
    features: int
    squared_norm: float
    bias: float
    seen: int
    loss: float

    @property
    def output_loss(self) -> float:
        """ℓ: n times the mean squared error of one stored feature's output."""
        dead = (self.features - self.sides) * _dead_output_loss(self.features)
        return (self.features * self.loss - dead) / self.sides


def polygon_critical_point(sides: int, features: int | None = None) -> PolygonCriticalPoint:
    """The k-gon of Chen et al. among n features: its norm and bias at the one critical point.

    features: n, at least ``sides`` and by default the same; those beyond the polygon are dead.
    Raises ``ValueError`` for fewer than three sides or fewer features than sides.

    >>> found = polygon_critical_point(5)
    >>> print(f"{found.squared_norm:.6f} {found.bias:.6f} {found.loss:.6f}")
    1.369976 -0.282297 0.015826
    >>> print(f"{polygon_critical_point(10).bias:.12f}")  # minus the golden ratio
    -1.618033988750
    """
    sides = check_count(sides, "sides", at_least=3)
    features = sides if features is None else check_count(features, "features", at_least=sides)
    threshold, seen = _threshold(sides)
    cosines = np.cos(2 * np.pi * np.arange(-seen, seen + 1) / sides)
    benefit = (1 - threshold) ** 2 * (2 + threshold) / 6
    norm = benefit / float(np.sum((cosines - threshold) ** 3 / cosines) / 3)
    output = 1 / 3 - norm * benefit if seen else 0.0
    total = sides * output + (features - sides) * _dead_output_loss(features)
    bias = -norm * threshold if seen else 0.0
    return PolygonCriticalPoint(sides, features, norm, bias, seen, total / features)


def best_polygon(features: int) -> PolygonCriticalPoint:
    """The polygon of least loss: all the features up to seven, the heptagon beyond.

    Storing one more feature pays if it lowers k ℓ by more than the 1/3 - 1/(4n) it costs dead;
    k (1/3 - ℓ) grows to 1.7504 at k = 7, falls to 1.6315 at k = 11 and tends to 1.6537.

    >>> best_polygon(5).sides, best_polygon(20).sides
    (5, 7)
    """
    features = check_count(features, "features", at_least=3)
    return polygon_critical_point(min(features, HEPTAGON), features)


def seen_whole(sides: Iterable[int]) -> list[int]:
    """Those polygons that see every neighbour at less than a right angle, r = s.

    >>> seen_whole(range(5, 40))
    [5, 6, 7, 8, 12]
    """
    return [count for count in sides if polygon_critical_point(count).seen == (count - 1) // 4]


def _dead_output_loss(features: int) -> float:
    """1/3 - 1/(4n)."""
    return 1 / 3 - 1 / (4 * features)


@cache
def _threshold(sides: int) -> tuple[float, int]:
    """t and r: the root of P in the one cell between kinks where it changes sign."""
    from scipy.optimize import brentq

    count = (sides - 1) // 4
    cosines = np.cos(2 * np.pi * np.arange(1, count + 1) / sides)
    own, neighbour = (
        sympy.lambdify((t, cosine), part) for part in (stationarity(own_power()), neighbour_term())
    )

    def function(threshold: float, seen: int) -> float:
        disturbed = neighbour(threshold, cosines[:seen])
        return float(own(threshold, 1.0) + 2 * np.sum(disturbed))

    kinks = [*cosines, 0.0]
    for seen in range(count, 0, -1):
        low, high = kinks[seen], kinks[seen - 1]
        if function(high, seen) > 0:  # negative at ``low``, or a cell before would have said so
            return float(brentq(function, low, high, args=(seen,), xtol=1e-16)), seen
    return 0.0, 0
