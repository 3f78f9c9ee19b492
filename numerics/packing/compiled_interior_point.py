r"""The compiled twin of ``interior_point``: the same Newton steps, a row of pairs at a time.

.. math:: H = H(λ, λ/s) - \frac{q q^T}{\sum λ/s}, \qquad s = τ - c, \qquad
          q = \sum \frac{λ}{s} ∇c

Few points leave numpy nothing to do but to be called; here a step costs its arithmetic. Points
stand in columns, (D, N), and tangent coordinates one after the other, so that the innermost loops
run over the neighbours j of one point. The basis at x_i is that of ``Pairs``, the reflection
1 - 2 u_i u_iᵀ that turns x_i into the first axis: products of two bases follow from u_i and u_j.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from superposition.numerics.packing.compiled_cholesky import dot, solved
from superposition.numerics.packing.interior_point import (
    CLOSED,
    DOUBT,
    KEPT,
    LONGEST,
    STILL,
    reduction,
)
from superposition.numerics.packing.potential_kernel import FAST


@njit(fastmath=FAST, cache=True, error_model="numpy")
def _products(x: Any, i: int, y: Any, row: Any) -> None:
    """Row i of xᵀy, x and y (D, N)."""
    for j in range(row.size):
        row[j] = x[0, i] * y[0, j]
    for d in range(1, x.shape[0]):
        for j in range(row.size):
            row[j] += x[d, i] * y[d, j]


@njit(fastmath=FAST, cache=True, error_model="numpy")
def _turned(x: Any) -> Any:
    """Jx, the quarter turn that multiplies by i."""
    half = x.shape[0] // 2
    turned = np.empty_like(x)
    for d in range(half):
        for j in range(x.shape[1]):
            turned[d, j], turned[half + d, j] = -x[half + d, j], x[d, j]
    return turned


@njit(fastmath=FAST, cache=True, error_model="numpy")
def _mirrors(x: Any, u: Any) -> None:
    """u (D, N), of unit length, whose reflections turn the points into the first axis."""
    for i in range(x.shape[1]):
        inverse = 1 / math.sqrt(2 + 2 * abs(x[0, i]))
        for d in range(x.shape[0]):
            u[d, i] = inverse * x[d, i]
        u[0, i] += inverse if x[0, i] >= 0 else -inverse


@njit(fastmath=FAST, cache=True, error_model="numpy")
def _see(x: Any, forms: int, seen: Any) -> None:
    """What every point sees of every other, form by form.

    seen: u (D, N), inner products (F, N, N), B_iᵀx_j and B_jᵀx_i, (F, k, N, N) each; the rates
    ∂c_ij/∂x_i and ∂c_ij/∂x_j, (k, N, N) each; c (N, N), -1 on the diagonal.
    """
    u, inner, theirs, ours, rates, back, cosines = seen
    dim, count = x.shape
    here, there = np.empty(count), np.empty(count)
    _mirrors(x, u)
    for form in range(max(forms, 1)):
        to, sign = (x, 1.0) if form == 0 else (_turned(x), -1.0)  # x_j·Jx_i = -x_i·Jx_j
        for i in range(count):
            product = inner[form, i]
            _products(x, i, to, product)
            _products(u, i, to, here)
            _products(to, i, u, there)
            for a in range(dim - 1):
                first, second = theirs[form, a, i], ours[form, a, i]
                for j in range(count):
                    first[j] = to[a + 1, j] - 2 * here[j] * u[a + 1, i]
                    second[j] = to[a + 1, i] - 2 * there[j] * u[a + 1, j]
                for j in range(count):
                    slope = 1.0 if forms == 0 else 2 * product[j]
                    more, others = slope * first[j], sign * slope * second[j]
                    rates[a, i, j] = more if form == 0 else rates[a, i, j] + more
                    back[a, i, j] = others if form == 0 else back[a, i, j] + others
            for j in range(count):
                c = product[j] if forms == 0 else product[j] * product[j]
                cosines[i, j] = c if form == 0 else cosines[i, j] + c
            cosines[i, i] = -1.0


@njit(fastmath=FAST, cache=True, error_model="numpy")
def _pulled(slopes: Any, rates: Any, gradient: Any) -> None:
    """Σ_j f'_ij ∂c_ij/∂x_i, (k, N)."""
    for a in range(gradient.shape[0]):
        for i in range(gradient.shape[1]):
            gradient[a, i] = dot(slopes[i], rates[a, i])


