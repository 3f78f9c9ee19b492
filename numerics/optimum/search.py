r"""Global search: the least of all minima found from random starts, with the evidence.

A minimum counts as found by a random start if the descent from it ends at the same loss, to
1e-9 of what storing nothing costs. Settings whose best minimum fewer than two starts have found
get more starts, twice as many each time. Warm starts (other settings' minima) can lower the
answer but count as no evidence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from superposition.numerics.optimum.curvature import least_curvature
from superposition.numerics.optimum.descent import Descent, descend, settled
from superposition.numerics.optimum.landscape import Landscape
from superposition.numerics.optimum.starts import random_starts

Array = NDArray[np.float64]
SAME_LOSS = 1e-9  # relative to what storing nothing costs
ENOUGH = 2  # independent starts that must agree
TOLERANCE = 1e-10  # of the gradient's norm
SADDLE = 1e-7  # of the scale: a least curvature more negative than this is no minimum's


@dataclass(frozen=True, eq=False)
class Minima:
    """The best minimum of every setting.

    points: (R, D); loss, gradient_norm: (R,); found_by: random starts that ended there; starts:
    random starts tried.
    """

    points: Array
    loss: Array
    gradient_norm: Array
    found_by: NDArray[np.intp]
    starts: NDArray[np.intp]

    @property
    def believed(self) -> NDArray[np.bool_]:
        """Whether the gradient vanishes and two independent starts agree, (R,)."""
        return (self.gradient_norm <= TOLERANCE) & (self.found_by >= ENOUGH)

    def taken(self, index: NDArray[np.intp] | NDArray[np.bool_]) -> Minima:
        """Some of them."""
        return Minima(*(getattr(self, each.name)[index] for each in fields(self)))

    def joined(self, other: Minima) -> Minima:
        """These and then the other ones."""
        parts = ((getattr(self, each.name), getattr(other, each.name)) for each in fields(self))
        return Minima(*(np.concatenate(pair) for pair in parts))

    def with_rows(self, index: NDArray[np.intp], part: Minima) -> Minima:
        """The same with some of them replaced."""
        whole = {each.name: getattr(self, each.name).copy() for each in fields(self)}
        for name, array in whole.items():
            array[index] = getattr(part, name)
        return Minima(**whole)


def global_minima(
    landscape: Landscape,
    *,
    starts: int = 16,
    most_starts: int = 512,
    seed: int = 0,
    progress: Callable[[int], object] | None = None,
) -> Minima:
    """The best minimum of every setting from random starts.

    starts: how many every setting gets at least; most_starts: where the search for a second
    find ends. progress: called with the number of settings finished.
    """
    count = len(landscape)
    found = _nothing(landscape)
    open_rows, attempt, batch = np.arange(count), 0, starts
    while len(open_rows):
        part = landscape.rows(open_rows)
        ends = descend(
            _repeated(part, batch),
            random_starts(part, batch, seed, attempt).reshape(-1, landscape.size),
        )
        known = found.taken(open_rows)
        known = polished(part, _merged(part, known, ends, batch, evidence=True))
        found = found.with_rows(open_rows, _escaped(part, known))
        done = found.believed[open_rows] | (found.starts[open_rows] + 2 * batch > most_starts)
        if progress is not None:
            progress(int(done.sum()))
        open_rows, attempt, batch = open_rows[~done], attempt + 1, 2 * batch
    return polished(landscape, found)


def warmed(landscape: Landscape, found: Minima, starts: Array) -> Minima:
    """The same after descents from warm starts, (R, K, D): they may lower it, and then no
    random start has found it yet.
    """
    count = starts.shape[1]
    ends = descend(_repeated(landscape, count), starts.reshape(-1, landscape.size))
    return polished(landscape, _merged(landscape, found, ends, count, evidence=False))


def polished(landscape: Landscape, found: Minima) -> Minima:
    """The minima on the kinks they belong to, to rounding error."""
    points, loss, norm = found.points, found.loss, found.gradient_norm
    level = 1e-15 * landscape.scale
    for _ in range(2):
        ends = descend(landscape, points, tolerance=1e-15, most_steps=50)
        for part in (ends, settled(landscape, ends.points)):
            good = (part.loss <= loss + 10 * level) & (
                part.gradient_norm <= np.maximum(norm, 100 * level)
            )
            points = np.where(good[:, None], part.points, points)
            loss = np.where(good, part.loss, loss)
            norm = np.where(good, part.gradient_norm, norm)
    return replace(found, points=points, loss=loss, gradient_norm=norm)


def _escaped(landscape: Landscape, found: Minima) -> Minima:
    """Descents that ended where the loss falls to one side only, continued to that side.

    A kink can attract from its convex side; all the starts that ended there share the escape.
    """
    curvature = least_curvature(landscape, found.points, exact=False)
    rows = np.flatnonzero(curvature.value < -SADDLE * landscape.scale)
    if len(rows) == 0:
        return found
    part = landscape.rows(rows)
    for step in (0.1, 0.01):
        known = found.taken(rows)
        ends = descend(part, known.points + step * curvature.direction[rows])
        lower = ends.loss < known.loss
        found = found.with_rows(
            rows,
            replace(
                known,
                points=np.where(lower[:, None], ends.points, known.points),
                loss=np.where(lower, ends.loss, known.loss),
                gradient_norm=np.where(lower, ends.gradient_norm, known.gradient_norm),
            ),
        )
    return found


def _merged(
    landscape: Landscape, found: Minima, ends: Descent, count: int, *, evidence: bool
) -> Minima:
    """What is known joined with ``count`` new descents per setting."""
    R, D = found.points.shape
    loss, norm = ends.loss.reshape(R, count), ends.gradient_norm.reshape(R, count)
    level = SAME_LOSS * landscape.scale
    least = np.minimum(loss.min(axis=1), found.loss)
    kept = found.loss <= least + level
    same = loss <= (least + level)[:, None]
    found_by = np.where(kept, found.found_by, 0) + (same.sum(axis=1) if evidence else 0)
    # Of the descents that ended there, the one that came closest.
    best = np.argmin(np.where(same, norm, np.inf), axis=1)
    take = np.arange(R), best
    newer = same.any(axis=1) & (~kept | (norm[take] < found.gradient_norm))
    return Minima(
        np.where(newer[:, None], ends.points.reshape(R, count, D)[take], found.points),
        np.where(newer, loss[take], found.loss),
        np.where(newer, norm[take], found.gradient_norm),
        found_by,
        found.starts + (count if evidence else 0),
    )


def _nothing(landscape: Landscape) -> Minima:
    count = len(landscape)
    return Minima(
        np.zeros((count, landscape.size)),
        np.full(count, np.inf),
        np.full(count, np.inf),
        np.zeros(count, np.intp),
        np.zeros(count, np.intp),
    )


def _repeated(landscape: Landscape, count: int) -> Landscape:
    return landscape.rows(np.repeat(np.arange(len(landscape)), count))
