r"""The canonical pose: of all rotations of W, the one in which it is upper triangular.

.. math:: W = Q R, \quad Q^T Q = 1 \;\Rightarrow\; R^T R = W^T W

Features are taken in order; each opens a new axis if what those before do not span of it is long
enough. What is shorter, weak features or noise, opens the axes that are left, from longer to
shorter.
In this pose what is silent or orthogonal at the optimum shows as entries that are zero but for
rounding, and can be set to zero: the minimum then sits on the kink it belongs to.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
STORED = 1e-5  # of a norm: less is dropped; minima are known to about 1e-8
FAINT = 1e-12  # of a norm: less is rounding


def canonical_pose(W: Array, lengths: Sequence[float] = (STORED, FAINT)) -> Array:
    """W (R, m, n) rotated: W_i has no part along the axes opened after feature i, signs positive.

    lengths: how long what is left of a feature must be to open an axis, the first time through the
    features, the second time, and so on.

    >>> canonical_pose(np.array([[[0.0, -1.0], [2.0, 0.0]]]))
    array([[[2., 0.],
            [0., 1.]]])
    """
    count, m, n = W.shape
    axes = np.zeros((count, m, m))
    opened = np.zeros(count, dtype=np.intp)

    def across(new: Array) -> Array:
        return np.asarray(new - np.einsum("ram,rbm,rb->ra", axes, axes, new))

    for smallest, i in product(lengths, range(n)):
        if opened.min(initial=m) == m:
            break
        # Twice: once is not enough for nearly parallel features.
        new = across(across(W[:, :, i]))
        size = np.linalg.norm(new, axis=1)
        fresh = (size > smallest) & (opened < m)
        rows = np.flatnonzero(fresh)
        axes[rows, :, opened[rows]] = new[rows] / size[rows, None]
        opened += fresh
    return np.asarray(np.einsum("ram,ran->rmn", axes, W))


def snapped(W: Array, b: Array) -> tuple[Array, Array]:
    """The same in the canonical pose, with entries of W and b below 1e-6 set to zero."""
    posed = canonical_pose(W)
    return np.where(np.abs(posed) < 1e-6, 0.0, posed), np.where(np.abs(b) < 1e-6, 0.0, b)
