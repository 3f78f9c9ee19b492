"""The schedule of the checks: Adam without weight decay, which would move the optimum."""

from __future__ import annotations

from superposition.validate.optimiser import Adam
from superposition.validate.schedule import Schedule


def annealed(steps: int, batch: int, rate: float = 0.02, last: float = 1e-4) -> Schedule:
    """The learning rate falls along a cosine from ``rate`` to ``last``."""
    return Schedule(steps, batch, rate, last, optimiser=Adam())
