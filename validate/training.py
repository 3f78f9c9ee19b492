"""The thinnest honest trainer: AdamW on fresh samples, with a progress bar.

Bit for bit: the same instances and settings give the same trained weights on the same
machine; initial weights and data depend on a model's seed alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from superposition.theory.domain import check_count
from superposition.validate.adamw import AdamW, Moments, updated
from superposition.validate.feature_samples import FeatureSampler
from superposition.validate.instances import Instances
from superposition.validate.relu_output_model import initial_weights, loss_and_gradient

SAMPLES_IN_MEMORY = 40_000_000  # numbers drawn ahead: 160 MB of float32


@dataclass(frozen=True)
class Schedule:
    """How long and how fast: the learning rate falls from first to last along a cosine.

    Raises ``ValueError`` for counts below 1 or rates that are not positive.
    """

    steps: int = 4000
    batch: int = 128
    learning_rate: float = 0.02
    last_learning_rate: float = 0.0005
    optimiser: AdamW = field(default_factory=AdamW)

    def __post_init__(self) -> None:
        check_count(self.steps, "steps")
        check_count(self.batch, "batch")
        for name in ("learning_rate", "last_learning_rate"):
            rate = getattr(self, name)
            if not (math.isfinite(rate) and rate > 0):
                raise ValueError(f"{name} is {rate}; it must be a positive number.")

    def rate(self, step: int) -> float:
        """The learning rate of step number ``step`` (from 1)."""
        done = (step - 1) / max(self.steps - 1, 1)
        swing = (self.learning_rate - self.last_learning_rate) / 2
        return self.last_learning_rate + swing * (1 + math.cos(math.pi * done))


@dataclass(frozen=True)
class TrainedModels:
    """W (S, m, n) and b (S, n) after training."""

    W: NDArray[np.float32]
    b: NDArray[np.float32]


def train(
    instances: Instances, schedule: Schedule, label: str = "training", progress: bool = True
) -> TrainedModels:
    """Train every model of ``instances``; ``label`` names the progress bar.

    The bar shows the median of the models' batch losses.
    """
    sampler = FeatureSampler.of(instances)
    importance = torch.from_numpy(instances.importance.astype(np.float32))
    parameters = initial_weights(instances)
    moments = tuple(Moments.zeros_like(parameter) for parameter in parameters)
    per_step = instances.count * schedule.batch * instances.features
    ahead = max(1, min(SAMPLES_IN_MEMORY // per_step, schedule.steps))
    step = 0
    quiet = None if progress else True  # None: silent where there is no terminal
    with tqdm(total=schedule.steps, desc=label, unit="step", disable=quiet) as bar:
        while step < schedule.steps:
            count = min(ahead, schedule.steps - step)
            for x in torch.from_numpy(sampler.steps(count, schedule.batch)).unbind(1):
                step += 1
                loss, *gradients = loss_and_gradient(*parameters, x.contiguous(), importance)
                pairs = [
                    updated(
                        parameter, gradient, seen, step, schedule.rate(step), schedule.optimiser
                    )
                    for parameter, gradient, seen in zip(
                        parameters, gradients, moments, strict=True
                    )
                ]
                parameters = (pairs[0][0], pairs[1][0])
                moments = (pairs[0][1], pairs[1][1])
            bar.update(count)
            bar.set_postfix(median_loss=f"{float(loss.median()):.2e}")
    return TrainedModels(parameters[0].numpy(), parameters[1].numpy())
