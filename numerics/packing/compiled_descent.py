r"""The compiled twin of ``descent``: one start at a time, nothing but the kernel and L-BFGS.

.. math:: \tilde E(y) = E(y_1/\|y_1\|, …, y_N/\|y_N\|)

The energy is minimised in free coordinates y: it does not change along them outwards, so that
every gradient is tangential and the norms hardly grow; no step needs a retraction, no memory a
transport. Source: Nocedal and Wright 2006, algorithm 7.4.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from superposition.numerics.packing.all_pairs import all_pairs, all_pairs_scratch
from superposition.numerics.packing.orbit_pairs import orbit_pairs
from superposition.numerics.packing.potential_kernel import FAST

MEMORY = 10
ARMIJO = 1e-4
HALVINGS = 30
FIRST, LARGEST = 0.1, 0.7  # the first and the largest move of a point, in units of the spacing


@njit(fastmath=FAST, cache=True, error_model="numpy")
def _evaluate(raw: Any, orbit: Any, energy: Any, gradient: Any, scratch: Any) -> Any:
    """Ẽ and its gradient at ``raw`` (d, R)."""
    unit, inverse, t, everything, rows, whole = scratch
    d, count = raw.shape
    inverse[:] = 0.0
    for k in range(d):
        for i in range(count):
            inverse[i] += raw[k, i] * raw[k, i]
    for i in range(count):
        inverse[i] = 1.0 / math.sqrt(inverse[i])
    for k in range(d):
        for i in range(count):
            unit[k, i] = raw[k, i] * inverse[i]
    if everything.shape[1] == count:
        value = all_pairs(unit, energy, gradient, whole)
    else:
        value = orbit_pairs(unit, orbit, energy, gradient, (everything, rows))
    t[:] = 0.0
    for k in range(d):
        for i in range(count):
            t[i] += gradient[k, i] * unit[k, i]
    for k in range(d):
        for i in range(count):
            gradient[k, i] = (gradient[k, i] - t[i] * unit[k, i]) * inverse[i]
    return value


@njit(fastmath=FAST, cache=True, error_model="numpy")
def _dot(a: Any, b: Any) -> Any:
    total = 0.0
    for i in range(a.size):
        total += a[i] * b[i]
    return total


@njit(fastmath=FAST, cache=True, error_model="numpy")
def _two_loops(
    gradient: Any, moves: Any, changes: Any, inverses: Any, known: int, step: Any
) -> None:
    """step = -H gradient, H the inverse Hessian that the last moves tell of."""
    size = gradient.size
    alpha = np.empty(MEMORY)
    held = min(known, MEMORY)
    for i in range(size):
        step[i] = -gradient[i]
    for back in range(held):
        at = (known - 1 - back) % MEMORY
        alpha[at] = inverses[at] * _dot(moves[at], step)
        for i in range(size):
            step[i] -= alpha[at] * changes[at, i]
    last = (known - 1) % MEMORY
    scale = 1.0 / (inverses[last] * _dot(changes[last], changes[last]))
    for i in range(size):
        step[i] *= scale
    for forth in range(held):
        at = (known - held + forth) % MEMORY
        beta = alpha[at] - inverses[at] * _dot(changes[at], step)
        for i in range(size):
            step[i] += beta * moves[at, i]


@njit(fastmath=FAST, cache=True, error_model="numpy")
def _longest(step: Any) -> float:
    """The longest move of a point in ``step`` (d, R)."""
    longest = 0.0
    for i in range(step.shape[1]):
        squared = 0.0
        for k in range(step.shape[0]):
            squared += step[k, i] * step[k, i]
        longest = max(longest, squared)
    return math.sqrt(longest)


@njit(fastmath=FAST, cache=True, error_model="numpy")
def _learnt(
    raw: Any, tried: Any, gradient: Any, tried_gradient: Any, memory: Any, at: int
) -> float:
    """Write down a step and the gradient's change; go there; how much they agree."""
    moves, changes = memory
    curvature, width = 0.0, raw.shape[1]
    for k in range(raw.shape[0]):
        for i in range(width):
            move, change = tried[k, i] - raw[k, i], tried_gradient[k, i] - gradient[k, i]
            moves[at, k * width + i], changes[at, k * width + i] = move, change
            curvature += move * change
            raw[k, i], gradient[k, i] = tried[k, i], tried_gradient[k, i]
    return curvature


@njit(fastmath=FAST, cache=True, error_model="numpy")
def _searched(
    raw: Any, step: Any, ask: Any, line: Any, tried: Any, slope: Any
) -> tuple[float, int]:
    """Halve the step until it lowers the energy enough: (the energy, evaluations), or (inf, …)."""
    orbit, energy, scratch = ask
    value, downhill, factor = line
    for made in range(1, HALVINGS + 1):
        for k in range(raw.shape[0]):
            for i in range(raw.shape[1]):
                tried[k, i] = raw[k, i] + factor * step[k, i]
        new = _evaluate(tried, orbit, energy, slope, scratch)
        if new <= value + ARMIJO * factor * downhill:
            return new, made
        factor *= 0.5
    return math.inf, HALVINGS


@njit(fastmath=FAST, cache=True, error_model="numpy", nogil=True)
def descend(raw: Any, orbit: Any, energy: Any, spacing: float, limits: Any) -> Any:
    """Minimise from ``raw`` (d, R), which is moved; (energy, gradient norm, evaluations).

    limits: (evaluations, gradient norm relative to the energy per point, decrease that the model
    of the memory foretells relative to the energy), the first reached ends it.
    """
    d, count = raw.shape
    whole = orbit[0].shape[0] * count + orbit[1].shape[1]
    rows = (np.empty(whole), np.empty(whole), np.empty(whole), np.empty(whole))
    own = (np.empty((d, count)), np.empty(count), np.empty(count))
    scratch = (*own, np.empty((d, whole)), rows, all_pairs_scratch(d, count))
    memory = (np.empty((MEMORY, d * count)), np.empty((MEMORY, d * count)))
    inverses = np.empty(MEMORY)
    gradient, slope = np.empty((d, count)), np.empty((d, count))
    step, tried = np.empty((d, count)), np.empty((d, count))
    flat, flat_step = gradient.reshape(-1), step.reshape(-1)
    value = _evaluate(raw, orbit, energy, gradient, scratch)
    known, evaluations, near = 0, 1, False
    norm = math.sqrt(_dot(flat, flat))
    while evaluations < limits[0] and norm > limits[1] * abs(value) / whole and not near:
        downhill, longest = 0.0, LARGEST
        if known > 0:
            _two_loops(flat, memory[0], memory[1], inverses, known, flat_step)
            downhill = _dot(flat, flat_step)
        if downhill >= 0.0:
            known, downhill, longest = 0, -norm * norm, FIRST
            flat_step[:] = -flat
        near = known > 2 and -0.5 * downhill <= limits[2] * abs(value)
        line = (value, downhill, min(1.0, longest * spacing / _longest(step)))
        new, made = _searched(raw, step, (orbit, energy, scratch), line, tried, slope)
        evaluations += made
        if new == math.inf:
            if known == 0:
                break
            known = 0
            continue
        curvature = _learnt(raw, tried, gradient, slope, memory, known % MEMORY)
        if curvature > 1e-300:
            inverses[known % MEMORY] = 1.0 / curvature
            known += 1
        value, norm = new, math.sqrt(_dot(flat, flat))
    return value, norm, evaluations
