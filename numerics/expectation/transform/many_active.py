r"""Transform: the loss of an output from the characteristic function of its linear form.

.. math:: E(x_0 - z_+)^2 = E x_0^2 + \sum_{\text{few}} + \frac1\pi \int_0^\infty \mathrm{Re}
          \Big[ e^{sc}\, o(s)\, \Big(\prod_{j \ne 0} \chi_j - \text{few}\Big) \Big] d\omega

.. math:: o(s) = \frac{2 (q_0 + p_0 \varphi(s a_0))}{s^3} - \frac{2 p_0 \varphi'(s a_0)}{s^2},
          \qquad \chi_j = q_j + p_j \varphi(s a_j), \quad s = \gamma + i\omega

The states with no or one other feature active are known exactly (``few_active``) and taken
out, so that the rest decays like ω^-5 or faster. "≥ 2 active" is built up feature by feature,

.. math:: S_{\ge 2} \leftarrow S_{\ge 2}\, \chi_j + S_1\, p_j \varphi_j, \quad
          S_1 \leftarrow S_1 q_j + S_0\, p_j \varphi_j, \quad S_0 \leftarrow S_0 q_j

so nothing cancels when features are sparse. Cost O(n² N) for all outputs, N nodes.
Nodes are added until the estimated error is small: the partial sums show the errors at N/4
and N/2, and their ratio is the rate that leads to the error at N.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device

from superposition.numerics.expectation.activity.few_active import none_and_one_active
from superposition.numerics.expectation.kinks import kinked
from superposition.numerics.expectation.problem import OutputProblem, Rows
from superposition.numerics.expectation.result import OutputLosses, combined
from superposition.numerics.expectation.transform.contour import (
    Contour,
    choose_contour,
    independent,
    nodes,
)
from superposition.numerics.expectation.transform.value_transform import value_transform
from superposition.theory.features.values import ValueLaw

FEWEST_NODES = 32
SAFETY = 5.0  # with less, estimates of random problems fell below the error now and then
UNSEEN = 2e-16  # of the largest slope: what is less is lost when the form is summed
ROUNDING = 5e-15  # relative to the terms summed: measured on the catalogue
SETTLED = 3e-15  # relative to the loss
FEW_FEATURES = 64  # for which nodes are cheap enough to settle an estimate that is too high
FASTEST, SLOWEST = 1 / 32, 1 / 2  # in the end the error falls like N^-1 … N^-5, whatever it did


@dataclass(frozen=True, eq=False)
class RowLosses:
    """Per row, all (R,) but d_slopes (n, R): the rest's share of the loss, its signed error,
    the sum of the terms' magnitudes, which rounding is relative to, the nodes taken, and
    derivatives.
    """

    value: Any
    error: Any
    size: Any
    nodes: Any
    d_slopes: Any
    d_offset: Any


@dataclass(frozen=True, eq=False)
class RowProblem:
    """Rows with a feature that their form does not see counted as silent.

    slopes, density: (n, R), own feature first; offset: (R,).
    """

    slopes: Any
    offset: Any
    density: Any
    values: ValueLaw


@dataclass(frozen=True, eq=False)
class Goal:
    """error: (R,), what each row may be wrong by; settled: the part of it for steep errors."""

    error: Any
    settled: float


Kernel = Callable[[RowProblem, Contour, Goal, int, bool], RowLosses]


def seen_features(rows: Rows, values: ValueLaw) -> RowProblem:
    """Features whose slope is lost in rounding do not move the form: they count as silent."""
    xp = array_namespace(rows.slopes)
    size = xp.max(xp.abs(rows.slopes), axis=0)
    unseen = xp.abs(rows.slopes[1:, :]) <= UNSEEN * size
    others = xp.where(unseen, 0 * rows.density[1:, :], rows.density[1:, :])
    density = xp.concat([rows.density[:1, :], others], axis=0)
    slopes = xp.concat(
        [rows.slopes[:1, :], xp.where(unseen, 0 * rows.slopes[1:, :], rows.slopes[1:, :])], axis=0
    )
    return RowProblem(slopes, rows.offset, density, values)


def many_active(
    problem: RowProblem, contour: Contour, goal: Goal, most_nodes: int, gradient: bool
) -> RowLosses:
    """The rest, with as many nodes as the row that needs most: the array twin."""
    xp = array_namespace(problem.slopes)
    blocks, sizes, count = [], [], 0
    value = error = problem.offset
    for larger in node_counts(most_nodes):
        terms = _integrand(problem, contour, count, larger)
        blocks.append(xp.real(terms))
        sizes.append(xp.sum(xp.abs(terms), axis=1))
        count = larger
        partial = xp.cumulative_sum(xp.concat(blocks, axis=1), axis=1)
        value = partial[:, -1]
        error, steep = estimated_error(partial)
        if bool(xp.all(xp.abs(error) <= xp.where(steep, goal.settled * goal.error, goal.error))):
            break
    size, taken = sum(sizes), count + 0 * problem.offset
    if not gradient:
        return RowLosses(value, error, size, taken, None, None)
    return RowLosses(value, error, size, taken, *_derivatives(problem, contour, count))


def node_counts(most: int) -> list[int]:
    """How many nodes to try: half as many again each time, multiples of 16."""
    counts = [FEWEST_NODES]
    while (larger := -(-3 * counts[-1] // 32) * 16) <= most:
        counts.append(larger)
    return counts


def estimated_error(partial: Any) -> tuple[Any, Any]:
    """The signed error of the last of the partial sums (R, N), and whether it falls steeply.

    The sums from N/4 and from N/2 on show the errors there, and their ratio the rate ρ, be it
    geometric or algebraic; from the error at N/2 it leaves ρ/(1 - ρ). Where ρ is smaller than
    any power law explains, the estimate is far above the error, and a few nodes more settle it.
    """
    xp = array_namespace(partial)
    count = int(partial.shape[1])
    last = partial[:, -1:]
    at_quarter = xp.max(xp.abs(partial[:, count // 4 - 1 : count // 2 - 1] - last), axis=1)
    at_half = partial[:, count // 2 - 1 : -1] - last
    above, below = xp.max(at_half, axis=1), xp.min(at_half, axis=1)
    signed = xp.where(above >= -below, above, below)
    ratio = xp.abs(signed) / xp.where(at_quarter > 0, at_quarter, xp.ones_like(at_quarter))
    rate = xp.clip(ratio, FASTEST, SLOWEST)
    return SAFETY * signed * rate / (1 - rate), ratio < FASTEST


def _integrand(problem: RowProblem, contour: Contour, first: int, last: int) -> Any:
    """e^{sc} o(s) S_{≥2} h/π at the nodes, (R, last - first)."""
    s = nodes(contour, first, last)
    *_, many = _strata(problem, s)
    return _weighted_own(problem, contour, s) * many


def _strata(problem: RowProblem, s: Any) -> tuple[Any, Any, Any]:
    """S_0, S_1 and S_{≥2} of the other features, (R, N)."""
    one = 1 + 0 * s
    none, single, many = one, 0 * s, 0 * s
    for j in range(1, int(problem.slopes.shape[0])):
        p = problem.density[j][:, None]
        phi = p * value_transform(problem.values, s * problem.slopes[j][:, None], 0)
        many = many * (1 - p + phi) + single * phi
        single = single * (1 - p) + none * phi
        none = none * (1 - p)
    return none, single, many


def _weighted_own(problem: RowProblem, contour: Contour, s: Any) -> Any:
    """e^{sc} o(s) h/π, zero on rows whose form is never positive."""
    xp = array_namespace(problem.slopes)
    p, y = problem.density[0][:, None], s * problem.slopes[0][:, None]
    own = 2 * (1 - p + p * value_transform(problem.values, y, 0)) / s**3
    own = own - 2 * p * value_transform(problem.values, y, 1) / s**2
    offset = xp.where(contour.active, problem.offset, 0 * problem.offset)[:, None]
    weight = xp.where(contour.active, contour.step / np.pi, 0 * contour.step)[:, None]
    return xp.exp(s * offset) * own * weight


def _derivatives(problem: RowProblem, contour: Contour, count: int) -> tuple[Any, Any]:
    """The derivatives of the sum over the nodes, by slopes (n, R) and offset (R,)."""
    xp = array_namespace(problem.slopes)
    s = nodes(contour, 0, count)
    none, single, many = _strata(problem, s)
    weight = _weighted_own(problem, contour, s) * s
    p, y = problem.density[0][:, None], s * problem.slopes[0][:, None]
    own = 2 * p * value_transform(problem.values, y, 1) / s**3
    own = (own - 2 * p * value_transform(problem.values, y, 2) / s**2) * s
    offset = xp.where(contour.active, problem.offset, 0 * problem.offset)[:, None]
    step = xp.where(contour.active, contour.step / np.pi, 0 * contour.step)[:, None]
    d_slopes = [xp.sum(xp.real(xp.exp(s * offset) * own * many * step), axis=1)]
    product = none + single + many
    for j in range(1, int(problem.slopes.shape[0])):
        p = problem.density[j][:, None]
        y = s * problem.slopes[j][:, None]
        factor = 1 - p + p * value_transform(problem.values, y, 0)
        silent = _silence_without(problem, j)[:, None]
        gone = factor == 0  # below the least float, and the product with it
        active_others = product / xp.where(gone, 1 + 0 * factor, factor) - silent
        slope_of = p * value_transform(problem.values, y, 1)
        d_slopes.append(xp.sum(xp.real(weight * slope_of * active_others), axis=1))
    return xp.stack(d_slopes), xp.sum(xp.real(weight * many), axis=1)


def _silence_without(problem: RowProblem, feature: int) -> Any:
    """Π q_l over the others but one, (R,)."""
    total = 1 + 0 * problem.offset
    for j in range(1, int(problem.slopes.shape[0])):
        if j != feature:
            total = total * (1 - problem.density[j])
    return total


def losses(
    problem: OutputProblem, tolerance: float, most_nodes: int, gradient: bool, kernel: Kernel
) -> OutputLosses:
    """E(x_i - x'_i)² of every output; ``kernel``: many_active, or its compiled twin."""
    xp = array_namespace(problem.rows)
    rows = Rows.of(problem.rows, problem.bias, problem.features.density)
    seen = seen_features(rows, problem.features.values)
    few = none_and_one_active(seen.slopes, seen.offset, seen.density, seen.values, gradient)
    contour = choose_contour(seen.slopes, seen.offset, seen.values, independent(seen.density))
    second = problem.second_moment
    weight = rows.forth(problem.importance)
    scale = rows.forth(xp.sum(problem.importance * second, axis=-1)[..., None])
    # Between n rows whose errors have one sign and n whose errors are independent.
    share = tolerance * scale / rows.shape[-1] ** 0.75
    matters = weight > 0
    allowed = xp.where(matters, share / xp.where(matters, weight, 1 + 0 * share), 1 + share)
    settled = SETTLED / tolerance if rows.shape[-1] <= FEW_FEATURES else 1.0
    for factor in (1.0, rows.shape[-1] ** -0.25):  # the second time as if all had one sign
        goal = Goal(factor * allowed, settled)
        rest = kernel(seen, contour, goal, most_nodes, gradient)
        total = combined(problem.importance * rows.back(rest.error))
        if bool(xp.all(total <= tolerance * rows.back(scale)[..., 0])):
            break
    value = few.value + rest.value
    size = rows.forth(second) + xp.abs(few.value) + rest.size
    d_rows = d_bias = None
    if gradient:
        d_bias = few.d_offset + rest.d_offset
        d_slopes = few.d_slopes + rest.d_slopes
        # A feature the form does not see moves it like a bias of the feature's mean.
        unseen = rows.density * problem.features.moment(1) * d_bias[None, :]
        mask = (seen.slopes == 0) & (
            xp.arange(int(rows.slopes.shape[0]), device=device(rows.slopes)) > 0
        )[:, None]
        d_rows = rows.features_back(xp.where(mask, unseen, d_slopes))
        d_bias = rows.back(d_bias)
    return OutputLosses(
        rows.back(value) + second,
        # The phase of e^{sc} loses digits as c grows beside the period.
        rows.back(ROUNDING * size + 6e-16 * contour.gamma * xp.abs(seen.offset) * rest.size),
        d_rows,
        d_bias,
        kinked(problem),
        rows.back(rest.error),
    )
