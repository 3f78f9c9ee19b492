r"""The compiled twin of ``PairEnergy.gradient``: pair potentials and their slopes, all pairs once.

.. math:: E = \sum_{i<j} f(c_{ij}), \qquad
          g_i = \sum_{j \ne i} f'(c_{ij}) \frac{\partial c_{ij}}{\partial x_i}

Points stand in columns here, (D, N) in real coordinates: the innermost loops then run over
neighbouring numbers, one row of the Gram matrix at a time, which never leaves the first cache.
c = x·y for points (``forms`` = 0), (x·y)² for real lines (1), (x·y)² + (x·Jy)² for complex
lines (2), J the quarter turn that multiplies by i. An energy is told by a code and one number;
``scale`` and k = 2^``doublings`` belong to the sharpened potential (scale/r²)^k, r² = 2 - 2c.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

FAST = {"contract", "arcp", "nsz", "reassoc"}
COULOMB, SHARPENED, RIESZ, LOGARITHMIC, GAUSSIAN = range(5)
NEAREST = 1e-12  # squared distance: nearer points count as this far apart
HARMLESS = -0.5  # a c that no potential minds


@njit(fastmath=FAST, cache=True, error_model="numpy", inline="always")
def _coulomb(c: Any, count: int) -> float:
    """1/r; its slope 1/r³ replaces c."""
    value = 0.0
    for j in range(count):
        inverse = 1.0 / math.sqrt(max(2.0 - 2.0 * c[j], NEAREST))
        value += inverse
        c[j] = inverse * inverse * inverse
    return value


@njit(fastmath=FAST, cache=True, error_model="numpy", inline="always")
def _sharpened(c: Any, of: Any, count: int, scale: float, doublings: int) -> float:
    """(scale/r²)^k; its slope replaces c."""
    value = 0.0
    slope = 2.0 * 2.0**doublings
    for j in range(count):
        inverse = 1.0 / max(2.0 - 2.0 * c[j], NEAREST)
        c[j] = slope * inverse
        of[j] = scale * inverse
    for _ in range(doublings):  # outside, so that the loops over pairs fill the vectors
        for j in range(count):
            of[j] *= of[j]
    for j in range(count):
        value += of[j]
        c[j] *= of[j]
    return value


@njit(fastmath=FAST, cache=True, error_model="numpy")
def _transcendental(c: Any, count: int, code: int, number: float) -> float:
    """Riesz, logarithmic, Gaussian; the slope replaces c."""
    value = 0.0
    for j in range(count):
        squared = max(2.0 - 2.0 * c[j], NEAREST)
        if code == RIESZ:
            of = math.exp(-0.5 * number * math.log(squared))
            slope = number * of / squared
        elif code == LOGARITHMIC:
            of = -0.5 * math.log(squared)
            slope = 1.0 / squared
        else:
            of = math.exp(-number * squared)
            slope = 2.0 * number * of
        value += of
        c[j] = slope
    return value


@njit(fastmath=FAST, cache=True, error_model="numpy", inline="always")
def _potential(c: Any, spare: Any, count: int, energy: Any) -> Any:
    """Σ_j f(c_j) over the first ``count``; the slopes f'(c_j) replace c."""
    code, number, _, scale, doublings = energy
    if code == COULOMB:
        return _coulomb(c, count)
    if code == SHARPENED:
        return _sharpened(c, spare, count, scale, doublings)
    return _transcendental(c, count, code, number)


@njit(fastmath=FAST, cache=True, error_model="numpy", inline="always")
def _turned(x: Any, k: int) -> Any:
    """Coordinate k of Jx."""
    half = x.shape[0] // 2
    return -x[k + half] if k < half else x[k - half]


@njit(fastmath=FAST, cache=True, error_model="numpy", inline="always")
def _inner(x: Any, points: Any, first: int, count: int, forms: int, scratch: Any) -> None:
    """c_j of x with the columns first … first + count; with their square roots for lines."""
    c, _, plain, turned = scratch
    c[:count] = 0.0
    for k in range(x.shape[0]):
        for j in range(count):
            c[j] += x[k] * points[k, first + j]
    if forms == 0:
        return
    plain[:count] = c[:count]
    for j in range(count):
        c[j] = plain[j] * plain[j]
    if forms == 1:
        return
    turned[:count] = 0.0  # x·Jy = -(Jx)·y
    for k in range(x.shape[0]):
        for j in range(count):
            turned[j] -= _turned(x, k) * points[k, first + j]
    for j in range(count):
        c[j] += turned[j] * turned[j]


@njit(fastmath=FAST, cache=True, error_model="numpy", inline="always")
def _weights(count: int, forms: int, scratch: Any) -> None:
    """From f'(c_j): what multiplies y_j (in place of c) and Jy_j (in place of ``turned``)."""
    c, _, plain, turned = scratch
    if forms == 2:
        for j in range(count):
            turned[j] *= 2.0 * c[j]
    if forms > 0:
        for j in range(count):
            c[j] *= 2.0 * plain[j]


