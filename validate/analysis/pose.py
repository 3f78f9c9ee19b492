r"""The canonical pose of a model: one representative of all that are rotations, reflections and
permutations of interchangeable features of each other.

.. math:: W \mapsto Q W P, \qquad Q^T Q = 1, \quad P \text{ permutes features of one kind}

The features of one kind are put in an order that depends on WᵀW alone: longer ones first, then by
what they see of the others; ties that a symmetry of WᵀW causes are broken by any of them, which
changes nothing. Then Q makes W upper triangular (``numerics.optimum.pose``), but for what is within
the tolerance: ‖W_i‖² less the square of what the axes opened so far span of W_i is an entry of a
Gram matrix too, and below the tolerance it is none and opens no axis.
Source: individualisation and refinement, McKay and Piperno 2014; the order is ours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from superposition.numerics.geometry.gram_automorphisms import automorphisms, levels
from superposition.numerics.optimum import pose as turning
from superposition.theory.domain import check_finite, check_scalar

Array = NDArray[np.float64]
Whole = NDArray[np.int64]
ROUNDING = 1e-10  # of the largest squared norm
DECADES = 12  # of the length that what is left of a feature may have and still open an axis
STEPS, MOST_BRANCHES = 3000, 8  # of the search for symmetries; of ties that no symmetry explains


@dataclass(frozen=True, eq=False)
class Pose:
    """W in its canonical pose, and how it got there.

    W: (m, n) = rotation @ original[:, order]; order: (n,), the original number of every column;
    rotation: (m, m), orthogonal.
    """

    W: Array
    order: Whole
    rotation: Array


def canonical_pose(
    W: ArrayLike,
    importance: ArrayLike | None = None,
    density: ArrayLike | None = None,
    *,
    tolerance: float = 1e-6,
) -> Pose:
    """The canonical pose of W (m, n); the places of features of one kind stay theirs.

    importance, density: (n,), numbers or None; features that agree in both are interchangeable.
    tolerance: relative to the largest ‖W_i‖²; entries of WᵀW that differ by less are a tie
    (trained weights: 0.07, so that a noisy pentagon is walked through like a pentagon).
    Raises ``ValueError`` where W is not a finite (m, n) matrix, importance or density do not fit
    it, or tolerance is negative.

    >>> canonical_pose([[0.0, -1.0], [2.0, 0.0]]).W
    array([[2., 0.],
           [0., 1.]])
    """
    check_finite(W, "W")
    weights = np.asarray(W, dtype=float)
    if weights.ndim != 2 or weights.size == 0:
        raise ValueError(f"W has shape {weights.shape}; it must be (m, n), neither of them 0.")
    check_finite(tolerance, "tolerance")
    check_scalar(tolerance, "tolerance")
    if tolerance < 0:
        raise ValueError(f"tolerance is {tolerance}; it must not be negative.")
    kind = _kinds(weights.shape[1], importance, density)
    gram = weights.T @ weights
    # First by all digits, so that what the tolerance ties falls to the same feature always.
    order = _placed(kind, _ranks(gram, kind, ROUNDING))
    if tolerance > ROUNDING:
        again = _ranks(gram[np.ix_(order, order)], kind, tolerance)
        order = order[_placed(kind, again)]
    ordered = weights[:, order]
    longest = float(np.sqrt(np.diag(gram).max()))
    lengths = longest * np.sqrt(max(tolerance, ROUNDING)) * 0.1 ** np.arange(DECADES)
    posed = turning.canonical_pose(ordered[None], lengths.tolist())[0]
    left, _, right = np.linalg.svd(posed @ ordered.T)
    return Pose(posed, order, left @ right)


def _kinds(n: int, *properties: ArrayLike | None) -> Whole:
    """A number for every feature, the same where all properties are."""
    columns = [np.zeros(n)]
    for name, value in zip(("importance", "density"), properties, strict=True):
        if value is None:
            continue
        check_finite(value, name)
        array = np.asarray(value, dtype=float)
        if array.shape not in ((), (n,)):
            raise ValueError(f"{name} has shape {array.shape}; it must be a number or ({n},).")
        columns.append(np.broadcast_to(array, (n,)))
    return _numbered(np.stack(columns, axis=1))


def _numbered(rows: NDArray[np.generic]) -> Whole:
    """The place of every row among the distinct ones, in lexicographic order."""
    places: Whole = np.unique(rows, axis=0, return_inverse=True)[1].ravel().astype(np.int64)
    return places


def _placed(kind: Whole, ranks: Whole) -> Whole:
    """The order in which every kind's features, by rank, take that kind's places."""
    order = np.empty(len(kind), dtype=np.int64)
    for number in range(int(kind.max()) + 1):
        members = np.flatnonzero(kind == number)
        order[members] = members[np.argsort(ranks[members])]
    return order


def _ranks(gram: Array, kind: Whole, tolerance: float) -> Whole:
    """A different number for every feature, from the Gram matrix (n, n) and the kinds alone."""
    size = np.diag(gram)
    same = tolerance * float(size.max())
    faint = np.abs(gram).max(axis=1) <= same
    # What sees nobody comes last, by size: its permutations are too many to be searched.
    ranks: Whole = len(gram) + np.argsort(np.argsort(-size, kind="stable"))
    if not faint.all():
        seen = gram[np.ix_(~faint, ~faint)]
        colours = levels(-seen, same)
        cells = _refined(colours, _numbered(kind[~faint, None]))
        ranks[~faint] = _individualised(seen, colours, cells, same)
    return ranks


def _individualised(
    gram: Array, colours: Whole, cells: Whole, tolerance: float, branches: int = MOST_BRANCHES
) -> Whole:
    """Ties broken one by one; of choices no symmetry relates, the one with the first matrix.

    Where there are such choices once more, or the search for symmetries takes too long, the first
    feature is chosen: when ties are within a tolerance, it is the first by all digits.
    """
    count = np.bincount(cells)
    if count.max() == 1:
        return cells
    members = np.flatnonzero(cells == int(np.argmax(count > 1)))
    group = automorphisms(gram, tolerance, cells, STEPS)
    if group is None:
        return _numbered(np.column_stack([cells, np.arange(len(cells))]))
    chosen = np.sort([min(orbit) for orbit in group.orbits if orbit[0] in members])[:branches]
    best: tuple[bytes, Whole] | None = None
    for feature in chosen:
        apart = 2 * cells + 1
        apart[feature] -= 1
        split = _refined(colours, _numbered(apart[:, None]))
        left = branches if len(chosen) == 1 else 1
        ranks = _individualised(gram, colours, split, tolerance, left)
        order = np.argsort(ranks)
        told = colours[np.ix_(order, order)].astype(">i8").tobytes()
        if best is None or told < best[0]:
            best = told, ranks
    assert best is not None, "a cell of several features has an orbit"
    return best[1]


def _refined(colours: Whole, cells: Whole) -> Whole:
    """Cells split by norm and by how often their features see which cell at which product."""
    count = 0
    while (found := int(cells.max()) + 1) > count:
        count = found
        seen = np.sort(cells[None, :] * (int(colours.max()) + 1) + colours, axis=1)
        cells = _numbered(np.column_stack([cells, np.diag(colours), seen]))
    return cells
