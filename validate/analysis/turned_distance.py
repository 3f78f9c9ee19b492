r"""The distance between two models, whichever way their hidden spaces are turned.

.. math:: d^2 = \min_{Q^T Q = 1} \|W - Q V\|_F^2 + \|b - c\|^2
              = \|W\|_F^2 + \|V\|_F^2 - 2 \|W V^T\|_* + \|b - c\|^2

W, V: (m, n); b, c: (n,); ‖·‖_*: the sum of the singular values.
Source: the orthogonal Procrustes problem, Schönemann 1966.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from superposition.theory.domain import check_finite


def distance_up_to_rotation(
    W: ArrayLike, V: ArrayLike, b: ArrayLike = 0.0, c: ArrayLike = 0.0
) -> float:
    """d between (W, b) and (V, c): rotations and reflections of the hidden space count nothing.

    Raises ``ValueError`` where an array is not finite or their shapes differ.

    >>> distance_up_to_rotation([[1.0, 0.0]], [[-1.0, 0.0]])
    0.0
    """
    for name, array in (("W", W), ("V", V), ("b", b), ("c", c)):
        check_finite(array, name)
    first, second = np.asarray(W, dtype=float), np.asarray(V, dtype=float)
    if first.ndim != 2 or first.shape != second.shape:
        raise ValueError(
            f"W and V have shapes {first.shape} and {second.shape}; both must be the same (m, n)."
        )
    left, _, right = np.linalg.svd(first @ second.T)
    # Of the difference itself: the sum of squares above would lose half the digits.
    apart = first - (left @ right) @ second
    try:
        biases = np.broadcast_to(np.asarray(b, dtype=float) - np.asarray(c), first.shape[1:])
    except ValueError:
        raise ValueError(
            f"b and c have shapes {np.shape(b)} and {np.shape(c)}; each must be a number or "
            f"({first.shape[1]},)."
        ) from None
    return float(np.sqrt(np.sum(apart**2) + np.sum(biases**2)))
