r"""Pair potentials f(c) and their slopes f'(c), compiled: what the kernels over pairs share.

c = x·y for points (``forms`` = 0), (x·y)² for real lines (1), (x·y)² + (x·Jy)² for complex
lines (2), J the quarter turn that multiplies by i. An energy is told by a code and one number;
``scale`` and k = 2^``doublings`` belong to the sharpened potential (scale/r²)^k, r² = 2 - 2c.
"""

from __future__ import annotations

import math
from typing import Any

from numba import njit

FAST = {"contract", "arcp", "nsz", "reassoc"}
COULOMB, SHARPENED, RIESZ, LOGARITHMIC, GAUSSIAN = range(5)
NEAREST = 1e-12  # squared distance: nearer points count as this far apart
HARMLESS = -1.0  # the farthest c: no potential minds, however sharp


@njit(fastmath=FAST, cache=True, error_model="numpy")
def inverse_distance(c: Any) -> float:
    """1/r."""
    return 1.0 / math.sqrt(max(2.0 - 2.0 * c, NEAREST))


@njit(fastmath=FAST, cache=True, error_model="numpy")
def _coulomb(c: Any, count: int) -> float:
    """1/r; its slope 1/r³ replaces c."""
    value = 0.0
    for j in range(count):
        inverse = inverse_distance(c[j])
        value += inverse
        c[j] = inverse * inverse * inverse
    return value


@njit(fastmath=FAST, cache=True, error_model="numpy")
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


@njit(fastmath=FAST, cache=True, error_model="numpy")
def potential(c: Any, spare: Any, count: Any, energy: Any) -> Any:
    """Σ_j f(c_j) over the first ``count``; the slopes f'(c_j) replace c."""
    code, number, _, scale, doublings = energy
    if code == COULOMB:
        return _coulomb(c, count)
    if code == SHARPENED:
        return _sharpened(c, spare, count, scale, doublings)
    return _transcendental(c, count, code, number)