@njit(fastmath=FAST, cache=True, error_model="numpy")
def _hessian(forms: int, seen: Any, slopes: Any, curvatures: Any, matrix: Any) -> None:
    """The lower triangle of ``Pairs.hessian``, the unknowns coordinate by coordinate."""
    u, inner, theirs, ours, rates, back, _ = seen
    dim, count = u.shape
    bent, spare, twice = np.empty(count), np.empty(count), np.empty(count)
    own = 1.0 if forms == 0 else 2.0
    for form in range(max(forms, 1)):
        to = u if form == 0 else _turned(u)
        sign = 1.0 if form == 0 else -1.0
        for i in range(count):
            _products(u, i, to, bent)
            for j in range(count):
                spare[j] = own * slopes[i, j] * (1.0 if forms == 0 else inner[form, i, j])
                twice[j] = 0.0 if forms == 0 else 2 * sign * slopes[i, j]
            for a in range(dim - 1):
                for b in range(a + 1):
                    row = matrix[a * count + i, b * count : (b + 1) * count]
                    at = (u[a + 1, i], sign * to[b + 1, i], u[b + 1], to[a + 1])
                    views = (theirs[form, a, i], ours[form, b, i])
                    second = (curvatures[i], rates[a, i], back[b, i])
                    same = a - b == form * dim // 2
                    _row(form, same, at, (bent, spare, twice), views, second, row)
    _diagonal(forms, seen, slopes, curvatures, matrix)


@njit(fastmath=FAST, cache=True, error_model="numpy")
def _diagonal(forms: int, seen: Any, slopes: Any, curvatures: Any, matrix: Any) -> None:
    """The entries of each point with itself."""
    _, _, theirs, _, rates, _, cosines = seen
    k, count, _ = rates.shape
    for i in range(count):
        radial = (1.0 if forms == 0 else 2.0) * dot(slopes[i], cosines[i])
        for a in range(k):
            for b in range(a + 1):
                total = -radial if a == b else 0.0
                for j in range(count):
                    total += curvatures[i, j] * rates[a, i, j] * rates[b, i, j]
                for form in range(forms):
                    for j in range(count):
                        total += 2 * slopes[i, j] * theirs[form, a, i, j] * theirs[form, b, i, j]
                matrix[a * count + i, b * count + i] = total


@njit(fastmath=FAST, cache=True, error_model="numpy")
def _row(form: int, same: bool, at: Any, weights: Any, views: Any, second: Any, row: Any) -> None:
    """One row of blocks: f'' times the rates, f' times B_iᵀ B_j or B_iᵀ J B_j, and for lines f'
    times what they see of each other; same: where the identity, or J, has a one.
    """
    u_ai, u_bi, u_b, to_a = at
    bent, spare, twice = weights
    theirs, ours = views
    curvatures, rates, back = second
    plain = (1.0 if same else 0.0) - 2 * u_ai * u_bi
    if form == 0:
        for j in range(row.size):
            row[j] = curvatures[j] * rates[j] * back[j]
    for j in range(row.size):
        between = plain - 2 * to_a[j] * u_b[j] + 4 * bent[j] * u_ai * u_b[j]
        row[j] += spare[j] * between + twice[j] * theirs[j] * ours[j]


