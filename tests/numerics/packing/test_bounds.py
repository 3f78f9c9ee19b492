"""Bounds hold at every arrangement, and are met by those that are proven best."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from superposition.numerics.packing.bounds.best_bound import all_bounds, bounds_for
from superposition.numerics.packing.bounds.bound import Space
from superposition.numerics.packing.bounds.levenshtein_nodes import levenshtein_nodes
from superposition.numerics.packing.bounds.proven_optima import TAMMES
from superposition.numerics.packing.codes import families
from superposition.numerics.packing.codes.catalogue import BUILDERS, built
from superposition.numerics.packing.energy.largest_cosine import LargestCosine
from superposition.numerics.packing.energy.pair_energy import PairEnergy, Potential
from superposition.numerics.packing.energy.potentials import Gaussian, Logarithmic, Riesz
from superposition.theory.packing.catalogue import ROWS, code
from tests.repository import ROOT

Array = NDArray[np.float64]
REFERENCE = json.loads((ROOT / "tests/reference/universally_optimal.json").read_text("utf-8"))
POTENTIALS: list[Potential] = [Riesz(1.0), Riesz(5.0), Logarithmic(), Gaussian(2.0)]
KINDS = ["points", "real lines", "complex lines"]
seeds = st.integers(0, 10**6)


@pytest.mark.parametrize("name", [n for n in ROWS if code(n).is_sharp])
def test_the_nodes_of_sharp_codes_are_their_inner_products(name: str) -> None:
    known = code(name)
    found = levenshtein_nodes(known.points, Space(known.dimension))
    np.testing.assert_allclose(found.nodes, [float(v) for v in known.inner_products], atol=1e-9)
    counts = known.points * found.weights
    np.testing.assert_allclose(counts, known.multiplicities, rtol=1e-7)


@pytest.mark.parametrize("place", REFERENCE["rows"])
def test_universally_optimal_codes_meet_their_bounds(place: str) -> None:
    row = REFERENCE["rows"][place]
    dimension, points = map(int, place.split(","))
    cosine = bounds_for(points, dimension, LargestCosine())
    assert cosine is not None
    assert cosine.value == pytest.approx(row["max_cos"], abs=1e-12)
    exponents: dict[str, Potential] = {"coulomb": Riesz(1.0), "log": Logarithmic()}
    for name, potential in exponents.items():
        energy = PairEnergy(potential)
        for bound in all_bounds(points, dimension, energy):
            assert bound.value <= row["energies"][name] + 1e-9 * abs(row["energies"][name])
        best = bounds_for(points, dimension, energy)
        assert best is not None
        assert best.value == pytest.approx(row["energies"][name], rel=1e-12)
        if (dimension, points) != (16, 288):  # beyond linear programming
            assert all_bounds(points, dimension, energy)[-1].value == pytest.approx(
                row["energies"][name], rel=1e-9
            )


@given(seeds, st.integers(2, 5), st.integers(2, 30), st.sampled_from(POTENTIALS))
@settings(max_examples=60, deadline=None)
def test_no_points_go_below_a_bound(
    seed: int, dimension: int, count: int, potential: Potential
) -> None:
    points = np.random.default_rng(seed).normal(size=(count, dimension))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    for energy in (LargestCosine(), PairEnergy(potential)):
        value = float(energy.value(points))
        for bound in all_bounds(count, dimension, energy):
            assert value >= bound.value - 1e-9 * abs(bound.value), bound


@given(seeds, st.integers(2, 5), st.integers(2, 30), st.sampled_from(["real", "complex"]))
@settings(max_examples=60, deadline=None)
def test_no_lines_go_below_a_bound(seed: int, dimension: int, count: int, field: str) -> None:
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(count, dimension)).astype(complex if field == "complex" else float)
    if field == "complex":
        points = points + 1j * rng.normal(size=points.shape)
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    for energy in (LargestCosine(lines=True, field=field), PairEnergy(Riesz(2.0), lines=True)):
        value = float(np.real(energy.value(points)))
        for bound in all_bounds(count, dimension, energy, field):
            assert value >= bound.value - 1e-9, bound


@pytest.mark.parametrize("name", sorted(set(BUILDERS) - {"Leech", "4600 in 23 dimensions"}))
def test_no_code_goes_below_a_bound(name: str) -> None:
    points = built(name)
    energies: list[LargestCosine | PairEnergy] = [LargestCosine()]
    energies += [PairEnergy(potential) for potential in POTENTIALS]
    for energy in energies:
        value = float(energy.value(points))
        for bound in all_bounds(len(points), points.shape[1], energy):
            assert value >= bound.value - 1e-10 * abs(bound.value), bound


@pytest.mark.parametrize("kind", KINDS)
@given(st.integers(2, 7), st.integers(3, 400))
@settings(max_examples=40, deadline=None)
def test_the_quadrature_is_exact(kind: str, dimension: int, points: int) -> None:
    space = Space(dimension, kind)
    points = max(points, dimension + 1)
    found = levenshtein_nodes(points, space)
    values, weights = space.quadrature(found.degree + 2)
    assert np.all(found.weights > 0)
    assert found.nodes[0] >= space.least - 1e-12
    assert found.nodes[-1] < 1
    for power in range(found.degree + 1):
        mean = weights @ values**power
        assert found.weights @ found.nodes**power + 1 / points == pytest.approx(mean, abs=1e-9)


def test_line_packings_that_meet_their_bounds() -> None:
    """SICs, mutually unbiased bases, and the lines of icosahedron, E8 and Leech."""
    real, complex_lines = LargestCosine(lines=True), LargestCosine(lines=True, field="complex")
    for dim, points, energy, value, name in [
        (3, 6, real, 5**-0.5, "Welch bound"),
        (7, 28, real, 1 / 3, "Welch bound"),
        (23, 276, real, 1 / 5, "Welch bound"),
        (3, 9, complex_lines, 0.5, "Welch bound"),
        (8, 120, real, 1 / 2, "Levenshtein, degree 3"),
        (24, 98280, real, 1 / 2, "Levenshtein, degree 5"),
        (4, 20, complex_lines, 0.5, "Levenshtein, degree 2"),
        (16, 144, real, 1 / 4, "Levenshtein, degree 2"),
        (6, 4, real, 0.0, "orthonormal lines"),
    ]:
        bound = bounds_for(points, dim, energy)
        assert bound is not None
        assert bound.value == pytest.approx(value, abs=1e-9)
        assert bound.name == name
    ten = all_bounds(7, 3, real)
    assert {bound.name for bound in ten} == {"Levenshtein, degree 2", "orthoplex bound"}


def test_proven_optima() -> None:
    for points, (value, source) in TAMMES.items():
        bound = bounds_for(points, 3, LargestCosine())
        assert bound is not None
        assert bound.value == pytest.approx(value, abs=1e-14)
        assert bound.source == source or "Cohn and Kumar" in bound.source
        for other in all_bounds(points, 3, LargestCosine()):
            assert other.value <= value + 1e-14
    five = bounds_for(5, 3, PairEnergy(Riesz(1.0)))
    assert five is not None
    assert five.value == pytest.approx(6.474691494688, abs=1e-11)  # published
    assert float(PairEnergy(Riesz(1.0)).value(families.bipyramid(3))) == five.value
    log, gauss = (bounds_for(5, 3, PairEnergy(f)) for f in (Logarithmic(), Gaussian(1.0)))
    assert log is not None
    assert log.source == "Dragnev, Legg and Townsend 2002"
    assert gauss is not None
    assert gauss.name.startswith("universal lower bound")


def test_what_is_not_covered() -> None:
    assert bounds_for(5, 3, PairEnergy(Riesz(1.0), on_sphere=False)) is None
    with pytest.raises(ValueError, match="points is 1; it must be a whole number of at least 2"):
        bounds_for(1, 3, LargestCosine())
    with pytest.raises(ValueError, match="dim is 1; it must be a whole number of at least 2"):
        bounds_for(3, 1, LargestCosine())
