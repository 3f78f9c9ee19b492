r"""Coulomb's energy on the sphere, the most asked for, in a single loop over pairs.

.. math:: E = \sum_{i<j} \frac{1}{r_{ij}}, \qquad
          -g_i = \sum_{j \ne i} \frac{x_i - x_j}{r_{ij}^3} + \text{something along } x_i

Two rows of the Gram matrix at a time and from the next four points on, so that the square roots
and divisions are all there is to wait for; four points among themselves pair by pair.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from superposition.numerics.packing.potential_kernel import FAST, inverse_distance

ONE, FOUR = np.uintp(1), np.uintp(4)


@njit(fastmath=FAST, cache=True, error_model="numpy")
def coulomb_in_space(points: Any, count: int, forces: Any) -> Any:
    """E of the first ``count`` unit vectors; what is f'(c) y is added to ``forces`` (3, width).

    points: (3, width), zero beyond ``count``, the width a multiple of four.
    """
    value = 0.0
    width = points.shape[1]
    for first in range(0, width, 4):
        value += _among_four(points, first, min(count, first + 4), forces)
        if first + 4 < width:
            for i in range(first, first + 4, 2):
                value += _two_rows(points, np.uintp(i), np.uintp(first + 4), forces)
    filled = width - count  # each is zero, 1/√2 from all points before its four
    return value - filled * (width - 4) * inverse_distance(0.0)


@njit(fastmath=FAST, cache=True, error_model="numpy")
def _among_four(points: Any, first: int, end: int, forces: Any) -> float:
    value = 0.0
    for i in range(first, end - 1):
        for j in range(i + 1, end):
            c = 0.0
            for k in range(3):
                c += points[k, i] * points[k, j]
            inverse = inverse_distance(c)
            value += inverse
            slope = inverse * inverse * inverse
            for k in range(3):
                forces[k, i] += slope * points[k, j]
                forces[k, j] += slope * points[k, i]
    return value


@njit(fastmath=FAST, cache=True, error_model="numpy")
def _two_rows(points: Any, i: Any, first: Any, forces: Any) -> float:
    """The pairs of points i, i + 1 with all from ``first`` on."""
    h = i + ONE
    x, y, z = points[0, i], points[1, i], points[2, i]
    u, v, w = points[0, h], points[1, h], points[2, h]
    value = 0.0
    on_x, on_y, on_z, on_u, on_v, on_w = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for j in range(np.uintp(points.shape[1]) - first):
        p, q, r = points[0, first + j], points[1, first + j], points[2, first + j]
        to_i = inverse_distance(x * p + y * q + z * r)
        to_h = inverse_distance(u * p + v * q + w * r)
        value += to_i + to_h
        at_i, at_h = to_i * to_i * to_i, to_h * to_h * to_h
        on_x += at_i * p
        on_y += at_i * q
        on_z += at_i * r
        on_u += at_h * p
        on_v += at_h * q
        on_w += at_h * r
        forces[0, first + j] += at_i * x + at_h * u
        forces[1, first + j] += at_i * y + at_h * v
        forces[2, first + j] += at_i * z + at_h * w
    forces[0, i] += on_x
    forces[1, i] += on_y
    forces[2, i] += on_z
    forces[0, h] += on_u
    forces[1, h] += on_v
    forces[2, h] += on_w
    return value
