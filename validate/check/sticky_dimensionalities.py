r"""Uniform superposition: plateaus of D*, and whether dimensionalities stick to fractions.

.. math:: D^* = \frac{m}{\|W\|_F^2}, \; D_i = \frac{\|W_i\|^2}{\sum_j (\hat W_i \cdot W_j)^2}

F7 and F8: n = 400, m = 30, all features alike, one model a density, from dense to the end of the
named fractions. Two claims: D* is 1 at p = 1, where nothing is in superposition, and 1/2, all in
digons, over a range of densities; and, where D_i is not 1/2, it is another of the fractions
3/8, 2/5, 2/3, 3/4, 1 far more often than numbers spread evenly would be. The second is refuted:
at one density all D_i are close together, at a value that slides with the density.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from superposition.theory.feature_dimensionality import dimensionality
from superposition.validate.check.budget import annealed
from superposition.validate.check.check import Check, Outcome, Size
from superposition.validate.check.comparison import Comparison, Found
from superposition.validate.instances import Instances
from superposition.validate.schedule import Schedule
from superposition.validate.sweep.model_list import trained

Array = NDArray[np.float64]

PLATEAU = 0.05  # of D* from 1 and from 1/2
DIGONS = 0.9  # share of stored features within NEAR of 1/2 on the plateau, at least
STUCK = 0.5  # share of the others within NEAR of another fraction, at least, over all densities
TOGETHER = 0.1  # the interquartile range of D_i at one density, at most: they stick to each other
NEAR = 0.02
STORED = 0.25  # of a squared norm: a feature of less is not stored
FRACTIONS = (3 / 8, 2 / 5, 2 / 3, 3 / 4, 1.0)  # beside 1/2
BUDGETS: dict[Size, tuple[int, int, int, Schedule]] = {
    "smoke": (60, 8, 6, annealed(4000, 256, rate=0.01)),
    "standard": (400, 30, 12, annealed(10000, 1024, rate=0.01)),
    "paper": (400, 30, 40, annealed(30000, 1024, rate=0.01, last=5e-5)),
}  # fmt: skip
DENSITIES = (0.7, 0.15)  # from dense to sparse, log-spaced, after p = 1
PLATEAU_AT = (0.25, 0.4)  # densities at which digons are expected


@dataclass(frozen=True, eq=False)
class Uniform:
    """Models by density (p,), from dense to sparse: D* (p,); D_i and who is stored, (p, n)."""

    density: Array
    per_feature: Array
    D: Array
    stored: NDArray[np.bool_]
    settings: dict[str, Any]


def uniform(size: Size, folder: Path, progress: bool) -> Uniform:
    """Train the models, or read them."""
    n, m, count, schedule = BUDGETS[size]
    density = np.concatenate([[1.0], np.geomspace(*DENSITIES, count - 1)])
    ones = np.ones((count, n))
    instances = Instances(ones, density[:, None] * ones, np.arange(count), m)
    models = trained("uniform", instances, schedule, folder, tile=count, progress=progress)
    W = models.W.astype(float)
    squared = (W**2).sum(1)
    settings = {"n": n, "m": m, "densities": count, "schedule": repr(schedule)}
    return Uniform(density, m / squared.sum(1), dimensionality(W), squared > STORED, settings)


def plateaus(size: Size, folder: Path, progress: bool) -> Outcome:
    """D* at p = 1 and where digons are expected, and how many features are in digons there."""
    found = uniform(size, folder, progress)
    there = (found.density > PLATEAU_AT[0]) & (found.density < PLATEAU_AT[1])
    where = f"p from {PLATEAU_AT[0]:g} to {PLATEAU_AT[1]:g}"
    shares = [_near(found.D[s][found.stored[s]], (0.5,)).mean() for s in np.flatnonzero(there)]
    return Outcome(
        (
            _over_densities("p = 1", "D*", 1.0, found.per_feature[:1], PLATEAU),
            _over_densities(where, "D*, worst density", 0.5, found.per_feature[there], PLATEAU),
            _over_densities(
                where, "share of D_i at 1/2, worst density", 1.0, np.array(shares), 1 - DIGONS
            ),
        ),
        found.settings,
        models=len(found.density),
    )


def fractions(size: Size, folder: Path, progress: bool) -> Outcome:
    """The D_i that are not 1/2: how many are at another fraction, and how close to each other."""
    found = uniform(size, folder, progress)
    others = [
        D[stored & ~_near(D, (0.5,))] for D, stored in zip(found.D, found.stored, strict=True)
    ]
    whole = np.concatenate(others)
    share = float(_near(whole, FRACTIONS).mean())
    shares = [float(_near(D, FRACTIONS).mean()) for D in others if len(D)]
    ranges = np.array([np.ptp(np.quantile(D, (0.25, 0.75))) for D in others if len(D) > 3])
    where = f"p from {DENSITIES[0]:g} to {DENSITIES[1]:g}, D_i away from 1/2"
    even = 2 * NEAR * len(FRACTIONS)
    return Outcome(
        (
            Comparison(
                where, "share at the other fractions", 1.0, None,
                Found(share, float(np.median(shares)), min(shares)), 1 - STUCK, within="above",
            ),
            _over_densities(where, "interquartile range, worst density", 0.0, ranges, TOGETHER),
        ),
        found.settings,
        f"Numbers spread evenly would be at these fractions with a share of {even:.2f}; "
        f"{share:.2f} of {len(whole)} are. What the models have in common is that at one density "
        "all D_i are close together.",
        refuted=bool(share < 1 - (1 - STUCK) and ranges.max() < TOGETHER),
        models=len(found.density),
    )  # fmt: skip


def _over_densities(
    where: str, what: str, theory: float, values: Array, tolerance: float
) -> Comparison:
    """A number a density, every one of which has to agree: the farthest is judged."""
    return Comparison(
        where, what, theory, None, Found.of(values, -np.abs(values - theory)), tolerance
    )


def _near(D: Array, chosen: tuple[float, ...]) -> NDArray[np.bool_]:
    """Which of D lie within NEAR of one of the fractions."""
    return np.asarray((np.abs(D[..., None] - np.array(chosen)) < NEAR).any(-1))


PLATEAUS = Check(
    "plateaus-of-dimensionality",
    "With many equal features the dimensions per feature are 1 where features are dense and 1/2, "
    "in digons, over a range of densities.",
    "Elhage et al. 2022, Uniform superposition (F7)",
    plateaus,
)
STICKING = Check(
    "dimensionalities-at-fractions",
    "The dimensionalities of equal features that are in no digon stick to a few other fractions.",
    "Elhage et al. 2022, Uniform superposition (F8)",
    fractions,
)
