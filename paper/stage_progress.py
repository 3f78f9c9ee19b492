"""Progress of work in stages: a bar on a terminal that has tqdm, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

Told = Callable[[str, int, int], object]  # stage, what is done, what there is to do
PAUSE = 2.0  # seconds between plain lines


@contextmanager
def stage_progress(quiet: bool = False) -> Iterator[Told]:
    """Something to tell stages to; everything goes to stderr, nothing if ``quiet``."""
    if quiet:
        yield lambda *_: None
        return
    if sys.stderr.isatty():
        with suppress(ModuleNotFoundError):
            from tqdm import tqdm

            bars = _Bars(tqdm)
            try:
                yield bars
            finally:
                bars.close()
            return
    yield _Lines()


class _Bars:
    """One bar per stage, one after another."""

    def __init__(self, tqdm: Callable[..., Any]) -> None:
        self._tqdm = tqdm
        self._stage = ""
        self._bar: Any = None

    def __call__(self, stage: str, done: int, whole: int) -> None:
        if self._bar is None or stage != self._stage:
            self.close()
            self._stage, self._bar = stage, self._tqdm(total=whole, desc=stage)
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


class _Lines:
    """A line now and then, and one when a stage begins or ends."""

    def __init__(self) -> None:
        self._stage, self._when = "", 0.0

    def __call__(self, stage: str, done: int, whole: int) -> None:
        if stage != self._stage or done == whole or time.monotonic() > self._when + PAUSE:
            sys.stderr.write(f"{stage}: {done} of {whole}\n")
            self._stage, self._when = stage, time.monotonic()
