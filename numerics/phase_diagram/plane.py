r"""The plane of a phase diagram: two parameters of a setting, each along an axis.

.. math:: (x, y) \in [0, 1]^2 \;\mapsto\; (I_1, …, I_n, p_1, …, p_n)

An axis varies the importance or the density of some features, logarithmically or linearly;
everything else stays as it is. Distances in the plane are measured in axis lengths.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from superposition.numerics.optimum.landscape import Landscape
from superposition.theory.domain import (
    check_count,
    check_density,
    check_importance,
    check_scalar,
    check_vector,
)
from superposition.theory.features.values import ValueLaw, Values

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Axis:
    """One parameter between two values.

    parameter: "importance" or "density"; features: the features it belongs to; low, high: its
    range, 0 < low < high; logarithmic: whether steps are ratios; name: what it is called, the
    parameter if nothing is said.
    Raises ``ValueError`` for another parameter, no features or a bad range.
    """

    parameter: Literal["importance", "density"]
    features: tuple[int, ...]
    low: float
    high: float
    logarithmic: bool = True
    name: str = ""

    def __post_init__(self) -> None:
        if self.parameter not in ("importance", "density"):
            raise ValueError(
                f"parameter is {self.parameter!r}; it must be 'importance' or 'density'."
            )
        named: Any = self.features  # whatever a caller may have put there
        if (
            not isinstance(named, tuple)
            or not all(isinstance(feature, int) and feature >= 0 for feature in named)
            or not 0 < len(set(named)) == len(named)
        ):
            raise ValueError(
                f"features is {self.features!r}; it must be a tuple of feature numbers, each once."
            )
        check = check_density if self.parameter == "density" else check_importance
        for end, word in ((self.low, "low"), (self.high, "high")):
            check_scalar(end, word)
            check(end, f"{word} of the axis {self.parameter!r}")
        if not 0 < self.low < self.high:
            raise ValueError(
                f"low is {self.low!r} and high {self.high!r}; they must satisfy 0 < low < high."
            )
        if not self.name:
            object.__setattr__(self, "name", self.parameter)

    def value(self, place: ArrayLike) -> Array:
        """The parameter at ``place`` between 0 and 1."""
        t = np.asarray(place, dtype=float)
        if self.logarithmic:
            value = self.low * (self.high / self.low) ** t
        else:
            value = self.low + t * (self.high - self.low)
        # The ends exactly: densities must not pass 1 by a rounding error, nor miss it.
        inside = np.where(t >= 1, self.high, np.maximum(value, self.low))
        return np.asarray(np.minimum(inside, self.high))

    def place(self, value: ArrayLike) -> Array:
        """Where the parameter has this value, between 0 and 1."""
        v = np.asarray(value, dtype=float)
        if not self.logarithmic:
            return np.asarray((v - self.low) / (self.high - self.low))
        return np.asarray(np.log(v / self.low) / np.log(self.high / self.low))


@dataclass(frozen=True)
class Plane:
    """Two axes, x and y, through the settings of n features in m dimensions.

    hidden: m; importance, density: what the features have where no axis changes it; kinds: a
    label for every feature, those of one label being interchangeable all over the plane.
    Raises ``ValueError`` where a count or a length does not fit, where both axes vary the same or
    have one name, or where features of one kind are not alike.
    """

    x: Axis
    y: Axis
    hidden: int
    importance: tuple[float, ...]
    density: tuple[float, ...]
    kinds: tuple[str, ...]
    biases: bool = True
    values: ValueLaw = Values.UNIT

    def __post_init__(self) -> None:
        check_count(self.hidden, "hidden")
        n = len(self.importance)
        for name in ("density", "kinds"):
            if len(getattr(self, name)) != n:
                raise ValueError(
                    f"{name} has {len(getattr(self, name))} entries; it must have one per "
                    f"feature, {n}."
                )
        for axis in (self.x, self.y):
            if not all(0 <= feature < n for feature in axis.features):
                raise ValueError(
                    f"features of the axis {axis.name!r} are {axis.features}; they must lie "
                    f"between 0 and {n - 1}."
                )
        check_importance(self.importance)
        check_density(self.density)
        self._check_axes()
        self._check_kinds()

    def _check_axes(self) -> None:
        shared = set(self.x.features) & set(self.y.features)
        if self.x.parameter == self.y.parameter and shared:
            raise ValueError(
                f"x and y both vary the {self.x.parameter} of the features {sorted(shared)}; "
                "each may be varied by one axis only."
            )
        if self.x.name == self.y.name:
            raise ValueError(f"name of both axes is {self.x.name!r}; they must be told apart.")

    def _check_kinds(self) -> None:
        """Features of one kind are exchanged when minima are compared: they must be alike."""
        alike: dict[str, Any] = {}
        for i, kind in enumerate(self.kinds):
            varied = tuple((axis.parameter, i in axis.features) for axis in (self.x, self.y))
            fixed = tuple(
                getattr(self, name)[i]
                for name in ("importance", "density")
                if (name, True) not in varied
            )
            if alike.setdefault(kind, (varied, fixed)) != (varied, fixed):
                raise ValueError(
                    f"kinds is {self.kinds}; features of one kind, such as {kind!r}, must have "
                    "the same importance and density all over the plane."
                )

    def landscape(self, x: ArrayLike, y: ArrayLike) -> Landscape:
        """The settings at places x, y (R,) in [0, 1]."""
        places = np.broadcast_arrays(np.atleast_1d(x), np.atleast_1d(y))
        values = {
            name: np.tile(np.asarray(getattr(self, name), dtype=float), (len(places[0]), 1))
            for name in ("importance", "density")
        }
        for axis, place in zip((self.x, self.y), places, strict=True):
            values[axis.parameter][:, list(axis.features)] = axis.value(place)[:, None]
        return Landscape(
            self.hidden, values["importance"], values["density"], self.biases, self.values
        )


def importance_and_density(
    features: int,
    hidden: int,
    *,
    importance: Sequence[float] = (0.1, 10.0),
    density: Sequence[float] = (0.01, 1.0),
    biases: bool = True,
    values: ValueLaw = Values.UNIT,
) -> Plane:
    """The paper's plane: the relative importance of the last, extra feature × the density of all.

    importance, density: the ranges. Source: Elhage et al. 2022, "Phase change".
    Raises ``ValueError`` for features < 2, hidden < 1 or a bad range.

    >>> plane = importance_and_density(features=2, hidden=1)
    >>> plane.landscape(0.5, 1.0).importance, plane.landscape(0.5, 1.0).density
    (array([[1., 1.]]), array([[1., 1.]]))
    """
    n = check_count(features, "features", at_least=2)
    check_vector(importance, 2, "importance", per="end of the range")
    check_vector(density, 2, "density", per="end of the range")
    (low, high), (sparse, dense) = importance, density
    return Plane(
        Axis("importance", (n - 1,), low, high, name="importance"),
        Axis("density", tuple(range(n)), sparse, dense, name="density"),
        hidden,
        (1.0,) * n,
        (1.0,) * n,
        ("ordinary",) * (n - 1) + ("extra",),
        biases,
        values,
    )
