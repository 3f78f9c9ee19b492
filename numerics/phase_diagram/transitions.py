r"""Transitions: where the global minimum changes between two neighbouring cells.

On the segment from one cell to the other both cells' minima are followed. A transition is of

*second order* where one end's branch goes on as a saddle and the other's grows out of it:

.. math:: κ(θ_1, s) = 0, \qquad κ \text{ the least one-sided second derivative;}

*first order* where the two states are apart and their losses cross:

.. math:: L(θ_1, s) = L(θ_2, s).

The first is bracketed by the signs of κ. For the second, bisection keeps the last place where
the first one's state is the global minimum and the first place where the other's is. Segments
on which nothing changes but the numbers of one continuous branch hold no transition. A jump of
less than 3e-3 of the order parameters is not told from none: it counts as second order. A
segment holds one transition at most.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from superposition.numerics.phase_diagram.states import States

Array = NDArray[np.float64]
SAME_LOSS = 1e-11  # of the scale: two states of one setting with this loss are one
JUMP = 3e-3  # of the fingerprint, across a segment of 1e-11: less is no jump
SMALL = 1e-12  # of the scale: a root
BISECTIONS = 36
SECANTS = 12
STABILITY_STEPS = 24
BEYOND = (0.01, 0.1, 0.5)  # of the rest of the segment
NEAR = (5e-3, 1e-3)  # of the rest of the segment: where the growth is measured
AT_LIMIT = 1e-9  # of the scale: how near to zero the least curvature must come
STEEP = 0.1  # of the fingerprint, between neighbouring cells: a jump may hide there
CLOSE = 1e-3  # of a segment: how far from the bisected place the stability limit is sought


@dataclass(frozen=True, eq=False)
class Transitions:
    """T transitions: both states at each, the order, and how well the condition holds.

    before, after: the states on either side, at the place of the transition; first_order: (T,);
    residual: (T,), the difference of the losses or the least curvature, over the scale; jump:
    (T,), the difference of the fingerprints; exponent: (T,), with which the order parameters grow
    beyond a second-order transition, else NaN; segment: (T,), which segment it was found on;
    phases: (T, 2), their names before and after.
    """

    before: States
    after: States
    first_order: NDArray[np.bool_]
    residual: Array
    jump: Array
    exponent: Array
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
    second_order = _losses_of_stability(one, other)
    rest = np.setdiff1d(np.arange(len(one)), second_order.segment)
    first_order = _crossings(one.taken(rest), other.taken(rest))
    return _joined(second_order, replace(first_order, segment=rest[first_order.segment]))


def _losses_of_stability(one: States, other: States) -> Transitions:
    """Segments on which one end's branch goes on as a saddle, and nothing else takes over before.

    The end with the larger symmetry, or more dropped features, has the branch that goes on.
    """
    names = np.stack([np.array(one.phases()), np.array(other.phases())], axis=1)
    found = []
    for near, far, sides in ((one, other, names), (other, one, names[:, ::-1])):
        index = np.flatnonzero(sides[:, 0] != sides[:, 1])
        start, end = near.taken(index), far.taken(index)
        beyond = start.continued(end.places)
        goes_on = beyond.stationary() & (np.array(beyond.phases()) == sides[index, 0])
        index, start, end = index[goes_on], start.taken(goes_on), end.taken(goes_on)
        stable, unstable = start.curvature(), beyond.taken(goes_on).curvature()
        crossed = (stable > 0) & (unstable < 0)
        index, start, end = index[crossed], start.taken(crossed), end.taken(crossed)
        limit = _stability_limit(start, end, stable[crossed], unstable[crossed])
        follower = end.at(limit.places)
        scale = limit.landscape.scale
        residual = limit.curvature() / scale
        # Something lower already: the losses have crossed before. A curvature that jumps over
        # zero is no limit of stability.
        met = (follower.loss >= limit.loss - SAME_LOSS * scale) & (np.abs(residual) <= AT_LIMIT)
        index, limit, residual = index[met], limit.taken(met), residual[met]
        grown = _grown(limit, far.taken(index).places, sides[index])
        phases = np.stack([sides[index, 0], grown], axis=1)
        found.append(
            Transitions(
                limit,
                limit,
                np.zeros(len(index), dtype=bool),
                residual,
                np.zeros(len(index)),
                _exponents(limit, far.taken(index).places),
                index,
                phases if near is one else phases[:, ::-1],
            )
        )
    return _joined(*found)


def _grown(limit: States, places: Array, sides: NDArray[np.str_]) -> NDArray[np.str_]:
    """The phase that grows out of a stability limit towards ``places``, told beside the limit.

    It need not be what the far end is: that may come later, by a jump. Too near the limit nothing
    has grown yet.
    """
    name = sides[:, 0].copy()
    for share in BEYOND:
        there = limit.at(limit.places + share * (places - limit.places))
        name = np.where(name == sides[:, 0], np.array(there.phases(), dtype=name.dtype), name)
    return np.where(name == sides[:, 0], sides[:, 1], name)


def _exponents(limit: States, places: Array) -> Array:
    """β of a bifurcation: the order parameters move from the branch's like distance to the β."""
    apart = []
    for share in NEAR:
        there = limit.places + share * (places - limit.places)
        apart.append(limit.at(there).distance(limit.continued(there)))
    known = (apart[0] > 1e-7) & (apart[1] > 1e-7)
    ratio = np.where(known, apart[0], 1.0) / np.where(known, apart[1], 1.0)
    return np.where(known, np.log(ratio) / np.log(NEAR[0] / NEAR[1]), np.nan)


