"""One tile: the models that are trained together, the file they end in, and what is in it.

The file name ends in the hash of the settings, and the settings hold the hash of the inputs, the
versions and the trainer's sources: another setting is another file, and a file under a foreign
name is not believed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from superposition.numerics.packing.plain_data import plain
from superposition.numerics.stored_arrays import hash_of, write
from superposition.validate.instances import Instances
from superposition.validate.memory import tile_chunk
from superposition.validate.parameters import Parameters, beginning
from superposition.validate.schedule import Schedule
from superposition.validate.sweep.tile_file import Arrays, arrays_of, fingerprint, named, sound
from superposition.validate.sweep.training_sources import made_by
from superposition.validate.training import (
    check_settings,
    checked_beginning,
    checked_device,
    checked_moments,
    train,
)

BAD_WORK = (ValueError, ArithmeticError, OSError, MemoryError, ImportError)  # of the tile itself


@dataclass(frozen=True, eq=False)
class Tile:
    """Models to be trained, in full: what a worker is sent.

    path: the file; settings: JSON of all that is no array; inputs: the arrays of ``instances``
    and what the caller adds, kept in the file; initial: None for the ``beginning`` of scale and
    corners, numbers or (S,); threads: None for one a core (compiled, where they change no bit).
    """

    path: Path
    settings: str
    inputs: Arrays
    instances: Instances
    schedule: Schedule
    record: tuple[int, ...]
    device: str
    initial: Parameters | None = None
    scale: ArrayLike = 1.0
    corners: ArrayLike = 0
    threads: int | None = None

    @classmethod
    def of(
        cls,
        name: Path,
        instances: Instances,
        schedule: Schedule,
        record: Iterable[int] = (),
        device: str | None = None,
        *,
        initial: Parameters | None = None,
        scale: ArrayLike = 1.0,
        corners: ArrayLike = 0,
        index: NDArray[np.int64] | None = None,
    ) -> Tile:
        """A tile whose file name is ``name``, a dash and the hash of everything.

        index: (S,), where the models belong. Raises ``ValueError`` where ``train`` does.
        """
        check_settings(instances, schedule)
        moments = checked_moments(record, schedule)
        place = checked_device(device)
        initial = checked_beginning(initial, instances)
        inputs = {
            "importance": instances.importance,
            "density": instances.density,
            "seed": instances.seed,
            "pace": np.ones(instances.count) if instances.pace is None else instances.pace,
            "scale": np.broadcast_to(np.asarray(scale, float), instances.count),
            "corners": np.broadcast_to(np.asarray(corners), instances.count),
        }
        if index is not None:
            inputs["index"] = index
        told = {
            "hidden": instances.hidden,
            "architecture": plain(instances.architecture),
            "values": _with_kind(instances.values),
            "sets": plain(instances.sets),
            "schedule": plain(schedule) | {"optimiser": _with_kind(schedule.optimiser)},
            "record": list(moments),
            "initial": None if initial is None else hash_of(named(initial)),
            "inputs": hash_of(inputs),
            "made by": made_by(place),
        }
        text = json.dumps(told, sort_keys=True, allow_nan=False)
        path = name.with_name(f"{name.name}-{fingerprint(text)}.npz")
        threads = 1 if place == "cpu" else None
        begin = initial, scale, corners
        return cls(path, text, inputs, instances, schedule, moments, place, *begin, threads)

    def on_one_thread(self) -> Tile:
        """The same for a worker that is not alone on its machine."""
        return replace(self, threads=1)


def train_tile(tile: Tile, ticket: str = "") -> Exception | None:
    """Train the models of ``tile`` and write its file; what was wrong with the tile, if anything.

    ticket: different in every call, for executors that take calls with the same arguments for
    one. What this raises (and what an executor raises in its place) is no fault of the tile.
    """
    del ticket
    try:
        if sound(tile.path) is None:  # an executor may lose a result and have it made again
            make(tile)
    except BAD_WORK as error:
        return error
    return None


def make(tile: Tile, label: str = "training", progress: bool = False) -> Arrays:
    """Train the models of ``tile``, write its file, return what is in it.

    Raises ``ValueError`` where other versions are installed than where the tile was made up, or on
    another processor, and what ``train`` raises.
    """
    theirs, ours = json.loads(tile.settings)["made by"], made_by(tile.device)
    unlike = [name for name in theirs | ours if theirs.get(name) != ours.get(name)]
    if unlike:
        here, there = (
            ", ".join(f"{name} {each.get(name, '(none)')}" for name in unlike)
            for each in (ours, theirs)
        )
        raise ValueError(f"a worker has {here}; it must have what the caller has: {there}.")
    begin = tile.initial
    if begin is None:
        begin = beginning(tile.instances, tile.scale, tile.corners)
    models = train(
        tile.instances,
        tile.schedule,
        label,
        progress,
        initial=begin,
        record=tile.record,
        device=tile.device,
        threads=tile.threads,
        chunk=tile_chunk(tile.instances, tile.schedule, tile.device),
        keep_diverged=True,  # what others are in the tile is chance; told of the whole
    )
    arrays = arrays_of(models) | tile.inputs | {"settings": np.array(tile.settings)}
    write(tile.path, arrays)
    return arrays


def _with_kind(choice: Any) -> dict[str, Any]:
    """A dataclass as plain data, with its name: which of several it is."""
    return {"kind": type(choice).__name__, **plain(choice)}
