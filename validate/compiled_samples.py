"""The compiled twin of ``feature_samples``: one model's samples, features in rows.

No sum is reordered and nothing contracted, so that the roundings are exactly the twin's; for that
they are not inlined into ``compiled_step``, and say so: what says nothing inherits its freedoms.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from superposition.validate.random_words import DATA, MULTIPLIERS, ROUNDS, WEYL

FIRST, SECOND = np.uint64(MULTIPLIERS[0]), np.uint64(MULTIPLIERS[1])
WEYL_FIRST, WEYL_SECOND = np.uint32(WEYL[0]), np.uint32(WEYL[1])
HALF = np.uint64(32)
PURPOSE = np.uint32(DATA)
ZERO = np.float32(0)


@njit(error_model="numpy", nogil=True, inline="always")
def _philox(c0: Any, c1: Any, c2: Any, c3: Any, k0: Any, k1: Any) -> Any:
    for _ in range(ROUNDS):
        first, second = np.uint64(c0) * FIRST, np.uint64(c2) * SECOND
        c0, c1, c2, c3 = (
            np.uint32(second >> HALF) ^ c1 ^ k0,
            np.uint32(second),
            np.uint32(first >> HALF) ^ c3 ^ k1,
            np.uint32(first),
        )
        k0, k1 = np.uint32(k0 + WEYL_FIRST), np.uint32(k1 + WEYL_SECOND)
    return c0, c1, c2, c3


@njit(error_model="numpy", nogil=True, fastmath=False)
def draw_words(words: Any, seed: Any, start: int, count: int, step: Any) -> None:
    """Fill ``words`` (R, B) for the ``count`` samples ``start`` … of a step."""
    k0, k1 = np.uint32(seed), np.uint32(np.uint64(seed) >> HALF)
    c1 = np.uint32(step)
    for four in range(words.shape[0] // 4):
        c2 = np.uint32(four)
        w0, w1, w2, w3 = (
            words[4 * four],
            words[4 * four + 1],
            words[4 * four + 2],
            words[4 * four + 3],
        )
        for sample in range(count):
            c0 = np.uint32(start + sample)
            w0[sample], w1[sample], w2[sample], w3[sample] = _philox(c0, c1, c2, PURPOSE, k0, k1)


@njit(error_model="numpy", nogil=True, fastmath=False)
def draw_features(x: Any, words: Any, count: int, law: Any, model: int) -> None:
    """Turn ``count`` words (R, B) into the features x (n, B) of one model.

    law: (switch, low, last, scale, least, span), as ``FeatureSampler`` describes them.
    """
    switch, low, last, scale, least, span = law
    for j in range(x.shape[0]):
        own, decides, row = words[j], words[switch[j]], x[j]
        start, width, unit = low[model, j], last[model, j], scale[model, j]
        if switch[j] == j:
            for sample in range(count):
                past = np.uint32(own[sample] - start)
                value = least + span * (np.float32(past) * unit)
                row[sample] = value if past <= width else ZERO
        else:
            for sample in range(count):
                value = least + span * (np.float32(own[sample]) * unit)
                row[sample] = value if np.uint32(decides[sample] - start) <= width else ZERO
