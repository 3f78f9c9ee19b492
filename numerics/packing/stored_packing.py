"""Packings on disk: NPZ and JSON hold everything and come back bit for bit, CSV the points."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from superposition.numerics import stored_arrays
from superposition.numerics.atomic_file import write_text
from superposition.numerics.packing.kind_of_points import has_biases
from superposition.numerics.packing.packing import Packing
from superposition.numerics.packing.plain_data import STORED, plain, rebuilt

KINDS = (".csv", ".npz", ".json")
NORM_TOLERANCE = 1e-9


def save_packing(packing: Packing, path: Path) -> Path:
    """Write a packing: all of it as .npz or .json, or its points as .csv.

    Raises ``ValueError`` for another suffix.
    """
    path = Path(path)
    check_kind(path)
    if path.suffix.lower() == ".csv":
        write_text(path, points_as_csv(packing.points))
    elif path.suffix.lower() == ".npz":
        _write_arrays(packing, path)
    else:
        told = {"versions": _versions(), "packing": plain(packing)}
        write_text(path, _json(told | {"sha256": _hash(told)}, indent=1))
    return path


def load_packing(path: Path) -> Packing:
    """A packing that was saved as .npz or .json.

    Raises ``ValueError`` if the file is damaged or no packing, if a coordinate is not finite, or
    if a point is off the sphere; ``OSError`` if there is no such file.
    """
    path = Path(path)
    if path.suffix.lower() not in KINDS[1:]:
        raise ValueError(f"path is {str(path)!r}; its suffix must be .npz or .json.")
    path.stat()  # a missing file is no damaged one
    read = _from_arrays if path.suffix.lower() == ".npz" else _from_json
    try:
        packing = read(path)
    except (ValueError, KeyError, TypeError, AttributeError):  # whatever a foreign file may hold
        packing = None
    if packing is None:
        raise ValueError(f"path is {str(path)!r}; it must be a whole file that a packing wrote.")
    check_points(packing.points, str(path), unit=not has_biases(packing))
    return packing


def read_points(path: Path) -> NDArray[Any]:
    """The points in a file: of a saved packing (.npz, .json), or rows of numbers (.csv).

    A table's first row may be its header; columns named x1_re, x1_im, … make complex numbers.
    Raises ``ValueError`` for another suffix, a damaged file, or rows that are no finite numbers.
    """
    path = Path(path)
    check_kind(path)
    if path.suffix.lower() != ".csv":
        return load_packing(path).points
    points = _from_csv(path)
    check_points(points, str(path), unit=False)
    return points


def points_as_csv(points: NDArray[Any]) -> str:
    """A row per point, a column per coordinate (two if complex), 17 significant digits.

    >>> print(points_as_csv(np.array([[0.1, 1]])).strip())
    x1,x2
    0.10000000000000001,1
    """
    names = [f"x{k + 1}" for k in range(points.shape[1])]
    columns: NDArray[Any] = points
    if np.iscomplexobj(points):
        names = [f"{name}_{part}" for name in names for part in ("re", "im")]
        columns = np.stack([points.real, points.imag], axis=-1).reshape(len(points), -1)
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(names)
    table.writerows([[f"{number:.17g}" for number in row] for row in columns])
    return text.getvalue()


def check_kind(path: Path) -> None:
    """Raise ``ValueError`` unless packings can be read from and written to such a file."""
    if path.suffix.lower() not in KINDS:
        raise ValueError(f"path is {str(path)!r}; its suffix must be one of {', '.join(KINDS)}.")


def check_points(points: NDArray[Any], name: str, *, unit: bool = True) -> None:
    """Raise ``ValueError`` unless the rows are finite and, with ``unit``, of norm 1."""
    if points.ndim != 2 or points.dtype.kind not in "fc" or 0 in points.shape:
        raise ValueError(
            f"the points in {name} have shape {points.shape} and type {points.dtype}; "
            "they must be the rows of a matrix of numbers."
        )
    if not np.isfinite(points).all():
        row = int(np.argwhere(~np.isfinite(points))[0][0])
        raise ValueError(f"point {row + 1} in {name} is not finite; every coordinate must be.")
    norms = np.linalg.norm(points, axis=1)
    worst = int(np.argmax(np.abs(norms - 1)))
    if unit and abs(norms[worst] - 1) > NORM_TOLERANCE:
        raise ValueError(
            f"point {worst + 1} in {name} has norm {norms[worst]!r}; "
            f"it must be 1 within {NORM_TOLERANCE:g}."
        )


def _write_arrays(packing: Packing, path: Path) -> None:
    arrays: dict[str, NDArray[Any]] = {}

    def keep(place: str, array: NDArray[Any]) -> dict[str, str]:
        arrays[place] = array
        return {STORED: place}

    told = {"versions": _versions(), "packing": plain(packing, keep)}
    stored_arrays.write(path, arrays | {"told": np.array(_json(told))})


def _from_arrays(path: Path) -> Packing | None:
    arrays = stored_arrays.whole(path)
    if arrays is None:
        return None
    told = json.loads(str(arrays.pop("told")))
    packing: Packing = rebuilt(told["packing"], Packing, arrays)
    return packing


def _from_json(path: Path) -> Packing | None:
    told = json.loads(path.read_text(encoding="utf-8"))
    if told.pop("sha256") != _hash(told):
        return None
    packing: Packing = rebuilt(told["packing"], Packing)
    return packing


def _from_csv(path: Path) -> NDArray[Any]:
    rows = [row for row in csv.reader(path.read_text(encoding="utf-8").splitlines()) if row]
    heads = [name.strip() for name in rows[0]] if rows and not _numeric(rows[0]) else []
    try:
        numbers = np.array([[float(entry) for entry in row] for row in rows[bool(heads) :]])
    except ValueError:
        raise ValueError(
            f"path is {str(path)!r}; it must hold one point per row, numbers between commas, "
            "as many in each row."
        ) from None
    if heads and heads[0].endswith("_re") and numbers.ndim == 2 and numbers.shape[1] % 2 == 0:
        numbers = np.ascontiguousarray(numbers).view(complex)
    return numbers


def _numeric(row: list[str]) -> bool:
    try:
        return bool([float(entry) for entry in row])
    except ValueError:
        return False


def _versions() -> dict[str, str]:
    return {name: version(name) for name in ("toy-superposition", "numpy", "scipy")}


def _hash(told: dict[str, Any]) -> str:
    return hashlib.sha256(_json(told, sort_keys=True).encode()).hexdigest()


def _json(told: Any, **options: Any) -> str:
    return json.dumps(told, ensure_ascii=False, allow_nan=False, **options)
