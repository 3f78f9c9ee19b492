r"""Benefit and interference of the linear model along a training run, and how features come in.

.. math:: L = \underbrace{v \sum_i I_i (1 - \|W_i\|^2)^2}_{\text{benefit not yet had}} +
              \underbrace{v \sum_{i \ne j} I_j (W_j \cdot W_i)^2}_{\text{interference}}
              + \sum_i I_i b_i^2, \qquad \frac{ds}{dt} = 4 v s (1 - s^2)

for features of mean zero (values on [-1, 1]), for which the bias has nothing to do. At equal
importance gradient flow keeps the singular vectors of W and moves every singular value s along a
logistic curve: so both parts are foretold from the initial weights, and compared with those of the
trained ones at every recorded step. The sum is compared with the exact loss, for the importances
0.7^i too, which tell I_i from I_j.
Source: Elhage et al. 2022, "Mathematical understanding"; Saxe, McClelland and Ganguli 2013.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from superposition.numerics.expectation.question import expected_loss
from superposition.theory.features.values import Values
from superposition.validate.architecture import LINEAR
from superposition.validate.check.check import Check, Outcome, Size
from superposition.validate.check.comparison import Comparison, Found
from superposition.validate.instances import Instances
from superposition.validate.optimiser import SGD
from superposition.validate.parameters import Parameters, xavier
from superposition.validate.schedule import Schedule
from superposition.validate.training import train

Array = NDArray[np.float64]

IDENTITY = 1e-6  # of the sum beside the exact loss, relative: weights are float32
CURVE = 0.03  # of a singular value, or of a part of the loss of all dropped: batches are samples
IMPORTANCES: tuple[Array, ...] = (np.ones(6), np.array([0.7**i for i in range(6)]))
FEATURES, HIDDEN, DENSITY, RATE, SMALL = 6, 3, 0.5, 0.02, 0.05
LOOKS = 9  # while the features come in
BUDGETS: dict[Size, tuple[int, int]] = {
    "smoke": (1, 2048),
    "standard": (5, 8192),
    "paper": (20, 8192),
}
STEPS = 480
v = DENSITY / 3


def decomposition(W: Array, b: Array, importance: Array) -> tuple[float, float, float]:
    """Benefit not yet had, interference, and what the bias costs, of features of mean zero."""
    gram = W.T @ W
    benefit = v * float(importance @ (1 - np.diag(gram)) ** 2)
    apart = gram - np.diag(np.diag(gram))
    interference = v * float(importance @ (apart**2).sum(1))
    return benefit, interference, float(importance @ b**2)


def logistic(first: Array, time: float) -> Array:
    """s(t) from s(0): s² / (1 - s²) grows as e^{8 v t}."""
    odds = first**2 / (1 - first**2) * np.exp(8 * v * time)
    return np.asarray(np.sqrt(odds / (1 + odds)))


def run(size: Size, folder: Path, progress: bool) -> Outcome:
    """Plain gradient descent from small weights; nothing is stored, it takes a second."""
    del folder
    seeds, batch = BUDGETS[size]
    ones = np.ones((seeds, FEATURES))
    instances = Instances(
        ones, DENSITY * ones, np.arange(seeds), HIDDEN, architecture=LINEAR, values=Values.SIGNED
    )
    schedule = Schedule(
        steps=STEPS, batch=batch, learning_rate=RATE, last_learning_rate=RATE, optimiser=SGD()
    )
    begin = xavier(instances, scale=SMALL)
    record = np.linspace(0, STEPS, LOOKS).astype(int)
    models = train(
        instances, schedule, "gradient flow", progress, initial=begin, record=record.tolist()
    )
    if models.history is None:
        raise RuntimeError("the trainer kept no history.")
    comparisons = []
    for step, moment in zip(models.history.steps, models.history.parameters, strict=True):
        comparisons += _moment(int(step), moment, begin)
    settings = {"n": FEATURES, "m": HIDDEN, "seeds": seeds, "schedule": repr(schedule)}
    return Outcome(tuple(comparisons), settings, models=instances.count)


def foretold(W: Array, time: float) -> Array:
    """W(t), (S, m, n), of gradient flow from ``W`` at equal importance."""
    left, first, right = np.linalg.svd(W, full_matrices=False)
    return np.asarray((left * logistic(first, time)[:, None, :]) @ right)


def _moment(step: int, moment: Parameters, begin: Parameters) -> list[Comparison]:
    W, b = moment.W.astype(float), moment.b.astype(float)
    flow = foretold(begin.W.astype(float), RATE * step)
    here = np.array([decomposition(*pair, IMPORTANCES[0]) for pair in zip(W, b, strict=True)])
    flows = np.array([decomposition(each, np.zeros(FEATURES), IMPORTANCES[0]) for each in flow])
    loss = here.sum(1)
    best = int(np.argmin(loss))
    where = f"step {step}"
    parts = [
        Comparison(
            where, f"{name}, of the loss of all dropped", float(flows[best, part] / (v * FEATURES)),
            None, Found.of(here[:, part] / (v * FEATURES), loss), CURVE,
        )
        for part, name in enumerate(("benefit not yet had", "interference"))
    ]  # fmt: skip
    away = np.abs(
        np.linalg.svd(W, compute_uv=False) - np.linalg.svd(flow, compute_uv=False)
    ).max(1)  # fmt: skip
    error = _error_of_the_sum(W, b)
    return [
        *parts,
        Comparison(
            where, "singular values off the logistic curve, all seeds", 0.0, None,
            Found.of(away, away), CURVE, judged="worst",
        ),
        Comparison(
            where, "benefit and interference beside the loss, relative, all seeds", 0.0, None,
            Found.of(error, error), IDENTITY, judged="worst",
        ),
    ]  # fmt: skip


def _error_of_the_sum(W: Array, b: Array) -> Array:
    """How far the parts together are from the exact loss, relative, (S,): the worse importance."""
    worse = np.zeros(len(W))
    for importance in IMPORTANCES:
        parts = np.array([decomposition(*pair, importance) for pair in zip(W, b, strict=True)])
        exact = expected_loss(W, b, importance, DENSITY, model="linear", values=Values.SIGNED)
        worse = np.maximum(worse, np.abs(parts.sum(1) / np.asarray(exact.value) - 1))
    return worse


CHECK = Check(
    "benefit-and-interference",
    "Along a training run the linear model's loss is benefit not yet had plus interference, and "
    "features come in along logistic curves.",
    "Elhage et al. 2022, Mathematical understanding; Saxe et al. 2013",
    run,
)
