"""AdamW (Loshchilov and Hutter 2019) as a pure function; elementwise, so models stay apart."""

from __future__ import annotations

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class AdamW:
    """The optimiser's constants; the defaults are those of the paper's public notebook."""

    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    weight_decay: float = 0.01


@dataclass(frozen=True)
class Moments:
    """Running means of the gradient and of its square."""

    first: torch.Tensor
    second: torch.Tensor

    @classmethod
    def zeros_like(cls, parameter: torch.Tensor) -> Moments:
        """No gradient seen yet."""
        return cls(torch.zeros_like(parameter), torch.zeros_like(parameter))


def updated(
    parameter: torch.Tensor,
    gradient: torch.Tensor,
    moments: Moments,
    step: int,
    learning_rate: float,
    constants: AdamW,
) -> tuple[torch.Tensor, Moments]:
    """Parameter and moments after the step number ``step`` (from 1)."""
    first = torch.lerp(moments.first, gradient, 1 - constants.beta1)
    second = torch.lerp(moments.second, gradient**2, 1 - constants.beta2)
    rate = learning_rate / (1 - constants.beta1**step)
    root = (second / (1 - constants.beta2**step)).sqrt_().add_(constants.eps)
    shrunk = parameter * (1 - learning_rate * constants.weight_decay)
    return shrunk.addcdiv_(first, root, value=-rate), Moments(first, second)
