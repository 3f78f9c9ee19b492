"""A grid: every combination of the values of some axes, and several seeds of each."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from superposition.theory.domain import check_count
from superposition.validate.instances import Instances
from superposition.validate.sweep.setting import Setting, instances, standard_setting

# What results have beside the axes: dimensions, and arrays.
DIMENSIONS = ("model", "dimension", "feature", "moment")
FIELDS = ("W", "b", "W_out", "loss", "steps", "seed", "importances", "densities", "paces", "scales")
RESERVED = (*DIMENSIONS, *FIELDS, *(f"history_{name}" for name in ("W", "b", "W_out", "loss")))


@dataclass(frozen=True)
class Block:
    """Models of one shape.

    index: (S,), their places in the grid, the seeds counted last; scale, corners: (S,), of their
    initial weights.
    """

    index: NDArray[np.int64]
    instances: Instances
    scale: NDArray[np.float64]
    corners: NDArray[np.int64]


@dataclass(frozen=True)
class Grid:
    """``seeds`` models for every combination of the values of ``axes``.

    axes: name ↦ values, numbers or texts, the last name running fastest; setting: what is called
    with one value per name and answers with the ``Setting`` of these models, by default
    ``standard_setting``, whose names are features, hidden, decay, importance, density, pace, scale
    and corners (others are kept fixed with ``functools.partial``). Every model has a seed of its
    own, counted from ``first_seed``; with ``shared_seeds`` all cells have the same. Only the values
    of the axes are stored, never the function. Raises ``ValueError`` for axes that are no lists of
    different numbers or texts, or have a reserved name, and for settings that are none.

    >>> grid = Grid({"density": [0.1, 0.5], "importance": [0.5, 1, 2]}, seeds=4)
    >>> grid.shape, grid.cells[1].importance, [block.index[-1] for block in grid.blocks(9)]
    ((2, 3, 4), (1.0, 1.0), [np.int64(8), np.int64(17), np.int64(23)])
    """

    axes: Mapping[str, Sequence[float] | Sequence[str] | NDArray[Any]]
    seeds: int
    setting: Callable[..., Setting] = standard_setting
    first_seed: int = 0
    shared_seeds: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.axes, Mapping):
            raise ValueError(f"axes is {self.axes!r}; it must map names to lists of values.")
        for name, least in (("seeds", 1), ("first_seed", 0)):
            object.__setattr__(self, name, check_count(getattr(self, name), name, at_least=least))
        for name, values in self.axes.items():
            _check_axis(name, values)
        models = math.prod(self.shape)
        if self.first_seed + models > 2**63:
            raise ValueError(
                f"first_seed is {self.first_seed}; it must be at most {2**63 - models}."
            )
        _ = self.cells  # bad settings are refused here

    @property
    def shape(self) -> tuple[int, ...]:
        """How many values every axis has, and how many models every cell."""
        return (*(len(values) for values in self.axes.values()), self.seeds)

    @cached_property
    def cells(self) -> tuple[Setting, ...]:
        """The setting of every cell, in order."""
        return tuple(self._settings())

    def blocks(self, size: int) -> Iterator[Block]:
        """All models in groups of one shape, at most ``size`` in each."""
        alike: dict[tuple[object, ...], list[int]] = {}
        for number, cell in enumerate(self.cells):
            models = range(number * self.seeds, (number + 1) * self.seeds)
            alike.setdefault(cell.shape, []).extend(models)
        for places in alike.values():
            for start in range(0, len(places), size):
                yield self._block(places[start : start + size])

    def _block(self, index: list[int]) -> Block:
        settings = [self.cells[place // self.seeds] for place in index]
        own = [place % self.seeds if self.shared_seeds else place for place in index]
        models = instances(settings, [self.first_seed + number for number in own])
        scale = np.array([float(each.scale) for each in settings])
        return Block(np.array(index), models, scale, np.array([each.corners for each in settings]))

    def _settings(self) -> Iterator[Setting]:
        for values in product(*(np.asarray(each).tolist() for each in self.axes.values())):
            place = dict(zip(self.axes, values, strict=True))
            told = ", ".join(f"{name} = {value}" for name, value in place.items())
            try:
                found = self.setting(**place)
            except (TypeError, ValueError) as error:
                raise ValueError(f"axes have the cell {told}; there {error}") from error
            if not isinstance(found, Setting):
                raise ValueError(f"setting({told}) is {found!r}; it must be a Setting.")
            yield found


def _check_axis(name: str, values: Any) -> None:
    if not str(name).isidentifier() or name in RESERVED:
        raise ValueError(
            f"axes has the name {name!r}; it must be a name that Python allows for an argument, "
            f"and none of {', '.join(RESERVED)}."
        )
    try:
        array = np.asarray(values)
    except ValueError:  # rows of different lengths
        array = np.empty(0)
    good = array.ndim == 1 and array.size and array.dtype.kind in "iufU"
    if not good or (array.dtype.kind == "f" and not np.all(np.isfinite(array))):
        raise ValueError(
            f"axes has {values!r} for {name}; it must be a list of finite numbers or of texts."
        )
    if len(np.unique(array)) != array.size:
        raise ValueError(f"axes has {values!r} for {name}; no value may be there twice.")
