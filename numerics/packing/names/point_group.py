r"""The point group of points in three dimensions, by its Schoenflies symbol.

.. math:: \{R \in O(3) : R \{x_i\} = \{x_i\}\} \in \{C_n, C_{nv}, C_{nh}, S_{2n}, D_n, D_{nd},
          D_{nh}, T, T_d, T_h, O, O_h, I, I_h, \dots\}

The rotations alone are C_n, D_n, T, O or I, told apart by their number and the largest order of
one of them; reflections and the inversion tell the rest. Points in one plane have D_nh or C_nh,
points on one line D∞h or C∞v. Source: Schoenflies; Conway and Smith, "On Quaternions and
Octonions", chapter 3.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from superposition.numerics.geometry.gram_automorphisms import Automorphisms

Array = NDArray[np.float64]
RANK = 1e-4  # of the singular values of the points
SAME = 1e-3  # of matrices of one finite group, which lie far from each other
POLYHEDRAL = {(12, 3): "T", (24, 4): "O", (60, 5): "I"}


def point_group(points: Array, group: Automorphisms) -> str:
    """The Schoenflies symbol of distinct points (N, 3) with this group of permutations.

    >>> from superposition.numerics.geometry.gram_automorphisms import automorphisms
    >>> octahedron = np.concatenate([np.eye(3), -np.eye(3)])
    >>> point_group(octahedron, automorphisms(octahedron @ octahedron.T))
    'Oh'
    """
    _, sizes, axes = np.linalg.svd(points, full_matrices=False)
    rank = int(np.sum(sizes > RANK))
    if rank == 1:
        return "D∞h" if len(points) == 2 else "C∞v"
    inside = points @ axes[:rank].T
    inverse = np.linalg.pinv(inside)
    matrices = np.array([(inverse @ inside[list(p)]).T for p in elements(group)])
    return schoenflies(matrices) if rank == 3 else _planar(matrices)


def elements(group: Automorphisms) -> list[tuple[int, ...]]:
    """Every permutation of a small group.

    >>> turn = Automorphisms(3, np.array([[1, 2, 0]]), ((0, 1, 2),))
    >>> elements(turn)
    [(0, 1, 2), (1, 2, 0), (2, 0, 1)]
    """
    size = sum(map(len, group.orbits))
    found = {tuple(range(size)): None}
    fresh = list(found)
    while fresh:
        products = [tuple(int(g[i]) for i in p) for p in fresh for g in group.generators]
        fresh = [p for p in dict.fromkeys(products) if p not in found]
        found |= dict.fromkeys(fresh)
    return list(found)


def schoenflies(matrices: Array) -> str:
    """The symbol of a finite group of orthogonal matrices (K, 3, 3), all of them.

    >>> schoenflies(np.array([np.eye(3), -np.eye(3)]))
    'Ci'
    """
    proper = matrices[np.linalg.det(matrices) > 0]
    improper = -matrices[np.linalg.det(matrices) < 0]  # the rotations of rotary inversions
    orders = [_order(matrix) for matrix in proper]
    largest, count = max(orders), len(proper)
    mirrors = [_axis(turn) for turn in improper if _order(turn) == 2]
    inverted = any(_order(turn) == 1 for turn in improper)
    mixed = len(improper) > 0
    if (count, largest) in POLYHEDRAL:
        symbol = POLYHEDRAL[count, largest]
        tetrahedral = symbol == "T" and not inverted
        return symbol + ("" if not mixed else "d" if tetrahedral else "h")
    if count == 1:
        return "Ci" if inverted else "Cs" if mixed else "C1"
    main = [_axis(m) for m, order in zip(proper, orders, strict=True) if order == largest]
    horizontal = any(abs(abs(float(a @ n)) - 1) < SAME for a in main for n in mirrors)
    if count == 2 * largest:
        return f"D{largest}" + ("h" if horizontal else "d" if mixed else "")
    if mixed and not horizontal and not mirrors:
        return f"S{2 * largest}"
    return f"C{largest}" + ("" if not mixed else "h" if horizontal else "v")


def _planar(matrices: Array) -> str:
    """Points in a plane through the centre, which is a mirror of theirs; matrices: (K, 2, 2)."""
    turns = int(np.sum(np.linalg.det(matrices) > 0))
    if turns < len(matrices):
        return f"D{turns}h" if turns > 1 else "C2v"
    return f"C{turns}h" if turns > 1 else "Cs"


def _order(turn: Array) -> int:
    """The order of a rotation."""
    angle = float(np.arccos(np.clip((np.trace(turn) - 1) / 2, -1, 1)))
    for order in range(1, 1000):
        steps = order * angle / (2 * np.pi)
        if abs(steps - round(steps)) < SAME:
            return order
    raise ValueError("turn is no element of a finite group of small order.")


def _axis(turn: Array) -> Array:
    """The direction a rotation leaves alone."""
    values, vectors = np.linalg.eig(turn)
    axis: Array = vectors[:, int(np.argmin(np.abs(values - 1)))].real
    return axis / np.linalg.norm(axis)
