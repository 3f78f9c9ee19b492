r"""Two features in one dimension, biases free: the points of the phase diagram no formula gives.

Importances 1 and r ≤ 1, density p (r > 1 is the mirror image). Three minima compete: the second
feature dropped, W = (1, 0); stored weakly; stored strongly, as the antipodal pair of the paper.

* ``triple_point``: all three cost the same, p = 0.511738, r = 0.564131. Below it the pair appears
  at once, strong: first order. Above it the feature comes in weakly, from the tricritical
  density 0.52025 on continuously (``theory.stability_of_dropping``), and jumps to strong later.
* ``balanced_pair_limit``: at r = 1 the pair with two equal norms is best up to p = 0.706404;
  beyond it one of the two is stored weakly: their symmetry is broken, with a jump.

Source: derived here, by minimising the exact expected loss.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from superposition.numerics.optimum.descent import descend
from superposition.numerics.optimum.landscape import Landscape
from superposition.theory.domain import check_density, check_importance, check_scalar

Array = NDArray[np.float64]
STRONG, WEAK = (1.02, -0.76, 0.07, 0.2), (1.001, -0.006, 0.001, 0.26)
UNBALANCED, BALANCED = (0.55, -0.95, 0.4, 0.2), (0.9, -0.9, 0.15, 0.15)


@dataclass(frozen=True)
class Meeting:
    """Minima of equal loss at one setting.

    importance: r; density: p; loss; points: (W_1, W_2, b_1, b_2) of each.
    """

    importance: float
    density: float
    loss: float
    points: tuple[tuple[float, ...], ...]


def triple_point() -> Meeting:
    """Where dropped, weakly and strongly stored features cost the same.

    >>> found = triple_point()
    >>> print(f"{found.density:.6f} {found.importance:.6f}")
    0.511738 0.564131
    """

    def excess(density: float) -> float:
        r = _weak_boundary(density)
        return float(_branch(STRONG, r, density)[1] - r * _variance(density))

    density = float(brentq(excess, 0.5105, 0.514, xtol=1e-14, rtol=1e-14))
    importance = _weak_boundary(density)
    dropped = (1.0, 0.0, 0.0, density / 2)
    stored = [tuple(map(float, _branch(seed, importance, density)[0])) for seed in (WEAK, STRONG)]
    return Meeting(importance, density, importance * _variance(density), (dropped, *stored))


def balanced_pair_limit() -> Meeting:
    """The density up to which the balanced pair is best at equal importance.

    >>> print(f"{balanced_pair_limit().density:.6f}")
    0.706404
    """

    def excess(density: float) -> float:
        return float(_branch(BALANCED, 1.0, density)[1] - _branch(UNBALANCED, 1.0, density)[1])

    density = float(brentq(excess, 0.7055, 0.7075, xtol=1e-14, rtol=1e-14))
    points = [_branch(seed, 1.0, density) for seed in (BALANCED, UNBALANCED)]
    return Meeting(
        1.0, density, float(points[0][1]), tuple(tuple(map(float, point)) for point, _ in points)
    )


def first_order_importance(density: float) -> float:
    """The relative importance from which the strong pair is better than dropping, p ≤ 0.51.

    As p → 0 it is (2 + √2)/8 of the density (``theory.sparse_antipodal_pair``).
    Raises ``ValueError`` for a density outside (0, 0.51].

    >>> print(f"{first_order_importance(0.1):.6f} {first_order_importance(1e-4) / 1e-4:.6f}")
    0.048722 0.426829
    """
    check_density(density)
    check_scalar(density, "density")
    if density > 0.51:
        raise ValueError(f"density is {density!r}; the strong pair is born first up to 0.51.")

    def excess(share: float) -> float:
        r = share * density
        point, loss = _branch(STRONG, r, density)
        # Where the strong pair is no minimum any more the descent ends elsewhere.
        return loss / (r * _variance(density)) - 1 if abs(point[1]) > 0.3 else 1.0

    return density * float(brentq(excess, 0.3, 1.3, xtol=1e-14, rtol=1e-14))


def _weak_boundary(density: float) -> float:
    """The importance at which the weakly stored feature costs as much as the dropped one.

    Between the tricritical density and the triple point: a jump of some thousandths.
    """
    from superposition.theory.stability_of_dropping import least_stable_importance

    limit = float(least_stable_importance(density))

    def excess(shift: float) -> float:
        r = limit * (1 + shift)
        return float(_branch(WEAK, r, density)[1] - r * _variance(density))

    # Just below the stability limit the weak branch still exists, above dropping's loss.
    shifts = -np.geomspace(1e-7, 1e-4, 61)
    low = next(float(shift) for shift in shifts if excess(float(shift)) > 1e-15)
    return limit * (1 + float(brentq(excess, low, 0.0, xtol=1e-16, rtol=1e-14)))


def _branch(seed: tuple[float, ...], importance: float, density: float) -> tuple[Array, float]:
    """The minimum that ``seed`` leads to, and its loss."""
    check_importance(importance)
    landscape = Landscape(1, np.array([[1.0, importance]]), np.full((1, 2), density))
    ends = descend(landscape, np.array([seed]), tolerance=1e-15)
    return ends.points[0], float(ends.loss[0])


def _variance(density: float) -> float:
    return density / 3 - density**2 / 4
