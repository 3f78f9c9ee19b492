"""The edges of the convex hull of points in three dimensions: true ones, not those of triangles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
COPLANAR = 1e-4  # two facets whose unit normals differ by less are one: nobody sees the edge
FLAT = 1e-6  # thickness of what counts as flat


@dataclass(frozen=True, eq=False)
class Edges:
    """pairs: (E, 2), the points joined; normals: (E, 2, 3), of the two facets that meet there."""

    pairs: NDArray[np.intp]
    normals: Array

    def hidden(self, view: Array) -> NDArray[np.bool_]:
        """(E,): edges that the body hides from a viewer in the direction ``view``, far away."""
        return np.asarray((self.normals @ view < -FLAT).all(-1))


def polytope_edges(points: Array) -> Edges:
    """The edges of the hull of ``points`` (N, 3); of a polygon or a segment if they are flat.

    Coplanar triangles are merged, so that a cube has twelve edges.

    >>> cube = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], dtype=float)
    >>> len(polytope_edges(cube).pairs), len(polytope_edges(cube[:4]).pairs)
    (12, 4)
    """
    middle = points.mean(0)
    _, thickness, axes = np.linalg.svd(points - middle)
    if len(points) < 4 or thickness[2] < FLAT:
        flat = (points - middle) @ axes[:2].T
        pairs = polygon_edges(flat)
        # A sheet has no back: its one facet is seen from both sides.
        return Edges(pairs, np.tile([[axes[2], -axes[2]]], (len(pairs), 1, 1)))
    from scipy.spatial import ConvexHull

    hull = ConvexHull(points)
    normals = hull.equations[:, :3]
    found: dict[tuple[int, int], Array] = {}
    for facet, (corners, neighbours) in enumerate(zip(hull.simplices, hull.neighbors, strict=True)):
        for opposite, neighbour in enumerate(neighbours):  # across from the corner of that number
            if np.linalg.norm(normals[facet] - normals[neighbour]) > COPLANAR:
                one, other = sorted(int(corner) for corner in np.delete(corners, opposite))
                found[one, other] = normals[[facet, neighbour]]
    return Edges(np.array(list(found), dtype=np.intp), np.array(list(found.values())))


def polygon_edges(points: Array) -> NDArray[np.intp]:
    """(E, 2): the edges of the hull of ``points`` (N, 2), in order around it.

    >>> polygon_edges(np.array([[1.0, 0], [-1, 0], [0, 1], [0, -1]])).tolist()
    [[3, 0], [0, 2], [2, 1], [1, 3]]
    """
    if len(points) < 2:
        return np.zeros((0, 2), dtype=np.intp)
    centred = points - points.mean(0)
    if np.linalg.matrix_rank(centred, tol=FLAT) < 2:
        along = centred @ np.linalg.svd(centred)[2][0]
        return np.array([[along.argmin(), along.argmax()]])
    from scipy.spatial import ConvexHull

    corners = ConvexHull(points).vertices
    angles = np.arctan2(centred[corners, 1], centred[corners, 0])
    around = corners[np.argsort(angles)].astype(np.intp)
    return np.column_stack([around, np.roll(around, -1)])
