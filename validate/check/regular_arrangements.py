r"""Equal features end in the regular arrangement that is optimal, at its closed norm and bias.

.. math:: \frac{L}{n} = \frac p3 - \frac{C^2}{Q}, \qquad \|W_i\|^2 = \frac CQ, \qquad b = \frac CQ β

Digon, triangle, pentagon, hexagon, octahedron (cross-polytope of three dimensions), each at a
density at which it is the global minimum for its n and m; the closed forms are those of
``theory.symmetric_arrangements``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from superposition.theory.symmetric_arrangements.optimum import (
    SymmetricOptimum,
    cross_polytope_optimum,
    polygon_optimum,
    simplex_optimum,
)
from superposition.validate.basins import basins
from superposition.validate.check.budget import annealed
from superposition.validate.check.check import Check, Outcome, Size
from superposition.validate.check.comparison import Comparison, Found, loss_comparison
from superposition.validate.instances import Instances
from superposition.validate.schedule import Schedule
from superposition.validate.sweep.model_list import trained

Array = NDArray[np.float64]

LOSS = 0.02  # relative
FIELDS = 0.03  # of a squared norm, a bias
SPREAD = 0.05  # among the norms of one model: it is regular


@dataclass(frozen=True)
class Arrangement:
    """name, n, m, the density, and its closed form."""

    name: str
    features: int
    hidden: int
    density: float
    theory: Callable[[], SymmetricOptimum]


ARRANGEMENTS = (
    Arrangement("digon", 2, 1, 0.3, lambda: simplex_optimum(2, 0.3)),
    Arrangement("triangle", 3, 2, 0.7, lambda: simplex_optimum(3, 0.7)),
    Arrangement("pentagon", 5, 2, 0.1, lambda: polygon_optimum(5, 0.1)),
    Arrangement("hexagon", 6, 2, 0.04, lambda: polygon_optimum(6, 0.04)),
    Arrangement("octahedron", 6, 3, 0.3, lambda: cross_polytope_optimum(3, 0.3)),
)
TRIED: dict[Size, tuple[int, int]] = {"smoke": (3, 16), "standard": (5, 50), "paper": (5, 500)}
BUDGETS: dict[Size, Schedule] = {
    "smoke": annealed(3000, 256),
    "standard": annealed(12000, 1024, last=2e-5),
    "paper": annealed(30000, 2048, last=1e-5),
}


def run(size: Size, folder: Path, progress: bool) -> Outcome:
    """Four rows an arrangement: loss, squared norm, bias, and how regular the best model is."""
    (count, seeds), schedule = TRIED[size], BUDGETS[size]
    comparisons: list[Comparison] = []
    for arrangement in ARRANGEMENTS[:count]:
        comparisons += _rows(arrangement, seeds, schedule, folder, progress)
    settings = {"seeds": seeds, "schedule": repr(schedule)}
    return Outcome(tuple(comparisons), settings, models=count * seeds)


def _rows(
    arrangement: Arrangement, seeds: int, schedule: Schedule, folder: Path, progress: bool
) -> list[Comparison]:
    n, ones = arrangement.features, np.ones((seeds, arrangement.features))
    instances = Instances(ones, arrangement.density * ones, np.arange(seeds), arrangement.hidden)
    models = trained(arrangement.name, instances, schedule, folder, progress=progress)
    ended, theory = basins(models, instances, starts=64), arrangement.theory()
    best = int(np.argmin(ended.loss))
    loss, inside = ended.loss, bool(ended.found[best])
    fields = _fields(models.W.astype(float), models.b.astype(float))
    polished = _fields(ended.W[best][None], ended.b[best][None])
    where = f"n = {n}, m = {arrangement.hidden}, p = {arrangement.density:g}"
    where = f"{arrangement.name} ({where})"
    return [
        loss_comparison(
            where, loss, ended.optimum[best], ended.polished[best], LOSS, n * theory.loss,
            ended.geometry(best).name,
        ),
        *(
            Comparison(
                where, what, closed, float(polished[what][0]) if inside else None,
                Found.of(fields[what], loss), tolerance,
            ).diagnosed(float(polished[what][0]), best=inside)
            for what, closed, tolerance in (
                ("squared norm, mean", theory.squared_norm, FIELDS),
                ("bias, mean", theory.bias, FIELDS),
                ("norms, largest less least", 0.0, SPREAD),
            )
        ),
    ]  # fmt: skip


def _fields(W: Array, b: Array) -> dict[str, Array]:
    """What is compared, (S,) each, of S models."""
    squared = (W**2).sum(1)
    return {
        "squared norm, mean": squared.mean(1),
        "bias, mean": b.mean(1),
        "norms, largest less least": np.ptp(np.sqrt(squared), axis=1),
    }


CHECK = Check(
    "regular-arrangements",
    "Equal features end in the regular arrangement that is optimal, at the norm, bias and loss of "
    "its closed form.",
    "Elhage et al. 2022, Geometry of superposition; closed forms derived in theory",
    run,
)
