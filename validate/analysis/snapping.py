r"""Trained weights snapped to the symmetric arrangement they are near.

.. math:: G = W^T W \mapsto \bar G = \frac{1}{|Γ|} \sum_{π \in Γ} P_π^T G P_π

Γ: the permutations that leave a tegum factor's block of G as it is within a tolerance. The mean
over a group is symmetric under it and stays a Gram matrix, so a noisy pentagon becomes a pentagon;
its smallest eigenvalues, which are noise, are dropped. Factors are made orthogonal, features
below the tolerance zero. Then the names of ``numerics.geometry`` apply, which are for exact minima.
Source: derived here.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from superposition.numerics.geometry.geometry import Geometry, geometry_of
from superposition.numerics.geometry.gram_automorphisms import automorphisms, levels
from superposition.numerics.geometry.tegum_factor import TegumFactor, tegum_factors
from superposition.theory.domain import check_finite, check_scalar

Array = NDArray[np.float64]
Whole = NDArray[np.int64]
TOLERANCE = 0.1
STEPS = 3000  # of the search for symmetries
MOST_MEMBERS = 64  # of a factor that is snapped


def tegum_factors_of_trained(
    W: ArrayLike, b: ArrayLike = 0.0, *, tolerance: float = TOLERANCE
) -> tuple[TegumFactor, ...]:
    """The tegum factors of trained weights W (m, n), with the names they have when snapped.

    tolerance: norms and |cosines| below it are none; entries of a factor's block of WᵀW, relative
    to its least ‖W_i‖², that differ by less than half of it may be one. Raises ``ValueError`` as
    ``snapped_weights`` does.

    >>> noise = 0.01 * np.random.default_rng(0).normal(size=(2, 5))
    >>> angles = 2 * np.pi * np.arange(5) / 5
    >>> tegum_factors_of_trained(np.array([np.cos(angles), np.sin(angles)]) + noise)[0].name
    'pentagon'
    """
    return geometry_of_trained(W, b, tolerance=tolerance).factors


def geometry_of_trained(
    W: ArrayLike,
    b: ArrayLike = 0.0,
    kinds: Sequence[str] | None = None,
    *,
    tolerance: float = TOLERANCE,
) -> Geometry:
    """The geometry that trained weights W (m, n), b (n,) are near, within ``tolerance``.

    kinds: a label for every feature; features of one label are interchangeable. Its symmetry is
    that of the snapped weights, in which factors alike up to noise are still told apart.
    Raises ``ValueError`` as ``snapped_weights`` does.

    >>> geometry_of_trained([[1.0, -0.98, 0.01], [0.02, 0.0, 1.0]]).name
    'digon + dedicated'
    """
    weights, biases = snapped_weights(W, b, kinds, tolerance=tolerance)
    return geometry_of(weights, biases, kinds, smallest=tolerance, orthogonal=tolerance)


def snapped_weights(
    W: ArrayLike,
    b: ArrayLike = 0.0,
    kinds: Sequence[str] | None = None,
    *,
    tolerance: float = TOLERANCE,
) -> tuple[Array, Array]:
    """W (m, n) and b (n,) snapped, in the pose they had; no entry of WᵀW moves by more than asked.

    A factor no symmetry is near keeps its shape. Raises ``ValueError`` where W is not a finite
    (m, n) matrix, b or kinds do not fit it, or tolerance does not lie between 0 and 1.

    >>> W, b = snapped_weights([[1.0, -1.02, 0.03]])
    >>> print(W.round(12), b)
    [[ 1.01 -1.01  0.  ]] [0. 0. 0.]
    """
    check_finite(tolerance, "tolerance")
    check_scalar(tolerance, "tolerance")
    if not 0 < tolerance < 1:
        raise ValueError(f"tolerance is {tolerance}; it must lie between 0 and 1.")
    labels = geometry_of(W, b, kinds).kinds  # checks all three
    weights = np.asarray(W, dtype=float)
    m, n = weights.shape
    biases = np.broadcast_to(np.asarray(b, dtype=float), (n,)).copy()
    kind = np.unique(np.array(labels), return_inverse=True)[1].astype(np.int64)
    alike = kind * (n + 1) + levels(biases, tolerance / 2)
    frames, places = [np.zeros((m, 0))], list[tuple[NDArray[np.intp], Array]]()
    for factor in tegum_factors(weights, tolerance, tolerance):
        members = np.array(factor.features)
        block = weights[:, members]
        shape, orbits = _symmetric(block, factor.dimension, alike[members], tolerance)
        biases[members] = _means(biases[members], orbits)
        left, _, right = np.linalg.svd(block @ shape.T, full_matrices=False)
        frames.append(left @ right)
        places.append((members, shape))
    frame = np.concatenate(frames, axis=1)
    if frame.shape[1] <= m:  # else the factors cannot be orthogonal, and keep their planes
        left, _, right = np.linalg.svd(frame, full_matrices=False)
        frame = left @ right
    snapped, start = np.zeros((m, n)), 0
    for members, shape in places:
        snapped[:, members] = frame[:, start : start + len(shape)] @ shape
        start += len(shape)
    dropped = np.linalg.norm(weights, axis=0) < tolerance
    biases[dropped] = _means(biases[dropped], alike[dropped])
    return snapped, biases


def _symmetric(block: Array, rank: int, alike: Whole, tolerance: float) -> tuple[Array, Whole]:
    """A factor (m, k) as (d, k) with all symmetries it nearly has, and their orbits (k,)."""
    gram = block.T @ block
    scale, count = float(np.diag(gram).min()), len(gram)  # the shortest feature minds most
    near, own = _of_rank(gram, int(np.linalg.matrix_rank(block))), np.arange(count)
    if count > MOST_MEMBERS:
        return near, own
    group = automorphisms(gram / scale, tolerance / 2, alike, STEPS)
    if group is None:
        return near, own
    shape = _of_rank(_averaged(gram, group.generators), rank)
    if np.abs(shape.T @ shape - gram).max() > tolerance * scale:
        return near, own
    orbits = np.empty(count, dtype=np.int64)
    for number, orbit in enumerate(group.orbits):
        orbits[list(orbit)] = number
    return shape, orbits


def _averaged(gram: Array, generators: Whole) -> Array:
    """The mean of G_{π(i) π(j)} over the group: over the orbits of pairs (i, j)."""
    count = len(gram)
    pairs = np.arange(count**2)
    images = [(move[:, None] * count + move[None, :]).ravel() for move in generators]
    ends = np.concatenate([*images, np.empty(0, dtype=np.int64)])
    starts = np.tile(pairs, len(images))
    graph = coo_matrix((np.ones(len(starts)), (starts, ends)), shape=(count**2,) * 2)
    orbits = connected_components(graph, directed=False)[1].astype(np.int64)
    means = _means(gram.ravel(), orbits).reshape(gram.shape)
    return np.asarray((means + means.T) / 2)


def _of_rank(gram: Array, rank: int) -> Array:
    """(rank, k) whose Gram matrix is the nearest of that rank."""
    values, vectors = np.linalg.eigh(gram)
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0))).T[::-1][:rank])


def _means(values: Array, labels: Whole) -> Array:
    """Every value replaced by the mean of those with its label."""
    _, place = np.unique(labels, return_inverse=True)
    sums = np.bincount(place, weights=values)
    return np.asarray((sums / np.bincount(place))[place])
