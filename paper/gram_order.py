"""The order of points in which their Gram matrix shows its structure."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

ZERO = 1e-6
MOST_SORTED_WELL = 300  # the best order of the leaves costs time that grows with the cube


def gram_order(points: NDArray[Any], *, lines: bool = False) -> list[int]:
    """Orthogonal parts one after another; inside each, neighbours and antipodes side by side.

    Points in a plane go around. Elsewhere it is a hierarchy by angles, in which antipodes stand
    together if every point has one.

    >>> gram_order(np.array([[1.0, 0], [0, 1], [-1, 0], [0, -1]]))
    [0, 2, 1, 3]
    """
    gram = points @ points.conj().T
    order: list[int] = []
    for part in _orthogonal_parts(np.abs(gram)):
        inner = gram[np.ix_(part, part)]
        order += [part[k] for k in _inside(points[part], inner, lines)]
    return order


def _orthogonal_parts(sizes: NDArray[np.float64]) -> list[list[int]]:
    """Points joined by chains of inner products that are not zero, by their first point."""
    from scipy.sparse.csgraph import connected_components

    count, label = connected_components(sizes > ZERO, directed=False)
    parts = [np.flatnonzero(label == number).tolist() for number in range(count)]
    return sorted(parts, key=lambda part: part[0])


def _inside(points: NDArray[Any], gram: NDArray[Any], lines: bool) -> list[int]:
    if len(gram) < 3:
        return list(range(len(gram)))
    if not lines and points.dtype.kind == "f":
        _, sizes, axes = np.linalg.svd(points, full_matrices=False)
        if np.count_nonzero(sizes > ZERO * sizes[0]) == 2:
            flat = points @ axes[:2].T
            turn = np.arctan2(flat[:, 1], flat[:, 0])
            return [int(k) for k in np.argsort((turn - turn[0] + ZERO) % (2 * np.pi))]
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    scale = np.sqrt(np.maximum(np.abs(np.diagonal(gram)), 1e-30))
    cosines = gram / scale[:, None] / scale
    paired = (cosines.real < ZERO - 1).any(1).all()
    near = np.abs(cosines) if lines or paired else cosines.real
    apart = np.round(np.maximum(1 - near, 0), 9)  # ties are settled alike on every machine
    np.fill_diagonal(apart, 0)
    condensed = squareform((apart + apart.T) / 2, checks=False)
    tree = linkage(condensed, "average", optimal_ordering=len(gram) <= MOST_SORTED_WELL)
    return [int(k) for k in leaves_list(tree)]
