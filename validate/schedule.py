r"""How long and how fast: steps, batch, the learning rate over time, and when to stop early.

.. math:: η(t) = η_1 + (η_0 - η_1)\, \frac{1 + \cos π s}{2}, \qquad
          s = \frac{t - t_w}{T - t_w - 1}, \quad t = t_w … T - 1

t: the step, from 0; t_w: steps of warm-up, over which the rate rises from η_0 / t_w to η_0; linear:
1 - s instead of the cosine; exponential: η_0 (η_1/η_0)^s.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from superposition.theory.domain import check_count
from superposition.validate.optimiser import SGD, Adam, AdamW, Optimiser, is_number

MOST_STEPS, MOST_SAMPLES = 10**8, 2**32 - 1  # the rates are a table; words count samples in 32 bits
LARGEST_RATE = 1e6
Shape = Literal["cosine", "linear", "exponential"]


@dataclass(frozen=True)
class Stopping:
    """A model is finished, and frozen, when its loss has stopped to fall, as far as can be told.

    Every ``every`` steps the mean of the batch losses since the last look is noted. A model is
    finished if the mean of its last ``patience`` looks lies below that of as many before by less
    than ``fall``, relative, plus the noise of both, which successive looks tell. So a falling loss
    is left alone only once its fall is lost in the noise of the batches. For constant rates:
    while a rate falls, a loss that stands still is only waiting for it.
    """

    every: int = 500
    fall: float = 1e-3
    patience: int = 4

    def __post_init__(self) -> None:
        object.__setattr__(self, "every", check_count(self.every, "every"))
        object.__setattr__(self, "patience", check_count(self.patience, "patience", at_least=2))
        if not (is_number(self.fall) and 0 <= self.fall < 1):
            raise ValueError(f"fall is {self.fall!r}; it must be a number in [0, 1).")


@dataclass(frozen=True)
class Schedule:
    """The learning rate falls from first to last; constant where they are the same.

    steps: T; batch: samples a step; learning_rate, last_learning_rate: η_0, η_1; shape: how it
    falls; warmup: t_w; optimiser: its constants; stopping: None to take all steps.
    Raises ``ValueError`` for counts below 1 or rates that are not positive.

    >>> [round(float(rate), 3) for rate in Schedule(steps=3, last_learning_rate=0.01).rates()]
    [0.02, 0.015, 0.01]
    """

    steps: int = 4000
    batch: int = 128
    learning_rate: float = 0.02
    last_learning_rate: float = 0.0005
    shape: Shape = "cosine"
    warmup: int = 0
    optimiser: Optimiser = field(default_factory=AdamW)
    stopping: Stopping | None = None

    def __post_init__(self) -> None:
        for name, least, most in (
            ("steps", 1, MOST_STEPS), ("batch", 1, MOST_SAMPLES), ("warmup", 0, MOST_STEPS),
        ):  # fmt: skip
            count = check_count(getattr(self, name), name, at_least=least)
            if count > most:
                raise ValueError(f"{name} is {count}; it must be at most {most}.")
            object.__setattr__(self, name, count)
        if self.warmup >= self.steps:
            raise ValueError(f"warmup is {self.warmup}; it must be below steps, {self.steps}.")
        if self.shape not in get_args(Shape):
            raise ValueError(
                f"shape is {self.shape!r}; it must be one of {', '.join(get_args(Shape))}."
            )
        for name in ("learning_rate", "last_learning_rate"):
            rate = getattr(self, name)
            if not (is_number(rate) and 0 < rate <= LARGEST_RATE):
                raise ValueError(
                    f"{name} is {rate!r}; it must be a positive number, at most {LARGEST_RATE:g}."
                )
        if not isinstance(self.optimiser, Adam | SGD):
            raise ValueError(f"optimiser is {self.optimiser!r}; it must be Adam, AdamW or SGD.")
        self._check_stopping()

    def _check_stopping(self) -> None:
        if self.stopping is None:
            return
        if not isinstance(self.stopping, Stopping):
            raise ValueError(f"stopping is {self.stopping!r}; it must be a Stopping or None.")
        if self.learning_rate != self.last_learning_rate:
            raise ValueError(
                f"stopping is given with a learning_rate that goes from {self.learning_rate:g} to "
                f"{self.last_learning_rate:g}; models are stopped at constant rates only."
            )

    def rates(self) -> NDArray[np.float64]:
        """The learning rate of every step, (steps,)."""
        first, last = self.learning_rate, self.last_learning_rate
        falling = self.steps - self.warmup
        s = np.arange(falling) / max(falling - 1, 1)
        if self.shape == "exponential":
            fall = first * (last / first) ** s
        else:
            share = (1 + np.cos(np.pi * s)) / 2 if self.shape == "cosine" else 1 - s
            fall = last + (first - last) * share
        rise = first * np.arange(1, self.warmup + 1) / max(self.warmup, 1)
        return np.concatenate([rise, fall])


def log_spaced(steps: int, count: int) -> tuple[int, ...]:
    """Numbers of steps to record at: 0, and at most ``count`` more from 1 to ``steps``, by ratio.

    Raises ``ValueError`` for counts below 1.

    >>> log_spaced(1000, 4)
    (0, 1, 10, 100, 1000)
    """
    steps, count = check_count(steps, "steps"), check_count(count, "count")
    spaced = np.round(np.geomspace(1, steps, count)) if count > 1 else np.array([steps])
    return (0, *(int(step) for step in np.unique(spaced)))
