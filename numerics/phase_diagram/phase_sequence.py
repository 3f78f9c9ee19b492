r"""The phases of equally important features, one after the other, as density grows.

.. math:: p \mapsto \arg\min_{W, b} L(W, b; I = 1, p)

the exact phase diagram of one axis: which geometry is optimal where, and the densities at which
one gives way to the next.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from superposition.numerics.optimum.search import Minima, global_minima, warmed
from superposition.numerics.phase_diagram.cells import cells
from superposition.numerics.phase_diagram.plane import Axis, Plane
from superposition.numerics.phase_diagram.states import States
from superposition.numerics.phase_diagram.transitions import Transitions, changing, transitions
from superposition.theory.domain import check_count, check_vector
from superposition.theory.features.values import ValueLaw, Values

Array = NDArray[np.float64]
DIVISIONS = 8  # of a step that holds several transitions


@dataclass(frozen=True, eq=False)
class Crossing:
    """One transition: its density, the phases before and after, its order, how exactly it holds
    (difference of losses or least curvature, over what storing nothing costs), the jump of the
    order parameters, and (W, b) on both sides.
    """

    density: float
    before: str
    after: str
    first_order: bool
    residual: float
    jump: float
    weights_before: tuple[Array, Array]
    weights_after: tuple[Array, Array]


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

    densities: the range, logarithmic; points: how many densities are searched at first, from
    ``starts`` random starts each at least; more are put where a step holds several transitions.
    progress: called with the number of densities finished.
    Raises ``ValueError`` for counts that are too small or a bad range.

    >>> found = phase_sequence(2, 1, (0.1, 0.9), 9)
    >>> [(crossing.before, crossing.after) for crossing in found.crossings]
    [('digon, symmetry 2', 'digon, no symmetry')]
    """
    n = check_count(features, "features")
    check_vector(densities, 2, "densities", per="end of the range")
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
    for division in range(DIVISIONS + 1):
        states = States(plane, np.stack([x, 0 * x], axis=1), found.points, found.loss)
        traced = _traced(states)
        crowded = _crowded(states, traced)
        if len(crowded) == 0 or division == DIVISIONS:
            break
        x, found = _divided(plane, x, found, crowded, starts, seed)
    return _sequence(states, traced, found)


def _traced(states: States) -> Transitions:
    """The transitions between neighbouring densities."""
    pairs = np.stack([np.arange(len(states) - 1), np.arange(1, len(states))], axis=1)
    steps = np.flatnonzero(changing(states, pairs))
    found = transitions(states.taken(steps), states.taken(steps + 1))
    return replace(found, segment=steps[found.segment])


def _crowded(states: States, traced: Transitions) -> NDArray[np.intp]:
    """Steps whose transition does not lead from the one phase to the other: they hold several."""
    names = np.array(states.phases())
    told = {int(step): pair for step, pair in zip(traced.segment, traced.phases, strict=True)}
    return np.array(
        [
            step
            for step in range(len(states) - 1)
            if tuple(told.get(step, names[[step, step]])) != (names[step], names[step + 1])
        ],
        dtype=np.intp,
    )


def _divided(
    plane: Plane, x: Array, found: Minima, steps: NDArray[np.intp], starts: int, seed: int
) -> tuple[Array, Minima]:
    """The same with the middles of some steps searched too."""
    middles = (x[steps] + x[steps + 1]) / 2
    landscape = plane.landscape(middles, 0 * middles)
    searched = global_minima(landscape, starts=starts, seed=seed)
    sides = np.stack([found.points[steps], found.points[steps + 1]], axis=1)
    new = warmed(landscape, searched, sides)
    whole = np.concatenate([x, middles])
    order = np.argsort(whole, kind="stable")
    return whole[order], found.joined(new).taken(order)


def _sequence(states: States, traced: Transitions, found: Minima) -> PhaseSequence:
    W, b = states.landscape.split(found.points)
    density = states.plane.x.value(states.places[:, 0])
    W_before, b_before = traced.before.landscape.split(traced.before.points)
    W_after, b_after = traced.after.landscape.split(traced.after.points)
    return PhaseSequence(
        density,
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
                float(states.plane.x.value(traced.before.places[k, 0])),
                str(traced.phases[k, 0]),
                str(traced.phases[k, 1]),
                bool(traced.first_order[k]),
                float(traced.residual[k]),
                float(traced.jump[k]),
                (W_before[k], b_before[k]),
                (W_after[k], b_after[k]),
            )
            for k in range(len(traced.segment))
        ),
    )
