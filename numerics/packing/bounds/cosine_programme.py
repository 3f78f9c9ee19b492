r"""Delsarte's linear programme for the largest cosine, every step of it verified.

.. math:: f = 1 + \sum_{k ≥ 1} c_k P_k, \; c_k ≥ 0, \; f ≤ v \text{ on } [-1, s]
          \;\Longrightarrow\; N ≤ \frac{f(1) - v}{1 - v}

for any N points with cosines up to s, v < 1. Where the right side is below N, the largest cosine
of N points exceeds s; the largest such s is found by halving. v, which the solver leaves above 0,
is bounded from above as for energies. Levenshtein's bound is the best of its degree, but higher
degrees may do better. Source: Delsarte, Goethals and Seidel 1977, Theorem 4.3; Odlyzko and Sloane
1979.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from superposition.numerics.packing.bounds.bound import Space
from superposition.numerics.packing.bounds.linear_programme import (
    FEASIBLE,
    largest_excess,
    zonal_matrix,
)

Array = NDArray[np.float64]
HALVINGS = 14


def cosine_programme(points: int, space: Space, known: float, degree: int) -> float:
    """A bound on the largest cosine (of its square, for lines) of N points, at least ``known``.

    known: a lower bound already proven.

    >>> round(cosine_programme(24, Space(4), 0.475, 9), 3)
    0.479
    """
    low, high = known, known + (1 - known) / 8  # no bound of this kind is as much better
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if most_points(middle, space, degree) < points:
            low = middle
        else:
            high = middle
    return low


def most_points(s: float, space: Space, degree: int) -> float:
    """A number that N cannot exceed when no two points have a cosine above s; inf where unsolved.

    >>> round(most_points(0.5, Space(8), 8), 3), round(most_points(0.5, Space(4), 9), 3)
    (240.0, 25.558)
    """
    angles = np.pi * np.arange(12 * degree + 1) / (12 * degree)
    grid = space.least + (s - space.least) * (1 - np.cos(angles)) / 2
    best = np.inf
    for _ in range(2):
        rows = zonal_matrix(space, degree, grid)[:, 1:]
        solved = linprog(
            np.ones(degree),
            rows,
            -np.ones(len(grid)),
            bounds=(0, None),
            method="highs-ds",
            options={"primal_feasibility_tolerance": FEASIBLE},
        )
        if solved.x is None:
            break
        h = np.concatenate([[1.0], np.maximum(solved.x, 0)])
        violation, worst = largest_excess(h, _nothing, space, s)
        violation = max(violation, 0.0)
        if violation < 1:
            best = min(best, float((h.sum() - violation) / (1 - violation)))
        grid = np.union1d(grid, worst)
    return best


def _nothing(t: Array) -> tuple[Array, Array, Array]:
    """The convex function 0."""
    return 0 * t, 0 * t, 0 * t
