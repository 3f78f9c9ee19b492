r"""Where descents begin: random points, random points with symmetry, moves from the best so far.

The mix matters: optima without symmetry are met by random starts alone, large symmetric ones
hardly without symmetric starts, and moves finish what both have begun: hops change some points
or all, nudges hardly any, which tells packings apart that differ in a few contacts. Each start is
a function of the seed, its number and the best so far: whoever runs it gets the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from superposition.numerics.packing.cyclic_plan import cyclic_plan
from superposition.numerics.packing.energy.smooth_energy import Array
from superposition.numerics.packing.orbit_plan import OrbitPlan, no_symmetry, rotation_plans
from superposition.numerics.packing.symmetric_start import symmetric_start

Kind = Literal["random", "symmetric", "hop", "nudge", "given"]
MOVES, NUDGES, SYMMETRIC = 0.6, 0.18, 0.2  # shares of the starts; nudges are some of the moves
FLAT, HIGH_MOVES, HIGH_SYMMETRIC = 8, 0.15, 0.65  # dimensions up to here; shares beyond
CYCLIC = (0.6, 0.2, 1.0)  # of the symmetric starts of points above three dimensions, lines, complex
HIGH_CYCLIC = 0.9  # likewise, of points beyond: the great codes have large groups
UPROOTED, PATCHED = 0.2, 0.5  # of the hops: some points anywhere, some neighbours; else all points
FIRST_RANDOM = 7  # starts before any move or symmetry: easy problems need no more
MOST_UPROOTED, LARGEST_PATCH = 8, 16
HOP_NOISE, NUDGE_NOISE = (0.1, 1.5), (1e-4, 1e-1)  # in units of the spacing
SOFT, HIGHER_SOFT, HOP_SOFT = (0, 5), (1, 8), (1, 10)  # doublings to begin with: from, below


@dataclass(frozen=True)
class Space:
    """N rows of ``dimension`` real numbers; forms: 0 points, 1 real lines, 2 complex lines.

    free: rows of any norm, as the toy model's weights and biases are, instead of unit vectors.
    """

    points: int
    dimension: int
    forms: int = 0
    free: bool = False

    @property
    def spacing(self) -> float:
        """About how far neighbours are from each other."""
        return float(2.0 * self.points ** (-1 / max(self.dimension - 1, 1)))


@dataclass(frozen=True, eq=False)
class Start:
    """Representatives (R, D) whose images under the plan are the start.

    doublings: of the exponent with which a sharpened energy begins.
    """

    kind: Kind
    plan: OrbitPlan
    representatives: Array
    doublings: int = 3

    def points(self) -> Array:
        """All N points, (N, D)."""
        return self.plan.images(self.representatives)


def given_start(points: Array) -> Start:
    """The points (N, D) themselves."""
    return Start("given", no_symmetry(*points.shape), points)


def drawn_starts(
    space: Space, seed: int, numbers: range, best: Array | None, nudges: bool = False
) -> list[Start]:
    """The starts with these numbers, one round of a search.

    best: (N, D), what moves begin from, if anything yet; nudges: whether some moves are.
    """
    rng = np.random.default_rng([seed, numbers.start])  # one generator a round: it costs a descent
    return [_drawn(space, rng, number, best, nudges) for number in numbers]


def _drawn(
    space: Space, rng: np.random.Generator, number: int, best: Array | None, nudges: bool
) -> Start:
    draw = rng.random()
    count, dim = space.points, space.dimension
    plain = no_symmetry(count, dim)
    moves, symmetric = (MOVES, SYMMETRIC) if dim <= FLAT else (HIGH_MOVES, HIGH_SYMMETRIC)
    if number < FIRST_RANDOM:
        moves = symmetric = 0.0
    if best is not None and draw < moves:
        if nudges and draw < NUDGES:
            low, high = map(math.log, NUDGE_NOISE)
            noise = math.exp(rng.uniform(low, high)) * space.spacing
            return Start("nudge", plain, _unit(best + noise * rng.normal(size=best.shape)))
        hop = _hop(best, space, rng)
        return Start("hop", plain, hop if space.free else _unit(hop), int(rng.integers(*HOP_SOFT)))
    doublings = int(rng.integers(*(SOFT if dim <= 3 else HIGHER_SOFT)))
    if space.free:
        return Start("random", plain, rng.normal(size=(count, dim)) / np.sqrt(dim), doublings)
    if moves <= draw < moves + symmetric and dim > 1:
        found = _symmetric(space, rng, doublings)
        if found is not None:
            return found
    return Start("random", plain, _random(count, dim, rng), doublings)


def _symmetric(space: Space, rng: np.random.Generator, doublings: int) -> Start | None:
    """A start with symmetry: kept exactly on the sphere, as far as descents keep it elsewhere."""
    count, dim = space.points, space.dimension
    if space.forms == 0 and dim == 3:
        plans = rotation_plans(count)
        if not plans:
            return None
        plan = plans[rng.integers(len(plans))]
        return Start("symmetric", plan, _random(plan.representatives, dim, rng), doublings)
    if rng.random() < (HIGH_CYCLIC if dim > FLAT and space.forms == 0 else CYCLIC[space.forms]):
        cyclic = cyclic_plan(count, dim, space.forms, rng)
        if cyclic is None:
            return None
        return Start("symmetric", cyclic, _random(cyclic.representatives, dim, rng), doublings)
    points = symmetric_start(count, dim, space.forms > 0, rng)
    if points is None:
        return None
    return Start("symmetric", no_symmetry(count, dim), points, doublings)


def _random(count: int, dim: int, rng: np.random.Generator) -> Array:
    return _unit(rng.normal(size=(count, dim)))


def _hop(best: Array, space: Space, rng: np.random.Generator) -> Array:
    """Some points anywhere, or some neighbours or all points shaken."""
    count, dim = best.shape
    points = best.copy()
    draw, noise = rng.random(), rng.uniform(*HOP_NOISE) * space.spacing
    if draw < UPROOTED:
        most = max(2, min(count // 4, MOST_UPROOTED))
        moved = rng.choice(count, min(count, int(rng.integers(1, most))), replace=False)
        points[moved] = rng.normal(size=(len(moved), dim))
    elif draw < UPROOTED + PATCHED:
        inner = points @ rng.normal(size=dim)
        size = int(rng.integers(1, max(2, min(count, LARGEST_PATCH))))
        moved = np.argsort(-(np.abs(inner) if space.forms else inner))[:size]
        points[moved] += noise * rng.normal(size=(size, dim))
    else:
        points += noise / 2 * rng.normal(size=points.shape)
    return points


def _unit(points: Array) -> Array:
    unit: Array = points / np.linalg.norm(points, axis=1, keepdims=True)
    return unit
