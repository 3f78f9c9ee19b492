r"""Norms, biases, interference and cosines of the best trained model, and the exact optimum's.

.. math:: \|W_i\|, \quad b_i, \quad \sum_{j \ne i} (\hat W_i \cdot W_j)^2, \quad
          \hat W_i \cdot \hat W_j

F1's models (n = 5, m = 2, importance 0.9^i) from dense to sparse. No two features are alike, so
that the optimum's numbers are compared with the model's feature by feature; the cosines tell who
is opposite whom. A model in another basin does not agree, however close its numbers are.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from superposition.numerics.geometry.geometry import order_parameters
from superposition.validate.basins import basins
from superposition.validate.check.budget import annealed
from superposition.validate.check.check import Check, Outcome, Size
from superposition.validate.check.comparison import Comparison, Found, loss_comparison
from superposition.validate.instances import Instances
from superposition.validate.schedule import Schedule
from superposition.validate.sweep.model_list import trained

Array = NDArray[np.float64]

LOSS = 0.02  # relative
FIELDS = 0.03  # of a norm, a bias, an interference
FEATURES, HIDDEN = 5, 2
IMPORTANCE = 0.9 ** np.arange(FEATURES)
DENSITIES = (1.0, 0.3, 0.2, 0.1, 0.03)
BUDGETS: dict[Size, tuple[int, Schedule]] = {
    "smoke": (64, annealed(3000, 256)),
    "standard": (50, annealed(12000, 1024, last=2e-5)),
    "paper": (200, annealed(30000, 2048, last=1e-5)),
}


def run(size: Size, folder: Path, progress: bool) -> Outcome:
    """Five rows a density: the loss, and the largest difference of each field."""
    seeds, schedule = BUDGETS[size]
    density = np.repeat(DENSITIES, seeds)[:, None] * np.ones(FEATURES)
    importance = np.tile(IMPORTANCE, (len(density), 1))
    instances = Instances(importance, density, np.arange(len(density)), HIDDEN)
    models = trained("five-features", instances, schedule, folder, progress=progress)
    ended = basins(models, instances, starts=64)
    fields = _fields(models.W, models.b)
    optimum = _fields(*(each[::seeds] for each in ended.best))
    comparisons = []
    for number, p in enumerate(DENSITIES):
        part = slice(number * seeds, (number + 1) * seeds)
        loss = ended.loss[part]
        best = part.start + int(np.argmin(loss))
        where, name = f"p = {p:g}", ended.geometry(best).name
        comparisons.append(
            loss_comparison(where, loss, ended.optimum[best], ended.polished[best], LOSS, note=name)
        )
        downhill = _fields(ended.W[best][None], ended.b[best][None])
        for what in fields:
            away = _away(fields[what][part], optimum[what][number])
            row = Comparison(
                where, f"{what}, largest difference", None, 0.0, Found.of(away, loss), FIELDS
            )
            polished = float(_away(downhill[what], optimum[what][number])[0])
            comparisons.append(row.diagnosed(polished, best=bool(ended.found[best])))
    settings = {"n": FEATURES, "m": HIDDEN, "seeds": seeds, "schedule": repr(schedule)}
    return Outcome(tuple(comparisons), settings, models=instances.count)


def _fields(W: NDArray[np.floating], b: NDArray[np.floating]) -> dict[str, Array]:
    found = order_parameters(W.astype(float), b.astype(float))
    stored = found.norms > 0.1  # the interference of what is not stored has no direction
    interference = np.where(stored, found.interference, 0.0)
    unit = np.where(stored[:, None], W / np.maximum(found.norms, 1e-9)[:, None], 0.0)
    return {
        "norms": found.norms,
        "biases": found.bias,
        "interference": interference,
        "cosines": unit.mT @ unit,
    }


def _away(field: Array, optimum: Array) -> Array:
    """The largest difference, (S,), of a field of S models from the optimum's."""
    return np.asarray(np.abs(field - optimum).reshape(len(field), -1).max(1))


CHECK = Check(
    "norms-biases-interference",
    "Norms, biases and interference of the best trained model are those of the exact optimum.",
    "Elhage et al. 2022, Demonstrating superposition (F1)",
    run,
)
