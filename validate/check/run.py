"""Run checks one after the other: what every one found, kept as soon as it is there."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from superposition.validate.check.check import SIZES, Check, Outcome, Size
from superposition.validate.check.checks import CHECKS


def chosen_checks(only: Sequence[str] = ()) -> tuple[Check, ...]:
    """The checks with these ids, in the order of the paper; all for none.

    Raises ``ValueError`` for an id that no check has.

    >>> [check.id for check in chosen_checks(["absolute-value", "linear-keeps-the-top"])]
    ['linear-keeps-the-top', 'absolute-value']
    """
    known = [check.id for check in CHECKS]
    for name in only:
        if name not in known:
            raise ValueError(f"only is {name!r}; it must be one of {', '.join(known)}.")
    return tuple(check for check in CHECKS if not only or check.id in only)


def run_checks(
    size: Size = "smoke",
    folder: Path = Path("results/check"),
    only: Sequence[str] = (),
    progress: bool = True,
) -> Iterator[tuple[Check, Outcome]]:
    """Run the checks at ``size``; trained models are kept in ``folder``/trained and used again.

    only: ids of the checks, all for none. Raises ``ValueError`` for a size or an id that is none.
    """
    if size not in SIZES:
        raise ValueError(f"size is {size!r}; it must be one of {', '.join(SIZES)}.")
    for check in chosen_checks(only):
        begun = time.monotonic()
        outcome = check.run(size, folder / "trained", progress)
        yield check, replace(outcome, seconds=time.monotonic() - begun)
