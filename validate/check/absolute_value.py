r"""The absolute value: exact with two neurons a feature, better with superposition where sparse.

.. math:: |x| = \mathrm{ReLU}(x) + \mathrm{ReLU}(-x), \qquad
          L_{\text{apart}} = \sum_{i > m/2} I_i \Big( \frac p3 - \frac{p^2}{4} \Big)

With m = 2n neurons the loss can be zero. With fewer, two neurons each for the m/2 most important
features and the mean for the others lose L_apart: what dense features come down to, and what
sparse ones beat, computing in superposition.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from superposition.theory.features.values import Values
from superposition.validate.architecture import ABSOLUTE_VALUE
from superposition.validate.check.budget import annealed
from superposition.validate.check.check import Check, Outcome, Size
from superposition.validate.check.comparison import Comparison, Found
from superposition.validate.check.exact_losses import exact_losses, polished
from superposition.validate.instances import Instances
from superposition.validate.schedule import Schedule
from superposition.validate.sweep.model_list import trained

Array = NDArray[np.float64]

ZERO = 1e-3  # of Σ I_i Var |x_i|: two neurons a feature
APART = 0.05  # of L_apart, dense
STEPS = 200  # of polishing, for the diagnosis
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
    """A setting, and what is said of its loss: ``measure`` of it is ``theory``, so far off."""

    name: str
    setting: Setting
    what: str
    measure: Callable[[Array, Setting], Array]
    theory: float
    tolerance: float
    within: Literal["near", "above"]

    def comparison(self, loss: Array) -> Comparison:
        """The losses of the seeds, (S,)."""
        setting = self.setting
        where = f"n = {setting.features}, m = {setting.neurons}, p = {setting.density:g}"
        found = Found.of(self.measure(loss, setting), loss)
        return Comparison(
            where, self.what, self.theory, None, found, self.tolerance, within=self.within
        )


TRIALS = (
    Trial(
        "whole", Setting(3, 6, 0.3, 1.0), "loss, of dropping all",
        lambda loss, setting: loss / setting.nothing, 0.0, ZERO, "near",
    ),
    Trial(
        "dense", Setting(4, 4, 1.0, 0.8), "loss, of two neurons each",
        lambda loss, setting: loss / setting.apart, 1.0, APART, "near",
    ),
    Trial(
        "sparse", Setting(4, 4, 0.03, 0.8), "loss below two neurons each, relative",
        lambda loss, setting: 1 - loss / setting.apart, 1.0, 1 - GAIN, "above",
    ),
)  # fmt: skip


def run(size: Size, folder: Path, progress: bool) -> Outcome:
    """One row a setting."""
    seeds, schedule = BUDGETS[size]
    rows = []
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
        loss = exact_losses(models, instances)
        row = trial.comparison(loss)
        if not row.agrees:
            end = polished(models, instances, int(np.argmin(loss)), most_steps=STEPS).loss
            near = trial.comparison(np.array([end])).agrees
            row = replace(row, why="not converged" if near else "other basin")
        rows.append(row)
    settings = {"seeds": seeds, "schedule": repr(schedule)}
    return Outcome(tuple(rows), settings, models=seeds * len(TRIALS))


CHECK = Check(
    "absolute-value",
    "The absolute value is computed exactly by two neurons a feature, and in superposition where "
    "features are sparse.",
    "Elhage et al. 2022, Computation in superposition (F24, F25)",
    run,
)
