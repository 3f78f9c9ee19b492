r"""Random words from a counter: Philox 4x32-10, the same wherever and in whatever order asked for.

.. math:: (r_0, r_1, r_2, r_3) = \mathrm{Philox}_{\text{seed}}(c_0, c_1, c_2, c_3)

A word is 32 random bits. The key is a model's seed; the counter says which sample, which step,
which four words and what for. So a model's data depend on its seed alone: not on the models
beside it, the number of threads, or the device. These are Triton's and curand's words, too.
Source: Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3".
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Words = NDArray[np.uint32]

ROUNDS: Final = 10
MULTIPLIERS: Final = (0xD2511F53, 0xCD9E8D57)
WEYL: Final = (0x9E3779B9, 0xBB67AE85)  # what the key grows by: golden ratio, √3 - 1
DATA: Final = 0  # what the words are for: the last counter
LOW: Final = np.uint64(0xFFFFFFFF)


def random_words(seed: ArrayLike, c0: ArrayLike, c1: ArrayLike, c2: ArrayLike, c3: int) -> Words:
    """Four words for every counter, (…, 4); seed and counters broadcast, each below 2^64 and 2^32.

    >>> [f"{word:08x}" for word in random_words(0, 0, 0, 0, 0)]  # Random123's known answer
    ['6627e8d5', 'e169c58d', 'bc57ac4c', '9b00dbd8']
    """
    key = np.asarray(seed, dtype=np.uint64)
    k0, k1 = key & LOW, key >> np.uint64(32)
    a, b, c = (np.asarray(each, dtype=np.uint64) for each in (c0, c1, c2))
    d = np.asarray(c3, dtype=np.uint64)
    for _ in range(ROUNDS):
        first, second = np.uint64(MULTIPLIERS[0]) * a, np.uint64(MULTIPLIERS[1]) * c
        a, b, c, d = (
            (second >> np.uint64(32)) ^ b ^ k0,
            second & LOW,
            (first >> np.uint64(32)) ^ d ^ k1,
            first & LOW,
        )
        k0, k1 = (k0 + np.uint64(WEYL[0])) & LOW, (k1 + np.uint64(WEYL[1])) & LOW
    return np.stack(np.broadcast_arrays(a, b, c, d), axis=-1).astype(np.uint32)
