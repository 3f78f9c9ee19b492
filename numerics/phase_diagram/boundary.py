r"""Boundaries: transitions chained into curves, and the points where three of them meet.

A plaquette is a square of four cells. Two transitions on its sides are one curve passing
through; three are three curves that meet inside, at a triple point; one is a curve that ends
there, at a critical point, where two states become one.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from superposition.numerics.phase_diagram.states import States
from superposition.numerics.phase_diagram.transitions import Transitions

Array = NDArray[np.float64]
Side = tuple[int, int]  # of a plaquette: the two cells it joins
SOLVED = 1e-9  # of the scale: losses that differ by less are equal


@dataclass(frozen=True, eq=False)
class Boundary:
    """One curve between two phases, point by point.

    phases: the two names; first_order: whether the order parameter jumps all along it; x, y: (K,)
    parameter values; residual: (K,), the difference of the losses (first order) or the least
    curvature (second order), over what storing nothing costs; jump: (K,), of the fingerprint;
    exponent: (K,), with which the order parameters grow beyond a second-order boundary, else NaN.
    """

    phases: tuple[str, str]
    first_order: bool
    x: Array
    y: Array
    residual: Array
    jump: Array
    exponent: Array


@dataclass(frozen=True)
class MeetingPoint:
    """Where three phases (or more) meet: parameter values, and the names that are seen there.

    residual: the largest difference of the three losses, over what storing nothing costs; None
    where fewer than three states are apart: then the place is known to one plaquette only.
    """

    x: float
    y: float
    phases: tuple[str, ...]
    residual: float | None = None


def boundaries(
    found: Transitions, sides: list[Side], plaquettes: list[tuple[Side, ...]]
) -> tuple[tuple[Boundary, ...], list[tuple[int, ...]]]:
    """The curves, and the plaquettes' transitions where three or more meet.

    sides: the two cells of every transition; plaquettes: their four sides each.
    """
    at: dict[Side, int] = {side: number for number, side in enumerate(sides)}
    kind = [_kind(found, number) for number in range(len(sides))]
    links: dict[int, set[int]] = defaultdict(set)
    meetings = []
    for plaquette in plaquettes:
        crossed = [at[side] for side in plaquette if side in at]
        if len(crossed) >= 3:
            meetings.append(tuple(crossed))
        by_kind: dict[tuple[str, str, bool], list[int]] = defaultdict(list)
        for number in crossed:
            by_kind[kind[number]].append(number)
        for alike in by_kind.values():
            for one, other in _nearest_pairs(found.before.places, alike):
                links[one].add(other)
                links[other].add(one)
    return tuple(
        _curve(found, chain, kind[chain[0]]) for chain in _chains(len(sides), links)
    ), meetings


def _kind(found: Transitions, number: int) -> tuple[str, str, bool]:
    one, other = sorted(map(str, found.phases[number]))
    return one, other, bool(found.first_order[number])


def _nearest_pairs(places: Array, alike: list[int]) -> list[tuple[int, int]]:
    """Two transitions of one kind are joined; of four, each with its nearest."""
    if len(alike) == 2:
        return [(alike[0], alike[1])]
    if len(alike) < 4:
        return list(pairwise(alike))
    first = alike[0]
    rest = sorted(alike[1:], key=lambda k: float(np.linalg.norm(places[k] - places[first])))
    return [(first, rest[0]), (rest[1], rest[2])]


def _chains(count: int, links: dict[int, set[int]]) -> list[list[int]]:
    """Every connected chain in its order, open ones from an end."""
    left = set(range(count))
    chains = []
    while left:
        ends = [k for k in sorted(left) if len(links[k] & left) <= 1]
        here = ends[0] if ends else min(left)
        chain = [here]
        left.remove(here)
        while ahead := sorted(links[here] & left):
            here = ahead[0]
            chain.append(here)
            left.remove(here)
        chains.append(chain)
    return chains


def _curve(found: Transitions, chain: list[int], kind: tuple[str, str, bool]) -> Boundary:
    plane = found.before.plane
    places = found.before.places[chain]
    return Boundary(
        (kind[0], kind[1]),
        kind[2],
        plane.x.value(places[:, 0]),
        plane.y.value(places[:, 1]),
        found.residual[chain],
        found.jump[chain],
        found.exponent[chain],
    )


def meeting_points(found: Transitions, meetings: list[tuple[int, ...]]) -> tuple[MeetingPoint, ...]:
    """Triple points: three losses made equal by Newton steps, where three states are apart.

    Meetings at which fewer than three states are apart (a first-order line that ends on a
    second-order one), or whose losses cannot be made equal, are left where the plaquette's
    transitions have their mean, without a residual.
    """
    points = []
    plane = found.before.plane
    for crossed in meetings:
        names = tuple(sorted({str(name) for k in crossed for name in found.phases[k]}))
        place, residual = found.before.places[list(crossed)].mean(axis=0), None
        states = _three_states(found, crossed)
        if states is not None:
            solved, gap = _equal_losses(states, place)
            if gap <= SOLVED:
                place, residual = solved, gap
        x, y = float(plane.x.value(place[0])), float(plane.y.value(place[1]))
        points.append(MeetingPoint(x, y, names, residual))
    return tuple(points)


def _three_states(found: Transitions, crossed: tuple[int, ...]) -> States | None:
    """Three mutually different states around a plaquette, or None."""
    sides = [found.before.taken(np.array([k])) for k in crossed]
    sides += [found.after.taken(np.array([k])) for k in crossed]
    chosen: list[States] = []
    for state in sides:
        if all(float(state.distance(other)[0]) > 0.02 for other in chosen):
            chosen.append(state)
    if len(chosen) != 3:
        return None
    return States(
        chosen[0].plane,
        np.concatenate([state.places for state in chosen]),
        np.concatenate([state.points for state in chosen]),
        np.concatenate([state.loss for state in chosen]),
    )


def _equal_losses(states: States, place: Array) -> tuple[Array, float]:
    """Where the three losses are equal, by Newton steps with difference quotients, and how nearly
    they are, over the scale.
    """
    step = 1e-5

    def gaps(at: Array) -> Array:
        there = states.at(np.tile(at, (3, 1)))
        loss = there.loss / there.landscape.scale
        return np.asarray(loss[1:] - loss[0])

    for _ in range(8):
        here = gaps(place)
        slope = np.stack(
            [(gaps(place + step * e) - gaps(place - step * e)) / (2 * step) for e in np.eye(2)],
            axis=1,
        )
        if np.linalg.cond(slope) > 1e8:
            break
        move = -np.linalg.solve(slope, here)
        place = place + np.clip(move, -0.02, 0.02)
        if np.abs(move).max() < 1e-13:
            break
    place = np.clip(place, 0.0, 1.0)
    return place, float(np.abs(gaps(place)).max())
