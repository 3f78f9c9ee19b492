"""Executors of every kind, and workers that die: a tile is given to another, but not for ever."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import (
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
)
from contextlib import contextmanager
from multiprocessing import active_children, get_context
from pathlib import Path
from typing import Any

import pytest

from superposition.validate.schedule import Schedule
from superposition.validate.sweep import Grid, SweepResult, execution, sweep
from superposition.validate.sweep import tile as tile_module
from superposition.validate.sweep.execution import ATTEMPTS
from superposition.validate.sweep.training_sources import made_by
from superposition.validate.training import train
from tests.validate.sweep.same import assert_same, tiles

GRID = Grid({"density": [0.1, 0.5], "importance": [0.5, 1.0, 2.0]}, seeds=2)
SHORT = Schedule(steps=20, batch=8)
LONGER = Schedule(steps=15_000, batch=64)


class Losing(Executor):
    """Does the work at once, but loses some of it with ``error``."""

    def __init__(self, lost: Iterator[bool], error: Exception) -> None:
        self.lost, self.error, self.calls = lost, error, 0

    def submit(self, call: Callable[..., Any], /, *given: Any, **more: Any) -> Future[Any]:
        self.calls += 1
        future: Future[Any] = Future()
        if not next(self.lost):
            future.set_result(call(*given, **more))
        elif isinstance(self.error, CancelledError):
            future.cancel()
            future.set_running_or_notify_cancel()
        else:
            future.set_exception(self.error)
        return future


class Job:
    """What a batch system returns: no future, but what is needed of one."""

    def __init__(self, call: Callable[..., Any], given: tuple[Any, ...]) -> None:
        self._results: list[Any] = []
        self._thread = threading.Thread(target=lambda: self._results.append(call(*given)))
        self._thread.start()

    def done(self) -> bool:
        return not self._thread.is_alive()

    def result(self) -> Any:
        return self._results[0]

    def cancel(self) -> None:
        self._thread.join()


class BatchSystem:
    """Takes calls like submitit."""

    def submit(self, call: Callable[..., Any], /, *given: Any) -> Job:
        return Job(call, given)


def swept(folder: Path, executor: Any = None, **given: Any) -> SweepResult:
    return sweep(GRID, SHORT, folder, executor=executor, tile=2, progress=False, **given)


def test_any_executor_gives_the_same(tmp_path: Path) -> None:
    expected = swept(tmp_path / "none")
    with (
        ThreadPoolExecutor(2) as threads,
        ProcessPoolExecutor(2, get_context("spawn")) as processes,
    ):
        for number, executor in enumerate((threads, processes, BatchSystem())):
            assert_same(swept(tmp_path / str(number), executor), expected)
            assert tiles(tmp_path / str(number)) == tiles(tmp_path / "none")


@pytest.mark.parametrize("error", [OSError("gone"), CancelledError(), RuntimeError("killed")])
def test_a_lost_tile_is_submitted_again(tmp_path: Path, error: Exception) -> None:
    executor = Losing(iter([False, True, True, False, True] + [False] * 20), error)
    assert swept(tmp_path, executor).missing == 0
    assert executor.calls == 6 + 3


def test_a_tile_that_is_always_lost_is_given_up(tmp_path: Path) -> None:
    """The others are there, and the sentence says where."""
    executor = Losing(iter([False] * 5 + [True] * 99), OSError("gone"))
    with pytest.raises(
        RuntimeError, match=f"tile-6-.*to {ATTEMPTS} workers.*OSError.* 5 of 6 tiles are in"
    ):
        swept(tmp_path, executor)
    assert executor.calls == 5 + ATTEMPTS
    assert swept(tmp_path).missing == 0


def test_what_is_wrong_with_a_tile_is_not_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(*given: Any, **more: Any) -> None:
        del given, more
        raise ValueError("so it is")

    executor = Losing(iter([False] * 99), OSError())
    monkeypatch.setattr(tile_module, "train", wrong)
    with pytest.raises(ValueError, match="so it is"):
        sweep(GRID, SHORT, tmp_path, executor=executor, tile=2, progress=False)
    assert executor.calls == 6


def test_a_result_that_was_there_is_not_trained_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker may die after it has written its tile and before it has said so."""

    class Forgetful(Losing):
        def submit(self, call: Callable[..., Any], /, *given: Any, **more: Any) -> Future[Any]:
            call(*given, **more)
            return super().submit(call, *given, **more)

    trained = []

    def counted(*given: Any, **more: Any) -> Any:
        trained.append(given)
        return train(*given, **more)

    monkeypatch.setattr(tile_module, "train", counted)
    assert swept(tmp_path, Forgetful(iter([True, False] * 20), OSError("gone"))).missing == 0
    assert len(trained) == 6


