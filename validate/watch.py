"""What is seen of models while they train: losses, and which are finished or have diverged."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from superposition.validate.schedule import Schedule, Stopping

Array = NDArray[np.float64]
TAIL = 500  # steps, the last ones, whose mean batch loss is told at the end


class Watch:
    """S models; ``steps`` taken, the last mean batch ``loss``, and who has ``diverged``, (S,).

    A model that is finished, or whose loss is no longer finite, is not trained any further.
    """

    def __init__(self, count: int, schedule: Schedule) -> None:
        """Nothing seen yet."""
        self.steps = np.zeros(count, dtype=np.int64)
        self.loss = np.full(count, np.nan)
        self.diverged = np.zeros(count, dtype=bool)
        self._stopping = schedule.stopping
        self._tail = tail_begin(schedule)
        self._running = np.ones(count, dtype=bool)
        self._since_look, self._since_record = _Mean(count), _Mean(count)
        self._at_the_end = _Mean(count)
        looks = 0 if schedule.stopping is None else 2 * schedule.stopping.patience
        self._looks = np.full((looks, count), np.nan)  # the last means, the newest last

    def running(self) -> NDArray[np.intp]:
        """The models that go on."""
        return np.flatnonzero(self._running)

    def saw(self, models: NDArray[np.intp], loss: Array, steps: int, now: int) -> None:
        """The mean batch losses of ``models`` over the last ``steps`` steps, ``now`` after all."""
        self.loss[models], self.steps[models] = loss, now
        self.lost(models[~np.isfinite(loss)])
        self._since_record.add(models, loss, steps)
        if now > self._tail:
            self._at_the_end.add(models, loss, steps)
        if self._stopping is not None:
            self._since_look.add(models, loss, steps)
            if now % self._stopping.every == 0:
                self._look(models, self._stopping)

    def lost(self, models: NDArray[np.intp]) -> None:
        """These have diverged."""
        self.diverged[models], self.loss[models] = True, np.nan
        self._running[models] = False

    def since_record(self) -> Array:
        """The mean batch loss since the last call, (S,); what it was for finished models."""
        seen = self._since_record.seen
        return np.where(seen, self._since_record.taken(), self.loss)

    def at_the_end(self) -> Array:
        """The mean batch loss of the last ``TAIL`` steps, (S,); of models that were finished
        before, since the last look at them.
        """
        found = np.where(self._at_the_end.seen, self._at_the_end.taken(), self.loss)
        return np.where(self.diverged, np.nan, found)

    def _look(self, models: NDArray[np.intp], stopping: Stopping) -> None:
        """Finish those whose fall is no more than ``fall`` and the noise of the looks."""
        self._looks = np.roll(self._looks, -1, axis=0)
        self._looks[-1] = self._since_look.taken()
        before, after = self._looks[: stopping.patience], self._looks[stopping.patience :]
        if np.any(np.isnan(before[0, models])):
            return  # too few looks yet
        # Half the mean squared difference of neighbours is the variance of one, trend apart.
        variance = (np.diff(self._looks, axis=0) ** 2).mean(0) / 2
        noise = np.sqrt(2 * variance / stopping.patience)
        fall = before.mean(0) - after.mean(0)
        goes_on = fall > stopping.fall * before.mean(0) + noise
        self._running[models] &= goes_on[models]


def tail_begin(schedule: Schedule) -> int:
    """The step after which the loss that is told at the end begins."""
    return max(0, schedule.steps - TAIL)


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
