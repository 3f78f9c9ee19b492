r"""The same in torch: the expected loss as a node of the graph, with its analytic backward.

.. math:: \bar A_{ij} = \bar \ell_i\, \partial \ell_i / \partial A_{ij}, \qquad
          \bar b_i = \bar \ell_i\, \partial \ell_i / \partial b_i

ℓ_i: the unweighted loss of output i; bars: what autograd passes back. From A = W_out W on,
and for the importances, torch's own rules apply. Where the method has second-order products
the backward can be differentiated once more; at a kink it takes the side it is asked along.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch

from superposition.numerics.expectation.asked import Asked
from superposition.numerics.expectation.method import Method
from superposition.numerics.expectation.methods import candidates
from superposition.numerics.expectation.model import Weights
from superposition.numerics.expectation.problem import Features, OutputProblem, Path
from superposition.numerics.expectation.question import answer
from superposition.numerics.expectation.result import ExpectedLoss, OutputLosses


def differentiable(problem: OutputProblem, method: Method | None, tolerance: float) -> ExpectedLoss:
    """The answer to ``problem``, differentiable by rows, biases and importances."""
    if problem.features.density.requires_grad:
        raise ValueError("density requires a gradient; derivatives by densities are not known.")
    fixed = _detached_problem(problem)
    wanted = problem.rows.requires_grad or problem.bias.requires_grad
    loss, outputs = answer(fixed, method, tolerance, gradient=wanted)
    losses = outputs.losses
    if wanted:
        used = method or next(one for one in candidates(fixed) if one.name == loss.method)
        losses = _Losses.apply(  # type: ignore[no-untyped-call]
            problem.rows, problem.bias, outputs, fixed, used
        )
    per_feature = problem.importance * losses
    return replace(loss, value=per_feature.sum(-1), per_feature=per_feature)


def detached(asked: Asked) -> Asked:
    """What was asked, cut off from any graph."""
    weights = asked.weights
    W_out = None if weights.W_out is None else weights.W_out.detach()
    return replace(
        asked,
        weights=Weights(weights.W.detach(), weights.b.detach(), W_out),
        importance=asked.importance.detach(),
        features=_detached_features(asked.features),
    )


def _detached_features(features: Features) -> Features:
    return replace(features, density=features.density.detach())


def _detached_problem(problem: OutputProblem) -> OutputProblem:
    return replace(
        problem,
        rows=problem.rows.detach(),
        bias=problem.bias.detach(),
        importance=problem.importance.detach(),
        features=_detached_features(problem.features),
    )


class _Losses(torch.autograd.Function):
    """ℓ(A, b), whose derivatives were computed along with it."""

    @staticmethod
    def forward(
        ctx: Any,
        rows: torch.Tensor,
        bias: torch.Tensor,
        outputs: OutputLosses,
        problem: OutputProblem,
        method: Method,
    ) -> torch.Tensor:
        ctx.save_for_backward(rows, bias)
        ctx.found = outputs, problem, method
        losses: torch.Tensor = outputs.losses
        return losses.clone()

    @staticmethod
    def backward(ctx: Any, *grad_outputs: torch.Tensor) -> Any:
        rows, bias = ctx.saved_tensors
        d_rows, d_bias = _Backward.apply(  # type: ignore[no-untyped-call]
            grad_outputs[0], rows, bias, *ctx.found
        )
        return d_rows, d_bias, None, None, None


class _Backward(torch.autograd.Function):
    """The backward of ``_Losses``, which has a backward of its own."""

    @staticmethod
    def forward(
        ctx: Any,
        passed: torch.Tensor,
        rows: torch.Tensor,  # noqa: ARG004 - named so that torch tracks it
        bias: torch.Tensor,  # noqa: ARG004
        outputs: OutputLosses,
        problem: OutputProblem,
        method: Method,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        ctx.save_for_backward(passed)
        ctx.found = outputs, problem, method
        return passed[..., None] * outputs.d_rows, passed * outputs.d_bias

    @staticmethod
    def backward(ctx: Any, *grad_outputs: torch.Tensor) -> Any:
        (passed,) = ctx.saved_tensors
        outputs, problem, method = ctx.found
        along_rows, along_bias = grad_outputs
        path = Path(along_rows, along_bias, 0 * along_rows)
        change = method.gradient_change(problem, path)
        along = (along_rows * outputs.d_rows).sum(-1) + along_bias * outputs.d_bias
        return along, passed[..., None] * change.d_rows, passed * change.d_bias, None, None, None
