r"""The roots of E8, and what is seen from some of them: E7, E6, and the codes of 56, 27 and 16.

.. math:: (±1, ±1, 0^6)^{\text{all orders}}, \qquad \tfrac12 (±1)^8

240 vectors of norm 2, the halves with an even number of minus signs. Those at inner product 1
with one root are 56 in seven dimensions (equiangular with their opposites); of these, the
nearest to one are 27 in six (Schläfli). The hemicube is half of a cube's vertices.
Source: Conway and Sloane, "Sphere Packings, Lattices and Groups", chapter 14; Cohn and Kumar
2007, Table 1.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from superposition.numerics.packing.codes.solids import roots_d, signed
from superposition.numerics.packing.codes.span import in_own_span, seen_from, unit

Array = NDArray[np.float64]


@cache
def _roots() -> Array:
    """The roots times 2: whole numbers, (240, 8), of norm 8."""
    halves = [row for row in signed((1.0,) * 8) if sum(entry < 0 for entry in row) % 2 == 0]
    return np.array([[2 * entry for entry in row] for row in roots_d(8)] + halves)


def e8_roots() -> Array:
    """240 points in eight dimensions.

    >>> e8_roots().shape
    (240, 8)
    """
    return unit(_roots())


def e7_roots() -> Array:
    """126 points in seven dimensions: the roots of E8 orthogonal to one.

    >>> e7_roots().shape
    (126, 7)
    """
    roots = _roots()
    return in_own_span(roots[roots @ roots[0] == 0])


def e6_roots() -> Array:
    """72 points in six dimensions: orthogonal to two roots at 120°.

    >>> e6_roots().shape
    (72, 6)
    """
    roots = _roots()
    other = roots[np.flatnonzero(roots @ roots[0] == -4)[0]]
    return in_own_span(roots[(roots @ roots[0] == 0) & (roots @ other == 0)])


def d5_roots() -> Array:
    """40 points in five dimensions.

    >>> d5_roots().shape
    (40, 5)
    """
    return unit(roots_d(5))


def gosset_56() -> Array:
    """56 points in seven dimensions: 28 equiangular lines.

    >>> gosset_56().shape
    (56, 7)
    """
    return _chain(1)


def schlafli() -> Array:
    """27 points in six dimensions, inner products -1/2 and 1/4.

    >>> schlafli().shape
    (27, 6)
    """
    return _chain(2)


def hemicube() -> Array:
    """16 points in five dimensions, inner products -3/5 and 1/5: half of a cube's vertices.

    >>> hemicube().shape
    (16, 5)
    """
    return unit([row for row in signed((1.0,) * 5) if sum(e < 0 for e in row) % 2 == 0])


def _chain(steps: int) -> Array:
    """The roots at inner product 1 (4 here) with each of ``steps`` roots, themselves such."""
    roots = _roots()
    here = roots
    fixed: list[Array] = []
    for _ in range(steps):
        fixed.append(here[0])
        here = here[here @ here[0] == 4]
    return seen_from(here, *fixed)
