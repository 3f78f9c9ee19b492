"""Training on the CPU, compiled (numba): every thread takes some of the models to the next look."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from superposition.validate.compiled_step import advance
from superposition.validate.feature_samples import FeatureSampler
from superposition.validate.instances import Instances
from superposition.validate.memory import cores
from superposition.validate.optimiser import constants, step_table
from superposition.validate.parameters import Parameters
from superposition.validate.schedule import Schedule

Array = NDArray[np.float64]
Counts = NDArray[np.int64]
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
        count = min(threads or cores(), len(theta))
        return cls(instances, schedule, FeatureSampler.of(instances), theta, means, count)

    def advance(
        self, first: int, rates: Array, pace: Array, models: NDArray[np.intp], sums: Array
    ) -> tuple[Array, Counts]:
        """As ``Engine`` has it."""
        sums, sound = sums.copy(), np.full(len(models), first)
        table = step_table(self.schedule.optimiser, first, rates)
        parts = [part for part in np.array_split(np.arange(len(models)), self.threads) if len(part)]
        # Never in the caller's thread: Ctrl-C in a compiled function would be a SystemError.
        with ThreadPoolExecutor(len(parts)) as pool:
            tasks = []
            for part in parts:
                own = slice(part[0], part[-1] + 1)
                given = first, table, pace[own], models[own], sums[own], sound[own]
                tasks.append(pool.submit(self._advance, *given))
            for task in tasks:
                task.result()
        return sums, sound

    def parameters(self) -> Parameters:
        """A copy of what the models are now."""
        return Parameters.of_rows(self.theta, self.instances.hidden)

    def _advance(
        self,
        first: int,
        table: Array,
        pace: Array,
        models: NDArray[np.intp],
        sums: Array,
        sound: Counts,
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
            first, self.schedule.batch, constants(self.schedule.optimiser), sums, sound,
        )  # fmt: skip
