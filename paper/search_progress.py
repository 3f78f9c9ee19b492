"""Progress of a search: a bar on a terminal that has tqdm, plain lines elsewhere, and the best."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from superposition.numerics.packing.search import Progress

PAUSE = 2.0  # seconds between plain lines


Told = Callable[["Progress"], object]


@contextmanager
def search_progress(quiet: bool = False) -> Iterator[Told]:
    """Something to tell the state of a search to; all goes to stderr, nothing if ``quiet``."""
    if quiet:
        yield lambda _: None
        return
    if sys.stderr.isatty():
        with suppress(ModuleNotFoundError):
            from tqdm import tqdm

            bar = _Bar(tqdm)
            try:
                yield bar
            finally:
                bar.close()
            return
    yield _Lines()


def _best(state: Progress) -> str:
    return f"best {state.best:.12g}, reached {state.reached}×"


class _Bar:
    """One bar per stage, one after another."""

    def __init__(self, tqdm: Callable[..., Any]) -> None:
        self._tqdm = tqdm
        self._stage: str | None = None
        self._bar: Any = None

    def __call__(self, state: Progress) -> None:
        if state.stage != self._stage:
            self.close()
            self._stage = state.stage
            self._bar = self._tqdm(total=state.most_starts, desc=state.stage, unit="start")
        self._bar.set_postfix_str(_best(state), refresh=False)
        self._bar.update(state.starts - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


class _Lines:
    """A line now and then, and one when a stage begins."""

    def __init__(self) -> None:
        self._stage: str | None = None
        self._when = 0.0

    def __call__(self, state: Progress) -> None:
        if state.stage == self._stage and time.monotonic() <= self._when + PAUSE:
            return
        self._stage, self._when = state.stage, time.monotonic()
        of = f" of {state.most_starts}" if state.most_starts is not None else ""
        sys.stderr.write(
            f"{state.stage}: {state.starts}{of} starts, {_best(state)}, {state.seconds:.0f} s\n"
        )
