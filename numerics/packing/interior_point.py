r"""The largest cosine made least, to machine precision: a primal-dual interior point method.

.. math:: \min τ \;\text{ with }\; c_{ij}(X) \le τ: \qquad
          \sum λ_{ij} ∇c_{ij} = 0, \quad \sum λ_{ij} = 1, \quad λ_{ij} (τ - c_{ij}) = σ

for σ → 0; c_ij as in ``pairs``. The Newton step eliminates λ and τ: what is left is the Hessian
of a pair energy with slopes λ and curvatures λ/(τ - c). So a sharpened energy, whose forces are
such λ, hands over smoothly; all pairs take part, and which of them touch comes out, with their
weights, the certificate. Source: Nocedal and Wright 2006, chapter 19; the elimination is ours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from superposition.numerics.packing.pairs import Array, Pairs

MOST_STEPS = 150
CLOSED = 1e-15  # Σ λ (τ - c): how far τ is above the dual value
STILL = 1e-12  # a move
LONGEST = 0.3  # a point's move in one step, on the unit sphere
KEPT = 0.99  # of the way to the boundary that a step may go
DOUBT = 3  # times the gap: how far below τ the end may still lie


@dataclass(frozen=True, eq=False)
class InteriorPoint:
    """Where it ended: the points (N, D), c_max, the dual weights (N, N), ∥Σ λ ∇c∥, the steps.

    given_up: whether it was left where it could hardly end below what was asked for.
    """

    points: Array
    largest: float
    weights: Array
    residual: float
    steps: int
    given_up: bool


def minimise_largest(
    start: Pairs, width: float, most_steps: int = MOST_STEPS, below: float = math.inf
) -> InteriorPoint:
    """Minimise max c_ij from a nearby arrangement.

    width: how far above the largest c the first τ lies: about the spread of those that will touch;
    below: it gives up once the end will hardly be below this.
    """
    pairs = start
    off = ~np.eye(len(pairs.points), dtype=bool)
    count = off.sum() / 2
    tau = pairs.cosines[off].max() + width
    weights = np.where(off, 1 / np.where(off, tau - pairs.cosines, 1.0), 0.0)
    weights *= 2 / weights.sum()
    target = float((weights * (tau - pairs.cosines))[off].mean())
    steps, residual, shift, given_up = 0, np.inf, 0.0, False
    while steps < most_steps and not given_up:
        steps += 1
        slack = np.where(off, tau - pairs.cosines, 1.0)
        step = _newton_step(pairs, weights, slack, np.where(off, target / slack, 0.0), shift)
        if step is None:
            break
        tangent, rise, change, shift = step
        shrink = _longest_dual(weights, change)
        pairs, tau, share = _moved(pairs, tau, tangent, rise, slack)
        weights = weights + shrink * change
        gap = float((weights * (tau - pairs.cosines))[off].sum()) / 2
        share = min(share, shrink)
        residual = float(np.linalg.norm(pairs.gradient(weights)))
        still = share * float(np.abs(tangent).max(initial=0.0)) < STILL
        if (gap < 3 * CLOSED and residual < 1e-12) or (gap < 100 * CLOSED and still):
            break  # beyond, slacks are rounding errors
        given_up = tau - DOUBT * gap - residual > below
        target = max(gap * reduction(share, gap, residual), CLOSED) / count
    largest = pairs.cosines[off].max()
    return InteriorPoint(pairs.points, largest, weights, residual, steps, given_up)


def reduction(share: float, gap: float, residual: float) -> float:
    """What to multiply Σ λ (τ - c) by: the better the last step was, the less.

    At the end a step errs by the square of the gap, which may then fall faster and faster.
    """
    if share > 0.9:
        return min(0.1, 10 * math.sqrt(gap)) if residual < gap else 0.1
    return 0.3 if share > 0.5 else 0.8


def _newton_step(
    pairs: Pairs, weights: Array, slack: Array, centre: Array, shift: float
) -> tuple[Array, float, Array, float] | None:
    """The step of the points, of τ and of the weights, and the shift that it took; None if the
    system cannot be solved.
    """
    ratio = weights / slack
    whole = ratio.sum() / 2
    pull = pairs.gradient(ratio).ravel()
    excess = centre.sum() / 2 - 1
    matrix = pairs.hessian(weights, ratio)
    matrix -= np.outer(pull, pull) / whole
    right = pull * (excess / whole) - pairs.gradient(centre).ravel()
    solved = _solved(matrix, right, float(weights.sum(1).max()), shift)
    if solved is None:
        return None
    tangent = solved[0].reshape(len(pairs.points), -1)
    change = pairs.change(tangent)
    rise = float((excess + (ratio * change).sum() / 2) / whole)
    return tangent, rise, centre - weights - ratio * (rise - change), solved[1]


def _solved(matrix: Array, right: Array, scale: float, before: float) -> tuple[Array, float] | None:
    """Solve with a small shift of the diagonal that makes the matrix positive definite.

    Rotations, rattlers and phases of complex lines leave it singular: they are not moved. before:
    the shift of the step before, a tenth of which is tried first: what fails costs as much as
    what does not.
    """
    diagonal = np.einsum("ii->i", matrix)
    largest = float(np.abs(diagonal).max())
    if not np.isfinite(largest) or largest == 0:
        return None
    shift, more = 0.0, max(1e-13 * largest, before / 10)
    while shift < 1e3 * largest:
        diagonal += more
        shift += more
        try:
            factor = cho_factor(matrix, check_finite=False)
            solution: Array = cho_solve(factor, right, check_finite=False)
            return solution, shift
        except LinAlgError:
            more = max(9 * shift, 1e-4 * scale) if shift < 1e-4 * scale else 3 * shift
    return None


def _longest_dual(weights: Array, change: Array) -> float:
    """How much of the step keeps the weights positive."""
    falls = change < 0
    return min(1.0, KEPT * float(np.min(-weights[falls] / change[falls], initial=np.inf)))


def _moved(
    pairs: Pairs, tau: float, tangent: Array, rise: float, slack: Array
) -> tuple[Pairs, float, float]:
    """Move as far as no slack is lost: the arrangement, τ, the share of the step."""
    off = ~np.eye(len(pairs.points), dtype=bool)
    share = min(1.0, LONGEST / max(float(np.linalg.norm(tangent, axis=1).max()), 1e-300))
    while share > 1e-10:
        moved = pairs.moved(share * tangent)
        if np.all((tau + share * rise - moved.cosines)[off] > (1 - KEPT) / 2 * slack[off]):
            return moved, tau + share * rise, share
        share *= 0.7
    return pairs, tau, 0.0
