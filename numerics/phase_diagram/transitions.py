r"""Transitions: where the global minimum changes between two neighbouring cells.

On the segment from one cell to the other both cells' minima are followed. Bisection keeps the
last place where the first one's state is the global minimum and the first place where the
other's is. What is left in the end is the transition, of

*first order* where the two states still differ: the losses cross,

.. math:: L(θ_1, s) = L(θ_2, s), \qquad \text{solved by secants;}

*second order* where they agree: one branch loses its stability there,

.. math:: κ(θ_1, s) = 0, \qquad κ \text{ the least one-sided second derivative,}

solved by secants on the branch that goes on as a saddle. Segments on which nothing changes but
the numbers of one continuous branch hold no transition.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from superposition.numerics.phase_diagram.states import States

Array = NDArray[np.float64]
SAME_LOSS = 1e-11  # of the scale: two states of one setting with this loss are one
JUMP = 3e-3  # of the fingerprint, across a segment of 1e-11: less is no jump
BISECTIONS = 36
SECANTS = 12
BACK = 3e-3  # of an axis: how far inside its phase a branch is unmistakable
CLOSE = 1e-3  # of a segment: how far from the bisected place the stability limit is sought


@dataclass(frozen=True, eq=False)
class Transitions:
    """T transitions: both states at each, the order, and how well the condition holds.

    before, after: the states on either side, at the place of the transition; first_order: (T,);
    residual: (T,), the difference of the losses or the least curvature, over the scale; jump:
    (T,), the difference of the fingerprints; segment: (T,), which segment it was found on; phases:
    (T, 2), their names before and after.
    """

    before: States
    after: States
    first_order: NDArray[np.bool_]
    residual: Array
    jump: Array
    segment: NDArray[np.intp]
    phases: NDArray[np.str_]


def changing(states: States, pairs: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Whether the global minimum may change between two of the states, global minima themselves.

    pairs: (S, 2). It may if the phases differ, or if the state of one has another loss where the
    other is.
    """
    names = np.array(states.phases())
    differ = names[pairs[:, 0]] != names[pairs[:, 1]]
    open_pairs = np.flatnonzero(~differ)
    for here, there in (pairs[open_pairs].T, pairs[open_pairs, ::-1].T):
        target = states.taken(there)
        moved = states.taken(here).at(target.places)
        differ[open_pairs] |= np.abs(moved.loss - target.loss) > SAME_LOSS * target.landscape.scale
    return differ


def transitions(one: States, other: States) -> Transitions:
    """The transition on each of S segments that has one."""
    starts, ends = one.places, other.places
    low, high = np.zeros(len(one)), np.ones(len(one))
    left, right = one, other
    names = np.array(one.phases()), np.array(other.phases())

    def places(t: Array) -> Array:
        return np.asarray(starts + t[:, None] * (ends - starts))

    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        a, b = left.at(places(middle)), right.at(places(middle))
        first = _belongs_to_first(a, b, left, right, names)
        left, right = a.where(first, left), b.where(~first, right)
        low, high = np.where(first, middle, low), np.where(first, high, middle)
    jump = left.distance(right)
    first_order = jump > JUMP
    phases = np.stack([np.array(left.phases()), np.array(right.phases())], axis=1)
    kept = first_order | (phases[:, 0] != phases[:, 1])
    index = np.flatnonzero(kept)
    found = _crossings(left.taken(index), right.taken(index), first_order[index])
    return Transitions(*found, jump[index], index, phases[index])


def _belongs_to_first(
    a: States, b: States, left: States, right: States, names: tuple[NDArray[np.str_], ...]
) -> NDArray[np.bool_]:
    """Whether the global minimum in the middle is the first end's state."""
    level = SAME_LOSS * a.landscape.scale
    first = a.loss < b.loss
    # Two states apart in all but their loss are decided by it, however little they differ.
    even = (np.abs(a.loss - b.loss) <= level) & (a.distance(b) <= JUMP)
    if even.any():
        index = np.flatnonzero(even)
        # The branch that came from a saddle may not be the minimum: the stabler one tells.
        stable = a.taken(index).curvature() > -1e-9 * a.taken(index).landscape.scale
        met = a.taken(index).where(stable, b.taken(index))
        name = np.array(met.phases())
        is_one, is_other = name == names[0][index], name == names[1][index]
        near = met.distance(left.taken(index)) <= met.distance(right.taken(index))
        first[index] = np.where(is_one == is_other, near, is_one)
    return first


