"""What is seen of models while they train: losses, and which are finished or have diverged."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from superposition.validate.schedule import Schedule, Stopping

Array = NDArray[np.float64]
Counts = NDArray[np.int64]
TAIL = 500  # steps, the last ones, whose mean batch loss is told at the end
SINCE_MOMENT, SINCE_LOOK, AT_THE_END = range(3)  # the sums of batch losses that are kept
SUMS = 3


class Watch:
    """S models; ``steps`` taken, the last mean batch ``loss``, and who has ``diverged``, (S,).

    A model that is finished, or whose loss is no longer finite, is not trained any further.
    ``sums``: (S, SUMS), of batch losses, added one after the other since each sum began: how many
    steps an engine takes at once changes no bit of them, and so nothing that is decided.
    """

    def __init__(self, count: int, schedule: Schedule) -> None:
        """Nothing seen yet."""
        self.steps = np.zeros(count, dtype=np.int64)
        self.loss = np.full(count, np.nan)
        self.diverged = np.zeros(count, dtype=bool)
        self.sums = np.zeros((count, SUMS))
        self._schedule = schedule
        self._running = np.ones(count, dtype=bool)
        self._finished = np.full(count, np.nan)  # the loss of models that are
        self._moment = np.zeros(count, dtype=np.int64)  # steps taken until the last one recorded
        looks = 0 if schedule.stopping is None else 2 * schedule.stopping.patience
        self._looks = np.full((looks, count), np.nan)  # the last means, the newest last

    def running(self) -> NDArray[np.intp]:
        """The models that go on."""
        return np.flatnonzero(self._running)

    def saw(self, models: NDArray[np.intp], sums: Array, sound: Counts, now: int) -> None:
        """What the engine returned for ``models``, ``now`` steps after the first of all."""
        fresh = sums[:, SINCE_MOMENT] - self.sums[models, SINCE_MOMENT]
        self.loss[models] = fresh / (now - self.steps[models])
        self.sums[models] = sums
        self.steps[models] = np.minimum(sound + 1, now)
        self.lost(models[sound < now])
        if now == tail_begin(self._schedule):
            self.sums[:, AT_THE_END] = 0
        stopping = self._schedule.stopping
        if stopping is not None and now % stopping.every == 0 and now < self._schedule.steps:
            self._look(models, stopping)

    def lost(self, models: NDArray[np.intp]) -> None:
        """These have diverged."""
        self.diverged[models], self.loss[models] = True, np.nan
        self._running[models] = False

    def since_moment(self) -> Array:
        """The mean batch loss since the last call, (S,); of finished models what it is at the end,
        of diverged ones not a number.
        """
        taken = self.steps - self._moment
        mean = self.sums[:, SINCE_MOMENT] / np.maximum(taken, 1)
        self._moment, self.sums[:, SINCE_MOMENT] = self.steps.copy(), 0
        return np.where(self.diverged, np.nan, np.where(taken > 0, mean, self._finished))

    def at_the_end(self) -> Array:
        """The loss of ``TrainedModels``."""
        last = self._schedule.steps - tail_begin(self._schedule)
        mean = self.sums[:, AT_THE_END] / last
        found = np.where(np.isnan(self._finished), mean, self._finished)
        return np.where(self.diverged, np.nan, found)

    def _look(self, models: NDArray[np.intp], stopping: Stopping) -> None:
        """Finish those whose fall is no more than ``fall`` and the noise of the looks."""
        self._looks = np.roll(self._looks, -1, axis=0)
        mean = self.sums[:, SINCE_LOOK] / stopping.every
        self._looks[-1] = np.where(self.diverged, np.nan, mean)
        self.sums[:, SINCE_LOOK] = 0
        before, after = self._looks[: stopping.patience], self._looks[stopping.patience :]
        if np.any(np.isnan(before[0, models])):
            return  # too few looks yet
        # Half the mean squared difference of neighbours is the variance of one, trend apart.
        variance = _mean(np.diff(self._looks, axis=0) ** 2) / 2
        noise = np.sqrt(2 * variance / stopping.patience)
        fall = _mean(before) - _mean(after)
        goes_on = fall > stopping.fall * _mean(before) + noise
        done = models[~goes_on[models] & self._running[models]]
        self._running[done], self._finished[done] = False, self._looks[-1, done]


def tail_begin(schedule: Schedule) -> int:
    """The step after which the loss that is told at the end begins."""
    return max(0, schedule.steps - TAIL)


def _mean(rows: Array) -> Array:
    """Of rows, added one after the other: numpy adds a single column in another order."""
    return np.asarray(np.add.accumulate(rows, axis=0)[-1] / len(rows))
