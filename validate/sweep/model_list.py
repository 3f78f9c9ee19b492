"""Trained models of a plain list of instances, kept on disk."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from superposition.numerics.atomic_file import remove_stale
from superposition.theory.domain import check_count
from superposition.validate.divergence import tell_diverged
from superposition.validate.instances import Instances
from superposition.validate.parameters import Parameters
from superposition.validate.schedule import Schedule
from superposition.validate.sweep.stored_sweep import checked_folder
from superposition.validate.sweep.tile import Tile, make
from superposition.validate.sweep.tile_file import content, models_in
from superposition.validate.training import (
    TrainedModels,
    check_settings,
    checked_beginning,
    checked_moments,
    joined,
)


def trained(
    name: str,
    instances: Instances,
    schedule: Schedule,
    folder: Path,
    tile: int = 1000,
    progress: bool = True,
    *,
    initial: Parameters | None = None,
    record: Iterable[int] = (),
    device: str | None = None,
) -> TrainedModels:
    """The trained models of ``instances``, from ``folder`` where they are already there.

    name: begins the file names; tile: models per file, the most that a killed job loses; the
    others as in ``train``. A damaged file is noticed, reported, and made again. Raises
    ``ValueError`` where ``train`` does.

    >>> import tempfile
    >>> from superposition.validate.instances import grid
    >>> folder = Path(tempfile.mkdtemp())
    >>> models = grid([0.5, 2.0], [0.1], features=2, hidden=1, seeds=2)
    >>> trained("run", models, Schedule(steps=20), folder, tile=3, progress=False).W.shape
    (4, 1, 2)
    >>> len(list(folder.glob("run-*-of-2-*.npz")))
    2
    """
    tile, place = check_count(tile, "tile"), checked_folder(folder)
    check_settings(instances, schedule)
    moments = checked_moments(record, schedule)
    begin = checked_beginning(initial, instances)
    remove_stale(place)
    starts = range(0, instances.count, tile)
    found = []
    for number, start in enumerate(starts, start=1):
        part = slice(start, start + tile)
        job = Tile.of(
            place / f"{name}-{number}-of-{len(starts)}",
            instances.taken(part),
            schedule,
            moments,
            device,
            initial=None if begin is None else begin.taken(part),
        )
        arrays = content(job.path) or make(job, f"{name} {number}/{len(starts)}", progress)
        found.append(models_in(arrays))
    models = joined(found)
    tell_diverged(models.loss, instances, schedule)
    return models
