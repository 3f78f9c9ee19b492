"""What the packing tests draw, and pairs by plain double loops."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from superposition.numerics.packing.pairs import Pairs, real_coordinates

Array = NDArray[np.float64]
Points = NDArray[Any]
KINDS = ("points", "lines", "complex lines")


def drawn(seed: int, points: int, dim: int, kind: str = "points") -> Points:
    """Random unit rows, complex for complex lines."""
    rng = np.random.default_rng(seed)
    rows: Points = rng.normal(size=(points, dim))
    if kind == "complex lines":
        rows = rows + 1j * rng.normal(size=(points, dim))
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


def isometry(seed: int, dim: int, kind: str = "points") -> Points:
    """A random orthogonal or unitary matrix."""
    rng = np.random.default_rng(seed)
    matrix: Points = rng.normal(size=(dim, dim))
    if kind == "complex lines":
        matrix = matrix + 1j * rng.normal(size=(dim, dim))
    return np.asarray(np.linalg.qr(matrix)[0])


def typed(points: Points, kind: str) -> Pairs:
    """The same arrangement for Newton's method and interior points."""
    return Pairs.of(real_coordinates(points), kind != "points", kind == "complex lines")


def every_pair(points: Points, kind: str = "points") -> Iterator[tuple[int, int, float]]:
    """(i, j, c_ij) for i < j, c the cosine, squared for lines."""
    for j in range(len(points)):
        for i in range(j):
            x, y = points[i].tolist(), points[j].tolist()
            inner = sum(complex(a).conjugate() * b for a, b in zip(x, y, strict=True))
            yield i, j, inner.real if kind == "points" else abs(inner) ** 2


def largest(points: Points, kind: str = "points") -> float:
    """The largest c_ij."""
    return max(c for _, _, c in every_pair(points, kind))


def pair_sum(points: Points, of: Callable[[float], float], kind: str = "points") -> float:
    """Σ_{i<j} of(r_ij), r² = 2 - 2c."""
    return math.fsum(of(math.sqrt(2 - 2 * c)) for _, _, c in every_pair(points, kind))


def nearest(points: Points, kind: str = "points") -> float:
    """The least distance."""
    return math.sqrt(max(2 - 2 * largest(points, kind), 0.0))
