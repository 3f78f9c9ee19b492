r"""The Hessian of the expected loss of many small models at once, where it exists.

With one output's row-Hessian H^i (in its slopes A_{i·} and its bias) and row-gradient r^i,

.. math:: \nabla^2 L = \sum_i I_i\, T_i^T H^i T_i
          + \big[(R_{jk} + R_{kj})\, 1_m\big]_{jk}, \qquad R_{ij} = I_i r^i_j

T_i: the Jacobian of (A_{i·}, b_i) by the parameters, ∂A_{ij}/∂W_k = δ_{ik} W_j + δ_{jk} W_i.
Parameters of a model in one vector: the columns W_1, …, W_n, then b_1, …, b_n.

Where an output's form vanishes identically on a set of active features the loss is only
piecewise C²; the form counts there as negative, or as what it becomes along a given direction:
an element of the generalised Hessian either way. Source: derived here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from superposition.numerics.expectation.activity.row_hessians import row_hessians
from superposition.numerics.expectation.problem import Features

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LossHessian:
    """Per model: loss (R,), gradient (R, D), Hessian (R, D, D), whether it is one-sided (R,).

    D = m n + n: the columns of W one after the other, then b.
    """

    loss: Array
    gradient: Array
    hessian: Array
    one_sided: NDArray[np.bool_]


def loss_hessian(
    W: Array,
    b: Array,
    importance: Array,
    features: Features,
    along: tuple[Array, Array] | None = None,
) -> LossHessian:
    """Loss, gradient and Hessian of R tied ReLU output models, exact to rounding.

    W: (R, m, n); b, importance: (R, n); features: independent, density (R, n) or (n,).
    along: a direction (δW, δb); flat forms count as what they become along it.
    """
    count, m, n = W.shape
    A = np.swapaxes(W, 1, 2) @ W
    tangents = None
    if along is not None:
        cross = np.swapaxes(along[0], 1, 2) @ W
        curve = np.swapaxes(along[0], 1, 2) @ along[0]
        tangents = (cross + np.swapaxes(cross, 1, 2), along[1], curve)
    rows = row_hessians(A, b, features, tangents)
    second = features.density * features.moment(2)
    loss = np.sum(importance * (rows.losses + second), axis=-1)
    R = importance[..., None] * rows.d_slopes
    both = R + np.swapaxes(R, 1, 2)
    columns = np.swapaxes(W, 1, 2)  # (R, n, m)
    gradient = np.concatenate(
        [(both @ columns).reshape(count, n * m), importance * rows.d_offset], axis=1
    )
    T = _jacobian(columns)
    weighted = (importance[..., None, None] * rows.hessian) @ T
    size = n * m + n
    stacked = T.reshape(count, n * (n + 1), size)
    hessian = np.swapaxes(stacked, 1, 2) @ weighted.reshape(count, n * (n + 1), size)
    blocks = hessian[:, : n * m, : n * m].reshape(count, n, m, n, m)
    for axis in range(m):
        blocks[:, :, axis, :, axis] += both
    hessian[:, : n * m, : n * m] = blocks.reshape(count, n * m, n * m)
    return LossHessian(loss, gradient, hessian, np.any(rows.one_sided, axis=-1))


def _jacobian(columns: Array) -> Array:
    """T (R, n, n + 1, D): of (A_{i1}, …, A_{in}, b_i) by the parameters; columns: (R, n, m)."""
    count, n, m = columns.shape
    T = np.zeros((count, n, n + 1, n * m + n))
    for i in range(n):
        for j in range(n):
            T[:, i, j, i * m : (i + 1) * m] += columns[:, j]
            T[:, i, j, j * m : (j + 1) * m] += columns[:, i]
        T[:, i, n, n * m + i] = 1
    return T
