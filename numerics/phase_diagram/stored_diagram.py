"""Exact phase diagrams on disk (NPZ with hash, plane and versions) and as xarray datasets."""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from superposition.numerics import stored_arrays
from superposition.numerics.phase_diagram.boundary import Boundary, MeetingPoint
from superposition.numerics.phase_diagram.exact_diagram import ExactDiagram
from superposition.numerics.phase_diagram.plane import Axis, Plane
from superposition.theory.features.values import Binary, Uniform, ValueLaw

if TYPE_CHECKING:
    import xarray

CELLS = (
    "W",
    "b",
    "loss",
    "gradient_norm",
    "curvature",
    "found_by",
    "starts",
    "believed",
    "phase",
)
POINTS = ("x", "y", "residual", "jump", "exponent")


def save(diagram: ExactDiagram, path: Path) -> Path:
    """Write a diagram; ``load_diagram`` reads it back. The file says what made it."""
    path, lines = Path(path), diagram.boundaries
    plane = asdict(diagram.plane) | {"values": _values_told(diagram.plane.values)}
    told = {
        "plane": plane,
        "phases": diagram.phases,
        "boundaries": [(line.phases, line.first_order, len(line.x)) for line in lines],
        "meeting_points": [
            (point.x, point.y, point.phases, point.residual) for point in diagram.meeting_points
        ],
        "versions": {name: version(name) for name in ("toy-superposition", "numpy", "scipy")},
    }
    arrays = {name: np.asarray(getattr(diagram, name)) for name in ("x", "y", *CELLS)}
    for name in POINTS:
        parts = [getattr(line, name) for line in lines]
        arrays[f"boundary_{name}"] = np.concatenate(parts) if parts else np.zeros(0)
    stored_arrays.write(path, arrays | {"told": np.array(json.dumps(told))})
    return path


def load_diagram(path: Path) -> ExactDiagram:
    """A diagram that was saved.

    Raises ``ValueError`` if the file is damaged or no diagram.
    """
    arrays = stored_arrays.whole(Path(path))
    if arrays is None or not {"told", "boundary_x", *CELLS} <= set(arrays):
        raise ValueError(f"path is {str(path)!r}; it must be a whole file that a diagram wrote.")
    told = json.loads(str(arrays["told"]))
    lines, first = [], 0
    for phases, first_order, count in told["boundaries"]:
        part = {name: arrays[f"boundary_{name}"][first : first + count] for name in POINTS}
        lines.append(Boundary(tuple(phases), first_order, **part))
        first += count
    return ExactDiagram(
        plane=_plane(told["plane"]),
        **{name: arrays[name] for name in ("x", "y", *CELLS)},
        phases=tuple(told["phases"]),
        boundaries=tuple(lines),
        meeting_points=tuple(
            MeetingPoint(x, y, tuple(phases), residual)
            for x, y, phases, residual in told["meeting_points"]
        ),
    )


def to_xarray(diagram: ExactDiagram) -> xarray.Dataset:
    """The cells as a dataset: dimensions y, x (by their names), hidden, feature, other.

    Interference and dimensionality as in ``theory.feature_dimensionality``; other: the second
    feature of a cosine. Needs xarray.
    """
    import xarray

    x, y = diagram.plane.x.name, diagram.plane.y.name
    fields = diagram.fields
    shapes: dict[str, tuple[tuple[str, ...], Any]] = {
        "W": ((y, x, "hidden", "feature"), diagram.W),
        "b": ((y, x, "feature"), diagram.b),
        "norm": ((y, x, "feature"), fields.norms),
        "interference": ((y, x, "feature"), fields.interference),
        "dimensionality": ((y, x, "feature"), fields.dimensionality),
        "cosine": ((y, x, "feature", "other"), fields.cosines),
        "phase": ((y, x), np.array(diagram.phases)[diagram.phase]),
    }
    for name in CELLS[2:-1]:
        shapes[name] = ((y, x), getattr(diagram, name))
    return xarray.Dataset(
        shapes,
        coords={
            x: diagram.x,
            y: diagram.y,
            "hidden": np.arange(diagram.W.shape[-2]),
            "feature": np.arange(diagram.b.shape[-1]),
            "other": np.arange(diagram.b.shape[-1]),
        },
        attrs={
            "plane": json.dumps(
                asdict(diagram.plane) | {"values": _values_told(diagram.plane.values)}
            ),
            "version": version("toy-superposition"),
        },
    )


def _plane(told: dict[str, Any]) -> Plane:
    axes = {
        name: Axis(**(told[name] | {"features": tuple(told[name]["features"])})) for name in "xy"
    }
    values = told["values"]
    law: ValueLaw = Binary() if values == "binary" else Uniform(*values)
    importance, density, kinds = (tuple(told[name]) for name in ("importance", "density", "kinds"))
    return Plane(
        axes["x"], axes["y"], told["hidden"], importance, density, kinds, told["biases"], law
    )


def _values_told(values: ValueLaw) -> Any:
    if isinstance(values, Uniform):
        return [values.low, values.high]
    if isinstance(values, Binary):
        return "binary"
    raise ValueError(f"values is {values!r}; diagrams are stored for uniform or binary values.")
