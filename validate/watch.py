"""What is seen of models while they train: their losses, and which of them are finished."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from superposition.validate.schedule import Schedule, Stopping

Array = NDArray[np.float64]


class Watch:
    """S models; ``steps`` taken and the last mean batch ``loss`` of each, (S,).

    A finished model is not trained any further: its numbers stay what they are.
    """

    def __init__(self, count: int, schedule: Schedule) -> None:
        """Nothing seen yet."""
        self.steps = np.zeros(count, dtype=np.int64)
        self.loss = np.full(count, np.nan)
        self._rate = schedule.learning_rate
        self._stopping = schedule.stopping
        self._running = np.ones(count, dtype=bool)
        self._since_look, self._since_record = _Mean(count), _Mean(count)
        self._least = np.full(count, np.inf)
        self._in_vain = np.zeros(count, dtype=int)

    def running(self) -> NDArray[np.intp]:
        """The models that are not finished."""
        return np.flatnonzero(self._running)

    def saw(self, models: NDArray[np.intp], loss: Array, steps: int, now: int) -> None:
        """The mean batch losses of ``models`` over the last ``steps`` steps, ``now`` after all.

        Raises ``ValueError`` if one is not finite.
        """
        if not np.all(np.isfinite(loss)):
            raise ValueError(
                f"the loss of model {models[np.argmin(np.isfinite(loss))]} is not finite after "
                f"{now} steps; learning_rate is {self._rate:g}: try a smaller one."
            )
        self.loss[models], self.steps[models] = loss, now
        self._since_record.add(models, loss, steps)
        if self._stopping is not None:
            self._since_look.add(models, loss, steps)
            if now % self._stopping.every == 0:
                self._look(models, self._stopping)

    def since_record(self) -> Array:
        """The mean batch loss since the last call, (S,); what it was for finished models."""
        seen = self._since_record.seen
        return np.where(seen, self._since_record.taken(), self.loss)

    def _look(self, models: NDArray[np.intp], stopping: Stopping) -> None:
        mean = self._since_look.taken()[models]
        falls = mean < (1 - stopping.fall) * self._least[models]
        self._in_vain[models] = np.where(falls, 0, self._in_vain[models] + 1)
        self._least[models] = np.minimum(self._least[models], mean)
        self._running[models] = self._in_vain[models] < stopping.patience


class _Mean:
    """A mean over steps, per model, that begins again when it is taken."""

    def __init__(self, count: int) -> None:
        self._sum, self._steps = np.zeros(count), np.zeros(count)

    @property
    def seen(self) -> NDArray[np.bool_]:
        return self._steps > 0

    def add(self, models: NDArray[np.intp], mean: Array, steps: int) -> None:
        self._sum[models] += steps * mean
        self._steps[models] += steps

    def taken(self) -> Array:
        mean = self._sum / np.maximum(self._steps, 1)
        self._sum[:], self._steps[:] = 0, 0
        return mean
