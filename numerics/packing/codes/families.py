r"""The codes that exist in every dimension or for every number of points.

.. math:: \text{simplex: } x_i \cdot x_j = -\tfrac1d, \qquad \text{cross-polytope: } \pm e_i,
          \qquad \text{k-gon: } (\cos \tfrac{2πj}k, \sin \tfrac{2πj}k)

and the three-dimensional antiprisms, prisms and bipyramids on a k-gon.
Source: Coxeter, "Regular Polytopes"; Cohn and Kumar 2007, Table 1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from superposition.numerics.packing.codes.span import in_own_span, unit
from superposition.theory.domain import check_count

Array = NDArray[np.float64]


def simplex(dimension: int) -> Array:
    """d + 1 points with all inner products -1/d: the axes of one dimension more, seen from 1.

    Raises ``ValueError`` unless ``dimension`` is a whole number of at least 1.

    >>> np.round(simplex(2) @ simplex(2)[0], 12)
    array([ 1. , -0.5, -0.5])
    """
    size = check_count(dimension, "dimension") + 1
    return in_own_span(size * np.eye(size) - 1)


def cross_polytope(dimension: int) -> Array:
    """± the coordinate axes, 2d points; raises ``ValueError`` where ``dimension`` is no count.

    >>> cross_polytope(3).shape
    (6, 3)
    """
    axes = np.eye(check_count(dimension, "dimension"))
    return unit(np.concatenate([axes, -axes]))


def polygon(sides: int) -> Array:
    """The regular k-gon; raises ``ValueError`` for less than two points.

    >>> polygon(5).shape
    (5, 2)
    """
    angles = 2 * np.pi * np.arange(check_count(sides, "sides", at_least=2)) / sides
    return unit(np.stack([np.cos(angles), np.sin(angles)], axis=1))


def antiprism(sides: int, squared_height: float) -> Array:
    """Two k-gons at heights ±t, one turned by half a step; ``squared_height`` is t² in [0, 1).

    >>> antiprism(4, 1 / 3).shape
    (8, 3)
    """
    return _two_polygons(sides, squared_height, turned=True)


def prism(sides: int, squared_height: float) -> Array:
    """Two k-gons at heights ±t, one above the other; ``squared_height`` is t² in [0, 1).

    >>> prism(3, 0.2).shape
    (6, 3)
    """
    return _two_polygons(sides, squared_height, turned=False)


def bipyramid(sides: int) -> Array:
    """A k-gon at the equator and the two poles: the tegum product of a k-gon and a digon.

    >>> bipyramid(3).shape
    (5, 3)
    """
    equator = np.pad(polygon(sides), ((0, 0), (0, 1)))
    return unit(np.concatenate([equator, [[0, 0, 1], [0, 0, -1]]]))


def _two_polygons(sides: int, squared_height: float, turned: bool) -> Array:
    check_count(sides, "sides", at_least=2)
    if not 0 <= squared_height < 1:
        raise ValueError(f"squared_height is {squared_height}; it must lie in [0, 1).")
    radius, height = np.sqrt(1 - squared_height), np.sqrt(squared_height)
    angles = 2 * np.pi * np.arange(sides) / sides
    layers = []
    for sign, turn in ((1, 0.0), (-1, np.pi / sides if turned else 0.0)):
        circle = [radius * np.cos(angles + turn), radius * np.sin(angles + turn)]
        layers.append(np.stack([*circle, np.full(sides, sign * height)], axis=1))
    return unit(np.concatenate(layers))
