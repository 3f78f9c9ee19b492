r"""Finite groups of rotations and reflections, as starts with symmetry need them.

.. math:: N = g R + F

A group of g matrices carries R representatives into gR points; F more stand where the group
leaves them in place as a set, on its axes. In three dimensions these are the rotation groups
C_k, D_k, T, O and I (Klein 1884); in any dimension the cyclic groups that turn every plane of a
random frame by a multiple of 2π/k.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

Array = NDArray[np.float64]
MOST_IMAGES = 40
SAME_PLACE = 1e-6


@dataclass(frozen=True, eq=False)
class OrbitPlan:
    """How N points split under a group: matrices (g, d, d), fixed (F, d), R representatives."""

    name: str
    matrices: Array
    fixed: Array
    representatives: int

    def images(self, points: Array) -> Array:
        """All N points: the images of representatives (R, d), then the fixed ones."""
        moved = np.einsum("gab,rb->gra", self.matrices, points)
        return np.concatenate([moved.reshape(-1, points.shape[1]), self.fixed])


def no_symmetry(points: int, dim: int) -> OrbitPlan:
    """Every point for itself."""
    return OrbitPlan("C1", np.eye(dim)[None], np.zeros((0, dim)), points)


@cache
def rotation_plans(points: int) -> tuple[OrbitPlan, ...]:
    """All ways to split N points of the sphere under C_2 … C_6, D_2 … D_6, T, O and I."""
    return tuple(plan for name in _GROUPS for plan in _plans_of(name, points))


def _plans_of(name: str, points: int) -> Iterator[OrbitPlan]:
    group = _rotations(name)
    orbits = _special_orbits(name)
    for count in range(len(orbits) + 1):
        for chosen in itertools.combinations(orbits, count):
            left = points - sum(map(len, chosen))
            if left > 0 and left % len(group) == 0:
                fixed = np.concatenate([np.zeros((0, 3)), *chosen])
                yield OrbitPlan(name, group, fixed, left // len(group))


_GROUPS = (*(f"C{k}" for k in range(2, 7)), *(f"D{k}" for k in range(2, 7)), "T", "O", "I")


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
            orbit = _distinct(sign * (group @ axis) / np.linalg.norm(axis))
            if not any(_near(known, orbit[0]) for known in orbits):
                orbits.append(orbit)
    return tuple(orbits)


def _distinct(points: Array) -> Array:
    """Every place once."""
    return np.array([p for i, p in enumerate(points) if not _near(points[:i], p)])


def _near(points: Array, point: Array) -> bool:
    return bool((np.abs(points - point).max(1, initial=0.0) < SAME_PLACE).any()) if len(points) else False


def cyclic_plan(points: int, dim: int, rng: np.random.Generator) -> OrbitPlan:
    """N points under a cyclic group drawn at random, of order 2 … N."""
    order = int(rng.integers(2, max(3, min(points, MOST_IMAGES) + 1)))
    return _cyclic(points, dim, order, rng)




def _cyclic(points: int, dim: int, order: int, rng: np.random.Generator) -> OrbitPlan:
    turns = rng.integers(1, order, size=dim // 2)
    if math.gcd(order, *map(int, turns)) > 1:
        turns[0] = 1
    generator = np.zeros((dim, dim))
    for plane, turn in enumerate(turns):
        angle = 2 * math.pi * int(turn) / order
        at = slice(2 * plane, 2 * plane + 2)
        generator[at, at] = [
            [math.cos(angle), -math.sin(angle)],
            [math.sin(angle), math.cos(angle)],
        ]
    if dim % 2:
        generator[-1, -1] = -1.0 if order % 2 == 0 and rng.random() < 0.5 else 1.0
    left = points % order
    raise NotImplementedError(left)
