"""Training on the CPU, compiled (numba): every thread takes some of the models to the next look."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from superposition.validate.compiled_step import advance
from superposition.validate.feature_samples import FeatureSampler
from superposition.validate.instances import Instances
from superposition.validate.optimiser import SGD, step_table
from superposition.validate.parameters import Parameters
from superposition.validate.schedule import Schedule

Array = NDArray[np.float64]
ACTIVATIONS = ("identity", "relu", "gelu", "softplus", "tanh")


@dataclass(frozen=True, eq=False)
class CompiledEngine:
    """The state of S models: θ and the optimiser's two means, (S, R, n), moved in place."""

    instances: Instances
    schedule: Schedule
    sampler: FeatureSampler
    theta: NDArray[np.float32]
    means: tuple[NDArray[np.float32], NDArray[np.float32]]
    threads: int

    @classmethod
    def begin(
        cls, instances: Instances, schedule: Schedule, initial: Parameters, threads: int | None
    ) -> CompiledEngine:
        """Before the first step; threads: None for one a core."""
        theta = initial.rows()
        means = np.zeros_like(theta), np.zeros_like(theta)
        count = min(threads or os.cpu_count() or 1, len(theta))
        return cls(instances, schedule, FeatureSampler.of(instances), theta, means, count)

    def advance(self, first: int, rates: Array, pace: Array, models: NDArray[np.intp]) -> Array:
        """Take the steps ``first`` … of ``models``; their mean batch losses, (models,)."""
        loss, table = np.empty(len(models)), step_table(self.schedule.optimiser, first, rates)
        parts = [part for part in np.array_split(np.arange(len(models)), self.threads) if len(part)]
        # Never in the caller's thread: Ctrl-C in a compiled function would be a SystemError.
        with ThreadPoolExecutor(len(parts)) as pool:
            tasks = [
                pool.submit(
                    self._advance,
                    first,
                    table,
                    pace[part],
                    models[part],
                    loss[part[0] : part[-1] + 1],
                )
                for part in parts
            ]
            for task in tasks:
                task.result()
        return loss

    def parameters(self) -> Parameters:
        """A copy of what the models are now."""
        return Parameters.of_rows(self.theta, self.instances.hidden)

    def _advance(
        self,
        first: int,
        table: Array,
        pace: Array,
        models: NDArray[np.intp],
        loss: Array,
    ) -> None:
        architecture, sampler = self.instances.architecture, self.sampler
        law = (
            sampler.switch, sampler.low, sampler.last, sampler.scale,
            np.float32(sampler.support[0]), np.float32(sampler.support[1]),
        )  # fmt: skip
        shape = (
            self.instances.hidden, not architecture.tied, architecture.hidden == "relu",
            sampler.words, architecture.biased,
        )  # fmt: skip
        kind = (ACTIVATIONS.index(architecture.output), architecture.target == "absolute")
        advance(
            (self.theta, *self.means), models, sampler.seed, law,
            self.instances.importance.astype(np.float32), shape, kind, pace, table,
            first, self.schedule.batch, self._constants(), loss,
        )  # fmt: skip

    def _constants(self) -> tuple[int, float, float, float, float]:
        chosen = self.schedule.optimiser
        if isinstance(chosen, SGD):
            return 0, chosen.momentum, 0.0, 1.0, chosen.weight_decay
        method = 2 if chosen.decoupled else 1
        return method, chosen.beta1, chosen.beta2, chosen.eps, chosen.weight_decay
