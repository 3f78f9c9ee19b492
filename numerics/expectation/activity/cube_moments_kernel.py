"""The compiled twin of ``cube_moments``: the same recurrence, one linear form at a time."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
from numba import njit

from superposition.numerics.expectation.activity.cube_faces import FREE, HIGH, LOW, Level
from superposition.numerics.expectation.activity.cube_moments import (
    SNAP,
    Moments,
    Monomial,
    Tangents,
    closed_under_derivatives,
    in_order,
)

FAST = {"contract", "arcp", "nsz"}
LANES = 128  # forms worked on side by side, so that the processor's vectors are full
CACHED = 2**18  # numbers that the tables of all lanes may fill: the second cache


def cube_moments(
    slopes: Any,
    offset: Any,
    support: tuple[float, float],
    levels: tuple[Level, ...],
    powers: Mapping[Monomial, int],
    tangents: Tangents = (),
) -> tuple[Moments, Any]:
    """The same as ``cube_moments.cube_moments``, for numpy arrays."""
    keys, tables = _tables(tuple(sorted(powers.items())))
    directions = np.zeros((len(tangents), *slopes.shape))
    offsets = np.zeros((len(tangents), len(offset)))
    for at, tangent in enumerate(tangents):
        directions[at], offsets[at] = tangent
    moments, flat = _all_forms(
        np.ascontiguousarray(slopes),
        np.ascontiguousarray(offset),
        (directions, offsets),
        # What other files define is passed in: numba's cache would not notice a change.
        (float(support[0]), float(support[1]), SNAP),
        *_states(levels),
        tables,
    )
    return {key: moments[at] for at, key in enumerate(keys)}, flat


@cache
def _states(levels: tuple[Level, ...]) -> tuple[tuple[Any, ...], Any]:
    """(place, count, free, low, high) of all states in one numbering; the wanted ones by set."""
    n = levels[0].place.shape[1]
    place = np.concatenate([level.place for level in levels])
    count = np.concatenate([np.full(len(level.place), level.free.shape[1]) for level in levels])
    free, low, high = (np.zeros((len(place), n), dtype=np.int64) for _ in range(3))
    wanted = np.empty(sum(len(level.pattern) for level in levels), dtype=np.int64)
    start = below = 0
    for k, level in enumerate(levels):
        part = slice(start, start + len(level.place))
        free[part, :k] = level.free
        low[part, :k] = level.low + below
        high[part, :k] = level.high + below
        wanted[level.pattern] = level.wanted + start
        below, start = start, start + len(level.place)
    return (place, count, free, low, high), wanted


@cache
def _tables(powers: tuple[tuple[Monomial, int], ...]) -> tuple[list[Any], tuple[Any, ...]]:
    """The pairs (μ, r) in order, and where each finds the pairs its recurrence refers to."""
    keys = in_order(closed_under_derivatives(dict(powers)))
    index = {key: at for at, key in enumerate(keys)}
    longest = max(1, *(len(monomial) for monomial, _ in keys))
    power = np.array([r for _, r in keys])
    degree = np.array([len(monomial) for monomial, _ in keys])
    feature, rest = (np.zeros((len(keys), longest), dtype=np.int64) for _ in range(2))
    for at, (monomial, r) in enumerate(keys):
        for position, own in enumerate(monomial):
            feature[at, position] = own
            others = monomial[:position] + monomial[position + 1 :]
            rest[at, position] = index[others, max(r, 0)]
    return keys, (power, degree, feature, rest)


@njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def _all_forms(slopes, offset, tangents, ends, states, wanted, tables):  # type: ignore[no-untyped-def]
    n, rows = slopes.shape
    count, keys = len(states[0]), len(tables[0])
    directions, offsets = tangents
    result = np.empty((keys, len(wanted), rows))
    depths = np.zeros((len(wanted), rows))
    width = max(1, min(LANES, rows, CACHED // (count * keys)))
    table = np.empty((count, keys, width))
    depth = np.zeros((count, width))
    form = np.empty((n, width))
    z, least, greatest = np.empty(width), np.empty(width), np.empty(width)
    for first in range(0, rows, width):
        lanes = min(width, rows - first)
        part = slice(first, first + lanes)
        for state in range(count):
            form[:, :lanes] = slopes[:, part]
            _extremes(slopes[:, part], offset[part], ends, states, state, least, z)
            for lane in range(lanes):
                greatest[lane] = z[lane]
                depth[state, lane] = 1.0 if least[lane] == 0.0 and z[lane] == 0.0 else 0.0
            for at in range(len(directions)):
                if depth[state, :lanes].max() == at + 1.0:
                    tangent = (directions[at, :, part], offsets[at, part])
                    _lean(tangent, ends, states, state, at + 1.0, depth, form, least, greatest)
            forms = (form, z, least, greatest, ends[1] - ends[0])
            _one_state(lanes, forms, states, tables, state, table)
        for at in range(len(wanted)):
            for lane in range(lanes):
                depths[at, first + lane] = depth[wanted[at], lane]
            for key in range(keys):
                for lane in range(lanes):
                    result[key, at, first + lane] = table[wanted[at], key, lane]
    return result, depths


@njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def _lean(  # type: ignore[no-untyped-def]
    tangent, ends, states, state, flat, depth, form, least, greatest
) -> None:
    """Where the depth is ``flat``, what the form becomes; one deeper where it stays flat."""
    slopes, offset = tangent
    lanes = len(offset)
    low, high = np.empty(lanes), np.empty(lanes)
    _extremes(slopes, offset, ends, states, state, low, high)
    for lane in range(lanes):
        if depth[state, lane] == flat:
            least[lane], greatest[lane] = low[lane], high[lane]
            for j in range(len(slopes)):
                form[j, lane] = slopes[j, lane]
            if flat == 1.0 and low[lane] == 0.0 and high[lane] == 0.0:
                depth[state, lane] = 2.0


@njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def _extremes(a, offset, ends, states, state, least, greatest) -> None:  # type: ignore[no-untyped-def]
    """The least and the greatest value of every form on one state."""
    lowest, highest, snap = ends
    place, count, free, _, _ = states
    lanes = len(offset)
    for lane in range(lanes):
        greatest[lane] = offset[lane]
    for j in range(len(a)):
        end = lowest if place[state, j] == LOW else highest
        if (place[state, j] == LOW or place[state, j] == HIGH) and end != 0.0:
            for lane in range(lanes):
                greatest[lane] += end * a[j, lane]
    for lane in range(lanes):
        least[lane] = greatest[lane]
    for position in range(count[state]):
        j = free[state, position]
        for lane in range(lanes):
            below, above = a[j, lane] * lowest, a[j, lane] * highest
            least[lane] += min(below, above)
            greatest[lane] += max(below, above)
    farthest = max(abs(lowest), abs(highest))
    for lane in range(lanes):
        size = 0.0
        for j in range(len(a)):
            size += abs(a[j, lane])
        size = snap * (abs(offset[lane]) + farthest * size)
        if abs(least[lane]) <= size:
            least[lane] = 0.0
        if abs(greatest[lane]) <= size:
            greatest[lane] = 0.0


@njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def _one_state(lanes, forms, states, tables, state, table) -> None:  # type: ignore[no-untyped-def]
    """All moments of one state. Plain indices: views would cost more than the arithmetic."""
    a, z, _, greatest, _ = forms
    place, count, free, low, high = states
    power, degree, feature, rest = tables
    for key in range(len(power)):
        r = power[key]
        if count[state] == 0:
            inside = 1.0
            for position in range(degree[key]):
                if place[state, feature[key, position]] != HIGH:
                    inside = 0.0
            for lane in range(lanes):
                positive = max(z[lane], 0.0)
                step = inside if greatest[lane] > 0.0 else 0.0
                square = positive * positive if r == 2 else positive
                table[state, key, lane] = 0.0 if r == -1 else step if r == 0 else inside * square
        elif r == -1:
            _delta(lanes, forms, states, tables, state, key, table)
        else:
            divisor, times = count[state] + r, max(r, 1)
            for lane in range(lanes):
                corner = z[lane] if r > 0 else greatest[lane]
                table[state, key, lane] = times * corner * table[state, key - 1, lane]
            for position in range(count[state]):
                j, below, above = free[state, position], low[state, position], high[state, position]
                for lane in range(lanes):
                    table[state, key, lane] += (
                        table[below, key, lane] if a[j, lane] > 0.0 else table[above, key, lane]
                    )
            for position in range(degree[key]):
                own, lower = feature[key, position], rest[key, position]
                if place[state, own] == FREE:
                    divisor += 1
                    for lane in range(lanes):
                        table[state, key, lane] += (
                            table[state, lower, lane] if a[own, lane] > 0.0 else 0.0
                        )
            for lane in range(lanes):
                table[state, key, lane] /= divisor


@njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def _delta(lanes, forms, states, tables, state, key, table) -> None:  # type: ignore[no-untyped-def]
    """M_{-1} from M_0, which is the next key, along the steepest slope."""
    a, _, least, greatest, length = forms
    _, count, free, low, high = states
    _, degree, feature, rest = tables
    for lane in range(lanes):
        total = 0.0
        if least[lane] <= 0.0 <= greatest[lane]:
            largest, steepest = 0.0, 0
            for position in range(count[state]):
                slope = abs(a[free[state, position], lane])
                if slope > largest:
                    largest, steepest = slope, position
            if largest > 0.0:
                j = free[state, steepest]
                total = (
                    table[high[state, steepest], key + 1, lane]
                    - table[low[state, steepest], key + 1, lane]
                )
                for position in range(degree[key]):
                    if feature[key, position] == j:
                        total -= table[state, rest[key, position], lane]
                total /= a[j, lane] * length
        table[state, key, lane] = total
