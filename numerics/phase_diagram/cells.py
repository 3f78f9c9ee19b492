r"""The cells: the global minimum at every point of a grid in the plane.

Every cell is searched from random starts of its own. Then neighbours exchange their minima as
warm starts; where that lowers a cell, the cell is searched again until two independent starts
agree or it is flagged: a warm start can find, but is no evidence.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import fields, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from superposition.numerics import stored_arrays
from superposition.numerics.optimum.landscape import Landscape
from superposition.numerics.optimum.search import Minima, global_minima, warmed
from superposition.numerics.phase_diagram.plane import Plane

Array = NDArray[np.float64]
Progress = Callable[[int], object]
TILE = 500  # cells: the most that a killed job loses
LOWER = 1e-11  # of the scale: what counts as a lower loss


def cells(
    plane: Plane,
    x: Array,
    y: Array,
    *,
    starts: int,
    seed: int,
    folder: Path | None = None,
    key: str = "",
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Minima:
    """The minima at the nodes (y_j, x_i), in rows of constant y: len(y) × len(x) of them.

    folder, key: where finished tiles are kept, and the name of everything they depend on.
    """
    across, along = np.meshgrid(x, y)
    places = np.stack([across.ravel(), along.ravel()], axis=1)
    firsts = range(0, len(places), TILE)
    jobs = [places[first : first + TILE] for first in firsts]
    files = [
        None if folder is None else folder / f"cells-{key}-{number + 1}-of-{len(jobs)}.npz"
        for number in range(len(jobs))
    ]
    work = partial(_tile, plane, starts, seed)
    run = map if executor is None else executor.map
    parts = []
    for part in run(work, jobs, files):
        parts.append(part)
        if progress is not None:
            progress(len(part.loss))
    found = Minima(
        *(np.concatenate([getattr(part, each.name) for part in parts]) for each in fields(Minima))
    )
    return exchanged(plane.landscape(*places.T), found, len(y), starts, seed)


def exchanged(landscape: Landscape, found: Minima, rows: int, starts: int, seed: int) -> Minima:
    """Minima of a grid of ``rows`` rows after neighbours have exchanged them, until none falls."""
    changed = np.ones(len(landscape), dtype=bool)
    while changed.any():
        grid = found.points.reshape(rows, -1, found.points.shape[1])
        moved = changed.reshape(rows, -1)
        rims = ((1, 0), (-1, 0), (1, 1), (-1, 1))
        neighbours = np.stack([np.roll(grid, *rim) for rim in rims], axis=2)
        # Only cells beside a changed one have something new to hear.
        told = np.any([np.roll(moved, *rim) for rim in rims], axis=0).ravel()
        index = np.flatnonzero(told)
        part, known = landscape.rows(index), found.taken(index)
        warm = warmed(part, known, neighbours.reshape(len(landscape), 4, -1)[index])
        fell = warm.loss < known.loss - LOWER * part.scale
        changed = np.zeros(len(landscape), dtype=bool)
        changed[index[fell]] = True
        if fell.any():
            again = global_minima(part.rows(fell), starts=2 * starts, seed=seed + 1)
            found = found.with_rows(index[fell], _lower(part.rows(fell), warm.taken(fell), again))
    return found


def _lower(landscape: Landscape, warm: Minima, again: Minima) -> Minima:
    """A warm minimum and what new random starts found: the lower, with the evidence there is."""
    level = LOWER * landscape.scale
    confirmed = again.loss <= warm.loss + level
    return replace(
        warm,
        points=np.where(confirmed[:, None], again.points, warm.points),
        loss=np.where(confirmed, again.loss, warm.loss),
        gradient_norm=np.where(confirmed, again.gradient_norm, warm.gradient_norm),
        found_by=np.where(confirmed, again.found_by, 0),
        starts=warm.starts + again.starts,
    )


def _tile(plane: Plane, starts: int, seed: int, places: Array, file: Path | None) -> Minima:
    """One tile's minima, from its file where that is there and whole."""
    if file is not None and file.exists():
        stored = stored_arrays.read(file)
        if stored is not None:
            return Minima(**stored)
    found = global_minima(plane.landscape(*places.T), starts=starts, seed=seed)
    if file is not None:
        stored_arrays.write(file, vars(found))
    return found
