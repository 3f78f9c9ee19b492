"""The record of the bridge: how codes stand in the toy model, and at which densities.

Made by ``python -m superposition.numerics.packing.bridge RECORD``: a quarter of an hour; the file
is written after every code, and an interrupted call goes on with the next. Whoever reads it can
evaluate both losses at every limit: the weights are there.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import cache, partial
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from superposition.numerics.atomic_file import write_text
from superposition.numerics.packing.bridge.compared_codes import (
    ComparedCode,
    FollowedCode,
    compared_codes,
    followed_codes,
)
from superposition.numerics.packing.bridge.density_range import (
    Limit,
    equal_features,
    followed,
    global_limits,
    local_limits,
    sparse_start,
)
from superposition.numerics.packing.bridge.free_minimum import FreeMinimum
from superposition.numerics.packing.bridge.standing import (
    CriticalPoint,
    Standing,
    code_in_the_toy_model,
)
from superposition.theory.feature_dimensionality import dimensionality

NAME = "codes_in_the_toy_model.json"
COMMAND = "python -m superposition.numerics.packing.bridge"


@cache
def recorded() -> dict[str, Any]:
    """The record as it comes with the package.

    >>> [row["verdict"] for row in recorded()["codes"] if row["name"] == "pentagon"]
    ['global minimum']
    """
    text = (files("superposition.numerics.packing.bridge") / NAME).read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def record(path: Path) -> None:
    """Every code that the file at ``path`` does not hold yet."""
    found: dict[str, Any] = {"codes": [], "densities": []}
    if path.exists():
        found = json.loads(path.read_text(encoding="utf-8"))
    found |= {"made_by": COMMAND, "version": version("toy-superposition")}
    fewer = {
        (row["points"], row["dimension"]): _free(row["free"])
        for row in found["codes"]
        if row["free"]
    }
    for code in compared_codes():
        _kept(path, found["codes"], found, code.name, partial(_compared, code, fewer))
    for one in followed_codes():
        _kept(path, found["densities"], found, one.name, partial(followed_code, one))
    _sort(found["codes"], [code.name for code in compared_codes()])
    _sort(found["densities"], [one.name for one in followed_codes()])
    _write(path, found)


def _kept(
    path: Path,
    rows: list[dict[str, Any]],
    found: dict[str, Any],
    name: str,
    make: Callable[[], dict[str, Any]],
) -> None:
    if any(row["name"] == name for row in rows):
        return
    sys.stderr.write(f"{name} …\n")
    rows.append(make())
    _write(path, found)


def _sort(rows: list[dict[str, Any]], names: list[str]) -> None:
    rows.sort(key=lambda row: names.index(row["name"]))


def _write(path: Path, found: dict[str, Any]) -> None:
    write_text(path, json.dumps(found, indent=1, ensure_ascii=False))


def _compared(code: ComparedCode, fewer: dict[tuple[int, int], FreeMinimum]) -> dict[str, Any]:
    """One code; the free minima found on the way help those of one feature more."""
    points = code.points()
    count, dimension = points.shape
    standing = code_in_the_toy_model(
        points, starts=code.starts, fewer=fewer.get((count - 1, dimension))
    )
    if standing.free is not None:
        fewer[count, dimension] = standing.free
    return told(code.name, standing)


def _free(row: dict[str, Any]) -> FreeMinimum:
    """The free minimum of a row."""
    W, b = map(np.array, row["weights"])
    rest = {name: part for name, part in row.items() if name != "weights"}
    return FreeMinimum(W=W, b=b, **rest)


def told(name: str, found: Standing) -> dict[str, Any]:
    """One code as plain numbers and names."""
    free = found.free
    return {
        "name": name,
        "points": found.points,
        "dimension": found.dimension,
        "squared_norm": found.squared_norm,
        "bias": found.bias,
        "loss": found.loss,
        "dimensionality": found.dimensionality,
        "verdict": found.verdict,
        **_about(found.here),
        "relaxed": {
            "loss": found.relaxed.loss,
            "verdict": found.relaxed_verdict,
            "dimensionality": float(np.mean(dimensionality(found.relaxed.W))),
            "moved": _moved(found.here, found.relaxed),
            **_about(found.relaxed),
        },
        "free": None
        if free is None
        else {
            "loss": free.loss,
            "gradient_norm": free.gradient_norm,
            "starts": free.starts,
            "reached": free.reached,
            "geometry": free.geometry,
            "dropped": free.dropped,
            "unique": free.unique,
            "weights": [free.W.tolist(), free.b.tolist()],
        },
    }


def _about(point: CriticalPoint) -> dict[str, Any]:
    signature = None if point.signature is None else list(point.signature)
    return {
        "gradient_norm": point.gradient_norm,
        "signature": signature,
        "least_curvature": point.least,
    }


def _moved(here: CriticalPoint, there: CriticalPoint) -> float:
    """The largest change of a cosine."""
    cosines = []
    for W in (here.W, there.W):
        unit = W / np.maximum(np.linalg.norm(W, axis=0), 1e-300)
        cosines.append(unit.T @ unit)
    return float(np.abs(cosines[0] - cosines[1]).max())


def followed_code(one: FollowedCode) -> dict[str, Any]:
    """One code's ranges of density."""
    points = one.points()
    features, hidden = points.shape
    landscape = equal_features(features, hidden)
    densities = np.geomspace(*one.followed, one.steps)
    branch = followed(landscape, sparse_start(points, landscape), densities)
    at_first, globally = global_limits(branch, one.searched, starts=one.starts)
    return {
        "name": one.name,
        "features": features,
        "hidden": hidden,
        "followed": [float(branch.density[0]), float(branch.density[-1])],
        "local_at_first": bool(branch.curvature[0] > 0),
        "local_limits": [_limit(limit) for limit in local_limits(branch)],
        "searched": list(one.searched),
        "starts": one.starts,
        "global_at_first": at_first,
        "global_limits": [_limit(limit) for limit in globally],
    }


def _limit(limit: Limit) -> dict[str, Any]:
    other = limit.other
    return {
        "density": limit.density,
        "ends": limit.ends,
        "residual": limit.residual,
        "competitor": limit.competitor,
        "code": [part.tolist() for part in limit.code],
        "other": None if other is None else [part.tolist() for part in other],
    }
