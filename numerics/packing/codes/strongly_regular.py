r"""Codes from triangle-free strongly regular graphs: the eigenspace of the least eigenvalue.

.. math:: x_i \cdot x_j = \frac{s}{k} \ (i \sim j), \qquad -\frac{1 + s}{v - k - 1} \text{ else}

for a graph of v vertices, k neighbours each, and least eigenvalue s of multiplicity d: the
projections of the v coordinate vectors onto that eigenspace, normalised. The known ones are the
Petersen graph (4 dimensions), Hoffman–Singleton (21), Gewirtz (20), M22 (21) and Higman–Sims
(22), besides pentagon and Clebsch. Source: Cohn, de Laat and Leijenhorst 2024, "Optimality of
spherical codes via exact semidefinite programming bounds"; graphs: Brouwer's descriptions.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from superposition.numerics.packing.codes.golay import hexads
from superposition.numerics.packing.codes.span import unit

Array = NDArray[np.float64]
Adjacency = NDArray[np.bool_]


def least_eigenspace(adjacency: Adjacency) -> Array:
    """The v coordinate vectors projected onto the eigenspace of the least eigenvalue, (v, d).

    >>> least_eigenspace(~np.eye(3, dtype=bool)).shape
    (3, 2)
    """
    values, vectors = np.linalg.eigh(adjacency.astype(float))
    return unit(vectors[:, values < values[0] + 0.5])


def petersen() -> Array:
    """10 points in four dimensions: pairs of five things, joined when disjoint.

    >>> petersen().shape
    (10, 4)
    """
    pairs = [set(pair) for pair in combinations(range(5), 2)]
    return least_eigenspace(np.array([[not a & b for a in pairs] for b in pairs]))


def hoffman_singleton() -> Array:
    """50 points in 21 dimensions: five pentagons and five pentagrams (Robertson).

    Vertex j of pentagon h is joined to vertex hi + j of pentagram i.

    >>> hoffman_singleton().shape
    (50, 21)
    """
    adjacency = np.zeros((2, 5, 5, 2, 5, 5), dtype=bool)
    for a in range(5):
        for j in range(5):
            for step in (1, 4):
                adjacency[0, a, j, 0, a, (j + step) % 5] = True
                adjacency[1, a, j, 1, a, (j + 2 * step) % 5] = True
            for i in range(5):
                adjacency[0, a, j, 1, i, (a * i + j) % 5] = True
                adjacency[1, i, (a * i + j) % 5, 0, a, j] = True
    return least_eigenspace(adjacency.reshape(50, 50))


def gewirtz() -> Array:
    """56 points in 20 dimensions: the blocks of S(3, 6, 22) off one place, joined when disjoint.

    >>> gewirtz().shape
    (56, 20)
    """
    blocks = hexads()
    blocks = blocks[blocks[:, 0] == 0]
    return least_eigenspace(blocks @ blocks.T == 0)


def m22_graph() -> Array:
    """77 points in 21 dimensions: the blocks of S(3, 6, 22), joined when disjoint.

    >>> m22_graph().shape
    (77, 21)
    """
    return least_eigenspace(hexads() @ hexads().T == 0)


def higman_sims() -> Array:
    """100 points in 22 dimensions: one, the 22 places and the 77 blocks of S(3, 6, 22).

    The one is joined to all places, a place to the blocks through it, blocks when disjoint.

    >>> higman_sims().shape
    (100, 22)
    """
    blocks = hexads()
    adjacency = np.zeros((100, 100), dtype=bool)
    adjacency[0, 1:23] = True
    adjacency[1:23, 23:] = blocks.T == 1
    adjacency |= adjacency.T
    adjacency[23:, 23:] = blocks @ blocks.T == 0
    return least_eigenspace(adjacency)
