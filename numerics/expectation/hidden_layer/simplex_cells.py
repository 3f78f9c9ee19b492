r"""Boxes as simplices, cut wherever one of given affine functions changes its sign.

.. math:: w = \frac{-y_q \, p + y_p \, q}{y_p - y_q}, \qquad
          \mathrm{vol}(p \to w) = \frac{-y_q}{y_p - y_q} \mathrm{vol}, \qquad
          \mathrm{vol}(q \to w) = \frac{y_p}{y_p - y_q} \mathrm{vol}

An edge with y_p > 0 > y_q gets a vertex w where y is 0, and its simplex becomes two: one has w
in place of p, the other w in place of q. Repeated until no simplex has both signs. Nothing is
ever subtracted, so volumes keep their digits, and a zero stays exactly zero. Moments of affine
functions f and g over a simplex with v vertices:

.. math:: E[f g] = \frac{\sum_a f_a g_a + \sum_a f_a \sum_a g_a}{v (v + 1)}

Source: H. W. Kuhn 1960 for the simplices of a box; the moments are those of Dirichlet's law.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import permutations
from math import factorial
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

SNAP = 8 * 2.3e-16  # an interpolated value this small beside its terms is a zero with noise on it


@dataclass(frozen=True, eq=False)
class Simplices:
    """Simplices, by the values of d affine functions at their vertices.

    values: (S, v, d), v the number of vertices (1 for a point); measure: (S,), what a simplex
    weighs, spread evenly over it; owner: (S,), integers that the pieces of a simplex inherit.
    """

    values: Array
    measure: Array
    owner: Array

    def __len__(self) -> int:
        return len(self.measure)

    def pick(self, which: Any) -> Simplices:
        """Some of the simplices: a mask, a slice or indices."""
        return Simplices(self.values[which], self.measure[which], self.owner[which])

    def cut(self, column: int) -> Simplices:
        """The same set in pieces on each of which function ``column`` is ≥ 0 or ≤ 0."""
        rest, done = self, list[Simplices]()
        while True:
            form = rest.values[:, :, column]
            mixed = (form.max(axis=1) > 0) & (form.min(axis=1) < 0)
            if not mixed.any():
                return _joined([*done, rest])
            done.append(rest.pick(~mixed))
            rest = _bisected(rest.pick(mixed), column)


def _bisected(mixed: Simplices, column: int) -> Simplices:
    """Every simplex in two, along the edge from its greatest to its least value."""
    form, rows = mixed.values[:, :, column], np.arange(len(mixed))
    above, below = form.argmax(axis=1), form.argmin(axis=1)
    top, bottom = form[rows, above], form[rows, below]
    of_top, of_bottom = -bottom / (top - bottom), top / (top - bottom)
    vertex = _between(mixed.values[rows, above], of_top, mixed.values[rows, below], of_bottom)
    vertex[:, column] = 0
    values = np.concatenate([mixed.values, mixed.values])
    values[rows, above] = vertex
    values[rows + len(mixed), below] = vertex
    measure = np.concatenate([mixed.measure * of_top, mixed.measure * of_bottom])
    return Simplices(values, measure, np.concatenate([mixed.owner, mixed.owner]))


def _between(first: Array, of_first: Array, second: Array, of_second: Array) -> Array:
    """The point of an edge that mixes its ends so, (S, d)."""
    one, other = of_first[:, None] * first, of_second[:, None] * second
    mixed = one + other
    mixed[np.abs(mixed) <= SNAP * (np.abs(one) + np.abs(other))] = 0
    return np.asarray(mixed)


def _joined(parts: list[Simplices]) -> Simplices:
    """All simplices of the parts."""
    if len(parts) == 1:
        return parts[0]
    return Simplices(
        np.concatenate([part.values for part in parts]),
        np.concatenate([part.measure for part in parts]),
        np.concatenate([part.owner for part in parts]),
    )


def refined(simplices: Simplices, columns: Sequence[int], most: int) -> Iterator[Simplices]:
    """The simplices cut by all functions in ``columns``, in portions of about ``most``.

    Depth first: a portion that has grown beyond ``most`` goes on in halves, so the memory
    taken does not depend on how many cells there are in all.
    """
    for at, column in enumerate(columns):
        simplices = simplices.cut(column)
        if len(simplices) > most:
            half = len(simplices) // 2
            for part in (slice(0, half), slice(half, None)):
                yield from refined(simplices.pick(part), columns[at + 1 :], most)
            return
    yield simplices


def mean_product(first: Array, second: Array) -> Array:
    """E[f g] over simplices, (S, …), from the values at the vertices, (S, v, …) each.

    >>> segment = np.array([[0.0, 1.0]])
    >>> mean_product(segment, segment)  # ∫ x² dx
    array([0.33333333])
    """
    v = first.shape[1]
    total = (first * second).sum(axis=1) + first.sum(axis=1) * second.sum(axis=1)
    return np.asarray(total / (v * (v + 1)))


@cache
def kuhn_simplices(k: int) -> Array:
    """The k! simplices 0, e_π1, e_π1 + e_π2, … of the unit cube, (k!, k + 1, k).

    >>> kuhn_simplices(2)[0]
    array([[0., 0.],
           [1., 0.],
           [1., 1.]])
    """
    order = np.array(list(permutations(range(k))), dtype=int).reshape(factorial(k), k)
    place = np.argsort(order, axis=1)  # the step at which a coordinate becomes 1
    return np.asarray(place[:, None, :] < np.arange(k + 1)[None, :, None], dtype=float)


@cache
def box_simplices(low: float, high: float, k: int) -> tuple[Array, Array]:
    """Simplices of the box [low, high]^k, (S, k + 1, k), and their shares of it, (S,).

    All have the vertex 0 if the box holds it: they are the cones from 0 over those sides that do
    not hold 0 themselves. Hyperplanes through 0 then cut few of them.

    >>> box_simplices(-1.0, 1.0, 1)
    (array([[[ 0.],
            [-1.]],
    <BLANKLINE>
           [[ 0.],
            [ 1.]]]), array([0.5, 0.5]))
    """
    if k == 0 or not low <= 0 <= high:
        vertices = np.where(kuhn_simplices(k) > 0, high, low)
        return vertices, np.full(len(vertices), 1 / len(vertices))
    side = np.where(kuhn_simplices(k - 1) > 0, high, low)
    cones, shares = [], []
    for axis in range(k):
        for end in (low, high):
            if end != 0:
                base = np.insert(side, axis, end, axis=2)
                cones.append(np.insert(base, 0, 0, axis=1))
                shares.append(np.full(len(side), abs(end) / (high - low) / (k * len(side))))
    return np.concatenate(cones), np.concatenate(shares)
