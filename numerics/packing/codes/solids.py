r"""Vertices of solids in three dimensions, and of the regular polytopes in four.

.. math:: φ = \frac{1 + \sqrt5}{2}: \qquad (0, ±1, ±φ)^{↻}, \quad (±1, ±1, ±1), (0, ±φ^{-1}, ±φ)^{↻}

for the icosahedron and the dodecahedron (↻: even permutations); the 24-cell is the roots of D4,
the 600-cell the binary icosahedral group as quaternions, the 120-cell the centres of its cells.
Source: Coxeter, "Regular Polytopes", tables I and V.
"""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
from numpy.typing import NDArray

from superposition.numerics.packing.codes.span import unit

Array = NDArray[np.float64]
GOLDEN = (1 + np.sqrt(5)) / 2
Rows = list[tuple[float, ...]]


def signed(entries: tuple[float, ...]) -> Rows:
    """The entries with every choice of signs; zeros have none.

    >>> signed((0.0, 1.0))
    [(0.0, 1.0), (0.0, -1.0)]
    """
    choices = [(entry, -entry) if entry else (entry,) for entry in entries]
    return list(product(*choices))


def even_permutations(entries: tuple[float, ...]) -> Rows:
    """The entries in every order that an even permutation makes.

    >>> even_permutations((1, 2, 3))
    [(1, 2, 3), (2, 3, 1), (3, 1, 2)]
    """
    orders = permutations(range(len(entries)))
    even = (order for order in orders if np.linalg.det(np.eye(len(order))[list(order)]) > 0)
    return [tuple(entries[i] for i in order) for order in even]


def cube(dimension: int = 3) -> Array:
    """Every choice of signs, 2^d points.

    >>> cube().shape
    (8, 3)
    """
    return unit(signed((1.0,) * dimension))


def icosahedron() -> Array:
    """12 points, the even permutations of (0, ±1, ±φ).

    >>> icosahedron().shape
    (12, 3)
    """
    return unit(_all((0.0, 1.0, GOLDEN)))


def dodecahedron() -> Array:
    """20 points, a cube and three rectangles of sides 1/φ and φ.

    >>> dodecahedron().shape
    (20, 3)
    """
    return unit(signed((1.0, 1.0, 1.0)) + _all((0.0, 1 / GOLDEN, GOLDEN)))


def cuboctahedron() -> Array:
    """12 points, the middles of a cube's edges: the roots of A3.

    >>> cuboctahedron().shape
    (12, 3)
    """
    return unit(_all((0.0, 1.0, 1.0)))


def icosidodecahedron() -> Array:
    """30 points, the middles of an icosahedron's edges: the roots of H3.

    >>> icosidodecahedron().shape
    (30, 3)
    """
    halves = (0.5, GOLDEN / 2, GOLDEN**2 / 2)
    return unit(_all((0.0, 0.0, GOLDEN)) + _all(halves))


def cell_24() -> Array:
    """The roots of D4, 24 points: ±e_i ± e_j.

    >>> cell_24().shape
    (24, 4)
    """
    return unit(roots_d(4))


def cell_600() -> Array:
    """120 points: the unit quaternions of the binary icosahedral group.

    >>> cell_600().shape
    (120, 4)
    """
    axes = [tuple(sign * row) for row in np.eye(4) for sign in (1.0, -1.0)]
    return unit(axes + signed((0.5,) * 4) + _all((0.0, 0.5 / GOLDEN, 0.5, GOLDEN / 2)))


def cell_120() -> Array:
    """600 points: the centres of the cells of the 600-cell, four points near each other.

    >>> cell_120().shape
    (600, 4)
    """
    points = cell_600()
    near = np.round(points @ points.T, 9) == np.round(GOLDEN / 2, 9)
    cells: list[list[int]] = [[i] for i in range(len(points))]
    for _ in range(3):
        cells = [
            [*cell, int(j)]
            for cell in cells
            for j in np.flatnonzero(near[cell].all(axis=0))
            if j > cell[-1]
        ]
    return unit([points[cell].sum(axis=0) for cell in cells])


def roots_d(dimension: int) -> Rows:
    """±e_i ± e_j for all i < j: 2d(d-1) vectors.

    >>> len(roots_d(5))
    40
    """
    rows = []
    for i in range(dimension):
        for j in range(i + 1, dimension):
            pair = [1.0 if place in (i, j) else 0.0 for place in range(dimension)]
            rows += signed(tuple(pair))
    return rows


def _all(entries: tuple[float, ...]) -> Rows:
    """Even permutations and signs, each vector once."""
    rows = {row: None for order in even_permutations(entries) for row in signed(order)}
    return list(rows)
