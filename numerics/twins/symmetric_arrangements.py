"""Twins of the symmetric arrangements: quadrature over the own feature and sums of the others.

Features at one slope enter an output by their sum alone. Its density, given how many are
active, is Irwin and Hall's; it is smooth between whole numbers, so the quadrature runs over
boxes of unit sides, split at the kink of the output.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise, product
from math import comb
from typing import Any

import numpy as np

from superposition.numerics.enumeration import relu_output_loss
from superposition.numerics.kink_split_quadrature import cube_nodes, gauss_legendre
from superposition.numerics.twins.twin import numbers, twin, vertex_of_parabola


def _moments(groups: list[tuple[Any, int]], beta: Any, p: Any) -> Any:
    """E of x_0 z_+, x_0 [z > 0], z_+² and 2 z_+, where z = x_0 + Σ slope · sum + β."""
    total = np.zeros(4, dtype=object)
    # A place is the unit interval that holds the sum, or None: no member is active.
    for own, *places in product((False, True), *([None, *range(m)] for _, m in groups)):
        weight = p if own else 1 - p
        offset, slopes, sums = beta, [1] if own else [], []
        for (slope, members), place in zip(groups, places, strict=True):
            if place is None:
                weight = weight * (1 - p) ** members
            else:
                offset = offset + slope * place
                slopes.append(slope)
                sums.append((members, place))
        total = total + weight * _box(own, offset, slopes, sums, p)
    return total


def _box(own: bool, offset: Any, slopes: list[Any], sums: list[tuple[int, int]], p: Any) -> Any:
    kind = type(offset)
    degree = 2 + sum(members - 1 for members, _ in sums)
    as_array = np.array if kind is float else numbers
    nodes = cube_nodes(as_array(offset), as_array(slopes).reshape(len(slopes)), degree)
    mass = nodes.weights
    for axis, (members, place) in enumerate(sums, start=int(own)):
        mass = mass * _density(nodes.points[:, axis], members, place, p)
    positive = np.maximum(nodes.form, 0)
    u = nodes.points[:, 0] if own else 0 * positive
    return np.array(
        [
            (mass * share).sum()
            for share in (u * positive, u * (nodes.form > 0), positive**2, 2 * positive)
        ],
        dtype=object,
    )


def _density(u: Any, members: int, place: int, p: Any) -> Any:
    """The density at place + u of the sum of ``members`` features of density p, some active."""
    return sum(
        comb(members, k) * p**k * (1 - p) ** (members - k) * _irwin_hall(u, k, place)
        for k in range(place + 1, members + 1)
    )


def _irwin_hall(u: Any, k: int, place: int) -> Any:
    """The density at place + u of the sum of k values uniform on [0, 1], by recurrence in k."""
    if place < 0 or place >= k:
        return 0 * u
    if k == 1:
        return 1 + 0 * u
    x = place + u
    above = x * _irwin_hall(u, k - 1, place)
    return (above + (k - x) * _irwin_hall(u, k - 1, place - 1)) / (k - 1)


def _simplex(d: int, beta: Any, p: Any) -> Any:
    import mpmath

    return _moments([(-mpmath.mpf(1) / d, d)], beta, p)


@twin("simplex/loss")
def simplex_loss(d: int, g: Any, beta: Any, p: Any) -> Any:
    """One output of the simplex."""
    C, _, Q, _ = _simplex(d, beta, p)
    return p / 3 - 2 * g * C + g**2 * Q


@twin("simplex/best-norm")
def simplex_best_norm(d: int, beta: Any, p: Any) -> Any:
    """The squared norm of least loss."""
    C, _, Q, _ = _simplex(d, beta, p)
    return vertex_of_parabola(lambda g: p / 3 - 2 * g * C + g**2 * Q)[0]


def _bias_twin(d: int) -> Any:
    def slope(beta: Any, p: Any) -> Any:
        """The derivative in β of the least loss over the norm, taken under the integral."""
        C, C_slope, Q, Q_slope = _simplex(d, beta, p)
        return C**2 * Q_slope / Q**2 - 2 * C * C_slope / Q

    return slope


twin("simplex/triangle-bias")(_bias_twin(2))
twin("simplex/tetrahedron-bias")(_bias_twin(3))


@cache
def _sparse_optimum(d: int) -> tuple[Any, Any, Any]:
    """(g - 1)/p, β/p² and L/p² at a tiny density, where two active features are enough."""
    import mpmath

    tiny = mpmath.mpf(10) ** -20
    with mpmath.workdps(130):
        silent = 1 - tiny

        def moments(beta: Any) -> Any:
            slope = -mpmath.mpf(1) / d
            own, other = (1, True), (slope, False)
            sets = (
                (silent ** (d + 1), ()),
                (tiny * silent**d, (own,)),
                (d * tiny * silent**d, (other,)),
                (d * tiny**2 * silent ** (d - 1), (own, other)),
                (comb(d, 2) * tiny**2 * silent ** (d - 1), (other, other)),
            )
            return sum(mass * _of_set(active, beta) for mass, active in sets)

        def least(x: Any) -> tuple[Any, Any]:
            C, Q = moments(x * tiny**2)
            return vertex_of_parabola(lambda g: tiny / 3 - 2 * g * C + g**2 * Q)

        best, _ = vertex_of_parabola(lambda x: least(x)[1])
        norm, loss = least(best)
        return (norm - 1) / tiny, best, loss / tiny**2


def _of_set(active: tuple[tuple[Any, bool], ...], beta: Any) -> Any:
    """E x_0 z_+ and E z_+² with exactly these (slope, is the own one) active."""
    slopes = numbers([slope for slope, _ in active]).reshape(len(active))
    nodes = cube_nodes(numbers(beta), slopes, degree=2)
    positive = np.maximum(nodes.form, 0)
    u = nodes.points[:, 0] if any(own for _, own in active) else 0 * positive
    return np.array([(nodes.weights * share).sum() for share in (u * positive, positive**2)])


twin("simplex/sparse-norm")(lambda d: _sparse_optimum(d)[0])
twin("simplex/sparse-bias")(lambda d: _sparse_optimum(d)[1])
twin("simplex/sparse-loss")(lambda d: _sparse_optimum(d)[2])


def _two_pairs(c_1: Any, c_2: Any, beta: Any, p: Any) -> Any:
    """In float64: the three sums take thousands of nodes."""
    return _moments([(float(c_1), 2), (-float(c_2), 2)], float(beta), float(p))


twin("polygon/pentagon-overlap")(lambda *values: _two_pairs(*values)[0])
twin("polygon/pentagon-power")(lambda *values: _two_pairs(*values)[2])


def _repeated_integral(function: Any, y: Any, k: int) -> Any:
    """∫ (y - s)^{k-1}/(k-1)! function(s) ds from -1, where the function begins (Cauchy)."""
    import mpmath

    if k == 0 or y <= -1:
        return function(y)
    ends = sorted({-mpmath.mpf(1), min(y, mpmath.mpf(0)), y})
    nodes, weights = gauss_legendre(8, exact=True)
    total: Any = 0
    for low, high in pairwise(ends):
        for node, mass in zip(nodes, weights, strict=True):
            s = low + (high - low) * node
            total += mass * (high - low) * (y - s) ** (k - 1) * function(s)
    return total / mpmath.factorial(k - 1)


def _own(y: Any, p: Any) -> Any:
    """E x_0 (x_0 + y)_+ and E (x_0 + y)_+²."""
    return p * _of_set(((1, True),), y) + (1 - p) * _of_set((), y)


@twin("symmetric-arrangement/own-overlap")
def own_overlap(y: Any, k: int, p: Any) -> Any:
    """E x_0 (x_0 + y)_+, integrated k times."""
    return _repeated_integral(lambda s: _own(s, p)[0], y, k)


@twin("symmetric-arrangement/own-power")
def own_power(y: Any, k: int, p: Any) -> Any:
    """E (x_0 + y)_+², integrated k times."""
    return _repeated_integral(lambda s: _own(s, p)[1], y, k)


@twin("cross-polytope/loss")
def cross_polytope_loss(d: int, g: Any, beta: Any, p: Any) -> Any:
    """Every output, from the Gram matrix of ± the axes; a slope of zero leaves a feature out."""
    axes = np.concatenate([np.eye(d, dtype=int), -np.eye(d, dtype=int)])
    total: Any = 0
    for output, row in enumerate(axes @ axes.T):
        seen = np.flatnonzero(row)
        gram, importance = g * np.outer(row[seen], row[seen]), numbers(seen == output)
        bias, density = numbers([g * beta] * len(seen)), numbers([p] * len(seen))
        total += relu_output_loss(gram, bias, importance, density)[()]
    return total
