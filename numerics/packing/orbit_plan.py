r"""How N points of the sphere split into orbits under a group of rotations.

.. math:: N = g R + F

A group of g rotations carries R representatives into gR points; F more stand on its axes, which
leave them in place as a set. The groups are C_2 … C_6, D_2 … D_6, T, O and I; an arrangement
sought among those with symmetry has R unknown points instead of N (Klein 1884 for the groups;
symmetry as a search strategy: Wales and Ulker 2006).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

Array = NDArray[np.float64]
GROUPS = (*(f"C{k}" for k in range(2, 7)), *(f"D{k}" for k in range(2, 7)), "T", "O", "I")
SAME_PLACE = 1e-6


@dataclass(frozen=True, eq=False)
class OrbitPlan:
    """A group's matrices (g, D, D), the identity first; fixed points (F, D); R representatives."""

    name: str
    matrices: Array
    fixed: Array
    representatives: int

    @cached_property
    def orbit(self) -> tuple[Array, Array]:
        """The matrices, and the fixed points in columns, as the compiled kernels take them."""
        return self.matrices, np.ascontiguousarray(self.fixed.T)

    def images(self, points: Array) -> Array:
        """All N points: the images of representatives (R, D), then the fixed ones."""
        moved = np.einsum("gab,rb->gra", self.matrices, points)
        return np.concatenate([moved.reshape(-1, points.shape[1]), self.fixed])


@cache
def no_symmetry(points: int, dim: int) -> OrbitPlan:
    """Every point for itself."""
    return OrbitPlan("C1", np.eye(dim)[None], np.zeros((0, dim)), points)


@cache
def rotation_plans(points: int) -> tuple[OrbitPlan, ...]:
    """All ways to split N points of the sphere in three dimensions.

    >>> sorted({plan.name for plan in rotation_plans(7)})
    ['C2', 'C3', 'C5', 'C6']
    """
    return tuple(plan for name in GROUPS for plan in _plans_under(name, points))


def _plans_under(name: str, points: int) -> Iterator[OrbitPlan]:
    group, orbits = _rotations(name), _special_orbits(name)
    for count in range(len(orbits) + 1):
        for chosen in itertools.combinations(orbits, count):
            left = points - sum(map(len, chosen))
            if left > 0 and left % len(group) == 0:
                fixed = np.concatenate([np.zeros((0, 3)), *chosen])
                yield OrbitPlan(name, group, fixed, left // len(group))


@cache
def _rotations(name: str) -> Array:
    """The matrices of a rotation group, the identity first, the main axis along z."""
    matrices: Array = Rotation.create_group(name, axis="Z").as_matrix()
    first = int(np.argmin(np.abs(matrices - np.eye(3)).sum((1, 2))))
    return matrices[[first, *(h for h in range(len(matrices)) if h != first)]]


@cache
def _special_orbits(name: str) -> tuple[Array, ...]:
    """The orbits of the points on the axes of rotation."""
    group = _rotations(name)
    orbits: list[Array] = []
    for matrix in group[1:]:
        axis = Rotation.from_matrix(matrix).as_rotvec()
        for sign in (1, -1):
            orbit = distinct(sign * (group @ axis) / np.linalg.norm(axis))
            if not any(in_one_place(known, orbit[:1]).any() for known in orbits):
                orbits.append(orbit)
    return tuple(orbits)


def distinct(points: Array, lines: bool = False) -> Array:
    """Every place (every line) of unit vectors (K, D) once, in the order met."""
    met_before = np.tril(in_one_place(points, points, lines), -1).any(1)
    return points[~met_before]


def in_one_place(points: Array, others: Array, lines: bool = False) -> NDArray[np.bool_]:
    """Which of the unit vectors (K, D) are which of the others (M, D), or lie on their lines."""
    apart = np.abs(points[:, None] - others).max(2)
    if lines:
        apart = np.minimum(apart, np.abs(points[:, None] + others).max(2))
    near: NDArray[np.bool_] = apart < SAME_PLACE
    return near
