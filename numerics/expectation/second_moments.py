r"""The linear model, exactly, for any law of the features: only two moments enter.

.. math:: E(x_i - b_i - A_i x)^2 = r_i^T S\, r_i - 2 b_i\, r_i \cdot \mu + b_i^2,
          \qquad r_i = e_i - A_i

S = E x xᵀ: (n, n); μ = E x: (n,). Source: derived here (``theory/linear_model/loss.py``
has it for symbols).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from array_api_compat import array_namespace, device

from superposition.numerics.expectation.problem import Features, OutputProblem, Path
from superposition.numerics.expectation.result import OutputChange, OutputLosses


def losses(problem: OutputProblem, gradient: bool) -> OutputLosses:
    """E(x_i - z_i)² of every output, with derivatives if asked."""
    xp = array_namespace(problem.rows)
    mean, second = moments(problem.features, problem.rows)
    n = int(problem.bias.shape[-1])
    identity = xp.eye(n, dtype=problem.rows.dtype, device=device(problem.rows))
    residual, b = identity - problem.rows, problem.bias
    weighted = xp.matmul(residual, second)
    average = xp.matmul(residual, mean[..., None])[..., 0]
    loss = xp.sum(weighted * residual, axis=-1) - 2 * b * average + b**2
    size = xp.sum(xp.matmul(xp.abs(residual), xp.abs(second)) * xp.abs(residual), axis=-1)
    size = size + 2 * xp.abs(b * average) + b**2
    zero = xp.zeros_like(loss)
    return OutputLosses(
        xp.maximum(loss, zero),
        (n + 4) * 1.2e-16 * size,
        2 * b[..., None] * mean[..., None, :] - 2 * weighted if gradient else None,
        2 * (b - average) if gradient else None,
        zero > 0,
    )


def gradient_change(problem: OutputProblem, path: Path) -> OutputChange:
    """The loss is quadratic: its Hessian is constant and two-sided."""
    d_rows, d_bias = path.d_rows, path.d_bias
    xp = array_namespace(problem.rows)
    mean, second = moments(problem.features, problem.rows)
    change = 2 * xp.matmul(d_rows, second) + 2 * d_bias[..., None] * mean[..., None, :]
    bias = 2 * d_bias + 2 * xp.matmul(d_rows, mean[..., None])[..., 0]
    side = losses(problem, gradient=True).d_rows
    return OutputChange(change, bias, xp.zeros_like(bias, dtype=xp.bool), side)


def moments(features: Features, like: Any) -> tuple[Any, Any]:
    """E x, (…, n), and E x xᵀ, (…, n, n)."""
    xp = array_namespace(like)

    def there(array: Any) -> Any:
        return xp.asarray(array, dtype=like.dtype, device=device(like))

    if features.sets is not None:
        law = features.law()
        return there(law.mean()), there(law.second_moments())
    mean = features.density * features.moment(1)
    off_diagonal = there(1 - np.eye(features.size))
    second = mean[..., :, None] * mean[..., None, :] * off_diagonal
    own = (features.density * features.moment(2))[..., None] * there(np.eye(features.size))
    return mean, second + own
