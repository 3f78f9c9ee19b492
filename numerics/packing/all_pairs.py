r"""The compiled twin of ``PairEnergy.gradient``: every pair once, four rows of pairs at a time.

.. math:: E = \sum_{i<j} f(c_{ij}), \qquad
          g_i = \sum_{j \ne i} f'(c_{ij}) \frac{\partial c_{ij}}{\partial x_i}

Points stand in columns, (D, N) in real coordinates; c and energies are those of
``potential_kernel``. Four rows, from the diagonal on, never leave the first cache; a loop over
them reads every column once and is long enough to be worth its beginning and its end. Columns
are filled up to a multiple of four, so that no loop has a rest: what is no pair is given a
harmless c, then a slope of zero. Indices are unsigned, since numba makes loops over others wait
for a look at their signs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from superposition.numerics.packing.coulomb_in_space import coulomb_in_space
from superposition.numerics.packing.potential_kernel import COULOMB, FAST, HARMLESS, potential

ONE, TWO, THREE, FOUR = np.uintp(1), np.uintp(2), np.uintp(3), np.uintp(4)


@njit(cache=True)
def all_pairs_scratch(dimension: int, count: int) -> Any:
    """What ``all_pairs`` works in: columns and forces filled up, three times four columns, rows."""
    width = (count + 3) // 4 * 4
    filled, forces = np.zeros((dimension, width)), np.zeros((dimension, width))
    fours = (np.zeros((dimension, 4)), np.zeros((dimension, 4)), np.zeros((dimension, 4)))
    length = 4 * width
    rows = (np.zeros(length), np.zeros(length), np.zeros(length), np.zeros(length))
    return filled, forces, fours, rows


@njit(fastmath=FAST, cache=True, error_model="numpy")
def all_pairs(points: Any, energy: Any, gradient: Any, scratch: Any) -> Any:
    """E of unit vectors (D, N); their Euclidean gradients are written to ``gradient`` (D, N)."""
    filled, forces, fours, rows = scratch
    count, width = points.shape[1], filled.shape[1]
    filled[:, :count] = points
    forces[:] = 0.0
    if energy[0] == COULOMB and energy[2] == 0 and points.shape[0] == 3:
        value = coulomb_in_space(filled, count, forces)
    else:
        rows[0][0] = HARMLESS
        harmless = potential(rows[0], rows[1], ONE, energy)
        value = 0.0
        for first in range(0, width, 4):
            pairs = count - first
            value += _four_rows(np.uintp(first), filled, energy, forces, (fours, rows, pairs))
            value -= harmless * _others(pairs, width - first)
    gradient[:] = forces[:, :count]
    return value


@njit(cache=True)
def _others(pairs: int, length: int) -> int:
    """How many entries of four rows belong to no pair: diagonal, below, filled up."""
    real = min(pairs, 4)
    return 4 * length - (real * (pairs - 1) - real * (real - 1) // 2)


@njit(cache=True)
def _fill(c: Any, pairs: int, length: Any, value: float) -> None:
    """Write ``value`` where there is no pair."""
    for r in range(4):
        row = r * length
        c[row : row + (r + 1 if r < pairs else length)] = value
        c[row + min(pairs, length) : row + length] = value


@njit(fastmath=FAST, cache=True, error_model="numpy")
def _four_rows(first: Any, points: Any, energy: Any, forces: Any, work: Any) -> Any:
    """The pairs of four points with each other and with all after them."""
    (x, turned_x, own), (c, spare, plain, turned), pairs = work
    forms, half = energy[2], points.shape[0] // 2
    length = np.uintp(points.shape[1]) - first
    size = FOUR * length
    x[:] = points[:, first : first + FOUR]
    _inner_products(x, points, first, length, c)
    if forms > 0:
        for j in range(size):
            plain[j] = c[j]
            c[j] = plain[j] * plain[j]
    if forms == 2:  # Jx·y
        turned_x[:half], turned_x[half:] = -x[half:], x[:half]
        _inner_products(turned_x, points, first, length, turned)
        for j in range(size):
            c[j] += turned[j] * turned[j]
    _fill(c, pairs, np.int64(length), HARMLESS)
    value = potential(c, spare, size, energy)
    _fill(c, pairs, np.int64(length), 0.0)
    if forms == 2:
        for j in range(size):
            turned[j] *= 2.0 * c[j]
        _forces(turned_x, points, first, length, turned, forces, own)
        for k in range(half):  # Jx·y = x·(-Jy)
            for r in range(4):
                forces[k, np.int64(first) + r] += own[k + half, r]
                forces[k + half, np.int64(first) + r] -= own[k, r]
    if forms > 0:
        for j in range(size):
            c[j] *= 2.0 * plain[j]
    _forces(x, points, first, length, c, forces, own)
    for k in range(points.shape[0]):
        for r in range(4):
            forces[k, np.int64(first) + r] += own[k, r]
    return value


@njit(fastmath=FAST, cache=True, error_model="numpy")
def _inner_products(x: Any, points: Any, first: Any, length: Any, c: Any) -> None:
    """c: of four columns x (D, 4) with ``length`` columns of ``points``, row after row."""
    for k in range(points.shape[0]):
        x0, x1, x2, x3 = x[k, 0], x[k, 1], x[k, 2], x[k, 3]
        if k == 0:
            for j in range(length):
                y = points[k, first + j]
                c[j] = x0 * y
                c[length + j] = x1 * y
                c[TWO * length + j] = x2 * y
                c[THREE * length + j] = x3 * y
        else:
            for j in range(length):
                y = points[k, first + j]
                c[j] += x0 * y
                c[length + j] += x1 * y
                c[TWO * length + j] += x2 * y
                c[THREE * length + j] += x3 * y


@njit(fastmath=FAST, cache=True, error_model="numpy")
def _forces(x: Any, points: Any, first: Any, length: Any, c: Any, forces: Any, own: Any) -> None:
    """Add Σ_r c_rj x_r to the force on each y_j; own (D, 4): Σ_j c_rj y_j."""
    for k in range(points.shape[0]):
        x0, x1, x2, x3 = x[k, 0], x[k, 1], x[k, 2], x[k, 3]
        own0, own1, own2, own3 = 0.0, 0.0, 0.0, 0.0
        for j in range(length):
            y = points[k, first + j]
            c0, c1, c2, c3 = c[j], c[length + j], c[TWO * length + j], c[THREE * length + j]
            own0 += c0 * y
            own1 += c1 * y
            own2 += c2 * y
            own3 += c3 * y
            forces[k, first + j] += c0 * x0 + c1 * x1 + c2 * x2 + c3 * x3
        own[k, 0], own[k, 1], own[k, 2], own[k, 3] = own0, own1, own2, own3
