r"""Strata: up to two active features exactly, and a proven bound on all the rest.

.. math:: L_i = \sum_{|A| \le 2} P(A)\, L_{i,A} + \text{rest}, \qquad
          0 \le \text{rest} \le E\big[(x_i - z_i)^2;\, |A| \ge 3, i \in A\big]
          + \min\big\{E[z_i^2;\, \cdot\,], E[(c_+ + a_+ \cdot x)^2;\, \cdot\,]\big\}

the minimum over i ∉ A, |A| ≥ 3. For x ≥ 0, since there |x - (z)_+| ≤ |x - z|, and (z)_+ grows
when negative terms are left out. For values of both signs (x - (z)_+)² ≤ 2 x² + 2 z² stands
for the first, E z² for the second. All are moments. Independent features.
Source: derived here.
"""

from __future__ import annotations

from typing import Any

from array_api_compat import array_namespace

from superposition.numerics.expectation.activity.cube_faces import faces_of_cubes
from superposition.numerics.expectation.activity.cube_moments import Monomial, moments_over_cubes
from superposition.numerics.expectation.activity.few_active import none_and_one_active
from superposition.numerics.expectation.kinks import kinked
from superposition.numerics.expectation.problem import OutputProblem, Rows
from superposition.numerics.expectation.result import OutputLosses
from superposition.theory.features.values import Binary


def losses(problem: OutputProblem, gradient: bool) -> OutputLosses:
    """The strata of every output; ``bounds`` holds the rest, so that loss ≤ losses + bounds."""
    values = problem.features.values
    rows = Rows.of(problem.rows, problem.bias, problem.features.density)
    few = none_and_one_active(rows.slopes, rows.offset, rows.density, values, gradient)
    value, d_slopes, d_offset = _two_others_active(rows, problem, gradient)
    # E x_i² belongs to the strata as far as they go; its remainder is part of the rest.
    own_square = _probability_of_few(rows) * problem.features.moment(2)
    total = few.value + value + own_square
    return OutputLosses(
        rows.back(total),
        rows.back(
            _rest_bound(rows, problem)
            + 4e-15 * (abs(few.value) + value + rows.forth(problem.second_moment))
        ),
        rows.features_back(few.d_slopes + d_slopes) if gradient else None,
        rows.back(few.d_offset + d_offset) if gradient else None,
        kinked(problem),
    )


def _two_others_active(rows: Rows, problem: OutputProblem, gradient: bool) -> tuple[Any, Any, Any]:
    """Σ_{j<k} q_0 P(j, k) E[(z)_+² | {j, k}] over pairs of others, with derivatives."""
    xp = array_namespace(rows.slopes)
    n, count = int(rows.slopes.shape[0]), int(rows.offset.shape[0])
    value, d_offset, d_slopes = 0 * rows.offset, 0 * rows.offset, 0 * rows.slopes
    low, high = problem.features.values.support
    powers: dict[Monomial, int] = {(): 2} | ({(0,): 1, (1,): 1} if gradient else {})
    both = ((0, 1),)
    points = isinstance(problem.features.values, Binary)
    levels = faces_of_cubes(2, both, low == 0, points)
    weights = _probability_of_pairs(rows.density)
    d_rows = [xp.zeros_like(rows.offset) for _ in range(n)]
    for j in range(1, n - 1):  # all pairs (j, k > j) at once
        later = n - 1 - j
        first = xp.broadcast_to(rows.slopes[j : j + 1, :], (later, count))
        second = rows.slopes[j + 1 :, :]
        offset = xp.broadcast_to(rows.offset[None, :], (later, count))
        slopes = xp.stack([xp.reshape(first, (-1,)), xp.reshape(second, (-1,))])
        moments, _ = moments_over_cubes(
            slopes, xp.reshape(offset, (-1,)), (low, high), levels, powers
        )
        weight = weights(j)

        def mean(moment: Any, weight: Any = weight, later: int = later) -> Any:
            return xp.reshape(moment[0], (later, count)) * weight

        value = value + xp.sum(mean(moments[(), 2]), axis=0)
        if gradient:
            average = moments[(), 1]
            d_offset = d_offset + 2 * xp.sum(mean(average), axis=0)
            of_first, of_second = (
                2 * mean(low * average + (high - low) * moments[(at,), 1]) for at in (0, 1)
            )
            d_rows[j] = d_rows[j] + xp.sum(of_first, axis=0)
            for at in range(later):
                d_rows[j + 1 + at] = d_rows[j + 1 + at] + of_second[at]
    return value, xp.stack(d_rows) if gradient else d_slopes, d_offset


