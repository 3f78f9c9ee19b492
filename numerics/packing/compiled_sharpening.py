r"""A sharpened energy, sharper and sharper: from a start to the neighbourhood of a packing.

.. math:: \sum_{i<j} (r_{min}^2 / r_{ij}^2)^k, \qquad k = 2^a, 2^{a+2}, …

The larger k, the more the nearest pairs alone matter; in the limit they are all that does. Where
to begin is worth drawing at random: soft beginnings forget the start, sharp ones explore.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from superposition.numerics.packing.compiled_descent import descend
from superposition.numerics.packing.potential_kernel import FAST, SHARPENED

STRIDE = 2  # doublings from one sharpness to the next


@njit(fastmath=FAST, cache=True, error_model="numpy")
def nearest(raw: Any, orbit: Any, forms: int) -> float:
    """The least squared distance 2 - 2c of the images of ``raw`` (D, R)."""
    group, fixed = orbit
    count = raw.shape[1]
    unit = np.empty_like(raw)
    for i in range(count):
        unit[:, i] = raw[:, i] / math.sqrt((raw[:, i] ** 2).sum())
    everything = np.empty((raw.shape[0], group.shape[0] * count + fixed.shape[1]))
    for h in range(group.shape[0]):
        everything[:, h * count : (h + 1) * count] = group[h] @ unit
    everything[:, group.shape[0] * count :] = fixed
    least = 4.0
    half = raw.shape[0] // 2
    for i in range(count):
        for j in range(everything.shape[1]):
            if j != i:
                c, turned = 0.0, 0.0
                for k in range(raw.shape[0]):
                    c += unit[k, i] * everything[k, j]
                if forms == 2:
                    for k in range(half):
                        turned += unit[k, i] * everything[k + half, j]
                        turned -= unit[k + half, i] * everything[k, j]
                if forms > 0:
                    c = c * c + turned * turned
                least = min(least, 2.0 - 2.0 * c)
    return least


@njit(fastmath=FAST, cache=True, error_model="numpy", nogil=True)
def sharpen(raw: Any, orbit: Any, forms: int, doublings: Any, limits: Any) -> Any:
    """Anneal ``raw`` (D, R), which is moved; (least squared distance, evaluations).

    doublings: (first, last) a of k = 2^a; limits: (evaluations at the first k, at each later one).
    """
    first, last = doublings
    evaluations = 0
    for at in range(first, last + 1, STRIDE):
        scale = nearest(raw, orbit, forms)
        if scale < 1e-9:  # two points in one place, as symmetric starts may have it
            return scale, evaluations
        energy = (np.int64(SHARPENED), 0.0, forms, scale, at)  # typed as a caller types it
        most = limits[0] if at == first else limits[1]
        # The sharper, the shorter the way over which the forces stay what they are.
        _, _, made = descend(raw, orbit, energy, math.sqrt(scale) / (1 + at), (most, 1e-4, 1e-4))
        evaluations += made
    return nearest(raw, orbit, forms), evaluations
