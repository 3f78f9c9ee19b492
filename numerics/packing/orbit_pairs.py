r"""The energy of a symmetric arrangement and its gradient, from the pairs of representatives alone.

.. math:: E = \frac{|G|}{2} \sum_{i} \sum_{y \ne x_i} f(c(x_i, y)), \qquad y \in G x_1 ∪ … ∪ G x_R

Points stand in columns, (D, R) in real coordinates; c and energies are those of
``potential_kernel``. One row of the Gram matrix at a time, which never leaves the first cache.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from superposition.numerics.packing.potential_kernel import FAST, HARMLESS, potential


@njit(fastmath=FAST, cache=True, error_model="numpy")
def _turned(x: Any, k: int) -> Any:
    """Coordinate k of Jx."""
    half = x.shape[0] // 2
    return -x[k + half] if k < half else x[k - half]


@njit(fastmath=FAST, cache=True, error_model="numpy")
def _inner(x: Any, points: Any, count: int, forms: int, scratch: Any) -> None:
    """c_j of x with the first ``count`` columns; with their square roots for lines."""
    c, _, plain, turned = scratch
    c[:count] = 0.0
    for k in range(x.shape[0]):
        for j in range(count):
            c[j] += x[k] * points[k, j]
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
            turned[j] -= _turned(x, k) * points[k, j]
    for j in range(count):
        c[j] += turned[j] * turned[j]


@njit(fastmath=FAST, cache=True, error_model="numpy")
def _weights(count: int, forms: int, scratch: Any) -> None:
    """From f'(c_j): what multiplies y_j (in place of c) and Jy_j (in place of ``turned``)."""
    c, _, plain, turned = scratch
    if forms == 2:
        for j in range(count):
            turned[j] *= 2.0 * c[j]
    if forms > 0:
        for j in range(count):
            c[j] *= 2.0 * plain[j]


@njit(fastmath=FAST, cache=True, error_model="numpy")
def _force(k: int, points: Any, count: int, forms: int, scratch: Any) -> float:
    """Coordinate k of Σ_j f'(c_j) ∂c_j/∂x."""
    c, _, _, turned = scratch
    own = 0.0
    for j in range(count):
        own += c[j] * points[k, j]
    if forms == 2:
        half = points.shape[0] // 2
        other, sign = (k + half, -1.0) if k < half else (k - half, 1.0)
        for j in range(count):
            own += sign * turned[j] * points[other, j]
    return own


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
    harmless = potential(c, spare, 1, energy)
    value = 0.0
    x = np.empty(points.shape[0])
    for i in range(count):
        x[:] = points[:, i]
        _inner(x, everything, whole, forms, scratch)
        c[i] = HARMLESS  # the point itself: counted as if elsewhere, and taken back
        held = c[images:whole].copy()
        value += 0.5 * (potential(c, spare, images, energy) - harmless)
        c[i] = 0.0
        if whole > images:
            value += potential(held, spare, whole - images, energy)
            c[images:whole] = held
        _weights(whole, forms, scratch)
        for k in range(points.shape[0]):
            gradient[k, i] = group.shape[0] * _force(k, everything, whole, forms, scratch)
    return group.shape[0] * value
