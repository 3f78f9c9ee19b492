r"""Uniform superposition: plateaus of D*, and dimensionalities that stick to a few fractions.

.. math:: D^* = \frac{m}{\|W\|_F^2}, \qquad D_i = \frac{\|W_i\|^2}{\sum_j (\hat W_i \cdot W_j)^2}

F7 and F8: n = 400, m = 30, all features alike, one model a density. Claims: D* is 1 at p = 1, where
nothing is in superposition, and 1/2 (digons) over a range of densities; the D_i of stored features
lie at 0, 3/8, 2/5, 1/2, 2/3, 3/4, 1 far more often than numbers spread evenly would. Sparser than
these densities every feature is stored with the same, smaller D, at no named fraction.
"""

from __future__ import annotations

from pathlib import Path

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
STUCK = 0.5  # share of all stored features within NEAR of a fraction, at least, over all densities
NEAR = 0.02
FRACTIONS = np.array([0, 3 / 8, 2 / 5, 1 / 2, 2 / 3, 3 / 4, 1])
BUDGETS: dict[Size, tuple[int, int, int, Schedule]] = {
    "smoke": (60, 8, 6, annealed(4000, 256, rate=0.01)),
    "standard": (400, 30, 12, annealed(10000, 1024, rate=0.01)),
    "paper": (400, 30, 40, annealed(30000, 1024, rate=0.01, last=5e-5)),
}  # fmt: skip
DENSITIES = (0.7, 0.15)  # from dense to sparse, log-spaced, after p = 1
PLATEAU_AT = (0.25, 0.4)  # densities at which digons are expected


def run(size: Size, folder: Path, progress: bool) -> Outcome:
    """Two rows for the plateaus of D*, two for the dimensionalities."""
    n, m, count, schedule = BUDGETS[size]
    density = np.concatenate([[1.0], np.geomspace(*DENSITIES, count - 1)])
    ones = np.ones((count, n))
    instances = Instances(ones, density[:, None] * ones, np.arange(count), m)
    models = trained("uniform", instances, schedule, folder, tile=count, progress=progress)
    W = models.W.astype(float)
    per_feature = m / (W**2).sum((1, 2))
    stored = (W**2).sum(1) > 0.25
    D = dimensionality(W)
    on_plateau = (density > PLATEAU_AT[0]) & (density < PLATEAU_AT[1])
    comparisons = [
        _row("p = 1", "D*", 1.0, per_feature[:1], PLATEAU),
        _row(f"p in {PLATEAU_AT}", "D*", 0.5, per_feature[on_plateau], PLATEAU),
        _share(f"p in {PLATEAU_AT}", "share of D_i at 1/2", D, stored, on_plateau, (0.5,), DIGONS),
        _share(
            f"p from {DENSITIES[0]:g} to {DENSITIES[1]:g}", "share of D_i at the fractions",
            D, stored, density < 1, tuple(FRACTIONS), STUCK,
        ),
    ]  # fmt: skip
    width = float(np.clip(2 * NEAR * len(FRACTIONS) - 2 * NEAR, 0, 1))
    return Outcome(
        tuple(comparisons),
        {"n": n, "m": m, "densities": count, "schedule": repr(schedule)},
        f"Evenly spread numbers would lie at the fractions with a share of {width:.2f}.",
        models=count,
    )


def _row(where: str, what: str, theory: float, values: Array, tolerance: float) -> Comparison:
    """Every model has a density of its own: the best is the median one, not the nearest."""
    ranked = values[np.argsort(np.abs(values - theory))]
    median = float(np.median(values))
    return Comparison(
        where, what, theory, None, Found(median, median, float(ranked[-1])), tolerance
    )


def _share(
    where: str, what: str, D: Array, stored: NDArray[np.bool_], chosen: NDArray[np.bool_],
    fractions: tuple[float, ...], at_least: float,
) -> Comparison:  # fmt: skip
    """The share of the stored features of the chosen models near one of the fractions."""
    near = (np.abs(D[..., None] - np.array(fractions)) < NEAR).any(-1)
    shares = np.array([near[s][stored[s]].mean() for s in np.flatnonzero(chosen & stored.any(1))])
    whole = float(near[chosen][stored[chosen]].mean())
    found = Found(whole, float(np.median(shares)), float(shares.min()))
    return Comparison(where, what, 1.0, None, found, 1 - at_least, within="above")


CHECK = Check(
    "sticky-dimensionalities",
    "With many equal features the dimensions per feature have plateaus at 1 and 1/2, and the "
    "features' dimensionalities stick to a few fractions.",
    "Elhage et al. 2022, Uniform superposition (F7, F8)",
    run,
)
