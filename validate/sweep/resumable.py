"""Train a grid, tile by tile; interrupted or killed at any moment, the same call goes on."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Never

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from superposition.numerics.atomic_file import remove_stale
from superposition.theory.domain import check_count
from superposition.validate.divergence import BLOWN_UP, blown_up
from superposition.validate.schedule import Schedule
from superposition.validate.sweep.execution import (
    Submits,
    train_here,
    train_in_processes,
    train_with,
)
from superposition.validate.sweep.grid import Block, Grid
from superposition.validate.sweep.result import Assembly, SweepResult
from superposition.validate.sweep.stored_sweep import (
    Manifest,
    assembly_of,
    checked_folder,
    claim,
)
from superposition.validate.sweep.tile import Tile
from superposition.validate.sweep.tile_file import content
from superposition.validate.training import checked_moments

PATIENCE = 60.0  # seconds for a shared folder to show what is in it


def sweep(
    grid: Grid,
    schedule: Schedule,
    folder: Path | str,
    *,
    executor: Submits | None = None,
    workers: int = 1,
    tile: int = 256,
    record: Iterable[int] = (),
    device: str | None = None,
    progress: bool = True,
) -> SweepResult:
    """Every model of ``grid``, from ``folder`` where it is already there, trained where not.

    executor: any ``concurrent.futures.Executor`` (Dask's: ``client.get_executor()``;
    docs/sweeps.md), one task a tile; its workers and the caller share the folder; workers:
    without an executor, processes of this machine, for 1 this one, its compiled step with a thread
    a core; tile: models a file, the most that a kill loses of each worker; record, device: as in
    ``train``.
    A tile whose worker dies is given to another. The bar shows tiles and quantiles of the losses.
    Models that diverge are told by a warning, as ``train`` does.
    Raises ``ValueError`` for settings that ``train`` refuses, before anything is trained, and if
    the folder holds another sweep; ``RuntimeError`` if workers die again and again, and ``OSError``
    if a tile cannot be written, which say what is there.

    >>> import tempfile
    >>> grid = Grid({"density": [0.1, 0.5], "importance": [0.5, 1.0, 2.0]}, seeds=4)
    >>> folder = tempfile.mkdtemp()
    >>> found = sweep(grid, Schedule(steps=20), folder, tile=8, progress=False)
    >>> found.W.shape, found.tiles, found.missing
    ((2, 3, 4, 1, 2), 3, 0)
    """
    tile, workers = check_count(tile, "tile"), check_count(workers, "workers")
    _check_executor(executor, workers)
    if not isinstance(grid, Grid):
        raise ValueError(f"grid is {grid!r}; it must be a Grid.")
    place, moments = checked_folder(folder), checked_moments(record, schedule)
    tiles = [
        _tile(block, place / f"tile-{number}", schedule, moments, device)
        for number, block in enumerate(grid.blocks(tile), start=1)
    ]
    manifest = Manifest.of(grid, tiles)
    quiet = None if progress else True  # None: silent where there is no terminal
    try:
        claim(place, manifest)
        remove_stale(place)
        with tqdm(total=len(tiles), desc="sweep", unit="tile", disable=quiet) as bar:
            collected = _Collected(assembly_of(manifest), bar)
            left = [each for each in tiles if not collected.found(each)]
            _train(left, executor, workers, collected)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(_told(tiles, place)) from None
    except (RuntimeError, OSError) as error:
        kind = OSError if isinstance(error, OSError) else RuntimeError
        raise kind(f"{str(error).rstrip('.')}. {_told(tiles, place)}") from error
    result = collected.assembly.result()
    _warn(result, collected.blown)
    return result


def _tile(
    block: Block, name: Path, schedule: Schedule, moments: tuple[int, ...], device: str | None
) -> Tile:
    return Tile.of(
        name,
        block.instances,
        schedule,
        moments,
        device,
        scale=block.scale,
        corners=block.corners,
        index=block.index,
    )


def _check_executor(executor: object, workers: int) -> None:
    if executor is None:
        return
    if workers != 1:
        raise ValueError(f"workers is {workers}; with an executor given it must be left out.")
    if not callable(getattr(executor, "submit", None)):
        raise ValueError(f"executor is {executor!r}; it must have a method submit(call, …).")


def _warn(result: SweepResult, blown: int) -> None:
    """Tell of models that diverged, and of ``blown`` up ones."""
    lost = int(np.isnan(result.loss).sum()) - result.missing
    for count, what in (
        (lost, "diverged; their weights are no numbers"),
        (blown, f"ended with a loss more than {BLOWN_UP} times that of storing nothing"),
    ):
        if count:
            told = f"{count} of {result.loss.size} models {what}; try a smaller learning rate."
            warnings.warn(told, stacklevel=3)


def _train(
    tiles: list[Tile], executor: Submits | None, workers: int, collected: _Collected
) -> None:
    if executor is not None:
        train_with(executor, tiles, collected.made)
    elif workers > 1:
        train_in_processes(tiles, workers, collected.made)
    else:
        train_here(tiles, collected.made)


def _told(tiles: list[Tile], folder: Path) -> str:
    """Where things are."""
    there = sum(tile.path.exists() for tile in tiles)
    return f"{there} of {len(tiles)} tiles are in {folder}; the same call goes on from there."


class _Collected:
    """The tiles that are there, read and checked, and what the bar says of them."""

    def __init__(self, assembly: Assembly, bar: tqdm[Never]) -> None:
        """None yet."""
        self.assembly, self._bar = assembly, bar
        self._losses: list[NDArray[np.float64]] = []
        self.blown = 0  # models whose loss is far above that of storing nothing

    def found(self, tile: Tile) -> bool:
        """Take a tile if it is there."""
        arrays = content(tile.path)
        if arrays is None:
            return False
        self.assembly.add(arrays)
        self._losses.append(arrays["loss"][~np.isnan(arrays["loss"])])
        self.blown += int(blown_up(arrays["loss"], tile.instances).sum())
        if not self._bar.disable and any(len(each) for each in self._losses):
            low, middle, high = np.quantile(np.concatenate(self._losses), (0.1, 0.5, 0.9))
            self._bar.set_postfix_str(f"loss {low:.2e}, {middle:.2e}, {high:.2e}", refresh=False)
        self._bar.update()
        return True

    def made(self, tile: Tile) -> None:
        """Take a tile that a worker has written; over a network it may be seen later."""
        until = time.monotonic() + PATIENCE
        while not tile.path.exists() and time.monotonic() < until:
            time.sleep(0.2)
        if not self.found(tile):
            raise RuntimeError(
                f"a worker has written {tile.path}, which is not there, or not whole; the folder "
                "must be one that the workers share with the caller."
            )
