"""The search: rounds of starts, of which the promising are finished, until there is evidence."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

from superposition.numerics.packing.energy.smooth_energy import Array
from superposition.numerics.packing.method import Explored, Finished, Method
from superposition.numerics.packing.start import Kind, Space, drawn_starts, given_start

TOGETHER = 2  # candidates finished before the next look at the best
RAMP = 8  # starts explored together, up to which rounds grow from a single one
GAPS = 1.5  # times the median of what finishing has gained: what it may gain,
MOST_GAP = 5  # but no more than this many margins: else bad starts would make all promising

Map = Callable[..., Iterable[Any]]


@dataclass(frozen=True)
class Budget:
    """When a search ends: the first that is reached.

    starts; seconds; enough: starts, moves from the best apart, that ended at the best value, but
    not before ``least`` starts (None: there is never enough); target: a value below which no
    search is needed.
    """

    starts: int | None = None
    seconds: float | None = None
    enough: int | None = 10
    least: int = 0
    target: float | None = None


@dataclass(frozen=True)
class Progress:
    """How far a search is; best: the least value so far; stage: what is being done."""

    starts: int
    most_starts: int | None
    best: float
    reached: int
    seconds: float
    stage: str


@dataclass(frozen=True, eq=False)
class Found:
    """The best of a search, in real coordinates (N, D), and how it came about."""

    points: Array
    value: float
    starts: int
    reached: int
    seconds: float
    interrupted: bool


@dataclass(eq=False)
class _Record:
    """What is known so far."""

    method: Method
    best: Finished | None = None
    starts: int = 0
    reached: int = 0
    explored: list[float] = field(default_factory=list)
    finished: list[float] = field(default_factory=list)
    gaps: dict[Kind, list[float]] = field(default_factory=dict)

    @property
    def below(self) -> float:
        """What is certain to end above this is of no interest."""
        if self.best is None:
            return math.inf
        return self.best.value + self.method.same(self.best.value)

    def promising(self, candidate: Explored) -> bool:
        """Whether finishing the candidate could beat the best, or count as reaching it."""
        if self.best is None:
            return True
        margin = self.method.margin(self.best.value, candidate.kind)
        gaps = self.gaps.get(candidate.kind)
        if gaps:
            gap = GAPS * statistics.median(gaps[-25:])
            margin = max(margin, min(gap, MOST_GAP * margin))
        return candidate.value < self.best.value + margin

    def known(self, candidate: Explored) -> float | None:
        """The value of an earlier candidate that looked the same, finished."""
        for seen, value in zip(self.explored, self.finished, strict=True):
            if abs(seen - candidate.value) <= self.method.same(seen):
                return value
        return None

    def ended(self, candidate: Explored, finished: Finished) -> None:
        """A candidate was finished."""
        if not candidate.finished:
            self.explored.append(candidate.value)
            self.finished.append(finished.value)
            if not finished.given_up:
                gaps = self.gaps.setdefault(candidate.kind, [])
                gaps.append(max(candidate.value - finished.value, 0.0))
        if self.best is None or finished.value < self.best.value - self.method.same(finished.value):
            self.best, self.reached = finished, 0
        self.count(candidate, finished.value)

    def count(self, candidate: Explored, value: float) -> None:
        """Count the starts that reached the best by themselves: a hop begins there."""
        best = self.best
        if best is not None and candidate.kind in ("random", "symmetric"):
            self.reached += abs(value - best.value) <= self.method.same(value)


def search(
    method: Method,
    space: Space,
    budget: Budget,
    *,
    seed: int = 0,
    workers: int = 1,
    initial: Array | None = None,
    progress: Callable[[Progress], object] | None = None,
) -> Found:
    """The least value over rounds of starts; the same for any number of workers (threads).

    initial: (N, D), a first start. Ctrl-C ends the search and keeps the best; if there is none
    yet it propagates. With ``seconds`` the result depends on the machine.
    """
    begun = time.monotonic()
    record = _Record(method)
    interrupted = False
    with _threads(workers) as mapped:
        try:
            while not _over(record, budget, time.monotonic() - begun):
                _round(record, space, (seed, initial), (budget, begun), mapped)
                if progress is not None and record.best is not None:
                    best, seconds = record.best.value, time.monotonic() - begun
                    progress(
                        Progress(
                            record.starts, budget.starts, best, record.reached, seconds, "search"
                        )
                    )
        except KeyboardInterrupt:
            if record.best is None:
                raise
            interrupted = True
    found = record.best
    if found is None:  # the first round always finishes one
        raise RuntimeError("the search ended before its first round.")
    seconds = time.monotonic() - begun
    return Found(found.points, found.value, record.starts, record.reached, seconds, interrupted)


def _round(
    record: _Record,
    space: Space,
    begin: tuple[int, Array | None],
    end: tuple[Budget, float],
    mapped: Map,
) -> None:
    """Explore one round's starts, and finish what is promising while there is time."""
    seed, initial = begin
    budget, begun = end
    together = record.method.together
    # 1, 2, 4, 8: one may be enough; where finishing is what costs, begin with the best of many.
    count = min(together, record.starts + 1) if together <= RAMP else together
    if budget.starts is not None:
        count = min(count, budget.starts - record.starts)
    best = None if record.best is None else record.best.points
    numbers = range(record.starts, record.starts + count)
    nudges = record.method.nudges
    starts = drawn_starts(space, seed, numbers, best, nudges)
    if initial is not None and record.starts == 0:
        starts[0] = given_start(initial)
    candidates: list[Explored] = sorted(
        mapped(record.method.explore, starts, repeat(record.below)), key=lambda found: found.value
    )
    record.starts += count
    while candidates and record.promising(candidates[0]):
        chosen: list[Explored] = []
        while candidates and len(chosen) < TOGETHER and record.promising(candidates[0]):
            candidate = candidates.pop(0)
            value = record.known(candidate)
            if candidate.finished:
                record.ended(candidate, Finished(candidate.value, candidate.points))
            elif value is None:
                chosen.append(candidate)
            else:
                record.count(candidate, value)
        ends = mapped(record.method.finish, chosen, repeat(record.below))
        for candidate, finished in zip(chosen, ends, strict=True):
            record.ended(candidate, finished)
        if _met(record, budget) or _late(budget, time.monotonic() - begun):
            return


def _over(record: _Record, budget: Budget, seconds: float) -> bool:
    if record.best is None:
        return False
    if budget.starts is not None and record.starts >= budget.starts:
        return True
    if _late(budget, seconds):
        return True
    if budget.enough is not None and record.reached >= budget.enough:
        return record.starts >= budget.least or _met(record, budget)
    return _met(record, budget)


def _late(budget: Budget, seconds: float) -> bool:
    return budget.seconds is not None and seconds >= budget.seconds


def _met(record: _Record, budget: Budget) -> bool:
    return (
        record.best is not None and budget.target is not None and record.best.value <= budget.target
    )


@contextmanager
def _threads(workers: int) -> Iterator[Map]:
    """A map over threads: the kernels and LAPACK let go of the interpreter."""
    if workers == 1:
        yield map
        return
    with ThreadPoolExecutor(workers) as pool:
        try:
            yield pool.map
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