@njit(fastmath=FAST, cache=True, error_model="numpy")
def _newton(forms: int, seen: Any, state: Any, room: Any) -> tuple[float, float]:
    """The steps of the points, and of the weights; that of τ, or nan if there is none, and the
    shift that it took.
    """
    weights, slack, target, tangent, change, before = state
    matrix, factor, pull, ratio, centre = room
    rates, back = seen[4], seen[5]
    k, count = tangent.shape
    whole, excess, scale = 0.0, -1.0, 0.0
    for i in range(count):
        force = 0.0
        for j in range(count):
            inverse = 1 / slack[i, j] if j != i else 0.0
            ratio[i, j], centre[i, j] = weights[i, j] * inverse, target * inverse
            whole += ratio[i, j] / 2
            excess += centre[i, j] / 2
            force += weights[i, j]
        scale = max(scale, force)
    _hessian(forms, seen, weights, ratio, matrix)
    _pulled(ratio, rates, pull)
    _pulled(centre, rates, tangent)
    flat, right = pull.reshape(-1), tangent.reshape(-1)
    for i in range(flat.size):
        for j in range(i + 1):
            matrix[i, j] -= flat[i] * flat[j] / whole
        right[i] = flat[i] * (excess / whole) - right[i]
    shift = solved(matrix, factor, right, scale, before)
    if math.isnan(shift):
        return math.nan, shift
    rise = excess
    for i in range(count):
        for j in range(count):
            change[i, j] = 0.0
        for a in range(k):
            for j in range(count):
                change[i, j] += rates[a, i, j] * tangent[a, i] + back[a, i, j] * tangent[a, j]
        rise += dot(ratio[i], change[i]) / 2
    rise /= whole
    for i in range(count):
        for j in range(count):
            change[i, j] = centre[i, j] - weights[i, j] - ratio[i, j] * (rise - change[i, j])
    return rise, shift


@njit(fastmath=FAST, cache=True, error_model="numpy")
def _gone(x: Any, u: Any, tangent: Any, share: float, moved: Any) -> None:
    """Go along the step, and back to the spheres."""
    dim, count = x.shape
    for i in range(count):
        along, norm = 0.0, 0.0
        for a in range(dim - 1):
            along += u[a + 1, i] * tangent[a, i]
        for d in range(dim):
            step = (tangent[d - 1, i] if d > 0 else 0.0) - 2 * along * u[d, i]
            moved[d, i] = x[d, i] + share * step
            norm += moved[d, i] * moved[d, i]
        for d in range(dim):
            moved[d, i] /= math.sqrt(norm)


@njit(fastmath=FAST, cache=True, error_model="numpy")
def _within(x: Any, forms: int, tau: float, slack: Any) -> bool:
    """Whether no pair has lost nearly all of its slack."""
    count = x.shape[1]
    c, turned = np.empty(count), np.empty(count)
    to = _turned(x) if forms == 2 else x
    for i in range(count):
        _products(x, i, x, c)
        if forms == 2:
            _products(x, i, to, turned)
        for j in range(i):
            seen = c[j] if forms == 0 else c[j] * c[j]
            if forms == 2:
                seen += turned[j] * turned[j]
            if not tau - seen > (1 - KEPT) / 2 * slack[i, j]:
                return False
    return True


@njit(fastmath=FAST, cache=True, error_model="numpy")
def _moved(x: Any, forms: int, seen: Any, tangent: Any, line: Any) -> tuple[float, float]:
    """Move x as far as no slack is lost; (τ, the share of the step)."""
    tau, rise, slack = line
    longest = 0.0
    for i in range(x.shape[1]):
        squared = 0.0
        for a in range(tangent.shape[0]):
            squared += tangent[a, i] * tangent[a, i]
        longest = max(longest, squared)
    share = min(1.0, LONGEST / math.sqrt(max(longest, 1e-300)))
    moved = np.empty_like(x)
    while share > 1e-10:
        _gone(x, seen[0], tangent, share, moved)
        if _within(moved, forms, tau + share * rise, slack):
            for d in range(x.shape[0]):
                for i in range(x.shape[1]):
                    x[d, i] = moved[d, i]
            _see(x, forms, seen)
            return tau + share * rise, share
        share *= 0.7
    return tau, 0.0


@njit(fastmath=FAST, cache=True, error_model="numpy")
def _first_weights(tau: float, cosines: Any, weights: Any, slack: Any) -> float:
    """λ ∝ 1/s, of sum 1; the σ = λ s of all pairs."""
    whole = 0.0
    for i in range(slack.shape[0]):
        for j in range(slack.shape[0]):
            slack[i, j] = tau - cosines[i, j] if j != i else 1.0
            weights[i, j] = 1 / slack[i, j] if j != i else 0.0
            whole += weights[i, j] / 2
    for i in range(slack.shape[0]):
        for j in range(slack.shape[0]):
            weights[i, j] /= whole
    return 1 / whole


