r"""Training small models on a GPU, fused: a launch takes each of them from look to look.

A program of the grid is a model: only running ones are launched. Steps, samples and the state of
the optimiser stay on the chip, so memory holds nothing but θ. Sums of a batch are ordered by lanes:
weights are those of the other engines to rounding, samples bit for bit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from superposition.validate.feature_samples import FeatureSampler
from superposition.validate.fused_batches import device_of, put
from superposition.validate.fused_sizes import portions
from superposition.validate.instances import Instances
from superposition.validate.optimiser import constants, step_table
from superposition.validate.parameters import Parameters
from superposition.validate.schedule import Schedule

Array = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class FusedEngine:
    """The state of S models: θ and the optimiser's two means, (S, R, n), moved in place.

    law: low, last, scale, (S, n); portions: (samples a program takes at once, its warps).
    """

    instances: Instances
    schedule: Schedule
    sampler: FeatureSampler
    state: tuple[torch.Tensor, torch.Tensor, torch.Tensor]
    seed: torch.Tensor
    law: tuple[torch.Tensor, ...]
    importance: torch.Tensor
    portions: tuple[int, int]

    @classmethod
    def begin(
        cls, instances: Instances, schedule: Schedule, initial: Parameters, device: str
    ) -> FusedEngine:
        """Before the first step."""
        sampler = FeatureSampler.of(instances)
        theta = put(initial.rows(), device)
        return cls(
            instances,
            schedule,
            sampler,
            (theta, torch.zeros_like(theta), torch.zeros_like(theta)),
            put(sampler.seed.astype(np.int64), device),
            tuple(put(each, device) for each in (sampler.low, sampler.last, sampler.scale)),
            put(instances.importance.astype(np.float32), device),
            portions(instances, schedule),
        )

    def advance(
        self, first: int, rates: Array, pace: Array, models: NDArray[np.intp], sums: Array
    ) -> tuple[Array, Counts]:
        """As ``Engine`` has it."""
        from superposition.validate.fused_step import advance

        table = step_table(self.schedule.optimiser, first, rates)
        index, own, table_there, noted, sound = (
            put(each, self.seed.device)
            for each in (models, pace, table, sums, np.full(len(models), first))
        )
        batch, (block, warps) = self.schedule.batch, self.portions
        method, beta1, beta2, eps, decay = constants(self.schedule.optimiser)
        shares = beta1, 1 - beta1, 1 - beta2, eps, decay
        least, span = self.sampler.support
        architecture = self.instances.architecture
        with device_of(self.state[0]):
            advance[(len(models),)](
                self.state, index, self.seed, self.law, self.importance, own, table_there, noted,
                sound, first, len(rates), batch, 2 / batch, (least, span), shares,
                SWITCH=tuple(self.sampler.switch.tolist()), UNIT=(least, span) == (0, 1),
                HIDDEN=self.instances.hidden, WORDS=self.sampler.words, SUMS=sums.shape[1],
                UNTIED=not architecture.tied, RECTIFIED=architecture.hidden == "relu",
                RELU=architecture.output == "relu", ABSOLUTE=architecture.target == "absolute",
                BIASED=architecture.biased, METHOD=method, EVEN=batch % block == 0, BLOCK=block,
                num_warps=warps, enable_fp_fusion=False,
            )  # fmt: skip
        return noted.cpu().numpy(), sound.cpu().numpy()

    def parameters(self) -> Parameters:
        """A copy of what the models are now."""
        return Parameters.of_rows(self.state[0].cpu().numpy(), self.instances.hidden)
