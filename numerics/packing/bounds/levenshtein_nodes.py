r"""Levenshtein's quadrature: the inner products that an ideal code of N points would have.

.. math:: \int f \, dμ = \frac{f(1)}N + \sum_i ρ_i f(α_i), \qquad \deg f ≤ τ

with D(τ) < N ≤ D(τ + 1) (D: the least size of a design), k nodes for τ = 2k - 1 and besides these
one at the least value for τ = 2k. Then for N points of the space

.. math:: \max_{i<j} t_{ij} ≥ \max_i α_i, \qquad
          \sum_{i<j} f(t_{ij}) ≥ \frac{N^2}2 \sum_i ρ_i f(α_i)

the second for every f whose derivatives are all ≥ 0. Both are equalities exactly for the sharp
codes, whose α_i are the inner products and N ρ_i their multiplicities. The nodes are those of the
Gauss (Radau) quadrature of μ - δ_1/N. Source: Levenshtein 1998, Theorem 5.42; Boyvalenkov,
Dragnev, Hardin, Saff and Stoyanova 2016, "Universal lower bounds for potential energy of
spherical codes"; Cohn and Kumar 2007, Theorem 1.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray

from superposition.numerics.packing.bounds.bound import Space
from superposition.theory.domain import check_count

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LevenshteinNodes:
    """degree: τ; nodes: α, ascending; weights: ρ, of sum 1 - 1/N."""

    degree: int
    nodes: Array
    weights: Array


def levenshtein_nodes(points: int, space: Space) -> LevenshteinNodes:
    """The quadrature for N ≥ 2 points (for lines N > d).

    Raises ``ValueError`` for fewer.

    >>> found = levenshtein_nodes(240, Space(8))
    >>> found.degree, np.round(found.nodes, 9).tolist(), np.round(240 * found.weights).tolist()
    (7, [-1.0, -0.5, -0.0, 0.5], [1.0, 56.0, 126.0, 56.0])
    """
    least = 2 if space.kind == "points" else space.dimension + 1
    check_count(points, "points", at_least=least)
    degree = next(t for t in count(1) if points <= space.design_size(t + 1))
    half, even = (degree + 1) // 2, degree % 2 == 0
    values, weights = space.quadrature(half + 3)
    values, weights = np.append(values, 1.0), np.append(weights, -1 / points)
    nodes = _gauss_nodes(values, weights * (values - space.least) if even else weights, half)
    if even:
        nodes = np.append(space.least, nodes)
    # The weights from exactness on a basis of polynomials of low degree.
    centre, radius = (1 + space.least) / 2, (1 - space.least) / 2
    powers = np.polynomial.chebyshev.chebvander((nodes - centre) / radius, len(nodes) - 1)
    moments = weights @ np.polynomial.chebyshev.chebvander(
        (values - centre) / radius, len(nodes) - 1
    )
    shares: Array = np.asarray(np.linalg.solve(powers.T, moments), dtype=float)
    # At the size of a tight design of odd strength the formula is exact for one degree more.
    tight = even and points == space.design_size(degree + 1)
    return LevenshteinNodes(degree + tight, nodes, shares)


def _gauss_nodes(values: Array, weights: Array, count: int) -> Array:
    """The Gauss nodes of a functional Σ w_j f(v_j) that is positive on squares of low degree.

    The eigenvalues of its Jacobi matrix, by Stieltjes' recurrence.
    """
    before, here = np.zeros_like(values), np.ones_like(values)
    diagonal, beside = np.empty(count), np.empty(count)
    norm_before = 1.0
    for k in range(count):
        norm = float(weights @ here**2)
        diagonal[k] = float(weights @ (values * here**2)) / norm
        beside[k] = norm / norm_before
        ratio = beside[k] if k else 0.0
        before, here = here, (values - diagonal[k]) * here - ratio * before
        norm_before = norm
    side = np.sqrt(beside[1:])
    nodes: Array = np.linalg.eigvalsh(np.diag(diagonal) + np.diag(side, 1) + np.diag(side, -1))
    return nodes
