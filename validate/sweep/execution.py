"""Tiles on their way through an executor: submitted, awaited, submitted again if a worker dies."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import BrokenExecutor
from typing import Any, Protocol
from uuid import uuid4

from superposition.numerics.worker_processes import worker_processes
from superposition.validate.sweep.tile import Tile, train_tile

ATTEMPTS = 4  # with one tile, before its workers' deaths are laid to its charge
LOOK = 0.02  # seconds between two looks at what is done
Finished = Callable[[Tile], None]


class Task(Protocol):
    """What became of a call: a future, or what looks like one."""

    def done(self) -> bool:
        """Whether there is a result or an error."""

    def result(self) -> Any:
        """The result; raises the error."""

    def cancel(self) -> Any:
        """Do not begin, if that is still possible."""


class Submits(Protocol):
    """Any ``concurrent.futures.Executor``, and what is used like one (submitit)."""

    def submit(self, call: Callable[..., Any], /, *arguments: Any) -> Task:
        """Have ``call(*arguments)`` done somewhere."""


def train_here(tiles: Iterable[Tile], finished: Finished) -> None:
    """Train ``tiles`` in this process, ``finished`` with each; raises what was wrong with one."""
    for tile in tiles:
        _settle(tile, train_tile(tile), finished)


def train_in_processes(tiles: Sequence[Tile], workers: int, finished: Finished) -> None:
    """The same in ``workers`` processes of this machine; a pool whose worker dies is made anew.

    Raises ``RuntimeError`` when that happened ``ATTEMPTS`` times with no tile done in between, and
    if none can begin.
    """
    left = {tile.path: tile for tile in tiles}
    in_vain, begun = 0, False

    def one_less(tile: Tile) -> None:
        nonlocal in_vain
        finished(tile)
        del left[tile.path]
        in_vain = 0

    while left:
        try:
            with worker_processes(workers) as pool:
                if pool is None:
                    train_here(list(left.values()), one_less)
                else:
                    pool.submit(int).result()  # a process that cannot begin does not answer
                    begun = True
                    train_with(pool, list(left.values()), one_less)
        except BrokenExecutor as error:
            if not begun:
                raise RuntimeError(
                    "worker processes died before a tile was begun; is the call in a script "
                    'without `if __name__ == "__main__":` around it, or in none (standard input), '
                    "or is there too little memory? Workers import the script they are called from."
                ) from error
            in_vain += 1
            if in_vain == ATTEMPTS:
                raise RuntimeError(
                    f"worker processes died {ATTEMPTS} times and finished no tile in between; "
                    "is there too little memory? Fewer workers or smaller tiles need less."
                ) from error


def train_with(executor: Submits, tiles: Sequence[Tile], finished: Finished) -> None:
    """The same with any executor, one task a tile; what is pending is cancelled on the way out.

    A task that is lost with its worker is submitted again. Raises ``BrokenExecutor`` if the
    executor takes no more, ``RuntimeError`` if a tile was lost ``ATTEMPTS`` times.
    """
    waiting: dict[Task, tuple[Tile, int]] = {}

    def submit(tile: Tile, attempt: int) -> None:
        try:
            task = executor.submit(train_tile, tile.on_one_thread(), uuid4().hex)
        except Exception as error:  # every executor has its own
            raise BrokenExecutor(f"the executor takes no more tiles: {error}") from error
        waiting[task] = tile, attempt

    try:
        for tile in tiles:
            submit(tile, 1)
        while waiting:
            done = [task for task in waiting if task.done()]
            for task in done:
                tile, attempt = waiting.pop(task)
                lost = _lost(task)
                if isinstance(lost, BrokenExecutor):
                    raise BrokenExecutor(f"a worker died: {lost}") from lost
                if lost is None:
                    _settle(tile, task.result(), finished)
                elif attempt < ATTEMPTS:
                    submit(tile, attempt + 1)
                else:
                    raise RuntimeError(
                        f"{tile.path.name} was given to {ATTEMPTS} workers and none came back "
                        f"with it; the last time: {lost!r}."
                    ) from lost
            if not done:
                time.sleep(LOOK)
    finally:
        for task in waiting:
            task.cancel()


def _lost(task: Task) -> Exception | None:
    """Why there is no result: a tile's own errors are results, so this is the executor's."""
    try:
        task.result()
    except Exception as error:  # noqa: BLE001 - every executor has its own
        return error
    return None


def _settle(tile: Tile, wrong: Exception | None, finished: Finished) -> None:
    if wrong is not None:
        raise wrong
    finished(tile)