@njit(fastmath=FAST, cache=True, error_model="numpy", inline="always")
def _force(k: int, points: Any, first: int, count: int, forms: int, scratch: Any) -> float:
    """Coordinate k of Σ_j f'(c_j) ∂c_j/∂x."""
    c, _, _, turned = scratch
    own = 0.0
    for j in range(count):
        own += c[j] * points[k, first + j]
    if forms == 2:
        half = points.shape[0] // 2
        other, sign = (k + half, -1.0) if k < half else (k - half, 1.0)
        for j in range(count):
            own += sign * turned[j] * points[other, first + j]
    return own


@njit(fastmath=FAST, cache=True, error_model="numpy")
def all_pairs(points: Any, energy: Any, gradient: Any, scratch: Any) -> Any:
    """E of unit vectors (D, N); their Euclidean gradients are written to ``gradient`` (D, N)."""
    gradient[:] = 0.0
    if points.shape[0] == 3 and energy[2] == 0:
        return _all_pairs_in_space(points, energy, gradient, scratch[0], scratch[1])
    count, forms = points.shape[1], energy[2]
    value = 0.0
    x = np.empty(points.shape[0])
    for i in range(count - 1):
        first, others = i + 1, count - 1 - i
        x[:] = points[:, i]
        _inner(x, points, first, others, forms, scratch)
        value += _potential(scratch[0], scratch[1], others, energy)
        _weights(others, forms, scratch)
        for k in range(points.shape[0]):
            gradient[k, i] += _force(k, points, first, others, forms, scratch)
            for j in range(others):
                gradient[k, first + j] += scratch[0][j] * x[k]
            if forms == 2:
                for j in range(others):
                    gradient[k, first + j] -= scratch[3][j] * _turned(x, k)
    return value


@njit(fastmath=FAST, cache=True, error_model="numpy")
def _all_pairs_in_space(points: Any, energy: Any, gradient: Any, c: Any, spare: Any) -> Any:
    """The same for points in three dimensions, every row read once."""
    count = points.shape[1]
    value = 0.0
    for i in range(count - 1):
        others = count - 1 - i
        x, y, z = points[0, i], points[1, i], points[2, i]
        for j in range(others):
            c[j] = x * points[0, i + 1 + j] + y * points[1, i + 1 + j] + z * points[2, i + 1 + j]
        value += _potential(c, spare, others, energy)
        own_x, own_y, own_z = 0.0, 0.0, 0.0
        for j in range(others):
            own_x += c[j] * points[0, i + 1 + j]
            own_y += c[j] * points[1, i + 1 + j]
            own_z += c[j] * points[2, i + 1 + j]
        for j in range(others):
            gradient[0, i + 1 + j] += c[j] * x
        for j in range(others):
            gradient[1, i + 1 + j] += c[j] * y
        for j in range(others):
            gradient[2, i + 1 + j] += c[j] * z
        gradient[0, i] += own_x
        gradient[1, i] += own_y
        gradient[2, i] += own_z
    return value


@njit(fastmath=FAST, cache=True, error_model="numpy")
def orbit_pairs(points: Any, orbit: Any, energy: Any, gradient: Any, work: Any) -> Any:
    """E of all images of ``points`` (D, R) under a group, and its gradient for ``points``.

    orbit: the group's matrices (g, D, D), the identity first, and points (D, F) that it leaves
    in place as a set. Only the pairs of a representative are looked at: R times gR + F of them.
    The energy leaves out the constant that the fixed points make with each other.
    """
    group, fixed = orbit
    everything, scratch = work
    c, spare = scratch[0], scratch[1]
    forms, count = energy[2], points.shape[1]
    images, whole = group.shape[0] * count, group.shape[0] * count + fixed.shape[1]
    for h in range(group.shape[0]):
        everything[:, h * count : (h + 1) * count] = 0.0
        for k in range(points.shape[0]):
            for source in range(points.shape[0]):
                for i in range(count):
                    everything[k, h * count + i] += group[h, k, source] * points[source, i]
    everything[:, images:] = fixed
    c[0] = HARMLESS
    harmless = _potential(c, spare, 1, energy)
    value = 0.0
    x = np.empty(points.shape[0])
    for i in range(count):
        x[:] = points[:, i]
        _inner(x, everything, 0, whole, forms, scratch)
        c[i] = HARMLESS  # the point itself: counted as if elsewhere, and taken back
        held = c[images:whole].copy()
        value += 0.5 * (_potential(c, spare, images, energy) - harmless)
        c[i] = 0.0
        if whole > images:
            value += _potential(held, spare, whole - images, energy)
            c[images:whole] = held
        _weights(whole, forms, scratch)
        for k in range(points.shape[0]):
            gradient[k, i] = group.shape[0] * _force(k, everything, 0, whole, forms, scratch)
    return group.shape[0] * value
