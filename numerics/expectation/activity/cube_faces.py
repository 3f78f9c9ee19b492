"""The faces of the cubes on which active features live, and how they bound each other.

A state gives every feature one of four places: active and free, held at the low or at the
high end of its values, or silent. The states needed for a family of active sets are the
faces of their cubes; where the low end is 0 it is the same place as silence.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
LOW, HIGH, FREE, SILENT = 0, 1, 2, 3
ActiveSet = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Level:
    """All states with k free features: S of them.

    place: (S, n) of LOW, HIGH, FREE or SILENT; free: (S, k), which features are free;
    low, high: (S, k), the states of level k - 1 where that feature is held at an end;
    wanted, pattern: the states that are whole cubes, and the active sets they belong to.
    """

    place: Array
    free: Array
    low: Array
    high: Array
    wanted: Array
    pattern: Array


def all_active_sets(features: int) -> tuple[ActiveSet, ...]:
    """The 2^n active sets of ``features`` features, smaller ones first."""
    return tuple(
        active for count in range(features + 1) for active in combinations(range(features), count)
    )


@cache
def faces_of_cubes(
    features: int, active_sets: tuple[ActiveSet, ...], low_is_silent: bool, points: bool
) -> tuple[Level, ...]:
    """The levels k = 0, 1, … of all faces of the cubes of ``active_sets``.

    low_is_silent: the low end is the value 0; points: values have one place only, the high end.
    """
    silent = LOW if low_is_silent else SILENT
    wanted = np.array(
        [
            [(HIGH if points else FREE) if i in active else silent for i in range(features)]
            for active in active_sets
        ]
    ).reshape(len(active_sets), features)
    codes = _with_all_faces(wanted, features)
    places = (codes[:, None] // _powers(features)) % 4
    order = np.argsort((places == FREE).sum(axis=1), kind="stable")
    codes, places = codes[order], places[order]
    counts = (places == FREE).sum(axis=1)
    wanted_codes = (wanted * _powers(features)).sum(axis=1)
    levels: list[Level] = []
    below = np.zeros(0, dtype=np.int64)
    for k in range(int(counts.max()) + 1):
        here, place = codes[counts == k], places[counts == k]
        free = np.nonzero(place == FREE)[1].reshape(len(here), k)
        step = 4**free
        at = np.searchsorted(here, wanted_codes)
        is_here = np.isin(wanted_codes, here)
        levels.append(
            Level(
                place,
                free,
                np.searchsorted(below, here[:, None] - (FREE - LOW) * step),
                np.searchsorted(below, here[:, None] - (FREE - HIGH) * step),
                at[is_here],
                np.nonzero(is_here)[0],
            )
        )
        below = here
    return tuple(levels)


def _powers(features: int) -> Array:
    return 4 ** np.arange(features, dtype=np.int64)


def _with_all_faces(wanted: Array, features: int) -> Array:
    """The codes, sorted, of every state in which some free features are held at an end."""
    codes = np.unique((wanted * _powers(features)).sum(axis=1))
    for feature in range(features):
        free = codes[codes // 4**feature % 4 == FREE]
        held: Iterable[Array] = (free - (FREE - end) * 4**feature for end in (LOW, HIGH))
        codes = np.unique(np.concatenate([codes, *held]))
    return codes
