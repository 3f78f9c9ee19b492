"""SIGKILL at any moment: nothing is lost but the tiles in flight, and the result is the same."""

from __future__ import annotations

import os
import random
import runpy
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from superposition.validate.sweep import open_sweep, sweep
from tests.validate.sweep.same import assert_same, tiles

KILLS, TILES = 10, 96
PROGRAM = """
import sys
from pathlib import Path
from superposition.validate.schedule import Schedule
from superposition.validate.sweep import Grid, sweep, tile

GRID = Grid({"density": [0.1, 0.2, 0.5, 1.0], "importance": [0.5, 1, 2], "features": [3, 4]}, 4)
SCHEDULE = Schedule(steps=10_000, batch=64)
train = tile.train


def counted(*given, **more):
    with Path("begun").open("a") as file:
        file.write("tile\\n")
    return train(*given, **more)


if __name__ == "__main__":
    tile.train = counted  # workers of a pool import this program under another name: not there
    sweep(
        GRID, SCHEDULE, "sweep", tile=1, record=[100], workers=int(sys.argv[1]), progress=False
    )
"""


class Killed:
    """A program that is killed and started again, in a folder of its own."""

    def __init__(self, folder: Path, workers: int) -> None:
        self.folder, self.workers = folder, workers
        (folder / "program.py").write_text(PROGRAM, encoding="utf-8")

    def started(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "program.py", str(self.workers)], cwd=self.folder)

    def killed_after(self, more: int, seconds: float) -> dict[str, bytes]:
        """The tiles that are there when it is dead: killed ``seconds`` after ``more`` new ones."""
        enough = len(tiles(self.folder / "sweep")) + more
        job = self.started()
        while len(tiles(self.folder / "sweep")) < enough and job.poll() is None:
            time.sleep(0.002)
        time.sleep(seconds)
        os.kill(job.pid, signal.SIGKILL)
        assert job.wait() == -signal.SIGKILL
        return tiles(self.folder / "sweep")

    def finished(self) -> None:
        assert self.started().wait() == 0

    def assert_as_undisturbed(self) -> None:
        program = runpy.run_path(str(self.folder / "program.py"))
        folder = self.folder / "undisturbed"
        expected = sweep(
            program["GRID"], program["SCHEDULE"], folder, tile=1, record=[100], progress=False
        )
        assert_same(open_sweep(self.folder / "sweep"), expected)
        assert tiles(self.folder / "sweep") == tiles(folder)


def test_ten_kills_at_random_moments_lose_ten_tiles_at_most(tmp_path: Path) -> None:
    program = Killed(tmp_path, workers=1)
    moments = random.Random(6)  # noqa: S311 - no secrets
    before: dict[str, bytes] = {}
    for _ in range(KILLS):
        more = moments.randrange(5)
        there = program.killed_after(more, moments.uniform(0, 0.1 if more else 0.6))
        assert before.items() <= there.items()
        before = there
    assert 0 < len(before) < TILES
    part = open_sweep(tmp_path / "sweep")
    assert part.tiles == TILES
    assert TILES - part.missing_tiles == len(before)
    program.finished()
    assert before.items() <= tiles(tmp_path / "sweep").items()
    begun = (tmp_path / "begun").read_text(encoding="utf-8").count("tile")
    assert TILES <= begun <= TILES + KILLS
    program.assert_as_undisturbed()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_the_owner_of_worker_processes_is_killed(tmp_path: Path) -> None:
    """Its workers end with it; a tile that one of them finishes meanwhile is whole."""
    program = Killed(tmp_path, workers=2)
    before: dict[str, bytes] = {}
    for more in (3, 10):
        there = program.killed_after(more, 0.01)
        assert before.items() <= there.items()
        before = there
    assert len(before) < TILES
    program.finished()
    assert before.items() <= tiles(tmp_path / "sweep").items()
    program.assert_as_undisturbed()
