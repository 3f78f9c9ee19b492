"""docs/sweeps.md as it stands: a real scheduler, two worker processes, one of them killed."""

from __future__ import annotations

import os
import runpy
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from superposition.validate.sweep import open_sweep, sweep
from tests.validate.sweep.documented import blocks, scripts
from tests.validate.sweep.same import assert_same, tiles

pytest.importorskip("distributed")


@contextmanager
def started(command: str, folder: Path, log: str, told: str) -> Iterator[subprocess.Popen[bytes]]:
    """A documented command, running once its log says ``told``, ended with the block."""
    path = folder / log
    words = [*shlex.split(command), "--host", "127.0.0.1"]
    with path.open("wb") as file:
        job = subprocess.Popen([sys.executable, "-m", *words], cwd=folder, stderr=file)
    try:
        deadline = time.monotonic() + 60
        while told not in path.read_text(encoding="utf-8") and time.monotonic() < deadline:
            time.sleep(0.01)
        yield job
    finally:
        job.kill()
        job.wait()


def test_one_of_two_workers_is_killed_and_nothing_else_is_lost(tmp_path: Path) -> None:
    (commands,) = blocks("sh")
    scheduler, worker = commands.splitlines()
    for name, text in scripts().items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    folder = tmp_path / "three-in-two"
    with (
        started(scheduler, tmp_path, "scheduler.log", "Scheduler at"),
        started(worker, tmp_path, "doomed.log", "Registered to") as doomed,
        started(worker, tmp_path, "other.log", "Registered to"),
    ):
        caller = subprocess.Popen(
            [sys.executable, "on_dask.py"], cwd=tmp_path, stdout=subprocess.PIPE, text=True
        )
        deadline = time.monotonic() + 60
        while len(tiles(folder)) < 8 and time.monotonic() < deadline:
            time.sleep(0.005)
        os.kill(doomed.pid, signal.SIGKILL)
        there = tiles(folder)
        told, _ = caller.communicate(timeout=60)
    assert caller.returncode == 0
    assert told.strip() == "(6, 6, 4, 2, 3) 0"
    assert 8 <= len(there) < 36
    assert there.items() <= tiles(folder).items()
    grid = runpy.run_path(str(tmp_path / "grid.py"))
    undisturbed = sweep(
        grid["GRID"], grid["SCHEDULE"], tmp_path / "undisturbed", tile=4, progress=False
    )
    assert_same(open_sweep(folder), undisturbed)
    assert tiles(folder) == tiles(tmp_path / "undisturbed")
