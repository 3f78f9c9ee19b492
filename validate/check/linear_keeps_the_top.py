r"""The linear model stores the m most important features, at every density.

.. math:: \min L = v \sum_{i > m} I_{(i)}, \qquad W^T W = \mathrm{diag}(1, …, 1, 0, …, 0)
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from superposition.theory.features.feature_law import FeatureLaw
from superposition.theory.linear_model.optimum_with_bias import optimum
from superposition.validate.architecture import LINEAR
from superposition.validate.check.budget import annealed
from superposition.validate.check.check import Check, Outcome, Size
from superposition.validate.check.comparison import Comparison, Found, loss_comparison
from superposition.validate.check.exact_losses import exact_losses, polished
from superposition.validate.instances import Instances
from superposition.validate.schedule import Schedule
from superposition.validate.sweep.model_list import trained

LOSS = 0.01  # relative
GRAM = 0.05  # of any entry of WᵀW
FEATURES, HIDDEN = 20, 5
IMPORTANCE = 0.7 ** np.arange(FEATURES)
DENSITIES = (1.0, 0.3, 0.03)
BUDGETS: dict[Size, tuple[int, Schedule]] = {
    "smoke": (2, annealed(2000, 128)),
    "standard": (10, annealed(8000, 1024, last=1e-5)),
    "paper": (20, annealed(20000, 1024, last=1e-5)),
}


def away_from_the_top(W: NDArray[np.float64]) -> NDArray[np.float64]:
    """The largest error of an entry of WᵀW, (S,), from W (S, m, n)."""
    target = np.diag((np.arange(FEATURES) < HIDDEN).astype(float))
    return np.asarray(np.abs(W.mT @ W - target).max((1, 2)))


def run(size: Size, folder: Path, progress: bool) -> Outcome:
    """Best of the seeds at three densities: its loss, and the largest error of WᵀW."""
    seeds, schedule = BUDGETS[size]
    density = np.repeat(DENSITIES, seeds)[:, None] * np.ones(FEATURES)
    instances = Instances(
        np.tile(IMPORTANCE, (len(density), 1)),
        density,
        np.arange(len(density)),
        HIDDEN,
        architecture=LINEAR,
    )
    models = trained("linear", instances, schedule, folder, progress=progress)
    losses = exact_losses(models, instances)
    error = away_from_the_top(models.W.astype(float))
    comparisons = []
    for number, p in enumerate(DENSITIES):
        part = slice(number * seeds, (number + 1) * seeds)
        best = part.start + int(np.argmin(losses[part]))
        found = polished(models, instances, best)
        law = FeatureLaw.independent([p] * FEATURES)
        theory = optimum(IMPORTANCE.tolist(), law, HIDDEN).loss
        where = f"p = {p:g}"
        comparisons += [
            loss_comparison(where, losses[part], None, found.loss, LOSS, theory),
            Comparison(
                where, "largest error of WᵀW", 0.0, float(away_from_the_top(found.W[None])[0]),
                Found.of(error[part], losses[part]), within="below", bound=GRAM,
            ).diagnosed(float(away_from_the_top(found.W[None])[0])),
        ]  # fmt: skip
    settings = {"n": FEATURES, "m": HIDDEN, "seeds": seeds, "schedule": repr(schedule)}
    return Outcome(tuple(comparisons), settings, models=instances.count)


CHECK = Check(
    "linear-keeps-the-top",
    "The linear model stores the m most important features and no others, however sparse.",
    "Elhage et al. 2022, Basic results; Eckart and Young 1936",
    run,
)
