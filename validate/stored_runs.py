"""Trained models on disk: one file a tile, written atomically, checked by hash when read.

A tile's file name carries the hash of everything that determines its content (instances,
schedule, the trainer's sources, versions). So a changed setting is another file, and a
second call of the same sweep trains only what is missing. A damaged file is noticed,
reported, and made again.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from superposition.numerics.atomic_file import atomic_path
from superposition.numerics.source_hash import source_hash
from superposition.validate.instances import Instances
from superposition.validate.training import Schedule, TrainedModels, train

Arrays = Mapping[str, np.ndarray[Any, np.dtype[Any]]]


def trained(
    name: str,
    instances: Instances,
    schedule: Schedule,
    folder: Path,
    tile: int = 1000,
    progress: bool = True,
) -> TrainedModels:
    """The trained models of ``instances``, from ``folder`` where they are already there.

    name: begins the file names; tile: models per file, the most that a killed job loses.
    """
    parts = list(instances.tiles(tile))
    models = []
    for number, part in enumerate(parts, start=1):
        path = folder / f"{name}-{number}-of-{len(parts)}-{_fingerprint(part, schedule)}.npz"
        stored = read(path) if path.exists() else None
        if stored is None:
            fresh = train(part, schedule, f"{name} {number}/{len(parts)}", progress)
            stored = {"W": fresh.W, "b": fresh.b}
            write(path, stored)
        models.append(stored)
    return TrainedModels(
        np.concatenate([model["W"] for model in models]),
        np.concatenate([model["b"] for model in models]),
    )


def write(path: Path, arrays: Arrays) -> None:
    """Write ``arrays`` to ``path`` with their hash: the whole file or, if killed, no file."""
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez(file, allow_pickle=False, sha256=np.array(_hash(arrays)), **arrays)


def read(path: Path) -> dict[str, np.ndarray[Any, np.dtype[Any]]] | None:
    """The arrays in ``path``, or None (with a warning) if the file is damaged."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {key: archive[key] for key in archive.files}
        if str(arrays.pop("sha256")) == _hash(arrays):
            return arrays
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        pass
    warnings.warn(f"{path} is damaged and will be made again.", stacklevel=2)
    return None


def _hash(arrays: Arrays) -> str:
    digest = hashlib.sha256()
    for key in sorted(arrays):
        array = np.ascontiguousarray(arrays[key])
        digest.update(f"{key} {array.dtype} {array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def _fingerprint(instances: Instances, schedule: Schedule) -> str:
    settings = {
        "instances": _hash({k: np.asarray(v) for k, v in vars(instances).items()}),
        "schedule": dataclasses.asdict(schedule),
        "trainer": source_hash("superposition.validate"),
        "torch": torch.__version__,
        "numpy": np.__version__,
    }
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]
