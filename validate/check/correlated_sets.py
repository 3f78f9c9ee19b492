r"""Correlated features stand orthogonal or side by side, anticorrelated ones opposite each other.

.. math:: \hat W_i \cdot \hat W_j = 0, \quad > 0, \quad -1

F13: two correlated pairs in the plane, orthogonal within a pair. F14: two anticorrelated pairs,
antipodal within a pair. F15: three correlated pairs, side by side. F16: two correlated sets of
ten features in ten dimensions, an orthogonal basis each. The best of the seeds by exact loss; how
good it is is told by its polished loss.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from superposition.validate.check.budget import annealed
from superposition.validate.check.check import Check, Outcome, Size
from superposition.validate.check.comparison import Comparison, Found, loss_comparison
from superposition.validate.check.exact_losses import exact_losses, polished
from superposition.validate.instances import Instances, Members
from superposition.validate.schedule import Schedule
from superposition.validate.sweep.model_list import trained
from superposition.validate.training import TrainedModels

Array = NDArray[np.float64]

LOSS = 0.02  # the best beside the best after polishing all, relative
ORTHOGONAL, ANTIPODAL, BESIDE = 0.05, 0.05, 0.05  # of a cosine
POLISHED, STEPS = 3, 100  # of the best; steps, each of which takes half a second at n = 20
WITHIN_SET = 0.1  # of an entry of WᵀW within a set of ten
BUDGETS: dict[Size, tuple[int, int, Schedule]] = {
    "smoke": (2, 8, annealed(3000, 256)),
    "standard": (4, 30, annealed(12000, 1024, last=5e-5)),
    "paper": (4, 100, annealed(30000, 2048, last=1e-5)),
}  # fmt: skip


@dataclass(frozen=True)
class Setting:
    """name; sets; hidden; density of a feature; what the claim says of a model."""

    name: str
    sets: tuple[Members, ...]
    hidden: int
    density: float
    claims: Callable[[Array], tuple[str, float, float]]  # W ↦ (what, value, tolerance)


def cosines_within(W: Array, size: int) -> Array:
    """The cosines of features of one set, whatever the pair, as one vector; sets in a row."""
    unit = W / np.maximum(np.linalg.norm(W, axis=0), 1e-9)
    gram = unit.T @ unit
    starts = range(0, W.shape[1], size)
    pairs = [(s + i, s + j) for s in starts for i in range(size) for j in range(i)]
    return np.array([gram[pair] for pair in pairs])


def _orthogonal(W: Array) -> tuple[str, float, float]:
    return "largest |cosine| within a pair", float(np.abs(cosines_within(W, 2)).max()), ORTHOGONAL


def _antipodal(W: Array) -> tuple[str, float, float]:
    return "largest 1 + cosine within a pair", float(1 + cosines_within(W, 2).max()), ANTIPODAL


def _beside(W: Array) -> tuple[str, float, float]:
    least = float(cosines_within(W, 2).min())
    return "largest negative cosine within a pair", max(-least, 0.0), BESIDE


def _basis(W: Array) -> tuple[str, float, float]:
    blocks = (W[:, :10], W[:, 10:])
    error = max(float(np.abs(block.T @ block - np.eye(10)).max()) for block in blocks)
    return "largest error of WᵀW within a set", error, WITHIN_SET


def _pairs(together: str, count: int) -> tuple[Members, ...]:
    return (Members(together, 2),) * count  # type: ignore[arg-type]


SETTINGS = (
    Setting("two correlated pairs", _pairs("correlated", 2), 2, 0.1, _orthogonal),
    Setting("two anticorrelated pairs", _pairs("anticorrelated", 2), 2, 0.1, _antipodal),
    Setting("three correlated pairs", _pairs("correlated", 3), 2, 0.1, _beside),
    Setting("two correlated sets of ten", (Members("correlated", 10),) * 2, 10, 0.1, _basis),
)


def run(size: Size, folder: Path, progress: bool) -> Outcome:
    """Two rows a setting: what the claim says, and whether the best model is at its minimum."""
    count, seeds, schedule = BUDGETS[size]
    comparisons: list[Comparison] = []
    for setting in SETTINGS[:count]:
        n = sum(members.count for members in setting.sets)
        ones = np.ones((seeds, n))
        instances = Instances(
            ones, setting.density * ones, np.arange(seeds), setting.hidden, sets=setting.sets
        )
        name = setting.name.replace(" ", "-")
        models = trained(name, instances, schedule, folder, progress=progress)
        comparisons += _rows(setting, models, instances)
    settings = {"seeds": seeds, "schedule": repr(schedule)}
    return Outcome(tuple(comparisons), settings, models=count * seeds)


def _rows(setting: Setting, models: TrainedModels, instances: Instances) -> list[Comparison]:
    losses = exact_losses(models, instances)
    ranked = np.argsort(losses)
    ends = [polished(models, instances, int(s), most_steps=STEPS) for s in ranked[:POLISHED]]
    claims = [setting.claims(W.astype(float)) for W in models.W]
    what, _, tolerance = claims[0]
    values = Found.of([value for _, value, _ in claims], losses)
    where = f"{setting.name}, p = {setting.density:g}"
    optimum = min(end.loss for end in ends)
    nothing = sum(np.diag(instances.law(0).covariance()))
    return [
        loss_comparison(where, losses, optimum, ends[0].loss, LOSS, nothing=float(nothing)),
        Comparison(where, what, 0.0, None, values, tolerance, within="below"),
    ]


CHECK = Check(
    "correlated-sets",
    "Correlated features stand orthogonal, or side by side where there is no room; anticorrelated "
    "ones are antipodal.",
    "Elhage et al. 2022, Correlated and anticorrelated features (F13 to F16)",
    run,
)
