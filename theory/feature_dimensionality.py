r"""Feature dimensionality: the fraction of a hidden dimension that a feature has to itself.

.. math:: D_i = \frac{\|W_i\|^2}{\sum_j (\hat W_i \cdot W_j)^2}
              = \frac{G_{ii}^2}{\sum_j G_{ij}^2}, \qquad G = W^T W

W: (m, n), columns W_i; the sum includes j = i; a feature of norm 0 has D_i = 0.
Interference of feature i is the sum without j = i, Σ_{j≠i} (Ŵ_i·W_j)².
Source: Elhage et al. 2022, "The Geometry of Superposition"; interference from
"Demonstrating Superposition". The same as capacity (Scherlis et al. 2022).
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from superposition.theory.domain import check_finite

Array = NDArray[np.float64]


def dimensionality(W: ArrayLike) -> Array:
    """D_i of every feature; W is (…, m, n), the result (…, n).

    >>> dimensionality([[1.0, -1.0]])
    array([0.5, 0.5])
    """
    squares, others, _ = _squared_norms_and_interference(W)
    total = squares + others
    return np.asarray(np.divide(squares, total, out=np.zeros_like(total), where=total > 0))


def interference(W: ArrayLike) -> Array:
    """Σ_{j≠i} (Ŵ_i·W_j)² of every feature; 0 for a feature of norm 0.

    >>> interference([[1.0, -1.0]])
    array([1., 1.])
    """
    _, others, scale = _squared_norms_and_interference(W)
    return np.asarray(others * scale**2)


def _squared_norms_and_interference(W: ArrayLike) -> tuple[Array, Array, Array]:
    """‖W_i‖² and the interference of W over its largest entry, and that entry.

    The scale keeps squares of very small or large weights within the range of floats.
    """
    check_finite(W, "W")
    weights = np.asarray(W, dtype=float)
    if weights.ndim < 2:
        raise ValueError(f"W has shape {weights.shape}; it must be (…, m, n).")
    scale = np.abs(weights).max(axis=(-2, -1), keepdims=True, initial=0)
    weights = np.divide(weights, scale, out=np.zeros_like(weights), where=scale > 0)
    norms = np.linalg.norm(weights, axis=-2, keepdims=True)
    directions = np.divide(weights, norms, out=np.zeros_like(weights), where=norms > 0)
    overlaps = np.swapaxes(directions, -1, -2) @ weights
    others = overlaps**2 * (1 - np.eye(weights.shape[-1]))
    return norms[..., 0, :] ** 2, others.sum(axis=-1), scale[..., 0]
