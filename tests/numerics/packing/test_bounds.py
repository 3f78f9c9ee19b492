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
from superposition.numerics.packing.bounds.cosine_programme import most_points
from superposition.numerics.packing.bounds.levenshtein_nodes import levenshtein_nodes
from superposition.numerics.packing.bounds.linear_programme import (
    _largest_second_derivatives,
    largest_excess,
    programme_bound,
    zonal_matrix,
)
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
    seven = [bound.name for bound in all_bounds(7, 3, real)]
    assert seven == ["Levenshtein, degree 2", "orthoplex bound", "linear programme, degree 10"]


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
    assert gauss.name.startswith("linear programme")


@pytest.mark.parametrize("potential", [*POTENTIALS, Riesz(12.0)], ids=lambda f: f.name)
@pytest.mark.parametrize(
    ("points", "kind", "dimension"),
    [
        (12, "points", 3),
        (27, "points", 6),
        (28, "real lines", 7),
        (9, "complex lines", 3),
        (7, "points", 2),
    ],
)
def test_the_programme_is_true_and_sharp(
    points: int, kind: str, dimension: int, potential: Potential
) -> None:
    """Where Levenshtein's quadrature is an equality, no true bound is larger."""
    space = Space(dimension, kind)
    nodes = levenshtein_nodes(points, space)
    best = points**2 / 2 * float(nodes.weights @ potential.jet(nodes.nodes)[0])
    found = programme_bound(points, space, potential.jet, nodes.degree + 6, nodes.nodes)
    assert found <= best + 1e-12 * abs(best)
    assert found == pytest.approx(best, rel=1e-4)


def test_the_programme_proves_the_600_cell() -> None:
    """Not sharp in Levenshtein's sense, but universally optimal by higher degrees."""
    known = code("600-cell")
    space = Space(4)
    nodes = levenshtein_nodes(120, space)
    energy = float(known.riesz(1))
    found = programme_bound(120, space, Riesz(1.0).jet, 19, nodes.nodes)
    assert 120**2 / 2 * nodes.weights @ Riesz(1.0).jet(nodes.nodes)[0] < energy * (1 - 1e-5)
    assert found == pytest.approx(energy, rel=1e-6)
    assert found <= energy


@given(seeds, st.integers(2, 12), st.sampled_from(KINDS))
@settings(max_examples=40, deadline=None)
def test_the_excess_is_bounded_from_above(seed: int, degree: int, kind: str) -> None:
    """Against the largest of h - f on a fine grid."""
    rng = np.random.default_rng(seed)
    space = Space(int(rng.integers(2, 9)), kind)
    h = np.append(rng.normal(), rng.exponential(size=degree))
    for jet in (Riesz(4.0).jet, Logarithmic().jet):
        bound, _ = largest_excess(h, jet, space)
        t = np.linspace(space.least, 1, 20_001)[:-1]
        seen = float((zonal_matrix(space, degree, t) @ h - jet(t)[0]).max())
        assert seen <= bound <= seen + 1e-4 * (1 + abs(seen))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dimension", [2, 3, 8])
def test_second_derivatives_of_zonal_polynomials(kind: str, dimension: int) -> None:
    space = Space(dimension, kind)
    bounds = _largest_second_derivatives(space, 7)
    middle = (1 + space.least) / 2
    t = middle + (1 - middle) * np.cos(np.linspace(0, np.pi, 2001))
    x = np.cos(np.linspace(0, np.pi, 9))
    basis = zonal_matrix(space, 7, middle + (1 - middle) * x)
    for degree in range(8):
        fitted = np.polynomial.Polynomial.fit(middle + (1 - middle) * x, basis[:, degree], 7)
        largest = np.abs(fitted.deriv(2)(t)).max()
        assert largest == pytest.approx(bounds[degree], rel=1e-6, abs=1e-6)


def test_kissing_numbers_by_delsarte() -> None:
    """The published linear programming bounds on kissing numbers."""
    for dimension, most in ((3, 13.158), (4, 25.558), (8, 240.0)):
        assert most_points(0.5, Space(dimension), 14) == pytest.approx(most, abs=5e-3)
    better = {b.name: b.value for b in all_bounds(40, 5, LargestCosine())}
    assert 0.4645 < better["linear programme, degree 13"] < 0.5
    assert better["linear programme, degree 13"] > better["Levenshtein, degree 5"] + 0.004
    lines = {b.name: b.value for b in all_bounds(9, 3, LargestCosine(lines=True))}
    assert 0.639 < lines["linear programme, degree 10"] < 0.69


def test_what_is_not_covered() -> None:
    assert bounds_for(5, 3, PairEnergy(Riesz(1.0), on_sphere=False)) is None
    with pytest.raises(ValueError, match="points is 1; it must be a whole number of at least 2"):
        bounds_for(1, 3, LargestCosine())
    with pytest.raises(ValueError, match="dim is 1; it must be a whole number of at least 2"):
        bounds_for(3, 1, LargestCosine())
