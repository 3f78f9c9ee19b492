"""The models of a sweep as arrays with the grid's shape, plain and labelled."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from superposition.validate.parameters import Parameters
from superposition.validate.training import History

if TYPE_CHECKING:
    import xarray

Array = NDArray[Any]
PER_MODEL: dict[str, tuple[str, ...]] = {
    "W": ("dimension", "feature"),
    "b": ("feature",),
    "W_out": ("feature", "dimension"),
    "loss": (),
    "steps": (),
    "seed": (),
    "importances": ("feature",),
    "densities": ("feature",),
    "paces": (),
    "scales": (),
}
STORED = {"importances": "importance", "densities": "density", "paces": "pace", "scales": "scale"}


@dataclass(frozen=True, eq=False)
class SweepResult:
    """The models of a grid of shape G = (values of each axis …, models a cell).

    axes: name ↦ values; W: (*G, m, n), b: (*G, n), W_out: (*G, n, m) or None if all are tied,
    loss, steps: (*G), as ``TrainedModels`` has them; seed: (*G), -1 where a model is missing;
    importances, densities: (*G, n); paces, scales: (*G); history: the models at the recorded
    moments, with G in the place of S. What is not there (models whose tile is missing, features
    and dimensions beyond a model's own n and m) is not a number. tiles, missing_tiles: how many
    files there are to be, and how many are not there; about: schedule, moments, versions.
    """

    axes: dict[str, Array]
    W: Array
    b: Array
    W_out: Array | None
    loss: Array
    steps: Array
    seed: Array
    importances: Array
    densities: Array
    paces: Array
    scales: Array
    history: History | None
    tiles: int
    missing_tiles: int
    about: dict[str, Any]

    @property
    def missing(self) -> int:
        """How many models are missing."""
        return int(np.count_nonzero(self.seed < 0))

    def labelled(self) -> xarray.Dataset:
        """All arrays by name, their dimensions the axes, model, dimension and feature.

        Recorded moments are history_W, …, with the dimension moment in front. Needs xarray.
        """
        import xarray

        cells = (*self.axes, "model")
        variables: dict[str, tuple[tuple[str, ...], Array]] = {}
        for name, rest in PER_MODEL.items():
            array = getattr(self, name)
            if array is not None:
                variables[name] = (*cells, *rest), array
        coordinates = dict(self.axes)
        if self.history is not None:
            coordinates["moment"] = self.history.steps
            moments = self.history.parameters
            variables["history_loss"] = ("moment", *cells), self.history.loss
            for name in ("W", "b", "W_out"):
                if getattr(self, name) is not None:
                    stacked = np.stack([getattr(each, name) for each in moments])
                    variables[f"history_{name}"] = ("moment", *cells, *PER_MODEL[name]), stacked
        told = {name: json.dumps(part, sort_keys=True) for name, part in self.about.items()}
        counted = {"tiles": self.tiles, "missing_tiles": self.missing_tiles}
        return xarray.Dataset(variables, coordinates, told | counted | {"missing": self.missing})


class Assembly:
    """Room for the models of a grid, filled tile by tile."""

    def __init__(
        self,
        axes: dict[str, Array],
        seeds: int,
        hidden: int,
        features: int,
        tiles: int,
        about: dict[str, Any],
    ) -> None:
        """Nothing is there yet."""
        self._axes, self._about = axes, about
        self._tiles = self._missing = tiles
        self._shape = (*(len(values) for values in axes.values()), seeds)
        self._sizes = {"dimension": hidden, "feature": features}
        self._moments = np.array(about["record"], dtype=np.int64)
        self._flat = {name: self._room(name) for name in PER_MODEL if name != "W_out"}
        for at in range(len(self._moments)):
            self._flat |= {f"{name} {at}": self._room(name) for name in ("W", "b", "loss")}

    def add(self, arrays: dict[str, Array]) -> None:
        """What is in one tile's file."""
        index = arrays["index"]
        for name in PER_MODEL:
            stored = arrays.get(STORED.get(name, name))
            if stored is not None:
                self._put(name, index, stored)
            if f"history_{name}" in arrays:
                for at, moment in enumerate(arrays[f"history_{name}"]):
                    self._put(f"{name} {at}", index, moment)
        self._missing -= 1

    def result(self) -> SweepResult:
        """All that was added."""
        whole = {
            name: flat.reshape(*self._shape, *flat.shape[1:]) for name, flat in self._flat.items()
        }
        history, moments = None, range(len(self._moments))
        if moments:
            history = History(
                self._moments,
                tuple(
                    Parameters(whole[f"W {at}"], whole[f"b {at}"], whole.get(f"W_out {at}"))
                    for at in moments
                ),
                np.stack([whole[f"loss {at}"] for at in moments]),
            )
        return SweepResult(
            axes=self._axes,
            **{name: whole.get(name) for name in PER_MODEL},  # type: ignore[arg-type]
            history=history,
            tiles=self._tiles,
            missing_tiles=self._missing,
            about=self._about,
        )

    def _put(self, name: str, index: NDArray[np.int64], stored: Array) -> None:
        """Into the corner of the room: a model may have fewer features than others."""
        if name not in self._flat:
            self._flat[name] = self._room("W_out")
        corner: list[Any] = [slice(size) for size in stored.shape[1:]]
        self._flat[name][index, *corner] = stored

    def _room(self, name: str) -> Array:
        sizes = (self._sizes[each] for each in PER_MODEL[name])
        kind = {"W": np.float32, "b": np.float32, "W_out": np.float32, "seed": np.int64}
        empty = -1 if name == "seed" else np.nan
        return np.full((math.prod(self._shape), *sizes), empty, kind.get(name, np.float64))
