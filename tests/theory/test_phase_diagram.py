"""The phase diagram: the paper's boundaries come out, and every boundary is one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from superposition.theory.composition import best_composition
from superposition.theory.domain import check_density
from superposition.theory.pair_cost import named_pair
from superposition.theory.phase_diagram import PhaseDiagram, phases
from superposition.theory.symbols import r

SHAPES: list[tuple[int, int, Any]] = [
    (2, 1, 1),
    (3, 1, 1),
    (3, 2, 1),
    (4, 2, 1),
    (5, 2, 1),
    (5, 3, 1),
    (3, 2, [1, 0.5]),
    (4, 2, [1, 0.9, 0.3]),
    (5, 2, [3, 1 / 3, 1, 0.25]),
    (4, 3, [1, 1, 0.1]),
]


@pytest.fixture(scope="module", params=SHAPES, ids=str)
def diagram(request: pytest.FixtureRequest) -> PhaseDiagram:
    return phases(*request.param)


def test_two_features_give_the_paper_s_boundaries() -> None:
    diagram = phases(features=2, hidden=1)
    curved = [boundary.density for boundary in diagram.boundaries if not boundary.vertical]
    assert curved == [4 * r / (2 + 5 * r), 4 / (5 + 2 * r)]
    (line,) = (boundary for boundary in diagram.boundaries if boundary.vertical)
    assert line.curve.importance == 1
    (triple,) = diagram.triple_points
    assert (triple.importance, triple.density) == (1, sympy.Rational(4, 7))
    assert set(triple.phases) == set(diagram.phases)


def test_three_features_have_the_paper_s_four_phases() -> None:
    diagram = phases(features=3, hidden=2)
    places = sorted((phase.extra, len(phase.composition.pairs)) for phase in diagram.regions)
    assert places == [("dedicated", 0), ("dedicated", 1), ("dropped", 0), ("paired", 1)]


def test_phases_are_the_best_compositions(diagram: PhaseDiagram) -> None:
    rng = np.random.default_rng(0)
    n, m = diagram.features, diagram.hidden
    for extra, p in zip(10 ** rng.uniform(-1, 1, 60), 10 ** rng.uniform(-2, 0, 60), strict=True):
        importance = [*map(float, diagram.ordinary), float(extra)]
        best = best_composition(importance, float(p), m)
        chosen = diagram.phases[int(diagram.phase(extra, p))].composition
        assert chosen.loss(importance, [p] * n) == pytest.approx(best.loss, rel=1e-12)
        assert float(diagram.loss(extra, p)) == pytest.approx(best.loss, rel=1e-12)


def test_both_phases_are_best_on_their_boundary(diagram: PhaseDiagram) -> None:
    for boundary in diagram.boundaries:
        for extra, p in boundary.points(0.1, 10, count=9):
            losses = [
                phase.composition.loss(
                    [*map(float, diagram.ordinary), extra], [p] * diagram.features
                )
                for phase in diagram.phases
            ]
            for phase in boundary.phases:
                own = losses[diagram.phases.index(phase)]
                assert own == pytest.approx(min(losses), rel=1e-9)


def test_the_phase_changes_across_every_boundary(diagram: PhaseDiagram) -> None:
    for boundary in diagram.boundaries:
        extra, p = boundary.points(1e-4, 1e4, count=5)[2]
        step = np.array([1e-6, -1e-6])
        sides = (
            diagram.phase(extra * (1 + step), p)
            if boundary.vertical
            else diagram.phase(extra, p * (1 + step))
        )
        found = {diagram.phases[int(side)] for side in sides}
        assert found == set(boundary.phases)


def test_no_change_of_phase_is_missed(diagram: PhaseDiagram) -> None:
    """Walk straight between random points: where the phase changes, a boundary is known."""
    known = {frozenset(boundary.phases) for boundary in diagram.boundaries}
    rng = np.random.default_rng(0)
    for _ in range(300):
        here, there = rng.uniform([-1, -2], [1, 0], size=(2, 2))  # log10 of importance, density
        while np.abs(there - here).max() > 1e-9:
            middle = (here + there) / 2
            same = diagram.phase(*10**here) == diagram.phase(*10**middle)
            here, there = (middle, there) if same else (here, middle)
        sides = {diagram.phases[int(diagram.phase(*10**end))] for end in (here, there)}
        assert len(sides) == 1 or frozenset(sides) in known


def test_unequal_ordinary_importances_move_the_boundaries() -> None:
    diagram = phases(features=3, hidden=2, ordinary=[1, 0.5])
    densities = {str(boundary.density) for boundary in diagram.boundaries if not boundary.vertical}
    assert "4*r/(5*r + 2)" not in densities
    number = diagram.phase(0.1, 0.999)
    assert diagram.phases[int(number)].extra == "dropped"


def test_enough_dimensions_leave_one_phase() -> None:
    diagram = phases(features=2, hidden=2)
    assert len(diagram.regions) == 1
    assert not diagram.boundaries
    assert not diagram.triple_points


def test_the_best_pair_moves_the_triple_point_to_density_one() -> None:
    diagram = phases(features=2, hidden=1, pair="balanced")
    (triple,) = diagram.triple_points
    assert (triple.importance, triple.density) == (1, 1.0)
    assert all(boundary.density is None for boundary in diagram.boundaries)
    assert "λ(p)" in str(diagram.boundaries[0])


@given(st.floats(0.05, 1), st.floats(0.001, 1))
def test_a_better_pair_only_gains_ground(extra: float, p: float) -> None:
    unit, best = phases(2, 1), phases(2, 1, pair="balanced")
    if unit.phases[int(unit.phase(extra, p))].extra == "paired":
        assert best.phases[int(best.phase(extra, p))].extra == "paired"


@pytest.mark.parametrize("pair", ["unit", "balanced"])
@given(p=st.floats(1e-3, 0.99))
def test_density_and_relative_cost_are_inverse(pair: str, p: float) -> None:
    cost = named_pair(pair)
    assert float(cost.density(cost.relative_cost(p))) == pytest.approx(p, rel=1e-7)


@pytest.mark.parametrize("pair", ["unit", "balanced"])
def test_the_ends_of_the_boundary_are_no_exception(pair: str) -> None:
    cost = named_pair(pair)
    np.testing.assert_array_equal(cost.density([0, cost.largest]), [0, 1])
    assert float(cost.density(1e-12)) == pytest.approx(2e-12, rel=1e-9)
    for p in (1e-15, 1 - 1e-15, np.nextafter(1, 0)):
        assert 0 < float(cost.relative_cost(p)) <= cost.largest
    assert phases(2, 1, pair=pair).boundaries[0].density_at(0) == 0


def test_functions_are_vectorised_and_checked() -> None:
    boundary = phases(2, 1).boundaries[0]
    np.testing.assert_allclose(boundary.density_at([0.5, 1.0]), [4 / 9, 4 / 7])
    check_density(boundary.density_at(np.linspace(0.01, 1, 50)))
    assert boundary.points(2, 5).shape == (0, 2)
