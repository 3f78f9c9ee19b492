"""The exact diagrams that figures share, computed once and kept.

Whole: the paper's plane. Close: the part of it around equal importance and high density, where
almost everything happens.
"""

from __future__ import annotations

import hashlib
import os
import sys
import warnings
from pathlib import Path

import numpy as np

from superposition.numerics.phase_diagram.cells import TILE
from superposition.numerics.phase_diagram.exact_diagram import ExactDiagram, exact_phase_diagram
from superposition.numerics.phase_diagram.plane import Plane, importance_and_density
from superposition.numerics.phase_diagram.stored_diagram import load_diagram
from superposition.numerics.source_hash import source_hash
from superposition.numerics.worker_processes import worker_processes
from superposition.paper.phase_picture import DENSITY, IMPORTANCE
from superposition.paper.stage_progress import stage_progress

# Even: no cell lies at importance 1, where by symmetry two phases are equally good.
WHOLE_CELLS, CLOSE_CELLS = 100, 60
CLOSE_IMPORTANCE, CLOSE_DENSITY = (0.5, 2.0), (0.45, 1.0)
SOURCES = ("expectation", "geometry", "optimum", "phase_diagram")


def whole(
    features: int, hidden: int, folder: Path, progress: bool, biases: bool = True
) -> ExactDiagram:
    """The exact diagram of the paper's plane."""
    plane = importance_and_density(
        features, hidden, importance=IMPORTANCE, density=DENSITY, biases=biases
    )
    return _kept(f"whole-{features}-{hidden}", plane, WHOLE_CELLS, folder, progress)


def close(features: int, hidden: int, folder: Path, progress: bool) -> ExactDiagram:
    """The part around equal importance at high density."""
    plane = importance_and_density(
        features, hidden, importance=CLOSE_IMPORTANCE, density=CLOSE_DENSITY
    )
    return _kept(f"close-{features}-{hidden}", plane, CLOSE_CELLS, folder, progress)


def _kept(name: str, plane: Plane, cells: int, folder: Path, progress: bool) -> ExactDiagram:
    """A diagram from its file, or computed and stored; its tiles too, should it be interrupted."""
    path = folder / f"exact-{name}-{_key(plane, cells)}.npz"
    if path.exists():
        try:
            return load_diagram(path)
        except ValueError:
            warnings.warn(f"{path} is damaged and will be made again.", stacklevel=3)
    workers = 2 if cells**2 > TILE and (os.cpu_count() or 1) > 1 else 1
    quiet = not (progress and sys.stderr.isatty())
    with worker_processes(workers) as executor, stage_progress(quiet) as told:
        diagram = exact_phase_diagram(
            plane,
            (cells, cells),
            folder=folder,
            executor=executor,
            progress=lambda stage, done, all_: told(f"{name} {stage}", done, all_),
        )
    diagram.save(path)
    return diagram


def _key(plane: Plane, cells: int) -> str:
    sources = source_hash(*(f"superposition.numerics.{package}" for package in SOURCES))
    told = f"{plane!r} {cells} {np.__version__} {sources}"
    return hashlib.sha256(told.encode()).hexdigest()[:16]
