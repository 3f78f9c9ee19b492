"""Worker processes keep to one thread and never outlive the work or its owner."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from superposition.numerics.worker_processes import THREADS, worker_processes


def test_one_worker_is_nobody_else() -> None:
    with worker_processes(1) as executor:
        assert executor is None
    with pytest.raises(ValueError, match="workers is 0"), worker_processes(0):
        pass


def test_workers_have_one_thread_each_and_the_owner_keeps_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    with worker_processes(2) as executor:
        assert executor is not None
        assert list(executor.map(os.getenv, THREADS)) == ["1"] * len(THREADS)
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "MKL_NUM_THREADS" not in os.environ


def test_all_workers_are_there_before_the_work() -> None:
    others = set(multiprocessing.active_children())
    with worker_processes(3):
        assert len(set(multiprocessing.active_children()) - others) == 3


def test_an_exception_ends_workers_in_the_middle_of_their_work() -> None:
    def interrupted() -> None:
        with worker_processes(2) as executor:
            assert executor is not None
            executor.submit(time.sleep, 600)
            raise KeyboardInterrupt

    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert time.monotonic() - begun < 60
    # The executor's own thread may be the one that is told of an end: give it a moment.
    while multiprocessing.active_children() and time.monotonic() - begun < 60:
        time.sleep(0.05)
    assert not multiprocessing.active_children()


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks processes up in /proc")
def test_workers_end_when_their_owner_is_killed(tmp_path: Path) -> None:
    program = tmp_path / "owner.py"
    program.write_text(
        "import os\n"
        "from superposition.numerics.worker_processes import worker_processes\n"
        "if __name__ == '__main__':\n"
        "    with worker_processes(2) as executor:\n"
        "        print(executor.submit(os.getpid).result(), flush=True)\n"
        "        input()\n",
        encoding="utf-8",
    )
    owner = subprocess.Popen(
        [sys.executable, str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    worker = Path("/proc") / owner.stdout.readline().strip()
    assert worker.exists()
    owner.kill()
    owner.communicate()
    until = time.monotonic() + 30
    while _running(worker) and time.monotonic() < until:
        time.sleep(0.05)
    assert not _running(worker)


def _running(process: Path) -> bool:
    """Whether it is there and no zombie that nobody has collected."""
    try:
        return ") Z" not in (process / "stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return False
