r"""What neurons are for: how much of a neuron is one feature, and how many it serves.

.. math:: M_k = \frac{\max_i |W_{ki}|}{\sum_i |W_{ki}|}

W: (…, m, n), from n features into m neurons; M_k = 1: neuron k is monosemantic; 0 for a neuron
with no weights. A neuron behind a ReLU may be scaled by s > 0 and its output weights by 1/s: the
model stays the same, and so does M_k. Canonical is the scale at which its largest |W_ki| is 1.
Source: Elhage et al. 2022, "Superposition in a Privileged Basis" and "Computation in
Superposition" (rescaling and sorting of the stack plots).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from superposition.theory.domain import check_finite, check_importance, check_scalar

Array = NDArray[np.float64]


def monosemanticity(W: ArrayLike) -> Array:
    """M_k of every neuron, (…, m), from W (…, m, n); 0 for a neuron without weights.

    Raises ``ValueError`` where W has fewer than two axes or is not finite.

    >>> monosemanticity([[2.0, 0.0], [1.0, -1.0]])
    array([1. , 0.5])
    """
    size = np.abs(_weights(W))
    whole = size.sum(axis=-1)
    return np.asarray(
        np.divide(size.max(axis=-1, initial=0), whole, out=np.zeros_like(whole), where=whole > 0)
    )


def features_served(W: ArrayLike, threshold: float = 0.2) -> NDArray[np.intp]:
    """How many features have |W_ki| ≥ threshold · max_j |W_kj|, (…, m); 0 without weights.

    Raises ``ValueError`` where W is no finite (…, m, n), or threshold not in (0, 1].

    >>> features_served([[2.0, 0.1], [1.0, -1.0], [0.0, 0.0]])
    array([1, 2, 0])
    """
    check_finite(threshold, "threshold")
    check_scalar(threshold, "threshold")
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold is {threshold}; it must lie in (0, 1].")
    size = np.abs(_weights(W))
    largest = size.max(axis=-1, keepdims=True, initial=0)
    return np.asarray(np.sum((size >= threshold * largest) & (largest > 0), axis=-1))


def canonical_rescaling(W: ArrayLike, W_out: ArrayLike) -> tuple[Array, Array]:
    """W (…, m, n) with max_i |W_ki| = 1, and W_out (…, n, m) so that the model stays the same.

    A neuron without weights stays as it is. Raises ``ValueError`` where W and W_out are not finite
    or do not fit each other.

    >>> W, W_out = canonical_rescaling([[2.0, -0.5]], [[0.5], [2.0]])
    >>> print(W, W_out.T)
    [[ 1.   -0.25]] [[1. 4.]]
    """
    into = _weights(W)
    check_finite(W_out, "W_out")
    out = np.asarray(W_out, dtype=float)
    if out.shape[-2:] != (into.shape[-1], into.shape[-2]):
        raise ValueError(
            f"W_out has shape {out.shape}; W of shape {into.shape} needs "
            f"(…, {into.shape[-1]}, {into.shape[-2]})."
        )
    largest = np.abs(into).max(axis=-1, initial=0)
    scale = np.where(largest > 0, largest, 1.0)
    return into / scale[..., :, None], out * scale[..., None, :]


def neuron_order(W: ArrayLike, importance: ArrayLike = 1.0) -> NDArray[np.intp]:
    """The neurons of W (m, n) sorted for a stack plot: by the importance of their largest feature.

    Then by that feature's number, the more monosemantic first; neurons without weights last.
    importance: (n,) or a number. Raises ``ValueError`` where W is no finite (m, n) or importance
    does not fit.

    >>> neuron_order([[0.0, 1.0], [3.0, 1.0], [0.5, 0.0]], [1.0, 0.5])
    array([2, 1, 0])
    """
    weights = _weights(W)
    if weights.ndim != 2:
        raise ValueError(f"W has shape {weights.shape}; it must be (m, n).")
    check_importance(importance)
    n = weights.shape[1]
    if np.shape(importance) not in ((), (n,)):
        raise ValueError(
            f"importance has shape {np.shape(importance)}; it must be a number or ({n},)."
        )
    weight = np.broadcast_to(np.asarray(importance, dtype=float), (n,))
    size = np.abs(weights)
    main = np.argmax(size, axis=1)
    silent = size.max(axis=1, initial=0) == 0
    return np.lexsort((-monosemanticity(weights), main, -weight[main], silent))


def _weights(W: ArrayLike) -> Array:
    check_finite(W, "W")
    weights = np.asarray(W, dtype=float)
    if weights.ndim < 2 or 0 in weights.shape[-2:]:
        raise ValueError(f"W has shape {weights.shape}; it must be (…, m, n), neither of them 0.")
    return weights
