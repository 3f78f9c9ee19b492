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
        """Write it, whole or not at all."""
        text = self._text()
        told = {"sha256": hashlib.sha256(text.encode()).hexdigest(), "sweep": json.loads(text)}
        write_text(folder / NAME, json.dumps(told, indent=1, ensure_ascii=False))

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
    """Make ``folder`` that of one sweep; raises ``ValueError`` if it has tiles of another."""
    there = Manifest.read(folder)
    if there == manifest and list(there.axes) == list(manifest.axes):
        return
    if there is not None and any((folder / name).exists() for name in there.files):
        old, new = vars(there), vars(manifest)
        if any(old[name] != new[name] for name in ("axes", "seeds")):
            what = f"of {_told(there)}, not of {_told(manifest)}"
        elif there.about != manifest.about:
            what = _difference(there.about, manifest.about)
        else:
            what = "with other settings, or tiles of another size"
        raise ValueError(
            f"folder is {str(folder)!r}, which holds another sweep: {what}; open it with "
            "open_sweep, or choose another folder."
        )
    manifest.write(folder)


def open_sweep(folder: Path | str) -> SweepResult:
    """The sweep in ``folder``, finished or not: models that are missing are not numbers.

    Raises ``ValueError`` if there is none or its manifest is damaged; a damaged tile is warned of
    and missing.
    """
    place = Path(folder)
    manifest = Manifest.read(place)
    if manifest is None:
        raise ValueError(f"folder is {str(folder)!r}; it must be one that a sweep was written to.")
    assembly = assembly_of(manifest)
    for name in manifest.files:
        arrays = content(place / name, "missing until the sweep is called again")
        if arrays is not None:
            assembly.add(arrays)
    return assembly.result()


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


def _told(manifest: Manifest) -> str:
    axes = (f"{len(values)} of {name}" for name, values in manifest.axes.items())
    return " × ".join([*axes, f"{manifest.seeds} seeds"])


def _difference(old: dict[str, Any], new: dict[str, Any], within: str = "") -> str:
    """The first entry that is not the same."""
    name = next(name for name in new if old.get(name) != new[name])
    if isinstance(new[name], dict) and isinstance(old.get(name), dict):
        return _difference(old[name], new[name], f"{within}{name}: ")
    return f"{within}{name} is {old.get(name)}, not {new[name]}"
