r"""The shortest vectors of the Leech lattice, and the codes derived from them.

.. math:: 8^{-1/2} \{(\mp 3, \pm 1^{23}),\; (\pm 2^8, 0^{16}),\; (\pm 4^2, 0^{22})\}

196560 vectors in 24 dimensions with inner products ±1, ±1/2, ±1/4, 0 (of unit vectors): signs in
the first family as the words of the Golay code say, an even number of minus signs on octads in
the second. The 4600 at 1/2 with one vector are a code in 23 dimensions, the 891 of these nearest
to one of them a code in 22. The 552 that add up in pairs to one vector of norm 6 are 276
equiangular lines in 23 dimensions; from one of them 275 are seen in 22 (McLaughlin), and from
one of those 162 and 112 in 21. Source: Conway and Sloane, chapters 10 and 14; Cohn and Kumar
2007, Table 1.
"""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from superposition.numerics.packing.codes.golay import golay_code, octads
from superposition.numerics.packing.codes.span import seen_from, unit

Array = NDArray[np.float64]
Whole = NDArray[np.int64]
NORM = 32  # of the vectors times √8


@cache
def shortest_vectors() -> Whole:
    """The vectors times √8: whole numbers, (196560, 24).

    >>> len(shortest_vectors())
    196560
    """
    words = golay_code().astype(np.int64)
    spread = np.where(words == 1, -1, 1)
    threes = [spread * np.where(np.arange(24) == place, -3, 1) for place in range(24)]
    signs = np.array([s for s in product((1, -1), repeat=8) if np.prod(s) == 1])
    eights = []
    for octad in octads():
        block = np.zeros((len(signs), 24), dtype=np.int64)
        block[:, octad == 1] = 2 * signs
        eights.append(block)
    fours = np.zeros((276 * 4, 24), dtype=np.int64)
    pairs = [(i, j) for i in range(24) for j in range(i + 1, 24)]
    for row, ((i, j), (a, b)) in enumerate(product(pairs, product((4, -4), repeat=2))):
        fours[row, [i, j]] = a, b
    vectors = np.concatenate([*threes, *eights, fours])
    vectors.flags.writeable = False
    return vectors


def leech_kissing() -> Array:
    """All 196560 points in 24 dimensions: 38 MB."""
    return unit(shortest_vectors())


@cache
def _nearest() -> tuple[Whole, Whole]:
    """A shortest vector, and the 4600 at inner product 1/2 with it."""
    vectors = shortest_vectors()
    pole = vectors[-1]
    return pole, vectors[vectors @ pole == NORM // 2]


def code_4600() -> Array:
    """4600 points in 23 dimensions, inner products -1, ±1/3, 0.

    >>> code_4600().shape
    (4600, 23)
    """
    pole, around = _nearest()
    return seen_from(around, pole)


def code_891() -> Array:
    """891 points in 22 dimensions, inner products -1/2, -1/8, 1/4.

    >>> code_891().shape
    (891, 22)
    """
    pole, around = _nearest()
    second = around[0]
    return seen_from(around[around @ second == NORM // 2], pole, second)


@cache
def _halves() -> tuple[Whole, Whole]:
    """A lattice vector of norm 6 (48 here) and its halves.

    Halves: the 552 shortest vectors whose difference from it is a shortest vector too.
    """
    vectors = shortest_vectors()
    first = vectors[-1]
    longer = first + vectors[np.flatnonzero(vectors @ first == -NORM // 4)[0]]
    return longer, vectors[vectors @ longer == 24]


def code_552() -> Array:
    """552 points in 23 dimensions: 276 equiangular lines, inner products -1, ±1/5.

    >>> code_552().shape
    (552, 23)
    """
    longer, halves = _halves()
    return seen_from(halves, longer)


def mclaughlin() -> Array:
    """275 points in 22 dimensions, inner products -1/4 and 1/6.

    >>> mclaughlin().shape
    (275, 22)
    """
    longer, halves = _halves()
    return seen_from(halves[halves @ halves[0] == NORM // 2], longer, halves[0])


def code_162() -> Array:
    """162 points in 21 dimensions, inner products -2/7 and 1/7.

    >>> code_162().shape
    (162, 21)
    """
    return _from_mclaughlin(NORM // 2)


def code_112() -> Array:
    """112 points in 21 dimensions, inner products -1/3 and 1/9.

    >>> code_112().shape
    (112, 21)
    """
    return _from_mclaughlin(NORM // 4)


def _from_mclaughlin(product_with_one: int) -> Array:
    longer, halves = _halves()
    points = halves[halves @ halves[0] == NORM // 2]
    derived = points[points @ points[0] == product_with_one]
    return seen_from(derived, longer, halves[0], points[0])
