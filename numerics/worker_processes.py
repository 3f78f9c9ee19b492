"""Worker processes that keep to one core each and never outlive the work or its owner."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager

from superposition.theory.domain import check_count

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


@contextmanager
def worker_processes(count: int) -> Iterator[Executor | None]:
    """An executor of ``count`` processes; None for one, whose work is done where it is asked for.

    When the block is left by an exception, an interrupt above all, the workers are ended at once.
    Raises ``ValueError`` for a count below 1.
    """
    if check_count(count, "workers") == 1:
        yield None
        return
    others = set(multiprocessing.active_children())
    # Spawned, not forked: a fork copies locks that threads of numba and torch may hold.
    pool = ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), initializer=_begin)
    with _one_thread_each():
        try:
            with _deaf():
                # One call a worker starts them all, before there is work that could kill one:
                # CPython's pool may stumble over a death while it still makes processes.
                for _ in range(count):
                    pool.submit(int)
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            workers = set(multiprocessing.active_children()) - others
            for worker in workers:
                worker.terminate()
            for worker in workers:
                worker.join()
            raise
        finally:
            pool.shutdown()


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Processes started meanwhile do not compete with threads of their own."""
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _deaf() -> Iterator[None]:
    """Processes started meanwhile ignore Ctrl-C from their first moment: it is for the owner."""
    if threading.current_thread() is not threading.main_thread():
        yield  # others may not set signal handlers
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _begin() -> None:
    """Leave Ctrl-C to the owner, and end when the owner is gone, killed or not."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_owner, daemon=True).start()


def _end_with_owner() -> None:
    owner = multiprocessing.parent_process()
    if owner is not None:
        owner.join()
        os._exit(1)
