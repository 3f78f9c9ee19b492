r"""Second-order products by transform: how the gradient changes along a direction.

.. math:: \frac{d}{dt} g(t) \Big|_{0} \approx
          \frac{g(-2h) - 8 g(-h) + 8 g(h) - g(2h)}{12 h}

g: the gradient of the contour sum at slopes a + t δa and offset c + t δc, on a fixed contour
with a fixed number of nodes. It is analytic in t, so the five-point difference is accurate to
h^4; the kinks, one-sided, are all in the strata with few active features, which are exact.
"""

from __future__ import annotations

from typing import Any

from array_api_compat import array_namespace

from superposition.numerics.expectation.activity.few_active import change_of_few
from superposition.numerics.expectation.problem import OutputProblem, Rows
from superposition.numerics.expectation.transform.contour import choose_contour, independent
from superposition.numerics.expectation.transform.many_active import (
    Goal,
    Kernel,
    RowProblem,
    seen_features,
)

STEP = 2e-4  # times the largest slope over the largest change: h^4 and rounding/h both near 1e-12
STENCIL = ((-2, 1 / 12), (-1, -8 / 12), (1, 8 / 12), (2, -1 / 12))


def gradient_change(
    problem: OutputProblem, d_rows: Any, d_bias: Any, nodes: int, kernel: Kernel
) -> tuple[Any, Any, Any]:
    """The change of (d_rows, d_bias), and where it is one-sided; ``nodes`` for every output.

    Raises ``ValueError`` where a slope that is zero would move: the states in which only such
    features are active are kinks of their own.
    """
    xp = array_namespace(problem.rows)
    rows = Rows.of(problem.rows, problem.bias, problem.features.density)
    along = Rows.of(d_rows, d_bias, problem.features.density)
    seen = seen_features(rows, problem.features.values)
    unseen = (seen.slopes[1:, :] == 0) & (along.slopes[1:, :] != 0)
    if bool(xp.any(unseen)):
        raise ValueError(
            "the direction moves an entry of WᵀW that is zero; transform has no second-order "
            "product there. Use Enumeration()."
        )
    change, change_offset, one_sided = change_of_few(
        seen.slopes, seen.offset, seen.density, seen.values, (along.slopes, along.offset)
    )
    contour = choose_contour(seen.slopes, seen.offset, seen.values, independent(seen.density))
    largest = xp.max(xp.abs(along.slopes), axis=0) + xp.abs(along.offset)
    size = xp.max(xp.abs(seen.slopes), axis=0) + xp.abs(seen.offset)
    moves = (largest > 0) & (size > 0)
    h = STEP * xp.where(moves, size, 1 + 0 * size) / xp.where(moves, largest, 1 + 0 * size)
    for times, weight in STENCIL:
        moved = RowProblem(
            seen.slopes + times * h * along.slopes,
            seen.offset + times * h * along.offset,
            seen.density,
            seen.values,
        )
        found = kernel(moved, contour, Goal(-1 + 0 * h, 1.0), nodes, True)
        change = change + weight / h * found.d_slopes
        change_offset = change_offset + weight / h * found.d_offset
    return _with_unseen(problem, rows, seen, change, change_offset, one_sided)


def _with_unseen(
    problem: OutputProblem, rows: Rows, seen: RowProblem, change: Any, offset: Any, one_sided: Any
) -> tuple[Any, Any, Any]:
    """A feature the form does not see changes like the bias, times its mean."""
    xp = array_namespace(change)
    mean = rows.density * problem.features.moment(1)
    others = xp.where(seen.slopes[1:, :] == 0, mean[1:, :] * offset[None, :], change[1:, :])
    complete = xp.concat([change[:1, :], others], axis=0)
    return rows.features_back(complete), rows.back(offset), rows.back(one_sided)
