r"""How a spherical code stands in the toy model: a global minimum, a local one, a saddle, or none.

.. math:: W_i = \sqrt g\, x_i, \quad b_i = b: \qquad
          \nabla L_1(W, b) = 0? \quad \nabla^2 L_1(W, b) \ge 0? \quad L_1(W, b) = \min L_1?

x_i: the code's points; g, b: its best common norm and bias. A code that is no critical point is
relaxed: a descent from it, which keeps its symmetry, ends at a critical point whose norms, biases
and angles have moved. Where the loss is zero (N ≤ 2d, no positive cosine) the code is a global
minimum; for N < 2d one of many, for N = 2d the only one, the cross-polytope. There the second
order is one-sided and partly flat; sparse features of finite density prefer antipodal pairs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from superposition.numerics.optimum.descent import descend
from superposition.numerics.packing.bridge.equal_code import best_norm_and_bias, checked_code
from superposition.numerics.packing.bridge.free_minimum import (
    FreeMinimum,
    free_minimum,
    named,
    with_dead_feature,
)
from superposition.numerics.packing.bridge.one_active_landscape import OneActiveLandscape
from superposition.theory.domain import check_count
from superposition.theory.feature_dimensionality import dimensionality

Array = NDArray[np.float64]
Verdict = Literal[
    "no loss, not unique",
    "no loss",
    "global minimum",
    "local minimum",
    "degenerate",
    "saddle",
    "not critical",
]
ZERO_LOSS = 1e-12  # per feature
CRITICAL = 1e-9  # of the gradient's norm
LIFT = 1e4  # beyond all eigenvalues
FLAT = 1e-8  # of eigenvalues of order one
SAME_LOSS = 1e-9  # per feature


@dataclass(frozen=True, eq=False)
class CriticalPoint:
    """A point of the landscape of L_1: W (m, n), b (n,), its loss and gradient's norm.

    signature: how many eigenvalues of the Hessian are negative, zero and positive, the rotations
    of W not counted, and least: the least of these eigenvalues; None where nothing is lost, on
    the kinks of all outputs. name: the geometry.
    """

    W: Array
    b: Array
    loss: float
    gradient_norm: float
    signature: tuple[int, int, int] | None
    least: float | None
    name: str


@dataclass(frozen=True, eq=False)
class Standing:
    """What a code is among all weights and biases.

    points, dimension: N, d; squared_norm, bias: the best common ones; loss: L_1 there;
    dimensionality: the mean of the features'; here: the code itself; relaxed: where a descent
    from it ends; free: the best of all weights and biases found, if it was looked for; verdict:
    of the code; relaxed_verdict: of the critical point it relaxes to.
    """

    points: int
    dimension: int
    squared_norm: float
    bias: float
    loss: float
    dimensionality: float
    here: CriticalPoint
    relaxed: CriticalPoint
    free: FreeMinimum | None
    verdict: Verdict
    relaxed_verdict: Verdict


def code_in_the_toy_model(
    code: ArrayLike, *, starts: int = 64, seed: int = 0, fewer: FreeMinimum | None = None
) -> Standing:
    """Where a code (N, d) of unit vectors stands among all models of N features in d dimensions.

    starts: random starts of the free minimum, which is warmed with the relaxed code; 0 for no
    search, and then no verdict is global. fewer: the free minimum of N - 1 features, to be
    tried with a dead feature more.
    Raises ``ValueError`` where code is no finite array of unit vectors in rows.

    >>> angles = 2 * np.pi * np.arange(5) / 5
    >>> found = code_in_the_toy_model(np.stack([np.cos(angles), np.sin(angles)], axis=1), starts=8)
    >>> print(found.verdict, found.here.signature)
    global minimum (0, 0, 14)
    """
    unit = checked_code(code)
    starts = check_count(starts, "starts", at_least=0)
    count, dimension = unit.shape
    best = best_norm_and_bias(unit)
    W, b = np.sqrt(best.squared_norm) * unit.T, np.full(count, best.bias)
    here = critical_point(W, b)
    relaxed = here if here.gradient_norm <= CRITICAL else relaxed_from(W, b)
    free = None
    if starts:
        warm = [(relaxed.W, relaxed.b)] + ([with_dead_feature(fewer)] if fewer else [])
        free = free_minimum(count, dimension, starts=starts, seed=seed, warm=warm)
    return Standing(
        count,
        dimension,
        best.squared_norm,
        best.bias,
        best.loss,
        float(np.mean(dimensionality(W))),
        here,
        relaxed,
        free,
        verdict_of(here, free),
        verdict_of(relaxed, free),
    )


def critical_point(W: Array, b: Array) -> CriticalPoint:
    """What is known to second order about L_1 at W (m, n), b (n,).

    >>> critical_point(np.zeros((1, 2)), np.full(2, 0.25)).signature  # dead, but unwilling
    (2, 0, 2)
    """
    m, n = W.shape
    landscape = OneActiveLandscape.of(n, m)
    point = landscape.joined(W[None], b[None])
    found = landscape.evaluate(point)
    loss, norm = float(found.loss[0]), float(np.linalg.norm(found.gradient[0]))
    if loss <= ZERO_LOSS * n:
        return CriticalPoint(W, b, loss, norm, None, None, named(W, b))
    modes = landscape.zero_modes(point)[0]
    # Rotations cost nothing: they are lifted out of the way.
    values = np.linalg.eigvalsh(found.hessian[0] + LIFT * (modes.T @ modes))
    values = values[: len(values) - round(float(np.sum(modes**2)))]
    flat = np.abs(values) <= FLAT
    negative, zero = int(np.sum(values < -FLAT)), int(flat.sum())
    signature = negative, zero, len(values) - negative - zero
    return CriticalPoint(W, b, loss, norm, signature, float(values[0]), named(W, b))


def relaxed_from(W: Array, b: Array) -> CriticalPoint:
    """Where the descent from W (m, n), b (n,) ends; it keeps their symmetry up to rounding."""
    m, n = W.shape
    landscape = OneActiveLandscape.of(n, m)
    ends = descend(landscape, landscape.joined(W[None], b[None]))
    weights, biases = landscape.split(ends.points)
    return critical_point(weights[0], biases[0])


def verdict_of(point: CriticalPoint, free: FreeMinimum | None) -> Verdict:
    """A verdict in a word: global is meant as the best found."""
    n = len(point.b)
    if point.signature is None:
        return "no loss" if n == 2 * len(point.W) else "no loss, not unique"
    if point.gradient_norm > CRITICAL:
        return "not critical"
    negative, zero, _ = point.signature
    if negative:
        return "saddle"
    if free is not None and point.loss - free.loss <= SAME_LOSS * n:
        return "global minimum"
    return "degenerate" if zero else "local minimum"