@njit(fastmath=FAST, cache=True, error_model="numpy")
def _gap(tau: float, cosines: Any, weights: Any, slack: Any) -> float:
    """Σ λ s, with the slack as it is now."""
    gap = 0.0
    for i in range(slack.shape[0]):
        for j in range(slack.shape[0]):
            slack[i, j] = tau - cosines[i, j] if j != i else 1.0
            gap += weights[i, j] * slack[i, j] / 2
    return gap


@njit(fastmath=FAST, cache=True, error_model="numpy")
def _largest(cosines: Any) -> float:
    largest = -1.0
    for i in range(cosines.shape[0]):
        for j in range(i):
            largest = max(largest, cosines[i, j])
    return largest


@njit(fastmath=FAST, cache=True, error_model="numpy")
def _reweighted(weights: Any, change: Any) -> float:
    """Take as much of the step as keeps the weights positive; how much that is."""
    share = _longest_dual(weights, change)
    for i in range(weights.shape[0]):
        for j in range(weights.shape[0]):
            weights[i, j] += share * change[i, j]
    return share


@njit(fastmath=FAST, cache=True, error_model="numpy")
def _longest_dual(weights: Any, change: Any) -> float:
    """How much of the step keeps the weights positive."""
    share = 1.0
    for i in range(weights.shape[0]):
        for j in range(i):
            if change[i, j] < 0:
                share = min(share, -KEPT * weights[i, j] / change[i, j])
    return share


_reduction = njit(cache=True)(reduction)


@njit(fastmath=FAST, cache=True, error_model="numpy", nogil=True)
def descend_to_packing(x: Any, forms: int, width: float, most_steps: int, below: float) -> Any:
    """Minimise max c_ij from ``x`` (D, N), which is moved; and what ``InteriorPoint`` tells.

    forms: 0 points, 1 real lines, 2 complex lines; the rest as in ``minimise_largest``.
    """
    dim, count = x.shape
    k, kinds, many = dim - 1, max(forms, 1), count * (count - 1) / 2
    seen = (
        np.empty((dim, count)), np.empty((kinds, count, count)),
        np.empty((kinds, k, count, count)), np.empty((kinds, k, count, count)),
        np.empty((k, count, count)), np.empty((k, count, count)), np.empty((count, count)),
    )  # fmt: skip
    cosines, rates = seen[6], seen[4]
    tangent, pull = np.empty((k, count)), np.empty((k, count))
    slack, change = np.empty((count, count)), np.empty((count, count))
    room = (np.empty((k * count, k * count)), np.empty((k * count, k * count)), pull,
            np.empty((count, count)), np.empty((count, count)))  # fmt: skip
    weights = np.empty((count, count))
    _see(x, forms, seen)
    tau = _largest(cosines) + width
    target = _first_weights(tau, cosines, weights, slack)
    steps, residual, shift, given_up = 0, math.inf, 0.0, False
    flat_pull, flat_tangent = pull.reshape(-1), tangent.reshape(-1)
    while steps < most_steps and not given_up:
        steps += 1
        state = (weights, slack, target, tangent, change, shift)
        rise, shift = _newton(forms, seen, state, room)
        if math.isnan(rise):
            break
        tau, share = _moved(x, forms, seen, tangent, (tau, rise, slack))
        share = min(share, _reweighted(weights, change))
        gap = _gap(tau, cosines, weights, slack)
        _pulled(weights, rates, pull)
        residual = math.sqrt(dot(flat_pull, flat_pull))
        still = 0.0
        for i in range(flat_tangent.size):
            still = max(still, share * abs(flat_tangent[i]))
        if (gap < 3 * CLOSED and residual < 1e-12) or (gap < 100 * CLOSED and still < STILL):
            break  # beyond, slacks are rounding errors
        given_up = tau - DOUBT * gap - residual > below
        target = max(gap * _reduction(share, gap, residual), CLOSED) / many
    return _largest(cosines), weights, residual, steps, given_up
