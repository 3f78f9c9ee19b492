r"""What one model of a sweep is trained under, all but its seed; and the axes known by name.

.. math:: I_i = d^i \, r^{[i = n - 1]}, \quad i = 0 … n - 1, \qquad p_i = p

d: decay; r: importance, of the extra (last) feature; p: density. Source: Elhage et al. 2022,
"Demonstrating Superposition" (r = 1) and "Phase diagram" (d = 1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from superposition.theory.domain import (
    check_count,
    check_density,
    check_finite,
    check_importance,
    check_scalar,
    check_vector,
)
from superposition.theory.features.values import ValueLaw, Values
from superposition.validate.architecture import RELU_OUTPUT, Architecture
from superposition.validate.instances import Instances, Members
from superposition.validate.parameters import polygon


@dataclass(frozen=True)
class Setting:
    """One model of n features and m hidden dimensions.

    importance: (n,); density: one number or (n,); hidden: m; pace: what the schedule's learning
    rate is multiplied with; corners: 0 to begin with Xavier weights, otherwise how many features
    begin at the corners of a regular ``polygon``; scale: of the Xavier weights, or the polygon's
    radius; the others as in ``Instances``.
    Raises ``ValueError`` where ``Instances`` and ``polygon`` do, and for a pace or scale that is no
    positive number (a scale may be 0).

    >>> Setting(importance=(1, 0.5, 0.5), density=0.1, hidden=2).features
    3
    """

    importance: Sequence[float]
    density: float | Sequence[float]
    hidden: int
    architecture: Architecture = RELU_OUTPUT
    values: ValueLaw = Values.UNIT
    sets: tuple[Members, ...] | None = None
    pace: float = 1.0
    scale: float = 1.0
    corners: int = 0

    def __post_init__(self) -> None:
        check_vector(self.importance, None, "importance")
        check_importance(self.importance)
        check_density(self.density)
        for name, least in (("hidden", 1), ("corners", 0)):
            object.__setattr__(self, name, check_count(getattr(self, name), name, at_least=least))
        if np.ndim(self.density):
            check_vector(self.density, self.features, "density")
        for name in ("pace", "scale"):
            check_scalar(getattr(self, name), name)
            check_finite(getattr(self, name), name)
        if self.pace <= 0:
            raise ValueError(f"pace is {self.pace:g}; it must be positive.")
        if self.scale < 0:
            raise ValueError(f"scale is {self.scale:g}; it must not be negative.")
        checked = instances((self,), (0,))
        if self.corners:
            polygon(checked, self.corners, self.scale)
        object.__setattr__(self, "sets", checked.sets)

    @property
    def features(self) -> int:
        """The number of features n."""
        return len(self.importance)

    @property
    def shape(self) -> tuple[object, ...]:
        """What models that are trained together have in common."""
        return self.features, self.hidden, self.architecture, self.values, self.sets


def instances(settings: Sequence[Setting], seeds: Sequence[int]) -> Instances:
    """Models of one shape and their seeds, as the trainer takes them."""
    first = settings[0]
    importance = np.array([each.importance for each in settings], dtype=float)
    density = [np.broadcast_to(np.asarray(each.density, float), each.features) for each in settings]
    return Instances(
        importance,
        np.array(density),
        np.array(seeds, dtype=np.int64),
        first.hidden,
        first.architecture,
        first.values,
        first.sets,
        np.array([each.pace for each in settings], dtype=float),
    )


def standard_setting(
    *,
    features: int = 2,
    hidden: int = 1,
    decay: float = 1.0,
    importance: float = 1.0,
    density: float = 0.1,
    pace: float = 1.0,
    scale: float = 1.0,
    corners: int = 0,
) -> Setting:
    """The ReLU output model with the importances above.

    features, hidden: n and m; importance: r, of the extra feature; decay: d; density: p; pace,
    scale, corners: as in ``Setting``, which says what is refused.

    >>> standard_setting(features=3, decay=0.5, importance=0.2).importance
    (1.0, 0.5, 0.05)
    """
    n = check_count(features, "features")
    for value, name in ((decay, "decay"), (importance, "importance")):
        check_scalar(value, name)
        check_finite(value, name)
    try:
        ordinary = tuple(decay**i for i in range(n - 1))
        extra = decay ** (n - 1) * importance
    except OverflowError:
        raise ValueError(
            f"decay is {decay:g}; the importance of the last of {n} features is no number."
        ) from None
    return Setting((*ordinary, extra), density, hidden, pace=pace, scale=scale, corners=corners)
