r"""Points in coordinates of the space they span, as unit vectors.

.. math:: x_i = \frac{B^T v_i}{\|v_i\|}, \qquad B^T B = 1

B: (D, d), a basis of the span of the rows v: (N, D), often whole numbers; x: (N, d) with d the
rank of v. Inner products stay as they are, up to the norms. Source: linear algebra.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
RANK = 1e-9  # of the largest eigenvalue of vᵀv


def unit(vectors: ArrayLike) -> Array:
    """The rows, divided by their norms; read-only, so that it may be kept.

    >>> unit([[3, 4]])
    array([[0.6, 0.8]])
    """
    rows = np.asarray(vectors, dtype=float)
    points: Array = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    points.flags.writeable = False
    return points


def in_own_span(vectors: ArrayLike) -> Array:
    """The rows as unit vectors in an orthonormal basis of their span, (N, rank).

    >>> in_own_span([[1, -1, 0], [0, 1, -1], [-1, 0, 1]]).shape
    (3, 2)
    """
    rows = np.asarray(vectors, dtype=float)
    values, basis = np.linalg.eigh(rows.T @ rows)
    return unit(rows @ basis[:, values > RANK * values[-1]])


def seen_from(vectors: ArrayLike, *fixed: ArrayLike) -> Array:
    """The rows projected orthogonally to the ``fixed`` vectors, as ``in_own_span`` gives them.

    Points of one code at fixed inner products with some of its points are a code again: derived
    codes come out of larger ones this way.

    >>> seen_from(np.eye(3), [1.0, 1.0, 1.0]).shape
    (3, 2)
    """
    rows = np.asarray(vectors, dtype=float)
    basis, _ = np.linalg.qr(np.array(fixed, dtype=float).T)
    return in_own_span(rows - (rows @ basis) @ basis.T)