def test_an_executor_that_is_broken_or_closed_is_said_to_be(tmp_path: Path) -> None:
    executor = Losing(iter([False] * 2 + [True] * 99), BrokenExecutor("no more"))
    with pytest.raises(RuntimeError, match="a worker died: no more. 2 of 6 tiles are in"):
        swept(tmp_path, executor)
    closed = ThreadPoolExecutor(1)
    closed.shutdown()
    with pytest.raises(RuntimeError, match="takes no more tiles: .* 2 of 6 tiles are in"):
        swept(tmp_path, closed)
    assert swept(tmp_path).missing == 0


@pytest.mark.parametrize(
    ("theirs", "told"),
    [
        ({"numpy": "1.0"}, "a worker has numpy 1.0; it must have what the caller has: numpy 2"),
        ({"processor": "znver9"}, "a worker has processor znver9; it must .* has: processor "),
        ({"triton": "3.9"}, "a worker has triton 3.9; it must .* the caller has: triton .none.[.]"),
    ],
)
def test_other_versions_on_a_worker_are_refused(
    tmp_path: Path, theirs: dict[str, str], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Elsewhere(Losing):
        def submit(self, call: Callable[..., Any], /, *given: Any, **more: Any) -> Future[Any]:
            with monkeypatch.context() as patch:
                patch.setattr(tile_module, "made_by", lambda at: made_by(at) | theirs)
                return super().submit(call, *given, **more)

    with pytest.raises(ValueError, match=told):
        swept(tmp_path, Elsewhere(iter([False] * 99), OSError()))


@contextmanager
def killing(folder: Path, after: int) -> Iterator[list[int]]:
    """Kills one worker process once ``after`` tiles are there."""
    stop, killed = threading.Event(), list[int]()

    def kill() -> None:
        while len(tiles(folder)) < after and not stop.wait(0.002):
            pass
        for worker in active_children()[:1]:
            if worker.pid is not None:
                os.kill(worker.pid, signal.SIGKILL)
                killed.append(len(tiles(folder)))

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield killed
    finally:
        stop.set()
        thread.join()


def test_a_killed_worker_process_loses_its_tile_only(tmp_path: Path) -> None:
    folder = tmp_path / "killed"
    with killing(folder, after=2) as killed:
        found = sweep(GRID, LONGER, folder, workers=2, tile=1, progress=False)
    assert 2 <= killed[0] < found.tiles == 12
    assert_same(found, sweep(GRID, LONGER, tmp_path / "not", tile=1, progress=False))
    assert tiles(folder) == tiles(tmp_path / "not")


def die(*_: Any) -> None:
    """As when memory runs out."""
    os.kill(os.getpid(), signal.SIGKILL)


def test_workers_that_always_die_are_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execution, "ATTEMPTS", 2)
    with monkeypatch.context() as patch:
        patch.setattr(execution, "train_tile", die)
        with pytest.raises(RuntimeError, match="worker processes died 2 times and finished no"):
            swept(tmp_path, workers=2)
    assert swept(tmp_path).missing == 0


UNGUARDED = """
from superposition.validate.schedule import Schedule
from superposition.validate.sweep import Grid, sweep
grid = Grid({"density": [0.1, 0.2]}, 2)
sweep(grid, Schedule(steps=20, batch=8), "sweep", tile=2, workers=2, progress=False)
"""


@pytest.mark.parametrize("by", ["a file", "standard input"])
def test_workers_that_cannot_begin_are_told_why(tmp_path: Path, by: str) -> None:
    (tmp_path / "program.py").write_text(UNGUARDED, encoding="utf-8")
    run = subprocess.run(
        [sys.executable, *(["program.py"] if by == "a file" else [])],
        check=False, capture_output=True, text=True, cwd=tmp_path, timeout=120,
        input=None if by == "a file" else UNGUARDED,
    )  # fmt: skip
    assert run.returncode == 1
    *_, last = run.stderr.strip().splitlines()
    assert "died before a tile was begun" in last
    assert 'without `if __name__ == "__main__":` around it' in last
    assert "0 of 1 tiles are in" in last or "0 of 2 tiles are in" in last
