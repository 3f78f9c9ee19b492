"""Trained models on disk: one file a tile, written atomically, checked by hash when read.

A tile's file name carries the hash of everything that determines its content (instances,
schedule, the trainer's sources, versions). So a changed setting is another file, and a
second call of the same sweep trains only what is missing. A damaged file is noticed,
reported, and made again.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import torch

from superposition.numerics.source_hash import source_hash
from superposition.numerics.stored_arrays import hash_of, read, write
from superposition.validate.instances import Instances
from superposition.validate.training import Schedule, TrainedModels, train


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
    W, b = (np.concatenate([model[name] for model in models]) for name in ("W", "b"))
    count = np.full(len(W), schedule.steps)
    return TrainedModels(W, b, None, count, np.full(len(W), np.nan))


def _fingerprint(instances: Instances, schedule: Schedule) -> str:
    settings = {
        "instances": hash_of(
            {k: v for k, v in vars(instances).items() if isinstance(v, np.ndarray)}
        ),
        "settings": {
            k: repr(v) for k, v in vars(instances).items() if not isinstance(v, np.ndarray)
        },
        "schedule": repr(schedule),
        "trainer": source_hash("superposition.validate"),
        "torch": torch.__version__,
        "numpy": np.__version__,
    }
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]
