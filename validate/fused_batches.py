"""Batches for the tensor engine on a GPU: words, switches and values in one pass, by Triton."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from superposition.validate.feature_samples import FeatureSampler

SAMPLES, FOURS = 64, 8  # that a program draws of a model, and groups of four features at most


def device_of(tensor: torch.Tensor) -> AbstractContextManager[object]:
    """Launches, streams and graphs are those of the tensor's device, not of the current one."""
    return torch.cuda.device(tensor.device) if tensor.is_cuda else nullcontext()


def put(array: NDArray[Any], device: str | torch.device) -> torch.Tensor:
    """An array on a device."""
    return torch.from_numpy(np.ascontiguousarray(array)).to(device)


@dataclass(frozen=True, eq=False)
class FusedBatches:
    """``TensorSamples`` where Triton is: the same samples, without a word in memory."""

    seed: torch.Tensor
    law: tuple[torch.Tensor, ...]
    switch: torch.Tensor
    support: tuple[float, float]
    shape: tuple[int, int, int]
    apart: bool

    @classmethod
    def of(cls, sampler: FeatureSampler, size: int, device: str) -> FusedBatches:
        """The sampler's numbers on a device, for batches of ``size``."""
        models, n = sampler.low.shape
        return cls(
            put(sampler.seed.astype(np.int64), device),
            tuple(put(each, device) for each in (sampler.low, sampler.last, sampler.scale)),
            put(sampler.switch, device),
            sampler.support,
            (models, size, n),
            bool(np.any(sampler.switch != np.arange(n))),
        )

    def batch(self, step: torch.Tensor) -> torch.Tensor:
        """The batch of one step, (S, B, n); a launch that a CUDA graph can record."""
        from superposition.validate.fused_samples import fill_features

        models, size, n = self.shape
        fours = min(FOURS, 1 << (-(-n // 4) - 1).bit_length())
        x = torch.empty(self.shape, device=self.seed.device)
        least, span = self.support
        with device_of(x):
            fill_features[(models * -(-size // SAMPLES), -(-n // (4 * fours)))](
                x, self.seed, step, self.law, self.switch, n, size, (least, span),
                UNIT=(least, span) == (0, 1), APART=self.apart, BLOCK=SAMPLES, FOURS=fours,
                enable_fp_fusion=False,
            )  # fmt: skip
        return x