def _stability_limit(start: States, end: States, stable: Array, unstable: Array) -> States:
    """Where the least curvature of the continued branch vanishes: safeguarded secants."""

    def at(t: Array) -> States:
        return start.continued(start.places + t[:, None] * (end.places - start.places))

    def curvature(t: Array) -> Array:
        there = at(t)
        return np.asarray(there.curvature() / there.landscape.scale)

    count = len(start)
    low, high = np.zeros(count), np.ones(count)
    f_low, f_high = stable / start.landscape.scale, unstable / end.landscape.scale
    best, f_best = low.copy(), f_low.copy()
    for step in range(STABILITY_STEPS):
        run = high - low
        guess = high - f_high * run / np.where(f_high == f_low, 1.0, f_high - f_low)
        # Every third step halves the bracket, should the secants creep.
        guess = (low + high) / 2 if step % 3 == 2 else np.clip(guess, low, high)
        value = curvature(guess)
        better = np.abs(value) < np.abs(f_best)
        best, f_best = np.where(better, guess, best), np.where(better, value, f_best)
        above = value > 0
        low, f_low = np.where(above, guess, low), np.where(above, value, f_low)
        high, f_high = np.where(above, high, guess), np.where(above, f_high, value)
        if np.all(np.abs(f_best) < SMALL):
            break
    return at(best)


def _crossings(one: States, other: States) -> Transitions:
    """Segments on which the two ends' losses cross while their states are apart."""
    low, high = np.zeros(len(one)), np.ones(len(one))
    left, right = one, other
    names = np.array(one.phases()), np.array(other.phases())
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        places = one.places + middle[:, None] * (other.places - one.places)
        best, first = _best_in_the_middle(left.at(places), right.at(places), left, right, names)
        left, right = best.where(first, left), best.where(~first, right)
        low, high = np.where(first, middle, low), np.where(first, high, middle)
    jump = left.distance(right)
    index = np.flatnonzero(jump > JUMP)
    before, after, residual = _equal_losses(left.taken(index), right.taken(index))
    return Transitions(
        before,
        after,
        np.ones(len(index), dtype=bool),
        residual,
        jump[index],
        np.full(len(index), np.nan),
        index,
        np.stack([np.array(before.phases()), np.array(after.phases())], axis=1),
    )


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


def _equal_losses(a: States, b: States) -> tuple[States, States, Array]:
    """Both states where their losses are equal: secants from where bisection left them."""
    along = b.places - a.places
    way = along / np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-300)

    def gap(shift: Array) -> Array:
        places = a.places + shift[:, None] * way
        here = a.at(places)
        return np.asarray((here.loss - b.at(places).loss) / here.landscape.scale)

    best = np.zeros(len(a))
    f_best = gap(best)
    previous, here = best - 1e-7, best.copy()
    f_previous, f_here = gap(previous), f_best.copy()
    for _ in range(SECANTS):
        if np.all(np.abs(f_best) < SMALL):
            break
        run, rise = here - previous, f_here - f_previous
        flat = rise == 0
        move = np.where(flat, 0.0, -f_here * run / np.where(flat, 1.0, rise))
        previous, f_previous = here, f_here
        here = here + np.clip(move, -CLOSE, CLOSE)
        f_here = gap(here)
        better = np.abs(f_here) < np.abs(f_best)
        best, f_best = np.where(better, here, best), np.where(better, f_here, f_best)
    there = a.places + best[:, None] * way
    return a.at(there), b.at(there), f_best


def _joined(*parts: Transitions) -> Transitions:
    """All of them, in the order of their segments; a segment's first only."""
    segments = np.concatenate([part.segment for part in parts])
    _, order = np.unique(segments, return_index=True)
    plane = parts[0].before.plane

    def states(name: str) -> States:
        sides = [getattr(part, name) for part in parts]
        arrays = (
            np.concatenate([getattr(s, k) for s in sides]) for k in ("places", "points", "loss")
        )
        return States(plane, *arrays).taken(order)

    def array(name: str) -> Any:
        return np.concatenate([getattr(part, name) for part in parts])[order]

    return Transitions(
        states("before"),
        states("after"),
        *(
            array(name)
            for name in ("first_order", "residual", "jump", "exponent", "segment", "phases")
        ),
    )