def _crossings(
    left: States, right: States, first_order: NDArray[np.bool_]
) -> tuple[States, States, NDArray[np.bool_], Array]:
    """The places made exact: equal losses, or a least curvature of zero."""
    starts = left.places
    along = right.places - left.places
    length = np.linalg.norm(along, axis=1, keepdims=True)
    direction = along / np.maximum(length, 1e-300)
    before, after = left, right
    residual = np.empty(len(left))
    for order in (True, False):
        index = np.flatnonzero(first_order == order)
        if len(index) == 0:
            continue
        a, b = left.taken(index), right.taken(index)
        origin, way = starts[index], direction[index]
        if order:
            shift = _secant(lambda t: _loss_gap(a, b, origin + t[:, None] * way), len(index), 1e-7)
        else:
            saddle = _persistent(a, b, way)
            shift = _secant(lambda t: _stability(saddle, origin + t[:, None] * way), len(index), 1e-5)
        there = origin + shift[:, None] * way
        new_a, new_b = a.at(there), b.at(there)
        if order:
            residual[index] = (new_a.loss - new_b.loss) / new_a.landscape.scale
        else:
            limit = saddle.continued(there)
            residual[index] = limit.curvature() / limit.landscape.scale
            new_a = new_b = limit
        before, after = _put(before, index, new_a), _put(after, index, new_b)
    return before, after, first_order, residual


def _persistent(a: States, b: States, way: Array) -> States:
    """Of the two branches that meet, the one that goes on as a stationary point on both sides.

    Each is taken back into its own phase first, where it can be told from the other.
    """
    back, onward = a.places - BACK * way, b.places + BACK * way
    own_a, own_b = a.at(back), b.at(onward)
    return own_a.where(_goes_on(own_a, onward) | ~_goes_on(own_b, back), own_b)


def _goes_on(branch: States, places: Array) -> NDArray[np.bool_]:
    there = branch.continued(places)
    same = np.array(there.phases()) == np.array(branch.phases())
    return np.asarray(same & there.stationary())


def _loss_gap(a: States, b: States, places: Array) -> Array:
    here = a.at(places)
    return np.asarray((here.loss - b.at(places).loss) / here.landscape.scale)


def _stability(saddle: States, places: Array) -> Array:
    here = saddle.continued(places)
    return np.asarray(here.curvature() / here.landscape.scale)


def _secant(function: object, count: int, step: float) -> Array:
    """Roots near zero of ``count`` functions at once, by damped secants."""
    evaluate = function
    assert callable(evaluate)
    previous, here = np.full(count, -step), np.zeros(count)
    f_previous, f_here = evaluate(previous), evaluate(here)
    best, f_best = here.copy(), np.abs(f_here)
    for _ in range(SECANTS):
        slope = (f_here - f_previous) / np.where(here == previous, 1.0, here - previous)
        move = np.where(slope != 0, -f_here / np.where(slope == 0, 1.0, slope), 0.0)
        move = np.clip(move, -CLOSE, CLOSE)
        previous, f_previous = here, f_here
        here = here + move
        f_here = evaluate(here)
        better = np.abs(f_here) < f_best
        best, f_best = np.where(better, here, best), np.minimum(f_best, np.abs(f_here))
    return best


def _put(states: States, index: NDArray[np.intp], part: States) -> States:
    places, points, loss = states.places.copy(), states.points.copy(), states.loss.copy()
    places[index], points[index], loss[index] = part.places, part.points, part.loss
    return States(states.plane, places, points, loss)
