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

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from superposition.numerics.phase_diagram.states import States

Array = NDArray[np.float64]
SAME_LOSS = 1e-11  # of the scale: two states of one setting with this loss are one
JUMP = 3e-3  # of the fingerprint, across a segment of 1e-11: less is no jump
SMALL = 1e-12  # of the scale: a root
BISECTIONS = 36
SECANTS = 12
BACK = 3e-3  # of an axis: how far inside its phase a branch is unmistakable
STEEP = 0.1  # of the fingerprint, between neighbouring cells: a jump may hide there
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
    differ = np.zeros(len(pairs), dtype=bool)
    tied, held = ~differ, ~differ
    for here, there in (pairs.T, pairs[:, ::-1].T):
        target = states.taken(there)
        moved = states.taken(here).at(target.places)
        apart = np.abs(moved.loss - target.loss) > SAME_LOSS * target.landscape.scale
        differ |= apart
        tied &= ~apart
        named = np.flatnonzero(tied & (names[here] != names[there]))
        tied[named] = np.array(moved.taken(named).phases()) == names[here[named]]
        held &= ~apart & (moved.distance(target) > JUMP)
    # Another name is a change too, unless either state is as good as the other's all the way; and
    # where a state changes much, a jump may hide whose two states merge before the next cell.
    named_apart = (names[pairs[:, 0]] != names[pairs[:, 1]]) & ~tied
    far = states.taken(pairs[:, 0]).distance(states.taken(pairs[:, 1])) > STEEP
    return np.asarray(differ | named_apart | (far & ~held))


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
        best, first = _best_in_the_middle(a, b, left, right, names)
        left, right = best.where(first, left), best.where(~first, right)
        low, high = np.where(first, middle, low), np.where(first, high, middle)
    jump = left.distance(right)
    first_order = jump > JUMP
    phases = np.stack([np.array(left.phases()), np.array(right.phases())], axis=1)
    kept = first_order | (phases[:, 0] != phases[:, 1])
    index = np.flatnonzero(kept)
    found = _crossings(left.taken(index), right.taken(index), first_order[index])
    return Transitions(*found, jump[index], index, phases[index])


def _best_in_the_middle(
    a: States, b: States, left: States, right: States, names: tuple[NDArray[np.str_], ...]
) -> tuple[States, NDArray[np.bool_]]:
    """The lower of the two ends' states, and whether it is the first end's.

    A name tells, where only one end has it: a descent may cross over to the other's branch, or
    end on a saddle. Else the end it came from, or where both came to one state, the nearer end.
    """
    level = SAME_LOSS * a.landscape.scale
    first = a.loss < b.loss
    best = a.where(first, b)
    met = (np.abs(a.loss - b.loss) <= level) & (a.distance(b) <= JUMP)
    index = np.flatnonzero(met)
    if len(index):
        # Where losses cannot tell, a saddle's branch and a minimum's are told by stability.
        one, other = a.taken(index), b.taken(index)
        stable = one.curvature() > -1e-9 * one.landscape.scale
        best = best.with_rows(index, one.where(stable, other))
        here = best.taken(index)
        first[index] = here.distance(left.taken(index)) <= here.distance(right.taken(index))
    name = np.array(best.phases())
    told = (name == names[0]) != (name == names[1])
    return best, np.where(told, name == names[0], first)


def _crossings(
    left: States, right: States, first_order: NDArray[np.bool_]
) -> tuple[States, States, NDArray[np.bool_], Array]:
    """The places made exact: equal losses, or a least curvature of zero."""
    along = right.places - left.places
    way = along / np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-300)
    before, after, residual = left, right, np.zeros(len(left))
    for exact, order in ((_equal_losses, True), (_stability_limit, False)):
        index = np.flatnonzero(first_order == order)
        if len(index):
            a, b, residual[index] = exact(left.taken(index), right.taken(index), way[index])
            before, after = before.with_rows(index, a), after.with_rows(index, b)
    return before, after, first_order, residual


def _equal_losses(a: States, b: States, way: Array) -> tuple[States, States, Array]:
    """Both states where their losses are equal."""

    def gap(shift: Array) -> Array:
        places = a.places + shift[:, None] * way
        here = a.at(places)
        return np.asarray((here.loss - b.at(places).loss) / here.landscape.scale)

    shift, residual = _root(gap, len(a), 1e-7)
    there = a.places + shift[:, None] * way
    return a.at(there), b.at(there), residual


def _stability_limit(a: States, b: States, way: Array) -> tuple[States, States, Array]:
    """The branch that goes on as a saddle, twice, where its least curvature vanishes."""
    saddle = _persistent(a, b, way)

    def curvature(shift: Array) -> Array:
        here = saddle.continued(a.places + shift[:, None] * way)
        return np.asarray(here.curvature() / here.landscape.scale)

    shift, residual = _root(curvature, len(a), 1e-5)
    limit = saddle.continued(a.places + shift[:, None] * way)
    return limit, limit, residual


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


def _root(function: Callable[[Array], Array], count: int, step: float) -> tuple[Array, Array]:
    """Roots near zero of ``count`` functions at once; the values there.

    Damped secants from a first ``step``; where they do not arrive, bisection between the nearest
    places of unlike sign.
    """
    best = np.zeros(count)
    f_best = function(best)
    previous, here = best - step, best.copy()
    f_previous, f_here = function(previous), f_best.copy()
    for _ in range(SECANTS):
        run, rise = here - previous, f_here - f_previous
        flat = rise == 0
        move = np.where(flat, 0.0, -f_here * run / np.where(flat, 1.0, rise))
        previous, f_previous = here, f_here
        here = here + np.clip(move, -CLOSE, CLOSE)
        f_here = function(here)
        better = np.abs(f_here) < np.abs(f_best)
        best, f_best = np.where(better, here, best), np.where(better, f_here, f_best)
        if np.all(np.abs(f_best) < SMALL):
            return best, f_best
    low, high = np.full(count, np.nan), np.full(count, np.nan)
    for width in step * 4.0 ** np.arange(6):
        ends = best - width, best + width
        unlike = np.isnan(low) & (function(ends[0]) * function(ends[1]) < 0)
        low, high = np.where(unlike, ends[0], low), np.where(unlike, ends[1], high)
    rising = function(np.where(np.isnan(high), best, high)) > 0
    for _ in range(BISECTIONS):
        middle = np.where(np.isnan(low), best, (low + high) / 2)
        value = function(middle)
        better = np.abs(value) < np.abs(f_best)
        best, f_best = np.where(better, middle, best), np.where(better, value, f_best)
        above = (value > 0) == rising
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return best, f_best
