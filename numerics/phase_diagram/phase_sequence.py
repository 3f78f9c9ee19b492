r"""The phases of equally important features, one after the other, as density grows.

.. math:: p \mapsto \arg\min_{W, b} L(W, b; I = 1, p)

the exact phase diagram of one axis: which geometry is optimal where, and the densities at which
one gives way to the next.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from superposition.numerics.phase_diagram.cells import cells
from superposition.numerics.phase_diagram.plane import Axis, Plane
from superposition.numerics.phase_diagram.states import States
from superposition.numerics.phase_diagram.transitions import changing, transitions
from superposition.theory.domain import check_count
from superposition.theory.features.values import ValueLaw, Values

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Crossing:
    """One transition: its density, the phases before and after, its order, and how exactly it
    holds (difference of losses or least curvature, over what storing nothing costs).
    """

    density: float
    before: str
    after: str
    first_order: bool
    residual: float
    jump: float


@dataclass(frozen=True, eq=False)
class PhaseSequence:
    """The minima along a grid of densities (P,), their phases, and the crossings between them.

    W: (P, m, n); b: (P, n); loss, gradient_norm: (P,); found_by, starts, believed: (P,).
    """

    density: Array
    W: Array
    b: Array
    loss: Array
    gradient_norm: Array
    found_by: NDArray[np.intp]
    starts: NDArray[np.intp]
    believed: NDArray[np.bool_]
    phases: tuple[str, ...]
    crossings: tuple[Crossing, ...]


def phase_sequence(
    features: int,
    hidden: int,
    densities: tuple[float, float] = (0.01, 1.0),
    points: int = 60,
    *,
    biases: bool = True,
    values: ValueLaw = Values.UNIT,
    starts: int = 24,
    seed: int = 0,
    progress: Callable[[int], object] | None = None,
) -> PhaseSequence:
    """The phases of ``features`` equal features in ``hidden`` dimensions, sparse to dense.

    densities: the range, logarithmic; points: how many densities are searched, from ``starts``
    random starts each at least; progress: called with the number of densities finished.
    Raises ``ValueError`` for counts that are too small or a bad range.

    >>> found = phase_sequence(2, 1, (0.1, 0.9), 9)
    >>> [(crossing.before, crossing.after) for crossing in found.crossings]
    [('digon, symmetry 2', 'digon, no symmetry')]
    """
    n = check_count(features, "features")
    count = check_count(points, "points", at_least=2)
    everyone = tuple(range(n))
    # The second axis only scales the loss; the sequence runs along its lower edge.
    plane = Plane(
        Axis("density", everyone, *densities),
        Axis("importance", everyone, 1.0, 2.0),
        hidden,
        (1.0,) * n,
        (1.0,) * n,
        ("feature",) * n,
        biases,
        values,
    )
    x = np.linspace(0, 1, count)
    found = cells(plane, x, np.zeros(1), starts=starts, seed=seed, progress=progress)
    places = np.stack([x, 0 * x], axis=1)
    states = States(plane, places, found.points, found.loss)
    pairs = np.stack([np.arange(count - 1), np.arange(1, count)], axis=1)
    changed = pairs[changing(states, pairs)]
    traced = transitions(states.taken(changed[:, 0]), states.taken(changed[:, 1]))
    W, b = states.landscape.split(found.points)
    return PhaseSequence(
        plane.x.value(x),
        W,
        b,
        found.loss,
        found.gradient_norm,
        found.found_by,
        found.starts,
        found.believed,
        tuple(states.phases()),
        tuple(
            Crossing(
                float(plane.x.value(traced.before.places[k, 0])),
                str(traced.phases[k, 0]),
                str(traced.phases[k, 1]),
                bool(traced.first_order[k]),
                float(traced.residual[k]),
                float(traced.jump[k]),
            )
            for k in range(len(traced.segment))
        ),
    )
