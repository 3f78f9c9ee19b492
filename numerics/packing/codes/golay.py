r"""The extended binary Golay code: 4096 words of length 24 at distances 0, 8, 12, 16, 24.

.. math:: \mathcal G_{24} = \{(u, \textstyle\sum u) : u = m\, g,\; g(x) = 1 + x^2 + x^4 + x^5 +
          x^6 + x^{10} + x^{11}\}

Words of weight 8 (octads) are the blocks of the Steiner system S(5, 8, 24); those through two
places are the 77 blocks of S(3, 6, 22).
Source: Conway and Sloane, "Sphere Packings, Lattices and Groups", chapters 3 and 11.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.int8]
GENERATOR = (0, 2, 4, 5, 6, 10, 11)  # exponents of g(x)


@cache
def golay_code() -> Words:
    """All words, (4096, 24), of zeros and ones.

    >>> np.unique(golay_code().sum(axis=1)).tolist()
    [0, 8, 12, 16, 24]
    """
    generator = np.zeros((12, 24), dtype=np.int64)
    for row in range(12):
        generator[row, [row + exponent for exponent in GENERATOR]] = 1
    generator[:, 23] = generator.sum(axis=1) % 2
    messages = (np.arange(4096)[:, None] >> np.arange(12)) & 1
    words: Words = (messages @ generator % 2).astype(np.int8)
    words.flags.writeable = False
    return words


def octads() -> Words:
    """The 759 words of weight 8.

    >>> octads().shape
    (759, 24)
    """
    words = golay_code()
    found: Words = words[words.sum(axis=1) == 8]
    return found


def hexads() -> Words:
    """The 77 blocks of S(3, 6, 22): octads through the first two places, without these.

    >>> hexads().shape, np.unique(hexads() @ hexads().T).tolist()
    ((77, 22), [0, 2, 6])
    """
    through = octads()
    found: Words = through[(through[:, 0] == 1) & (through[:, 1] == 1)][:, 2:]
    return found
