r"""The geometry of a model: what is dropped, the tegum factors, the symmetry, and a name.

The name says which kinds of features stand where; it does not change when W is rotated or
features of one kind (equal importance and density) are exchanged. The order parameters are the
continuous fields of a phase: norms, interferences, dimensionalities, biases and cosines.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from superposition.numerics.geometry.gram_automorphisms import automorphisms, levels
from superposition.numerics.geometry.tegum_factor import (
    DROPPED,
    EQUAL,
    ORTHOGONAL,
    TegumFactor,
    dropped_features,
    tegum_factors,
)
from superposition.theory.domain import check_finite
from superposition.theory.feature_dimensionality import dimensionality, interference

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Geometry:
    """What a model of n features is.

    dropped: the features of norm zero; factors: the tegum factors; symmetry: how many
    permutations of features of one kind leave WᵀW and b as they are; kinds: every feature's
    kind, a label.
    """

    dropped: tuple[int, ...]
    factors: tuple[TegumFactor, ...]
    symmetry: int
    kinds: tuple[str, ...]

    @property
    def name(self) -> str:
        """For instance ``digon (extra, ordinary) + dedicated (ordinary)``."""
        told = [self._told(factor.name, factor.features) for factor in self.factors]
        told += [self._told("dropped", (i,)) for i in self.dropped]
        parts = []
        for words, count in sorted(Counter(told).items(), key=lambda item: _rank(item[0])):
            parts.append(words if count == 1 else f"{count} {words}")
        return " + ".join(parts)

    @property
    def together(self) -> bool:
        """Whether all features are stored in one factor: all of them in superposition together."""
        return not self.dropped and len(self.factors) == 1 and len(self.kinds) > 1

    def _told(self, name: str, features: Sequence[int]) -> str:
        if len(set(self.kinds)) == 1:
            return name
        return f"{name} ({', '.join(sorted(self.kinds[i] for i in features))})"


@dataclass(frozen=True, eq=False)
class OrderParameters:
    """The continuous fields of one model or a batch.

    norms, interference, dimensionality, bias: (…, n); cosines: (…, n, n), 0 with a dropped
    feature. Interference and dimensionality as in ``theory.feature_dimensionality``.
    """

    norms: Array
    interference: Array
    dimensionality: Array
    bias: Array
    cosines: Array


def geometry_of(
    W: ArrayLike,
    b: ArrayLike = 0.0,
    kinds: Sequence[str] | None = None,
    *,
    smallest: float = DROPPED,
    orthogonal: float = ORTHOGONAL,
) -> Geometry:
    """The geometry of W (m, n) with biases b (n,).

    kinds: a label for every feature; features of one label are interchangeable. smallest: the
    norm below which a feature counts as dropped; orthogonal: the |cosine| below which two
    features do not interfere. Trained weights need larger values than exact minima.
    Raises ``ValueError`` where W is not a finite (m, n) matrix, b does not fit it, or kinds has
    not n labels.

    >>> geometry_of([[1.0, -1.0, 0.0], [0.0, 0.0, 1.0]]).name
    'digon + dedicated'
    """
    check_finite(W, "W")
    weights = np.asarray(W, dtype=float)
    if weights.ndim != 2 or weights.size == 0:
        raise ValueError(f"W has shape {weights.shape}; it must be (m, n), neither of them 0.")
    n = weights.shape[1]
    bias = _biases(b, (n,))
    labels = ("feature",) * n if kinds is None else tuple(kinds)
    if len(labels) != n:
        raise ValueError(f"kinds has {len(labels)} labels; it must have one per feature, {n}.")
    return Geometry(
        dropped_features(weights, smallest),
        tegum_factors(weights, smallest, orthogonal),
        symmetry_order(weights, bias, labels),
        labels,
    )


def order_parameters(W: ArrayLike, b: ArrayLike = 0.0) -> OrderParameters:
    """Norms, interferences, dimensionalities, biases and cosines of W (…, m, n).

    Raises ``ValueError`` where W has fewer than two axes or is not finite, or b does not fit it.

    >>> order_parameters([[1.0, -1.0]]).cosines
    array([[ 1., -1.],
           [-1.,  1.]])
    """
    check_finite(W, "W")
    weights = np.asarray(W, dtype=float)
    if weights.ndim < 2:
        raise ValueError(f"W has shape {weights.shape}; it must be (…, m, n).")
    norms = np.linalg.norm(weights, axis=-2)
    stored = norms[..., None, :] > 0
    units = np.divide(weights, norms[..., None, :], out=np.zeros_like(weights), where=stored)
    return OrderParameters(
        norms,
        interference(weights),
        dimensionality(weights),
        _biases(b, norms.shape).copy(),
        np.swapaxes(units, -1, -2) @ units,
    )


def symmetry_order(W: Array, b: Array, kinds: tuple[str, ...]) -> int:
    """How many permutations of features of one kind leave WᵀW (n, n) and b (n,) as they are.

    >>> symmetry_order(np.array([[1.0, -1.0]]), np.zeros(2), ("a", "a"))
    2
    """
    _, kind = np.unique(np.array(kinds), return_inverse=True)
    bias = levels(b, EQUAL)
    alike = kind * (int(bias.max(initial=0)) + 1) + bias
    gram = W.T @ W
    silent = np.abs(gram).max(axis=1) <= EQUAL  # sees nobody: its permutations need no search
    seen = np.ix_(~silent, ~silent)
    group = automorphisms(gram[seen], EQUAL, alike[~silent], steps=10**7)
    assert group is not None, "a model of features has no search as long as that"
    return group.order * math.prod(map(math.factorial, Counter(alike[silent].tolist()).values()))


def _biases(b: ArrayLike, shape: tuple[int, ...]) -> Array:
    """b for norms of this shape (…, n): all of it, (n,), or one number."""
    check_finite(b, "b")
    bias = np.asarray(b, dtype=float)
    if bias.shape not in ((), shape[-1:], shape):
        raise ValueError(f"b has shape {bias.shape}; it must be a number or {shape}.")
    return np.broadcast_to(bias, shape)


def _rank(words: str) -> tuple[int, str]:
    """Superposition first, then dedicated dimensions, then what is dropped."""
    return (
        2 if words.startswith("dropped") else 1 if words.startswith("dedicated") else 0,
        words,
    )
