r"""Second-order products by transform: how the gradient changes along a direction.

.. math:: \frac{d}{dt} g(t) \Big|_{0} \approx
          \frac{g(-2h) - 8 g(-h) + 8 g(h) - g(2h)}{12 h}

g: the gradient of the contour sum at slopes a + t δa and offset c + t δc, on a fixed contour
with a fixed number of nodes. It is analytic in t, so the five-point difference is accurate to
h^4; the kinks, one-sided, are all in the strata with few active features, which are exact.
What is left out beyond the last node is not estimated: products are good to 1e-5 or better of
their size where the loss is good to 1e-9. Source: derived here.
"""

from __future__ import annotations

from typing import Any

from array_api_compat import array_namespace

from superposition.numerics.expectation.activity.few_active import change_of_few
from superposition.numerics.expectation.problem import OutputProblem, Path, Rows
from superposition.numerics.expectation.result import OutputChange
from superposition.numerics.expectation.transform.contour import choose_contour, independent
from superposition.numerics.expectation.transform.many_active import (
    Goal,
    Kernel,
    RowLosses,
    RowProblem,
    seen_features,
)

STEP = 2e-4  # times the largest slope over the largest change: h^4 and rounding/h both near 1e-12
STENCIL = ((-2, 1 / 12), (-1, -8 / 12), (1, 8 / 12), (2, -1 / 12))


def gradient_change(problem: OutputProblem, path: Path, nodes: int, kernel: Kernel) -> OutputChange:
    """How (d_rows, d_bias) change along a path; ``nodes`` for every output.

    Raises ``ValueError`` where a slope that is zero would move: the states in which only such
    features are active are kinks of their own.
    """
    xp = array_namespace(problem.rows)
    density = problem.features.density
    rows = Rows.of(problem.rows, problem.bias, density)
    along = Rows.of(path.d_rows, path.d_bias, density)
    curve = Rows.of(path.curve, 0 * path.d_bias, density)
    seen = seen_features(rows, problem.features.values)
    if bool(xp.any((seen.slopes[1:, :] == 0) & (along.slopes[1:, :] != 0))):
        raise ValueError(
            "the direction moves an entry of W_out W that is zero; transform has no second-order "
            "product there, enumeration has."
        )
    few = change_of_few(
        seen.slopes,
        seen.offset,
        seen.density,
        seen.values,
        ((along.slopes, along.offset), (curve.slopes, curve.offset)),
    )
    contour = choose_contour(seen.slopes, seen.offset, seen.values, independent(seen.density))

    def rest(t: Any) -> RowLosses:
        """The contour sum's derivatives at t, which any t may ask for: the sum is analytic."""
        moved = RowProblem(
            seen.slopes + t * along.slopes,
            seen.offset + t * along.offset,
            seen.density,
            seen.values,
        )
        return kernel(moved, contour, Goal(-1 + 0 * seen.offset, 1.0), nodes, True)

    largest = xp.max(xp.abs(along.slopes), axis=0) + xp.abs(along.offset)
    size = xp.max(xp.abs(seen.slopes), axis=0) + xp.abs(seen.offset)
    moves = (largest > 0) & (size > 0)
    h = STEP * xp.where(moves, size, 1 + 0 * size) / xp.where(moves, largest, 1 + 0 * size)
    change, change_offset = few.d_slopes, few.d_offset
    for times, weight in STENCIL:
        found = rest(times * h)
        change = change + weight / h * found.d_slopes
        change_offset = change_offset + weight / h * found.d_offset
    here, unmoved = rest(0 * h), problem.features.moment(1) * rows.density
    side_offset = few.side_offset + here.d_offset

    def complete(of_slopes: Any, of_offset: Any) -> Any:
        """A feature the form does not see moves it like the bias, times its mean."""
        hidden = xp.where(
            seen.slopes[1:, :] == 0, unmoved[1:, :] * of_offset[None, :], of_slopes[1:, :]
        )
        return rows.features_back(xp.concat([of_slopes[:1, :], hidden], axis=0))

    return OutputChange(
        complete(change, change_offset),
        rows.back(change_offset),
        rows.back(few.one_sided),
        complete(few.side + here.d_slopes, side_offset),
    )
