"""What a folder holds: the manifest that says what the sweep is, and its tiles.

The manifest is plain JSON, written before anything is trained and with the hash of its content:
a sweep is opened without the code that made it, finished or not.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from superposition.numerics.atomic_file import write_text
from superposition.validate.sweep.grid import Grid
from superposition.validate.sweep.result import Assembly, SweepResult
from superposition.validate.sweep.tile import Tile
from superposition.validate.sweep.tile_file import content

NAME = "manifest.json"


@dataclass(frozen=True)
class Manifest:
    """axes: name ↦ values; seeds: models a cell; features, hidden: the largest of each; files:
    the names of the tiles; about: schedule, moments and what made it, as plain data.
    """

    axes: dict[str, list[Any]]
    seeds: int
    features: int
    hidden: int
    files: tuple[str, ...]
    about: dict[str, Any]

    @classmethod
    def of(cls, grid: Grid, tiles: list[Tile]) -> Manifest:
        """The manifest of a sweep."""
        told = json.loads(tiles[0].settings)
        return cls(
            {name: np.asarray(values).tolist() for name, values in grid.axes.items()},
            grid.seeds,
            max(cell.features for cell in grid.cells),
            max(cell.hidden for cell in grid.cells),
            tuple(tile.path.name for tile in tiles),
            {name: told[name] for name in ("schedule", "record", "made by")},
        )

    def write(self, folder: Path) -> None:
        """Write it, whole or not at all; raises ``FileExistsError`` where there is one."""
        text = self._text()
        told = {"sha256": hashlib.sha256(text.encode()).hexdigest(), "sweep": json.loads(text)}
        write_text(folder / NAME, json.dumps(told, indent=1, ensure_ascii=False), new=True)

    @classmethod
    def read(cls, folder: Path) -> Manifest | None:
        """That of a folder; None where there is none. Raises ``ValueError`` if it is damaged."""
        path = folder / NAME
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            found = cls(**told["sweep"] | {"files": tuple(told["sweep"]["files"])})
            if hashlib.sha256(found._text().encode()).hexdigest() == told["sha256"]:
                return found
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError):
            pass
        raise ValueError(
            f"{path} is damaged or no manifest of a sweep; where it is deleted, the call that made "
            "the sweep writes it again, and trains nothing twice."
        )

    def _text(self) -> str:
        """All of it; the order of the axes is part of what a sweep is."""
        return json.dumps(vars(self), ensure_ascii=False, allow_nan=False)


def claim(folder: Path, manifest: Manifest) -> None:
    """Make ``folder`` that of one sweep; raises ``ValueError`` if it is that of another."""
    there = Manifest.read(folder)
    if there is None:
        try:
            return manifest.write(folder)
        except FileExistsError:  # somebody was quicker, perhaps with the same sweep
            return claim(folder, manifest)
    if _same(there, manifest):
        return None
    old, new = vars(there), vars(manifest)
    if list(there.axes.items()) != list(manifest.axes.items()) or there.seeds != manifest.seeds:
        what = _other_axes(there, manifest)
    elif there.about != manifest.about:
        what = _difference(old["about"], new["about"])
    else:
        what = "with other settings, or tiles of another size"
    begun = any((folder / name).exists() for name in there.files)
    free = "" if begun else f" (none of its tiles is there; where nobody trains it, delete {NAME})"
    raise ValueError(
        f"folder is {str(folder)!r}, which holds another sweep: {what}; open it with open_sweep, "
        f"or choose another folder{free}."
    )


def open_sweep(folder: Path | str) -> SweepResult:
    """The sweep in ``folder``, finished or not: models that are missing are not numbers.

    Raises ``ValueError`` if there is none or its manifest is damaged; a damaged tile is warned of
    and missing.
    """
    place = checked_folder(folder)
    manifest = Manifest.read(place)
    if manifest is None:
        raise ValueError(f"folder is {str(folder)!r}; it must be one that a sweep was written to.")
    assembly = assembly_of(manifest)
    for name in manifest.files:
        arrays = content(place / name, "missing until the sweep is called again")
        if arrays is not None:
            assembly.add(arrays)
    return assembly.result()


def checked_folder(folder: Path | str) -> Path:
    """The folder, in full; raises ``ValueError`` for a file, what is below one, or no path."""
    if not isinstance(folder, str | Path):
        raise ValueError(f"folder is {folder!r}; it must be a path.")
    place = Path(folder).resolve()
    there = next(each for each in (place, *place.parents) if each.exists())
    if not there.is_dir():
        raise ValueError(f"folder is {str(folder)!r}, but {there} is a file; it must be a folder.")
    return place


def assembly_of(manifest: Manifest) -> Assembly:
    """Room for all models of a sweep."""
    return Assembly(
        {name: np.array(values) for name, values in manifest.axes.items()},
        manifest.seeds,
        manifest.hidden,
        manifest.features,
        len(manifest.files),
        manifest.about,
    )


def _same(one: Manifest, other: Manifest) -> bool:
    """The order of the axes is part of what a sweep is."""
    return one == other and list(one.axes) == list(other.axes)


def _other_axes(old: Manifest, new: Manifest) -> str:
    """What tells the axes of two sweeps apart: their names and lengths, or the first values."""
    if _told(old) != _told(new):
        return f"of {_told(old)}, not of {_told(new)}"
    axis = next(name for name in new.axes if old.axes[name] != new.axes[name])
    pairs = zip(old.axes[axis], new.axes[axis], strict=True)
    at, (theirs, ours) = next((at, pair) for at, pair in enumerate(pairs) if pair[0] != pair[1])
    return f"with {axis} = {theirs!r} as value {at + 1} of {axis}, not {ours!r}"


def _told(manifest: Manifest) -> str:
    axes = (f"{len(values)} of {name}" for name, values in manifest.axes.items())
    return " × ".join([*axes, f"{manifest.seeds} seeds"])


def _difference(old: dict[str, Any], new: dict[str, Any], within: str = "") -> str:
    """The first entry that is not the same."""
    name = next(name for name in new | old if old.get(name) != new.get(name))
    theirs, ours = old.get(name), new.get(name)
    if isinstance(theirs, dict) and isinstance(ours, dict):
        return _difference(theirs, ours, f"{within}{name}: ")
    return f"{within}{name} is {theirs}, not {ours}"
