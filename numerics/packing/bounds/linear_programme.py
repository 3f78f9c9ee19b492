r"""The linear programme of Delsarte and Yudin, made rigorous after the solver has spoken.

.. math:: h = \sum_k h_k P_k ≤ f, \; h_k ≥ 0 \,(k ≥ 1) \;\Longrightarrow\;
          \sum_{i<j} f(t_{ij}) ≥ \tfrac12 \bigl(N^2 h_0 - N h(1)\bigr)

P_k: the zonal polynomials, 1 at t = 1, whose sums over all pairs of points are ≥ 0. The solver
sees h ≤ f at some points only: the largest value v of h - f on the whole range is then bounded
from above, and h - v takes the place of h. The bound is no worse for that where v is small, and
true whatever v is. Source: Delsarte 1973; Yudin 1993, "Minimum potential energy of a point system
of charges"; shifting: here.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.special import eval_jacobi

from superposition.numerics.packing.bounds.bound import Space

Array = NDArray[np.float64]
Jet = Callable[[Array], tuple[Array, Array, Array]]
CUTS = 5  # times that the worst points are added and the programme is solved again
GAP = 1e-13  # of the violation, relative to the size of h: where refining ends
INTERVALS = 20_000  # at most; the bound is true wherever refining ends
FEASIBLE = 1e-10  # the solver's tolerance, the smallest it takes


def programme_bound(points: int, space: Space, jet: Jet, degree: int, touching: Array) -> float:
    """The bound for N points and a convex increasing f, from polynomials up to ``degree``.

    jet: f, f' ≥ 0 and f'' ≥ 0; touching: where h may be expected to touch f, to begin with.
    -inf where the solver finds nothing.

    >>> from superposition.numerics.packing.energy.potentials import Riesz
    >>> start = np.array([-1.0, -0.5, 0.0, 0.5])
    >>> energy = 637975 / 72
    >>> 0 <= 1 - programme_bound(240, Space(8), Riesz(6.0).jet, 8, start) / energy < 1e-6
    True
    """
    angles = np.pi * (np.arange(16 * degree) + 0.5) / (16 * degree)
    grid = space.least + (1 - space.least) * (1 - np.cos(angles)) / 2
    grid = np.union1d(grid, touching[touching < 1])
    gain = np.full(degree + 1, -1.0 / points)
    gain[0] += 1.0
    signs = [(None, None)] + [(0.0, None)] * degree
    best = -np.inf
    for _ in range(CUTS):
        f = jet(grid)[0]
        scale = 1 / np.maximum(np.abs(f), 1)  # f grows without bound where points come close
        solved = linprog(
            -gain,
            zonal_matrix(space, degree, grid) * scale[:, None],
            f * scale,
            bounds=signs,
            method="highs-ds",
            options={"primal_feasibility_tolerance": FEASIBLE},
        )
        if solved.x is None:
            break
        h = np.concatenate([solved.x[:1], np.maximum(solved.x[1:], 0)])
        violation, worst = largest_excess(h, jet, space)
        best = max(best, points**2 / 2 * float(gain @ h - (1 - 1 / points) * violation))
        grid = np.union1d(grid, worst)
    return best


def zonal_matrix(space: Space, degree: int, t: Array) -> Array:
    """P_0 … P_degree at every t, (T, degree + 1).

    >>> zonal_matrix(Space(3), 2, np.array([1.0, 0.0])).tolist()
    [[1.0, 1.0, 1.0], [1.0, 0.0, -0.5]]
    """
    a, b = space.exponents
    u = t if space.kind == "points" else 2 * t - 1
    degrees = np.arange(degree + 1)
    if (a, b) == (-0.5, -0.5):  # the circle: Chebyshev's, which Jacobi's norm degenerates to
        return np.asarray(np.cos(degrees * np.arccos(np.clip(u, -1, 1))[:, None]))
    values: Array = eval_jacobi(degrees, a, b, u[:, None]) / eval_jacobi(degrees, a, b, 1.0)
    return values


def largest_excess(h: Array, jet: Jet, space: Space, end: float = 1.0) -> tuple[float, Array]:
    """An upper bound on h - f up to ``end``, and points where h - f is nearly that large.

    h: coefficients of the zonal polynomials; f: convex and increasing.

    On an interval f lies above its tangent in the middle, and above its value on the left; h less
    either lies below its values at the ends plus width²/8 times the largest |h''|. Intervals
    are halved where that exceeds what h - f is known to reach.

    >>> flat = lambda t: (0 * t, 0 * t, 0 * t)
    >>> value, where = largest_excess(np.array([0.0, 0.0, 1.0]), flat, Space(3))
    >>> round(value, 9)
    1.0
    """
    degree = len(h) - 1
    bend = float(np.abs(h) @ _largest_second_derivatives(space, degree))
    edges = np.linspace(space.least, end, 40 * degree + 1)
    left, right = edges[:-1], edges[1:]
    reached, where, closed = -np.inf, edges[:1], -np.inf
    gap = GAP * max(1.0, float(np.abs(h).sum()))
    while True:
        middle = (left + right) / 2
        f, slope, _ = jet(middle)
        at_left, at_middle, at_right = (
            zonal_matrix(space, degree, t) @ h for t in (left, middle, right)
        )
        half = (right - left) / 2
        above = np.maximum(at_left + slope * half, at_right - slope * half) - f
        # Near t = 1, where f may have a pole, tangents fall too steeply; but f increases.
        above = np.minimum(above, np.maximum(at_left, at_right) - jet(left)[0])
        above += bend * half**2 / 2
        reached = max(reached, float((at_middle - f).max()))
        open_ = above > reached + gap
        closed = max(closed, float(above[~open_].max(initial=-np.inf)))
        order = np.argsort(f - at_middle)[: 2 * degree]
        where = np.union1d(where, middle[order]) if len(where) < 8 * degree else where
        if not open_.any() or 2 * open_.sum() > INTERVALS or half.max() < 1e-12:
            # The gap also covers the rounding of sums of this size.
            return max(closed, reached, float(above.max())) + gap, where
        left, middle, right = left[open_], middle[open_], right[open_]
        left, right = np.concatenate([left, middle]), np.concatenate([middle, right])


def _largest_second_derivatives(space: Space, degree: int) -> Array:
    """max |P_k''| over the range: at t = 1, as for every derivative of a zonal polynomial.

    By P_k'' = (k + a + b + 1)(k + a + b + 2)/4 times Jacobi's of degree k - 2 and a + 2, b + 2.
    """
    a, b = space.exponents
    stretch = 1.0 if space.kind == "points" else 4.0  # u = 2x - 1
    if (a, b) == (-0.5, -0.5):
        n = np.arange(degree + 1.0)
        return np.asarray(stretch * n**2 * (n**2 - 1) / 3)
    found = np.zeros(degree + 1)
    for k in range(2, degree + 1):
        ratio = eval_jacobi(k - 2, a + 2, b + 2, 1.0) / eval_jacobi(k, a, b, 1.0)
        found[k] = stretch * (k + a + b + 1) * (k + a + b + 2) / 4 * ratio
    return found
