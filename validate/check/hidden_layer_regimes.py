r"""ReLU in the hidden layer: monosemantic neurons where features are dense, shared where sparse.

.. math:: L_{\text{mono}} = \sum_{i > m} I_i \Big( \frac p3 - \frac{p^2}{4} \Big)

F23's model (I = 0.75^i, tied), with n = 5 and m = 3, whose exact loss is known without sampling: a
neuron a feature for the three most important, the others dropped at their best bias, loses L_mono.
Dense features are stored so; sparse ones lose less, with neurons that serve several features. The
optimum of sparse features is not known, and a second of descent a step is too much to look for it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from superposition.validate.analysis.neurons import features_served
from superposition.validate.architecture import RELU_HIDDEN
from superposition.validate.check.budget import annealed
from superposition.validate.check.check import Check, Outcome, Size
from superposition.validate.check.comparison import Comparison, Found, loss_comparison
from superposition.validate.check.exact_losses import exact_losses, polished
from superposition.validate.instances import Instances
from superposition.validate.schedule import Schedule
from superposition.validate.sweep.model_list import trained

Array = NDArray[np.float64]

LOSS = 0.02  # of the monosemantic loss, dense
GAIN = 0.1  # sparse: at least so much less than the monosemantic loss, relative
FEATURES, HIDDEN = 5, 3
IMPORTANCE = 0.75 ** np.arange(FEATURES)
DENSE, SPARSE = 1.0, 0.05
SERVED = 0.2  # a neuron serves a feature if its weight is this share of the neuron's largest
IDLE = 0.1  # a neuron whose largest weight is smaller serves none
BUDGETS: dict[Size, tuple[int, Schedule]] = {
    "smoke": (20, annealed(3000, 256, rate=0.01)),
    "standard": (200, annealed(12000, 1024, rate=0.01, last=5e-5)),
    "paper": (1000, annealed(30000, 1024, rate=0.01, last=5e-5)),
}  # fmt: skip


def monosemantic_loss(density: float) -> float:
    """One neuron each for the most important features, the others dropped."""
    return float(IMPORTANCE[HIDDEN:].sum() * (density / 3 - density**2 / 4))


def shared_neurons(W: Array) -> Array:
    """How many neurons serve more than one feature, (S,); idle neurons serve none."""
    used = np.abs(W).max(-1) > IDLE
    return np.asarray((used & (features_served(W, SERVED) > 1)).sum(-1), dtype=float)


def run(size: Size, folder: Path, progress: bool) -> Outcome:
    """Two rows a density: the loss beside the monosemantic one, and the shared neurons."""
    seeds, schedule = BUDGETS[size]
    density = np.repeat((DENSE, SPARSE), seeds)[:, None] * np.ones(FEATURES)
    instances = Instances(
        np.tile(IMPORTANCE, (len(density), 1)),
        density,
        np.arange(len(density)),
        HIDDEN,
        architecture=RELU_HIDDEN,
    )
    models = trained("relu-hidden", instances, schedule, folder, progress=progress)
    losses = exact_losses(models, instances)
    shared = shared_neurons(models.W.astype(float))
    dense, sparse = slice(0, seeds), slice(seeds, 2 * seeds)
    end = polished(models, instances, int(losses[dense].argmin()))
    served = float(shared_neurons(end.W[None])[0])
    mono = monosemantic_loss(SPARSE)
    comparisons = (
        loss_comparison(
            f"p = {DENSE:g}", losses[dense], None, end.loss, LOSS,
            monosemantic_loss(DENSE),
        ),
        Comparison(
            f"p = {DENSE:g}", "neurons that serve several features", 0.0, served,
            Found.of(shared[dense], losses[dense]), 0.5,
        ).diagnosed(served),
        Comparison(
            f"p = {SPARSE:g}", "loss below the monosemantic one, relative", None, None,
            Found.of(1 - losses[sparse] / mono, losses[sparse]), within="above", bound=GAIN,
        ).diagnosed(None),
        Comparison(
            f"p = {SPARSE:g}", "neurons that serve several features", None, None,
            Found.of(shared[sparse], losses[sparse]), within="above", bound=1.0,
        ).diagnosed(None),
    )  # fmt: skip
    settings = {"n": FEATURES, "m": HIDDEN, "seeds": seeds, "schedule": repr(schedule)}
    return Outcome(comparisons, settings, models=instances.count)


CHECK = Check(
    "hidden-layer-regimes",
    "With a ReLU in the hidden layer dense features get a neuron each and the rest is dropped; "
    "sparse features share neurons and lose less.",
    "Elhage et al. 2022, Superposition in a privileged basis (F23)",
    run,
)
