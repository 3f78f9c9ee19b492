r"""Tegum factors: the connected components of the interference graph.

.. math:: i \sim j \iff |\cos(W_i, W_j)| > ε

Features of different factors are orthogonal: WᵀW falls into blocks. A factor of one feature is a
dedicated dimension; a feature of norm zero is dropped and belongs to none.
Features of one direction share a ray: a polytope of rays then stands for the polytope.
Source: Elhage et al. 2022, "The Geometry of Superposition"; names by invariants: here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

Array = NDArray[np.float64]
DROPPED = 1e-5  # a norm below this is none: minima are known to about 1e-8
ORTHOGONAL = 1e-5  # a cosine below this is none
EQUAL = 1e-5  # of entries of a Gram matrix
POLYGONS = {3: "triangle", 4: "square", 5: "pentagon", 6: "hexagon", 7: "heptagon", 8: "octagon"}


@dataclass(frozen=True)
class TegumFactor:
    """Features that share their dimensions with each other and no others.

    features: their numbers; dimension: the rank of their block of WᵀW; name: what they are.
    """

    features: tuple[int, ...]
    dimension: int
    name: str


def dropped_features(W: Array, smallest: float = DROPPED) -> tuple[int, ...]:
    """The features whose norm is below ``smallest``; W: (m, n)."""
    return tuple(int(i) for i in np.flatnonzero(np.linalg.norm(W, axis=0) < smallest))


def tegum_factors(
    W: Array, smallest: float = DROPPED, orthogonal: float = ORTHOGONAL
) -> tuple[TegumFactor, ...]:
    """The factors of W (m, n), the one of the first feature first.

    >>> square = np.array([[1.0, 0.0, -1.0, 0.0], [0.0, 1.0, 0.0, -1.0]])
    >>> [(factor.name, factor.features) for factor in tegum_factors(square)]
    [('digon', (0, 2)), ('digon', (1, 3))]
    """
    norms = np.linalg.norm(W, axis=0)
    stored = np.flatnonzero(norms >= smallest)
    units = W[:, stored] / norms[stored]
    cosines = units.T @ units
    _, label = connected_components(np.abs(cosines) > orthogonal, directed=False)
    factors = []
    for component in range(label.max(initial=-1) + 1):
        members = stored[label == component]
        rank = int(np.linalg.matrix_rank(W[:, members] / norms[members], tol=orthogonal))
        factors.append(TegumFactor(tuple(map(int, members)), rank, _name(W[:, members], rank)))
    return tuple(sorted(factors, key=lambda factor: factor.features))


def _name(W: Array, dimension: int) -> str:
    """What one factor is, by the invariants of its Gram matrix."""
    count = W.shape[1]
    if count == 1:
        return "dedicated"
    if dimension == 1:
        obtuse = count == 2 and float(W[:, 0] @ W[:, 1]) < 0
        return "digon" if obtuse else "aligned pair" if count == 2 else f"{count} on a line"
    rays, members = _rays(W)
    if len(members) < count:
        sizes = ", ".join(map(str, sorted(members, reverse=True)))
        return f"{_name(rays, dimension)} of shared rays ({sizes})"
    if count == dimension + 1:
        return _simplex(W, dimension)
    if dimension == 2 and count > 3:
        return _polygon(W)
    return "square antiprism" if _antiprism(W, dimension) else f"{count} in {dimension} dimensions"


def _rays(W: Array) -> tuple[Array, list[int]]:
    """The distinct directions, each with the mean of its features, and how many share each."""
    cosines, _ = _cosines(W)
    _, label = connected_components(cosines > 1 - EQUAL, directed=False)
    members = [int(np.sum(label == ray)) for ray in range(label.max() + 1)]
    means = [W[:, label == ray].mean(axis=1) for ray in range(len(members))]
    return np.stack(means, axis=1), members


def _cosines(W: Array) -> tuple[Array, bool]:
    """The cosines, and whether all norms are equal."""
    norms = np.linalg.norm(W, axis=0)
    return (W.T @ W) / np.outer(norms, norms), float(np.ptp(norms)) < EQUAL


def _simplex(W: Array, dimension: int) -> str:
    """d + 1 features in d dimensions: regular if all cosines are -1/d."""
    cosines, equal = _cosines(W)
    regular = equal and np.allclose(
        cosines[~np.eye(dimension + 1, dtype=bool)], -1 / dimension, atol=EQUAL
    )
    word = {2: "triangle", 3: "tetrahedron"}.get(dimension, f"{dimension}-simplex")
    if regular:
        return word
    if dimension == 2:
        return f"isosceles {word}" if _mirrored(W.T @ W) else f"scalene {word}"
    return f"irregular {word}"


def _polygon(W: Array) -> str:
    """k > 3 features in a plane: regular if they are equal and evenly spread."""
    count = W.shape[1]
    cosines, equal = _cosines(W)
    turns = np.sort(np.cos(2 * np.pi * np.arange(count) / count))
    regular = equal and np.allclose(np.sort(cosines, axis=1), turns, atol=EQUAL)
    return ("" if regular else "irregular ") + POLYGONS.get(count, f"{count}-gon")


def _antiprism(W: Array, dimension: int) -> bool:
    """Whether every one of eight features in space sees what the vertices of an antiprism see.

    Two squares at heights ±t, one turned by 45°: cosines t² twice and 2t² - 1 on one's own square,
    -t² ± (1 - t²)/√2 twice each on the other, whatever t is.
    """
    cosines, equal = _cosines(W)
    if (len(cosines), dimension) != (8, 3) or not equal:
        return False
    # The axis of the squares has the eigenvalue 8t², the plane across it 4(1 - t²) twice.
    values = np.linalg.eigvalsh(cosines)[-3:]
    for level in (values[0], values[2]):
        t2 = level / 8
        across = [-t2 + sign * (1 - t2) / np.sqrt(2) for sign in (1, -1)]
        seen = np.sort([1, t2, t2, 2 * t2 - 1, *across, *across])
        if np.allclose(np.sort(cosines, axis=1), seen, atol=EQUAL):
            return True
    return False


def _mirrored(gram: Array) -> bool:
    """Whether exchanging two of three features changes nothing."""
    return any(
        np.allclose(gram[np.ix_(order, order)], gram, atol=EQUAL)
        for order in ((1, 0, 2), (0, 2, 1), (2, 1, 0))
    )
