r"""Where descents begin: random points, random points with symmetry, hops from the best so far.

The mix matters: optima without symmetry are met by random starts alone, large symmetric ones
hardly without symmetric starts, and hops finish what both have begun. Each start is a function
of the seed and its number, and of the best so far where it hops: whoever runs it gets the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from superposition.numerics.packing.energy.smooth_energy import Array
from superposition.numerics.packing.orbit_plan import OrbitPlan, no_symmetry, rotation_plans
from superposition.numerics.packing.symmetric_start import symmetric_start

Kind = Literal["random", "symmetric", "hop", "given"]
HOPS, SYMMETRIC = 0.35, 0.35  # shares of the starts
UPROOTED = 0.6  # of the hops: some points anywhere; the others shake all points
MOST_UPROOTED = 8


@dataclass(frozen=True)
class Space:
    """N rows of ``dimension`` real numbers; forms: 0 points, 1 real lines, 2 complex lines.

    free: rows of any norm, as the toy model's weights and biases are, instead of unit vectors.
    """

    points: int
    dimension: int
    forms: int = 0
    free: bool = False


@dataclass(frozen=True, eq=False)
class Start:
    """Representatives (R, D) whose images under the plan are the start; softness in [0, 1)."""

    kind: Kind
    plan: OrbitPlan
    representatives: Array
    softness: float

    def points(self) -> Array:
        """All N points, (N, D)."""
        return self.plan.images(self.representatives)


def given_start(points: Array) -> Start:
    """The points (N, D) themselves."""
    return Start("given", no_symmetry(*points.shape), points, 0.5)


def drawn_start(space: Space, seed: int, number: int, best: Array | None) -> Start:
    """Start ``number`` of a search; ``best`` (N, D): what hops begin from, if anything yet."""
    rng = np.random.default_rng([seed, number])
    draw, softness = rng.random(), float(rng.random())
    count, dim = space.points, space.dimension
    plain = no_symmetry(count, dim)
    if best is not None and draw < HOPS:
        hop = _hop(best, rng)
        return Start("hop", plain, hop if space.free else _unit(hop), softness)
    if space.free:
        return Start("random", plain, rng.normal(size=(count, dim)) / np.sqrt(dim), softness)
    if draw < HOPS + SYMMETRIC and dim > 1:
        if space.forms == 0 and dim == 3:
            plans = rotation_plans(count)
            if plans:
                plan = plans[rng.integers(len(plans))]
                return Start("symmetric", plan, _random(plan.representatives, dim, rng), softness)
        elif space.forms < 2:
            symmetric = symmetric_start(count, dim, space.forms > 0, rng)
            if symmetric is not None:
                return Start("symmetric", plain, symmetric, softness)
    return Start("random", plain, _random(count, dim, rng), softness)


def _random(count: int, dim: int, rng: np.random.Generator) -> Array:
    return _unit(rng.normal(size=(count, dim)))


def _hop(best: Array, rng: np.random.Generator) -> Array:
    count, dim = best.shape
    points = best.copy()
    if rng.random() < UPROOTED:
        most = max(2, min(count // 4, MOST_UPROOTED))
        moved = rng.choice(count, min(count, int(rng.integers(1, most))), replace=False)
        points[moved] = rng.normal(size=(len(moved), dim))
    else:
        neighbours = 2 * count ** (-1 / max(dim - 1, 1))
        points += rng.uniform(0.03, 0.3) * neighbours * rng.normal(size=points.shape)
    return points


def _unit(points: Array) -> Array:
    return points / np.linalg.norm(points, axis=1, keepdims=True)
