r"""The absolute value: exact with two neurons a feature, better with superposition where sparse.

.. math:: |x| = \mathrm{ReLU}(x) + \mathrm{ReLU}(-x), \qquad
          L_{\text{apart}} = \sum_{i > m/2} I_i \Big( \frac p3 - \frac{p^2}{4} \Big)

With m = 2n neurons the loss can be zero. With fewer, two neurons each for the m/2 most important
features and the mean for the others lose L_apart: what dense features come down to, and what
sparse ones beat, computing in superposition.
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
from superposition.validate.check.exact_losses import exact_losses
from superposition.validate.instances import Instances
from superposition.validate.schedule import Schedule
from superposition.validate.sweep.model_list import trained

ZERO = 1e-3  # of Σ I_i Var |x_i|: two neurons a feature
APART = 0.05  # of L_apart, dense
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


WHOLE = Setting(3, 6, 0.3, 1.0)
DENSE = Setting(4, 4, 1.0, 0.8)
SPARSE = Setting(4, 4, 0.03, 0.8)


def run(size: Size, folder: Path, progress: bool) -> Outcome:
    """One row a setting."""
    seeds, schedule = BUDGETS[size]
    rows, count = [], 0
    for name, setting in (("whole", WHOLE), ("dense", DENSE), ("sparse", SPARSE)):
        importance = np.tile(setting.ratio ** np.arange(setting.features), (seeds, 1))
        instances = Instances(
            importance,
            np.full_like(importance, setting.density),
            np.arange(seeds),
            setting.neurons,
            architecture=ABSOLUTE_VALUE,
            values=Values.SIGNED,
        )
        models = trained(f"absolute-value-{name}", instances, schedule, folder, progress=progress)
        loss = exact_losses(models, instances)
        where = f"n = {setting.features}, m = {setting.neurons}, p = {setting.density:g}"
        if name == "whole":
            part = Found.of(loss / setting.nothing, loss)
            rows.append(Comparison(where, "loss, of dropping all", 0.0, None, part, ZERO))
        elif name == "dense":
            part = Found.of(loss / setting.apart, loss)
            rows.append(Comparison(where, "loss, of two neurons each", 1.0, None, part, APART))
        else:
            part = Found.of(1 - loss / setting.apart, loss)
            what = "loss below two neurons each, relative"
            rows.append(Comparison(where, what, 1.0, None, part, 1 - GAIN, within="above"))
        count += seeds
    return Outcome(tuple(rows), {"seeds": seeds, "schedule": repr(schedule)}, models=count)


CHECK = Check(
    "absolute-value",
    "The absolute value is computed exactly by two neurons a feature, and in superposition where "
    "features are sparse.",
    "Elhage et al. 2022, Computation in superposition (F24, F25)",
    run,
)
