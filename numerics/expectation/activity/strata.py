r"""Strata: up to two active features exactly, and a proven bound on all the rest.

.. math:: L_i = \sum_{|A| \le 2} P(A)\, L_{i,A} + \text{rest}, \qquad
          0 \le \text{rest} \le E\big[(x_i - z_i)^2;\, |A| \ge 3\big]

for x ≥ 0, since |x - (z)_+| ≤ |x - z| there; for values of both signs the bound is twice
E[x_i² + z_i²; |A| ≥ 3]. Both are moments, known in closed form. Independent features.
Source: derived here.
"""

from __future__ import annotations

from typing import Any

from array_api_compat import array_namespace

from superposition.numerics.expectation.activity.cube_faces import faces_of_cubes
from superposition.numerics.expectation.activity.cube_moments import Monomial, moments_over_cubes
from superposition.numerics.expectation.activity.few_active import none_and_one_active
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
        rows.back(_rest_bound(rows, problem) + 2e-15 * (abs(few.value) + value + own_square)),
        rows.features_back(few.d_slopes + d_slopes) if gradient else None,
        rows.back(few.d_offset + d_offset) if gradient else None,
        array_namespace(total).zeros_like(rows.back(total), dtype=bool),
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
    """The bound on |A| ≥ 3, built up feature by feature so that nothing cancels.

    With w_k = E[(c + Σ r_j x_j)²; k active] and its companions E[c + Σ r_j x_j; k active] and
    P(k active), adding a feature only adds products; k = 3 stands for three or more.
    """
    values = problem.features.values
    mean, square = problem.features.moment(1), problem.features.moment(2)
    if values.support[0] >= 0:
        return _tail_square(rows, -1.0, mean, square)
    own = rows.density[0] * square * _tail_probability(rows.density[1:, :], 2)
    return 2 * own + 2 * _tail_square(rows, 0.0, mean, square)


def _tail_square(rows: Rows, own_shift: float, mean: float, square: float) -> Any:
    """E[(c + Σ_j r_j x_j)²; at least three active], r = a except r_0 = a_0 + own_shift."""
    xp = array_namespace(rows.slopes)
    zero = 0 * rows.offset
    chance = [1 + zero, zero, zero, zero]
    first = [rows.offset, zero, zero, zero]
    second = [rows.offset**2, zero, zero, zero]
    for j in range(int(rows.slopes.shape[0])):
        p, r = rows.density[j], rows.slopes[j] + (own_shift if j == 0 else 0.0)
        q = 1 - p
        on = [
            [p * c for c in chance],
            [p * (f + r * mean * c) for f, c in zip(first, chance, strict=True)],
            [
                p * (s + 2 * r * mean * f + r * r * square * c)
                for s, f, c in zip(second, first, chance, strict=True)
            ],
        ]
        chance, first, second = (
            [
                old[0] * q,
                old[1] * q + new[0],
                old[2] * q + new[1],
                old[3] * q + new[2] + new[3],
            ]
            for old, new in zip((chance, first, second), on, strict=True)
        )
    return xp.maximum(second[3], zero)


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