def _odds(density: Any) -> tuple[Any, Any, Any]:
    """Π q over features with q > 0, p/q (p where q = 0), and the number of features with q = 0."""
    xp = array_namespace(density)
    silent = 1 - density
    sure = silent == 0
    safe = xp.where(sure, xp.ones_like(silent), silent)
    return xp.prod(safe, axis=0), density / safe, xp.sum(xp.astype(sure, density.dtype), axis=0)


def _probability_of_pairs(density: Any) -> Any:
    """j ↦ the probabilities (pairs, R) that exactly j and one k > j are active, own silent."""
    xp = array_namespace(density)
    base, odds, sure = _odds(density)
    is_sure = xp.astype(density == 1, density.dtype)

    def of(j: int) -> Any:
        held = is_sure[j] + is_sure[j + 1 :, :]
        exactly = xp.astype(held == sure, density.dtype)
        return base * odds[j] * odds[j + 1 :, :] * exactly

    return of


def _probability_of_few(rows: Rows) -> Any:
    """P(own feature active, at most one other), (R,): where E x_i² is in the strata."""
    none, one = 1 + 0 * rows.offset, 0 * rows.offset
    for j in range(1, int(rows.density.shape[0])):
        p = rows.density[j]
        none, one = none * (1 - p), one * (1 - p) + none * p
    return rows.density[0] * (none + one)


def _rest_bound(rows: Rows, problem: OutputProblem) -> Any:
    """The bound on |A| ≥ 3: own feature active and two others, or silent and three others."""
    xp = array_namespace(rows.slopes)
    p, a, c = rows.density[0], rows.slopes[0], rows.offset
    mean, square = problem.features.moment(1), problem.features.moment(2)
    others, density = rows.slopes[1:, :], rows.density[1:, :]

    def tail(slopes: Any, offset: Any, own: Any, least: int) -> Any:
        start = (1 + 0 * offset, offset + own * mean, offset**2 + 2 * offset * own * mean)
        start = (start[0], start[1], start[2] + own**2 * square)
        return _tail_square(slopes, density, start, least, mean, square)

    silent = tail(others, c, 0 * a, 3)
    if problem.features.values.support[0] < 0:
        active = 2 * square * _tail_probability(density, 2) + 2 * tail(others, c, a, 2)
        return (1 - p) * silent + p * active
    zero = 0 * c
    positive = tail(xp.maximum(others, 0 * others), xp.maximum(c, zero), 0 * a, 3)
    return (1 - p) * xp.minimum(silent, positive) + p * tail(others, c, a - 1, 2)


def _tail_square(
    slopes: Any, density: Any, start: tuple[Any, Any, Any], least: int, mean: float, square: float
) -> Any:
    """E[f²; at least ``least`` of the features active], f = f_0 + Σ_j slopes_j x_j.

    start: 1, E f_0 and E f_0². Built up feature by feature: P, E f and E f² of every number of
    active features, the last standing for all larger ones; only products are added.
    """
    zero = 0 * start[0]
    chance, first, second = ([one] + [zero] * least for one in start)
    for j in range(int(slopes.shape[0])):
        p, r = density[j], slopes[j]
        on = (
            [p * c for c in chance],
            [p * (f + r * mean * c) for f, c in zip(first, chance, strict=True)],
            [
                p * (s + 2 * r * mean * f + r * r * square * c)
                for s, f, c in zip(second, first, chance, strict=True)
            ],
        )
        chance, first, second = (
            [
                kept * (1 - p) + (new[k - 1] if k else 0) + (new[k] if k == least else 0)
                for k, kept in enumerate(old)
            ]
            for old, new in zip((chance, first, second), on, strict=True)
        )
    return array_namespace(zero).maximum(second[least], zero)


def _tail_probability(density: Any, least: int) -> Any:
    """P(at least ``least`` active), (R,)."""
    zero = 0 * density[0]
    chance = [1 + zero, *(zero for _ in range(least))]
    for j in range(int(density.shape[0])):
        p = density[j]
        more = [zero, *(p * c for c in chance[:-1])]
        last = chance[-1] + more[-1]
        chance = [c * (1 - p) + m for c, m in zip(chance, more, strict=True)]
        chance[-1] = last
    return chance[-1]
