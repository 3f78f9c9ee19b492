r"""The symmetries of points: the permutations that leave their Gram matrix as it is.

.. math:: \operatorname{Aut} G = \{π : G_{π(i) π(j)} = G_{ij}\}, \qquad
          |\operatorname{Aut} G| = \prod_k |\operatorname{Aut}(G)_{b_1 … b_{k-1}}\, b_k|

G: (N, N). The order is the product of the orbits along a base b_1, b_2, … whose points tell all
others apart (orbit and stabiliser). Whether b_k may go to c while the earlier stay is decided by
a search that gives every point the list of its inner products with the base so far: images must
have the same lists, as often. Symmetries found on the way save most of the searches.
Source: Sims 1970; McKay and Piperno 2014, "Practical graph isomorphism II".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

Array = NDArray[np.float64]
Whole = NDArray[np.int64]
Hashes = NDArray[np.uint64]
SEARCHED = 50_000  # steps of the search before it gives up
MULTIPLIER, INCREMENT = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD1B54A32D192ED03)


@dataclass(frozen=True, eq=False)
class Automorphisms:
    """A group of permutations of N points.

    order: how many there are; generators: (K, N), image of every point; orbits: the points that
    the group moves to each other, largest orbit first.
    """

    order: int
    generators: Whole
    orbits: tuple[tuple[int, ...], ...]


def automorphisms(
    gram: Array,
    tolerance: float = 1e-6,
    kinds: Whole | None = None,
    steps: int = SEARCHED,
) -> Automorphisms | None:
    """The permutations of points of one kind that leave ``gram`` (N, N), real, as it is.

    tolerance: entries that differ by less are the same. None where the search would take more
    than so many steps.

    >>> automorphisms(np.eye(3)).order
    6
    """
    search = _Search(gram, tolerance, kinds, steps)
    try:
        order, generators = search.group()
    except _TooLongError:
        return None
    labels = orbit_labels(generators, len(gram))
    count = int(labels.max(initial=-1)) + 1
    orbits = [tuple(map(int, np.flatnonzero(labels == k))) for k in range(count)]
    orbits.sort(key=lambda orbit: (-len(orbit), orbit))
    moved = np.array(generators, dtype=np.int64).reshape(len(generators), len(gram))
    return Automorphisms(order, moved, tuple(orbits))


def orbit_labels(generators: list[Whole], size: int) -> Whole:
    """The number of its orbit for every point.

    >>> orbit_labels([np.array([1, 0, 2])], 3).tolist()
    [0, 0, 1]
    """
    starts = np.tile(np.arange(size), len(generators))
    ends = np.concatenate([*generators, np.empty(0, dtype=np.int64)])
    graph = coo_matrix((np.ones(len(starts)), (starts, ends)), shape=(size, size))
    labels: Whole = connected_components(graph, directed=False)[1].astype(np.int64)
    return labels


def levels(values: Array, tolerance: float) -> Whole:
    """Every number's place among the distinct ones; numbers less than ``tolerance`` apart are one.

    >>> levels(np.array([0.5, 0.0, 0.5 + 1e-9]), 1e-6).tolist()
    [1, 0, 1]
    """
    flat = values.ravel()
    order = np.argsort(flat, kind="stable")
    steps = np.diff(flat[order], prepend=flat[order[:1]]) > tolerance
    places = np.empty(len(flat), dtype=np.int64)
    places[order] = np.cumsum(steps)
    return places.reshape(values.shape)


class _TooLongError(Exception):
    """The search has made more steps than it may."""


class _Search:
    """The search for the symmetries of one Gram matrix."""

    def __init__(self, gram: Array, tolerance: float, kinds: Whole | None, steps: int) -> None:
        """The colours of pairs, the classes of points, and a base with its lists."""
        self.gram, self.tolerance, self.steps_left = gram, tolerance, steps
        size = len(gram)
        colours = levels(gram, tolerance)
        own = np.zeros(size, dtype=np.int64) if kinds is None else kinds
        colours[np.diag_indices(size)] += (own + 1) * (colours.max(initial=0) + 1)
        self.colours = colours.astype(np.uint64)
        self.base: list[int] = []
        self.lists = [_refined(colours)]
        while True:
            _, cell, counts = np.unique(self.lists[-1], return_inverse=True, return_counts=True)
            if size == 0 or counts.max() == 1:
                break
            self.base.append(int(np.flatnonzero(cell == counts.argmax())[0]))
            self.lists.append(self.extended(self.lists[-1], self.base[-1]))
        self.sorted = [np.sort(row) for row in self.lists]

    def extended(self, lists: Hashes, point: int) -> Hashes:
        """The lists with one entry more: everyone's inner product with ``point``, hashed."""
        mixed: Hashes = (lists ^ (self.colours[:, point] + INCREMENT)) * MULTIPLIER
        return mixed ^ (mixed >> np.uint64(29))

    def group(self) -> tuple[int, list[Whole]]:
        """The order of the group and generators of it, from the last point of the base back."""
        order, generators = 1, list[Whole]()
        size = len(self.gram)
        for level in reversed(range(len(self.base))):
            point, lists = self.base[level], self.lists[level]
            labels = orbit_labels(generators, size)
            failed = np.zeros(size, dtype=bool)
            for image in np.flatnonzero(lists == lists[point]):
                if labels[image] == labels[point] or failed[image]:
                    continue
                found = self.completed(level + 1, self.extended(lists, int(image)))
                if found is None:
                    failed |= labels == labels[image]
                else:
                    generators.append(found)
                    labels = orbit_labels(generators, size)
                    failed = np.isin(labels, labels[failed])
            order *= int(np.sum(labels == labels[point]))
        return order, generators

    def completed(self, level: int, lists: Hashes) -> Whole | None:
        """A symmetry under which the base so far has images with these lists, or None."""
        self.steps_left -= 1
        if self.steps_left < 0:
            raise _TooLongError
        if not np.array_equal(np.sort(lists), self.sorted[level]):
            return None
        if level == len(self.base):
            return self.verified(lists)
        for image in np.flatnonzero(lists == self.lists[level][self.base[level]]):
            found = self.completed(level + 1, self.extended(lists, int(image)))
            if found is not None:
                return found
        return None

    def verified(self, lists: Hashes) -> Whole | None:
        """The permutation that takes everyone to the point with the same list, if it is one."""
        permutation = np.empty(len(lists), dtype=np.int64)
        permutation[np.argsort(self.lists[-1])] = np.argsort(lists)
        moved = self.gram[np.ix_(permutation, permutation)]
        # Levels may run together where many numbers lie close: the numbers themselves decide.
        same = np.abs(moved - self.gram).max(initial=0) <= 4 * self.tolerance
        return permutation if same else None


def _refined(colours: Whole) -> Hashes:
    """Classes of points told apart by how often they see which class at which inner product."""
    classes = np.diag(colours).astype(np.int64)
    count = 0
    while True:
        seen = np.sort(colours * (int(classes.max(initial=0)) + 1) + classes, axis=1)
        _, classes = np.unique(np.column_stack([classes, seen]), axis=0, return_inverse=True)
        classes = classes.ravel()
        if classes.max(initial=-1) + 1 == count:
            return classes.astype(np.uint64)
        count = int(classes.max(initial=-1)) + 1
