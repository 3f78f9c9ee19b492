"""The search against a landscape that can be counted: budgets, counts, interruptions, threads."""

from __future__ import annotations

import importlib
import itertools
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from superposition.numerics.packing.method import Explored, Finished
from superposition.numerics.packing.search import Budget, Found, Progress, search
from superposition.numerics.packing.start import Kind, Space, Start
from tests.numerics.packing.arrangements import Array, drawn

search_module = importlib.import_module("superposition.numerics.packing.search")
SPACE = Space(5, 3)
FOREVER = 10**9
seeds = st.integers(0, 2**32 - 1)


@dataclass
class Steps:
    """Minima 0, 1, … 9, told by the first coordinate; exploring leaves a little to finish."""

    gap: float = 1e-6
    seen: list[tuple[str, float]] = field(default_factory=list)
    interrupt_at: int = FOREVER

    @property
    def nudges(self) -> bool:
        return False

    @property
    def together(self) -> int:
        return 8

    def explore(self, start: Start, below: float = np.inf) -> Explored:
        del below
        points = start.points()
        value = float(np.floor(5 * (1 + points[0, 0])))
        self.seen.append((start.kind, value))
        if len(self.seen) >= self.interrupt_at:
            raise KeyboardInterrupt
        return Explored(start.kind, value + self.gap * abs(points[0, 1]), points)

    def finish(self, explored: Explored, below: float = np.inf) -> Finished:
        del below
        return Finished(float(np.floor(explored.value)), explored.points)

    def margin(self, value: float, kind: Kind = "random") -> float:
        assert kind in ("random", "symmetric", "hop", "given")
        return 1e-5 + 0 * value

    def same(self, value: float) -> float:
        return 1e-12 + 0 * value


@given(seeds, st.integers(1, 60), st.sampled_from([0.0, 1e-6]))
def test_counts_are_honest(seed: int, starts: int, gap: float) -> None:
    """As many starts as allowed; as many at the best, moves apart, as a plain count says."""
    method = Steps(gap)
    found = search(method, SPACE, Budget(starts, enough=FOREVER), seed=seed)
    assert found.starts == len(method.seen) == starts
    assert found.value == min(value for _, value in method.seen)
    counted = [value for kind, value in method.seen if kind in ("random", "symmetric")]
    assert found.reached == counted.count(found.value)
    assert not found.interrupted
    assert np.floor(5 * (1 + found.points[0, 0])) == found.value


@given(seeds, st.integers(1, 5), st.integers(0, 40))
def test_it_ends_when_there_is_enough(seed: int, enough: int, least: int) -> None:
    reports: list[Progress] = []
    budget = Budget(10_000, enough=enough, least=least)
    found = search(Steps(), SPACE, budget, seed=seed, progress=reports.append)
    assert found.reached >= enough
    assert found.starts >= least
    assert found.starts < 10_000
    for before in reports[:-1]:
        assert before.reached < enough or before.starts < least


@given(seeds)
def test_it_ends_at_its_target_and_not_above(seed: int) -> None:
    found = search(Steps(), SPACE, Budget(10_000, enough=None, target=0.0), seed=seed)
    assert found.value == 0.0
    missed = search(Steps(), SPACE, Budget(80, enough=None, target=-1.0), seed=seed)
    assert missed.starts == 80


@given(seeds)
def test_progress_is_told_and_goes_forward(seed: int) -> None:
    reports: list[Progress] = []
    found = search(Steps(), SPACE, Budget(50, enough=FOREVER), seed=seed, progress=reports.append)
    told = [0, *(report.starts for report in reports)]
    assert all(0 < after - before <= 8 for before, after in itertools.pairwise(told))
    assert told[-1] == found.starts == 50
    assert all(report.most_starts == 50 for report in reports)
    for before, after in itertools.pairwise(reports):
        assert after.best <= before.best
        assert after.seconds >= before.seconds
        assert after.reached >= before.reached or after.best < before.best
    assert (reports[-1].best, reports[-1].reached) == (found.value, found.reached)


def same(one: Found, other: Found) -> bool:
    return bool(
        np.array_equal(one.points, other.points)
        and (one.value, one.starts, one.reached) == (other.value, other.starts, other.reached)
    )


@given(seeds, st.integers(1, 40))
def test_threads_and_repetition_change_nothing(seed: int, starts: int) -> None:
    budget = Budget(starts, enough=FOREVER)
    alone, again, together = (
        search(Steps(), SPACE, budget, seed=seed, workers=workers) for workers in (1, 1, 3)
    )
    assert same(alone, again)
    assert same(alone, together)


def test_the_first_start_is_the_given_one() -> None:
    given_points: Array = drawn(0, 5, 3)
    given_points[0] = [-1, 0, 0]
    method = Steps()
    found = search(method, SPACE, Budget(1), initial=given_points)
    assert method.seen == [("given", 0.0)]
    np.testing.assert_array_equal(found.points, given_points)
    assert found.reached == 0  # nobody found it unaided


def test_an_interruption_keeps_the_best() -> None:
    calls: list[Progress] = []

    def interrupt(report: Progress) -> None:
        calls.append(report)
        if len(calls) == 2:
            raise KeyboardInterrupt

    found = search(Steps(), SPACE, Budget(80, enough=FOREVER), progress=interrupt)
    assert found.interrupted
    assert (found.starts, found.value) == (calls[-1].starts, calls[-1].best)
    method = Steps(interrupt_at=12)
    found = search(method, SPACE, Budget(80, enough=FOREVER))
    assert found.interrupted
    assert found.value == min(value for _, value in method.seen[: found.starts])


@pytest.mark.parametrize("workers", [1, 2])
def test_an_interruption_before_there_is_a_best_goes_on_up(workers: int) -> None:
    with pytest.raises(KeyboardInterrupt):
        search(Steps(interrupt_at=1), SPACE, Budget(80), workers=workers)


def test_seconds_end_it_but_not_before_the_first_round(monkeypatch: pytest.MonkeyPatch) -> None:
    for seconds, rounds in ((0.5, 1), (5.5, 6), (1e9, None)):
        clock = itertools.count()
        monkeypatch.setattr(search_module, "time", SimpleNamespace(monotonic=clock.__next__))
        budget = Budget(160 if rounds is None else None, seconds, enough=FOREVER)
        found = search(Steps(), SPACE, budget)
        if rounds is None:
            assert found.starts == 160
        else:
            assert 1 <= found.starts <= 8 * rounds
