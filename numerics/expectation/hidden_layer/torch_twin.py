"""The loss of a hidden-layer model as a node of torch's graph, with its analytic backward."""

from __future__ import annotations

from typing import Any

import torch

from superposition.numerics.expectation.asked import Asked


def differentiable(asked: Asked, value: Any, d_W: Any, d_W_out: Any, d_b: Any) -> torch.Tensor:
    """``value`` (…), differentiable once by W, b and W_out; arrays of derivatives from numpy."""
    weights = asked.weights
    lead = asked.lead()
    parameters = [weights.W.expand(*lead, *weights.W.shape[-2:])]
    parameters.append(weights.b.expand(*lead, weights.b.shape[-1]))
    slopes = [d_W, d_b]
    if weights.W_out is not None:
        parameters.append(weights.W_out.expand(*lead, *weights.W_out.shape[-2:]))
        slopes.append(d_W_out)
    tensors = [torch.as_tensor(slope, device=value.device) for slope in slopes]
    loss: torch.Tensor = _Loss.apply(  # type: ignore[no-untyped-call]
        value, len(tensors), *tensors, *parameters
    )
    return loss


class _Loss(torch.autograd.Function):
    """A value whose derivatives were computed along with it."""

    @staticmethod
    def forward(ctx: Any, value: torch.Tensor, count: int, *arrays: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(*arrays[:count])
        return value.clone()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *grad_outputs: torch.Tensor) -> Any:
        passed = grad_outputs[0]
        slopes = [
            passed.reshape(*passed.shape, *(1,) * (slope.ndim - passed.ndim)) * slope
            for slope in ctx.saved_tensors
        ]
        return None, None, *(None for _ in slopes), *slopes
