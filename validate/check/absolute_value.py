r"""The absolute value: exact with two neurons a feature, better with superposition where sparse.

.. math:: |x| = \mathrm{ReLU}(x) + \mathrm{ReLU}(-x), \qquad
          L_{\text{apart}} = \sum_{i > m/2} I_i \Big( \frac p3 - \frac{p^2}{4} \Big)

With m = 2n neurons the loss can be zero. With fewer, two neurons each for the m/2 most important
features and the mean for the others lose L_apart: what dense features come down to, and what
sparse ones beat, computing in superposition: neurons that serve several features. Their optimum
is not known, and seconds of descent a step are too much to look for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from superposition.theory.features.values import Values
from superposition.validate.architecture import ABSOLUTE_VALUE
from superposition.validate.check.budget import annealed
from superposition.validate.check.check import Check, Outcome, Size
from superposition.validate.check.comparison import Comparison, Found
from superposition.validate.check.exact_losses import exact_losses, polished
from superposition.validate.check.hidden_layer_regimes import shared_neurons
from superposition.validate.instances import Instances
from superposition.validate.schedule import Schedule
from superposition.validate.sweep.model_list import trained
from superposition.validate.training import TrainedModels

ZERO = 1e-3  # of Σ I_i Var |x_i|: two neurons a feature
APART = 0.05  # of L_apart, dense
STEPS = 200  # of polishing
GAIN = 0.1  # sparse: at least so much less than L_apart, relative
BUDGETS: dict[Size, tuple[int, Schedule]] = {
    "smoke": (10, annealed(4000, 256, rate=0.01)),
    "standard": (100, annealed(15000, 1024, rate=0.01, last=3e-5)),
    "paper": (500, annealed(40000, 1024, rate=0.01, last=1e-5)),
}  # fmt: skip


@dataclass(frozen=True)
class Setting:
    """features, neurons, density; importance falls as ratio^i."""

    features: int
    neurons: int
    density: float
    ratio: float

    @property
    def apart(self) -> float:
        """L_apart."""
        importance = self.ratio ** np.arange(self.features)
        p = self.density
        return float(importance[self.neurons // 2 :].sum() * (p / 3 - p**2 / 4))

    @property
    def nothing(self) -> float:
        """Σ I_i Var |x_i|."""
        return Setting(self.features, 0, self.density, self.ratio).apart


@dataclass(frozen=True)
class Trial:
    """A setting, and what is said of its loss, relative to ``unit``: theory, what it comes down to;
    None where nobody knows, and less than 1 - GAIN is claimed.
    """

    name: str
    setting: Setting
    what: str
    unit: float
    theory: float | None = None
    tolerance: float = 0.0


WHOLE, DENSE = Setting(3, 6, 0.3, 1.0), Setting(4, 4, 1.0, 0.8)
SPARSE = Setting(4, 4, 0.03, 0.8)
EACH = "loss, of that of two neurons each"
TRIALS = (
    Trial("whole", WHOLE, "loss, of dropping all", WHOLE.nothing, 0.0, ZERO),
    Trial("dense", DENSE, EACH, DENSE.apart, 1.0, APART),
    Trial("sparse", SPARSE, EACH, SPARSE.apart),
)


def run(size: Size, folder: Path, progress: bool) -> Outcome:
    """One row a setting; and whether neurons are shared where features are sparse."""
    seeds, schedule = BUDGETS[size]
    rows: list[Comparison] = []
    for trial in TRIALS:
        setting = trial.setting
        importance = np.tile(setting.ratio ** np.arange(setting.features), (seeds, 1))
        instances = Instances(
            importance,
            np.full_like(importance, setting.density),
            np.arange(seeds),
            setting.neurons,
            architecture=ABSOLUTE_VALUE,
            values=Values.SIGNED,
        )
        name = f"absolute-value-{trial.name}"
        models = trained(name, instances, schedule, folder, progress=progress)
        rows += _rows(trial, models, instances)
    settings = {"seeds": seeds, "schedule": repr(schedule)}
    return Outcome(tuple(rows), settings, models=seeds * len(TRIALS))


def _rows(trial: Trial, models: TrainedModels, instances: Instances) -> list[Comparison]:
    setting, loss = trial.setting, exact_losses(models, instances)
    where = f"n = {setting.features}, m = {setting.neurons}, p = {setting.density:g}"
    found = Found.of(loss / trial.unit, loss)
    if trial.theory is None:
        rows = [
            Comparison(where, trial.what, None, None, found, within="below", bound=1 - GAIN),
            Comparison(
                where, "neurons that serve several features", None, None,
                Found.of(shared_neurons(models.W.astype(float)), loss), within="above", bound=1.0,
            ),
        ]  # fmt: skip
        return [row.diagnosed(None) for row in rows]
    end = polished(models, instances, int(np.argmin(loss)), most_steps=STEPS).loss / trial.unit
    row = Comparison(where, trial.what, trial.theory, end, found, trial.tolerance)
    return [row.diagnosed(end)]


CHECK = Check(
    "absolute-value",
    "The absolute value is computed exactly by two neurons a feature, and in superposition where "
    "features are sparse.",
    "Elhage et al. 2022, Computation in superposition (F24, F25)",
    run,
)
