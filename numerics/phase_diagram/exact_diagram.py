r"""The exact phase diagram: what is really optimal, everywhere.

.. math:: (x, y) \mapsto \arg\min_{W, b} L(W, b; \text{importances and densities at } (x, y))

Every cell holds the global minimum of the exact expected loss with its evidence; boundaries are
traced to rounding error on the segments between cells, and can be refined: plaquettes that hold
one are divided, so that cells are spent where something happens.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from superposition.numerics.geometry.geometry import OrderParameters, order_parameters
from superposition.numerics.optimum.curvature import least_curvature
from superposition.numerics.optimum.search import SADDLE, Minima
from superposition.numerics.phase_diagram.boundary import (
    Boundary,
    MeetingPoint,
    boundaries,
    meeting_points,
)
from superposition.numerics.phase_diagram.cells import cells
from superposition.numerics.phase_diagram.lattice import Lattice, settled_rows
from superposition.numerics.phase_diagram.plane import Plane
from superposition.numerics.phase_diagram.states import States
from superposition.numerics.phase_diagram.transitions import Transitions, changing, transitions
from superposition.numerics.source_hash import source_hash
from superposition.theory.domain import check_count, check_vector

if TYPE_CHECKING:
    import xarray

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ExactDiagram:
    """The minima of a grid of cells, their phases, the boundaries and where those meet.

    x, y: (X,), (Y,) parameter values. W: (Y, X, m, n); b: (Y, X, n); loss, gradient_norm,
    curvature, found_by, starts, believed: (Y, X), curvature being a lower bound of the least
    one-sided second derivative (the value itself where the loss is C²); believed: the gradient
    vanishes, two random starts agree, the loss falls nowhere; phase: (Y, X), a number into
    ``phases``.
    """

    plane: Plane
    x: Array
    y: Array
    W: Array
    b: Array
    loss: Array
    gradient_norm: Array
    curvature: Array
    found_by: NDArray[np.intp]
    starts: NDArray[np.intp]
    believed: NDArray[np.bool_]
    phase: NDArray[np.intp]
    phases: tuple[str, ...]
    boundaries: tuple[Boundary, ...]
    meeting_points: tuple[MeetingPoint, ...]

    @property
    def fields(self) -> OrderParameters:
        """Norms, interferences, dimensionalities, biases, cosines of every cell."""
        return order_parameters(self.W, self.b)

    def to_xarray(self) -> xarray.Dataset:
        """The cells as a labelled dataset with coordinates (needs xarray)."""
        from superposition.numerics.phase_diagram.stored_diagram import to_xarray

        return to_xarray(self)

    def save(self, path: Path) -> Path:
        """Write the diagram, its plane and versions to one NPZ file, atomically, with its hash."""
        from superposition.numerics.phase_diagram.stored_diagram import save

        return save(self, path)


def exact_phase_diagram(
    plane: Plane,
    shape: tuple[int, int] = (50, 50),
    *,
    refine: int = 0,
    starts: int = 16,
    seed: int = 0,
    folder: Path | None = None,
    executor: Executor | None = None,
    progress: Callable[[str, int, int], object] | None = None,
) -> ExactDiagram:
    """The exact phase diagram of a plane.

    shape: cells along y and x; refine: how often plaquettes that hold a boundary are divided;
    starts: random starts per cell, at least; folder: where finished tiles are kept, so that an
    interrupted call goes on; executor: spreads tiles over processes; progress: called with a
    stage, what is done and what there is to do.
    Raises ``ValueError`` where a count is too small.

    >>> from superposition.numerics import importance_and_density
    >>> diagram = exact_phase_diagram(importance_and_density(features=2, hidden=1), (4, 5))
    >>> diagram.phases[diagram.phase[0, 0]]
    'digon (extra, ordinary)'
    """
    check_vector(shape, 2, "shape", per="axis")
    rows = check_count(shape[0], "shape[0]", at_least=2)
    columns = check_count(shape[1], "shape[1]", at_least=2)
    check_count(refine, "refine", at_least=0)
    check_count(starts, "starts")
    told = progress or _untold
    x, y = np.linspace(0, 1, columns), np.linspace(0, 1, rows)
    done = 0

    def count(finished: int) -> None:
        nonlocal done
        done += finished
        told("cells", done, rows * columns)

    found = cells(
        plane,
        x,
        y,
        starts=starts,
        seed=seed,
        folder=None if folder is None else Path(folder),
        key=_key(plane, (rows, columns), starts, seed),
        executor=executor,
        progress=count,
    )
    across, along = np.meshgrid(x, y)
    places = np.stack([across.ravel(), along.ravel()], axis=1)
    states = settled_rows(States(plane, places, found.points, found.loss), rows)
    lattice = Lattice.of(states, rows, columns)
    for level in range(refine):
        told("refinement", level, refine)
        lattice = lattice.divided(starts, seed)
    told("boundaries", 0, 1)
    traced, lines, meetings = _traced(lattice)
    told("boundaries", 1, 1)
    return _assembled(plane, x, y, found, states, lines, meeting_points(traced, meetings))


def _traced(
    lattice: Lattice,
) -> tuple[Transitions, tuple[Boundary, ...], list[tuple[int, ...]]]:
    """The transitions on the lattice's sides, chained."""
    sides = np.array(lattice.sides)
    changed = np.flatnonzero(changing(lattice.states, sides))
    pairs = sides[changed]
    found = transitions(lattice.states.taken(pairs[:, 0]), lattice.states.taken(pairs[:, 1]))
    kept = [(int(one), int(other)) for one, other in pairs[found.segment]]
    lines, meetings = boundaries(found, kept, lattice.plaquette_sides)
    return found, lines, meetings


def _assembled(
    plane: Plane,
    x: Array,
    y: Array,
    found: Minima,
    states: States,
    lines: tuple[Boundary, ...],
    points: tuple[MeetingPoint, ...],
) -> ExactDiagram:
    shape = len(y), len(x)
    landscape = states.landscape
    W, b = landscape.split(states.points)
    # Ties are settled: the points may be others of the same loss than those that were found.
    gradient = np.linalg.norm(landscape.evaluate(states.points).gradient, axis=1)
    found = replace(found, points=states.points, loss=states.loss, gradient_norm=gradient)
    names = states.phases()
    phases = tuple(sorted(set(names)))
    number = {name: place for place, name in enumerate(phases)}
    curvature = least_curvature(landscape, found.points, exact=False)
    no_saddle = curvature.value >= -SADDLE * landscape.scale
    return ExactDiagram(
        plane,
        plane.x.value(x),
        plane.y.value(y),
        W.reshape(*shape, *W.shape[1:]),
        b.reshape(*shape, -1),
        found.loss.reshape(shape),
        found.gradient_norm.reshape(shape),
        curvature.value.reshape(shape),
        found.found_by.reshape(shape),
        found.starts.reshape(shape),
        (found.believed & no_saddle).reshape(shape),
        np.array([number[name] for name in names]).reshape(shape),
        phases,
        lines,
        points,
    )


def _untold(*_: object) -> None:
    """Nobody wants to know."""


def _key(plane: Plane, shape: tuple[int, int], starts: int, seed: int) -> str:
    """What the cells depend on, hashed: another setting or version is another file."""
    told: dict[str, Any] = {
        "plane": repr(plane),
        "shape": shape,
        "starts": starts,
        "seed": seed,
        "numpy": version("numpy"),
        "sources": source_hash(
            "superposition.numerics.optimum",
            "superposition.numerics.expectation",
            "superposition.numerics.phase_diagram",
        ),
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]
