"""Two features in one dimension: the meeting points and the order of the change, exactly.

The points are rationalised and evaluated in rational arithmetic, which shares no code with the
minimiser.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from superposition.numerics import global_minimum
from superposition.numerics.free_pair import pair_boundary
from superposition.numerics.optimum.curvature import least_curvature
from superposition.numerics.optimum.landscape import Landscape
from superposition.numerics.optimum.minimum import checked_landscape
from superposition.numerics.two_features_in_one_dimension import (
    Meeting,
    balanced_pair_limit,
    first_order_importance,
    triple_point,
)
from superposition.theory.stability_of_dropping import (
    least_stable_importance,
    tricritical_densities,
)
from superposition.theory.symmetric_arrangements.optimum import simplex_optimum

flint = pytest.importorskip("flint")


def exact_loss(W: Any, b: Any, importance: Any, density: Any) -> Any:
    """L as a fraction of the fractions given; W: (m, n)."""
    from superposition.numerics.expectation import exact

    rows = exact.product(list(zip(*W, strict=True)), W)
    return exact.expected_loss(rows, list(b), list(importance), list(density))


def fraction(value: float, digits: int = 15) -> Any:
    """A nearby fraction with a power of ten below."""
    return flint.fmpq(round(value * 10**digits), 10**digits)


def pair_loss(point: Any, importance: Any, density: Any) -> Any:
    """L of (W_1, W_2, b_1, b_2), n = 2, m = 1."""
    return exact_loss([point[:2]], point[2:], [flint.fmpq(1), importance], [density] * 2)


def exact_slopes(point: Any, importance: Any, density: Any) -> list[float]:
    """The gradient by exact symmetric differences: no rounding, only h² L''' (at a kink h L'')."""
    h = flint.fmpq(1, 10**9)
    slopes = []
    for k in range(4):
        ahead, behind = ([*point[:k], point[k] + s * h, *point[k + 1 :]] for s in (1, -1))
        change = pair_loss(ahead, importance, density) - pair_loss(behind, importance, density)
        slopes.append(float(change / (2 * h)))
    return slopes


@pytest.fixture(scope="module", params=["triple point", "balanced pair limit"])
def meeting(request: pytest.FixtureRequest) -> Meeting:
    return triple_point() if request.param == "triple point" else balanced_pair_limit()


def test_meetings_hold_in_rational_arithmetic(meeting: Meeting) -> None:
    """Every state is stationary and all losses are equal, the settings being fractions."""
    r, p = fraction(meeting.importance), fraction(meeting.density)
    losses = []
    for point in meeting.points:
        exact = [fraction(value) for value in point]
        assert max(map(abs, exact_slopes(exact, r, p))) <= 1e-8
        losses.append(pair_loss(exact, r, p))
    for loss in losses:
        assert abs(float(loss - losses[0])) <= 1e-12
        assert float(loss) == pytest.approx(meeting.loss, abs=1e-12)
    norms = sorted(abs(point[1]) for point in meeting.points)
    assert np.diff(norms).min() > 1e-3  # different states


def test_meetings_are_global_minima(meeting: Meeting) -> None:
    """No random start finds anything lower; beside the meeting each state wins somewhere."""
    here = global_minimum(2, 1, [1, meeting.importance], meeting.density, starts=64)
    assert here.loss == pytest.approx(meeting.loss, rel=1e-11)


def test_the_triple_point_is_where_the_paper_s_would_be_sparser() -> None:
    found = triple_point()
    assert found.density == pytest.approx(0.511738, abs=1e-6)
    assert found.importance == pytest.approx(0.564131, abs=1e-6)
    assert found.points[0] == (1.0, 0.0, 0.0, found.density / 2)
    # It lies below the tricritical density: the weak feature jumps there too, by little.
    assert found.density < float(tricritical_densities()[0])
    assert found.importance < float(least_stable_importance(found.density))


def test_the_balanced_pair_is_the_closed_form_up_to_its_limit() -> None:
    found = balanced_pair_limit()
    assert found.density == pytest.approx(0.706404, abs=1e-6)
    balanced, unbalanced = found.points
    assert balanced[0] == pytest.approx(-balanced[1], abs=1e-8)
    assert abs(unbalanced[0] + unbalanced[1]) > 0.1
    assert found.loss == pytest.approx(2 * simplex_optimum(2, found.density).loss, rel=1e-10)
    names = [
        global_minimum(2, 1, density=found.density + step, starts=32).geometry.symmetry
        for step in (-1e-3, 1e-3)
    ]
    assert names == [2, 1]


@pytest.mark.parametrize("density", [1e-6, 0.01, 0.1, 0.3, 0.5])
def test_the_first_order_boundary(density: float) -> None:
    """Equal losses, dropping still stable; the other solver of the free pair agrees."""
    r = first_order_importance(density)
    assert r < float(least_stable_importance(density))
    if density >= 0.01:
        assert r == pytest.approx(pair_boundary(density).importance, abs=1e-8)
        beside = [
            global_minimum(2, 1, [1, share * r], density, starts=32).geometry.name
            for share in (1 - 1e-5, 1 + 1e-5)
        ]
        assert beside == ["dedicated (a) + dropped (b)", "digon (a, b)"]


def test_the_first_order_boundary_in_the_sparse_limit() -> None:
    """(2 + √2)/8 of the density, and it is smooth on the way there."""
    slopes = [first_order_importance(p) / p for p in (1e-5, 1e-4, 1e-3)]
    assert slopes[0] == pytest.approx((2 + np.sqrt(2)) / 8, abs=1e-5)
    assert slopes[2] - slopes[1] == pytest.approx(10 * (slopes[1] - slopes[0]), rel=0.05)


@pytest.mark.parametrize("density", [0, -1, 0.52, 1, "a", [0.1], np.nan])
def test_other_densities_are_refused(density: Any) -> None:
    with pytest.raises(ValueError, match="density (is|has)"):
        first_order_importance(density)


# "The change is first-order everywhere": no.


def test_at_density_13_20_a_weak_feature_is_exactly_better_than_none() -> None:
    """A fraction above r*, a rational W with a second norm below 0.02 costs less than r v.

    And no rational trial stronger than that comes near it: the feature comes in weakly.
    """
    p = flint.fmpq(13, 20)
    limit = float(least_stable_importance(0.65))
    r = fraction(limit * 1.0005, 6)
    assert float(r) > limit
    best = global_minimum(2, 1, [1, float(r)], 0.65, starts=64)
    point = [fraction(float(value), 9) for value in (*best.W[0], *best.b)]
    dropping = r * (p / 3 - p * p / 4)
    assert 0 < abs(point[1]) < flint.fmpq(2, 100)
    assert pair_loss(point, r, p) < dropping
    # Below r* dropping is a minimum and what the search finds.
    below = global_minimum(2, 1, [1, limit * 0.9995], 0.65, starts=64)
    assert below.geometry.name == "dedicated (a) + dropped (b)"
    assert below.curvature > 0


def test_at_density_3_10_it_is_first_order_exactly() -> None:
    """A strong rational pair costs less than r v while dropping is still a strict minimum."""
    p, r = flint.fmpq(3, 10), flint.fmpq(1, 4)
    best = global_minimum(2, 1, [1, 0.25], 0.3, starts=64)
    point = [fraction(float(value), 6) for value in (*best.W[0], *best.b)]
    assert abs(point[1]) > flint.fmpq(1, 2)
    assert pair_loss(point, r, p) < r * (p / 3 - p * p / 4)
    assert float(least_stable_importance(0.3)) > 0.25
    dropped = checked_landscape(2, 1, [1, 0.25], 0.3)
    assert least_curvature(dropped, np.array([[1.0, 0, 0, 0.15]])).value[0] > 1e-3


@pytest.mark.parametrize("density", [0.3, 0.9])
def test_the_cubic_is_negative_where_it_jumps(density: float) -> None:
    """At r* the loss falls along the softest direction: the far side has been lower for a while."""
    limit = float(least_stable_importance(density))
    landscape = Landscape(1, np.array([[1.0, limit]]), np.full((1, 2), density))
    point = np.array([[1.0, 0, 0, density / 2]])
    found = least_curvature(landscape, point)
    assert found.value[0] / landscape.scale[0] == pytest.approx(0, abs=1e-12)
    here = landscape.evaluate(point).loss[0]
    for step in (0.01, 0.02):
        # The other parameters at their best, the second weight held.
        from superposition.numerics.optimum.descent import descend

        moved = point + step * np.sign(-found.direction[0, 1]) * -found.direction
        moved[0, 1] = -step
        free = np.array([[True, False, True, True]])
        assert descend(landscape, moved, free=free).loss[0] < here


# "What about all three in superposition together?"


def test_three_features_in_a_plane_are_exactly_better_off_together() -> None:
    """n = 3, m = 2, r = 1, p = 3/5: a rational triangle beats digon + dedicated and dropping.

    Their losses in closed form: two members of the balanced pair; one variance.
    """
    p = flint.fmpq(3, 5)
    best = simplex_optimum(3, 0.6)
    angles = 2 * np.pi * np.arange(3) / 3
    W = np.sqrt(best.squared_norm) * np.array([np.cos(angles), np.sin(angles)])
    rational = [[fraction(float(value), 4) for value in row] for row in W]
    bias = [fraction(best.bias, 4)] * 3
    triangle = exact_loss(rational, bias, [flint.fmpq(1)] * 3, [p] * 3)
    assert float(triangle) == pytest.approx(3 * best.loss, rel=1e-6)
    assert float(triangle) < 2 * simplex_optimum(2, 0.6).loss * (1 - 1e-3)
    assert triangle < p / 3 - p * p / 4
    found = global_minimum(3, 2, density=0.6, starts=32)
    assert found.geometry.together
    assert found.geometry.name == "triangle"
    assert found.loss <= float(triangle)
