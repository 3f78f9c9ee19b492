r"""Dimensions per feature: hidden dimensions over the number of features stored in them.

.. math:: D^* = \frac{m}{\|W\|_F^2}

W: (…, m, n); ‖W‖_F² counts the stored features, whose norms are close to one. D* = 1 where every
feature has a dimension, 1/2 where all are in digons. It is not scale-free: report norms with it.
Source: Elhage et al. 2022, "The Geometry of Superposition".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from superposition.theory.domain import check_finite

Array = NDArray[np.float64]


def dimensions_per_feature(W: ArrayLike) -> Array:
    """D* = m / ‖W‖_F² of W (…, m, n), shaped (…); infinite where nothing is stored.

    Raises ``ValueError`` where W has fewer than two axes or is not finite.

    >>> print(dimensions_per_feature([[1.0, -1.0]]))
    0.5
    """
    check_finite(W, "W")
    weights = np.asarray(W, dtype=float)
    if weights.ndim < 2:
        raise ValueError(f"W has shape {weights.shape}; it must be (…, m, n).")
    stored = np.sum(weights**2, axis=(-2, -1))
    infinite = np.full(stored.shape, np.inf)
    return np.asarray(np.divide(weights.shape[-2], stored, out=infinite, where=stored > 0))
