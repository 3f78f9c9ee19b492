r"""Feature dimensionality: the fraction of a hidden dimension that a feature has to itself.

.. math:: D_i = \frac{\|W_i\|^2}{\sum_j (\hat W_i \cdot W_j)^2}
              = \frac{G_{ii}^2}{\sum_j G_{ij}^2}, \qquad G = W^T W

W: (m, n), columns W_i; the sum includes j = i; a feature of norm 0 has D_i = 0.
Interference of feature i is the sum without j = i, Σ_{j≠i} (Ŵ_i·W_j)².
Source: Elhage et al. 2022, "The Geometry of Superposition"; interference from
"Demonstrating Superposition". The same as capacity (Scherlis et al. 2022).
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from superposition.theory.domain import check_finite


def dimensionality(W: ArrayLike) -> NDArray[np.float64]:
    """D_i of every feature; W is (…, m, n), the result (…, n).

    >>> dimensionality([[1.0, -1.0]])
    array([0.5, 0.5])
    """
    squares, own = _squares_and_own(W)
    total = squares.sum(axis=-1)
    return np.asarray(np.divide(own**2, total, out=np.zeros_like(own), where=own > 0))


def interference(W: ArrayLike) -> NDArray[np.float64]:
    """Σ_{j≠i} (Ŵ_i·W_j)² of every feature; 0 for a feature of norm 0.

    >>> interference([[1.0, -1.0]])
    array([1., 1.])
    """
    squares, own = _squares_and_own(W)
    others = squares.sum(axis=-1) - own**2
    return np.asarray(np.divide(others, own, out=np.zeros_like(own), where=own > 0))


def _squares_and_own(W: ArrayLike) -> tuple[NDArray[np.float64], NDArray[Any]]:
    check_finite(W, "W")
    weights = np.asarray(W, dtype=float)
    if weights.ndim < 2:
        raise ValueError(f"W has shape {weights.shape}; it must be (…, m, n).")
    gram = np.swapaxes(weights, -1, -2) @ weights
    return gram**2, np.diagonal(gram, axis1=-2, axis2=-1)
