"""The catalogue of codes: multiplicities, energies, and honest statuses."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sympy

from superposition.theory.packing.catalogue import (
    ROWS,
    code,
    cross_polytope,
    isotropic_subspaces,
    known_code,
    polygon,
    simplex,
)
from superposition.theory.packing.code import Code
from superposition.theory.packing.design_equations import (
    coordinate_mean,
    coordinate_moment,
    multiplicities,
    t,
)
from tests.repository import ROOT

REFERENCE = json.loads((ROOT / "tests/reference/universally_optimal.json").read_text("utf-8"))
FAMILIES = [simplex(5), cross_polytope(6), polygon(7), polygon(8), isotropic_subspaces(4)]


@pytest.mark.parametrize("case", [*map(code, ROWS), *FAMILIES], ids=lambda case: case.name)
def test_multiplicities_count_every_other_point(case: Code) -> None:
    assert sum(case.multiplicities) == case.points - 1
    assert min(case.multiplicities) > 0
    assert list(case.inner_products) == sorted(case.inner_products, key=float)
    assert all(-1 <= value < 1 for value in case.inner_products)


@pytest.mark.parametrize("place", REFERENCE["rows"])
def test_the_published_table(place: str) -> None:
    row: dict[str, Any] = REFERENCE["rows"][place]
    dimension, points = map(int, place.split(","))
    known = known_code(points, dimension)
    assert known is not None
    assert known.status == "universally optimal"
    assert float(known.largest_cosine) == pytest.approx(row["max_cos"], abs=1e-15)
    assert list(known.multiplicities) == row["multiplicities"]
    assert known.strength == row["design_strength"]
    energies = row["energies"]
    assert float(known.riesz(1)) == pytest.approx(energies["coulomb"], rel=1e-12)
    assert float(known.logarithmic()) == pytest.approx(energies["log"], rel=1e-12)
    harmonic = float(known.riesz(dimension - 2))
    assert harmonic == pytest.approx(energies["harmonic_riesz_s_nminus2"], rel=1e-12)


def test_sharp_codes_are_universally_optimal_and_only_two_others_are() -> None:
    for name in ROWS:
        if code(name).is_sharp:
            assert code(name).status == "universally optimal"
    unsharp = {n for n in ROWS if code(n).status == "universally optimal" and not code(n).is_sharp}
    assert unsharp == {"600-cell", "Kerdock 288"}
    assert all(case.is_sharp for case in FAMILIES)


def test_what_is_not_universally_optimal() -> None:
    """Cohn and Kumar's theorem does not cover them, and the 24-cell is known to fail."""
    assert code("24-cell").status == "optimal spherical code"
    for place, value in REFERENCE["conjectured"].items():
        dimension, points = map(int, place.split(","))
        known = known_code(points, dimension)
        assert known is not None
        assert known.status == "conjectured universally optimal"
        assert float(known.largest_cosine) == value
    for name in ("D5 roots", "E6 roots", "E7 roots"):
        assert code(name).status == "best known"
    assert float(code("cube").riesz(1)) > 19.675287861  # the square antiprism's, published


def test_isotropic_subspaces_meet_the_catalogue() -> None:
    for q, name in ((2, "Schläfli"), (3, "112 in 21 dimensions")):
        family, row = isotropic_subspaces(q), code(name)
        assert (family.points, family.dimension) == (row.points, row.dimension)
        assert family.inner_products == row.inner_products
    assert known_code(325, 52) == isotropic_subspaces(4)
    for absent in ((9, 4), (7 * 217, 6 * 31)):  # q = 6 is no power of a prime
        assert known_code(*absent) is None
    with pytest.raises(ValueError, match="q is 6; it must be a power of a prime"):
        isotropic_subspaces(6)


@pytest.mark.parametrize("dimension", [2, 3, 4, 7])
def test_moments_by_integration(dimension: int) -> None:
    """The law of a coordinate has density (1 - t²)^((d-3)/2), up to a constant."""
    weight = (1 - t**2) ** sympy.Rational(dimension - 3, 2)
    for power in range(6):
        top = sympy.Integral(t**power * weight, (t, -1, 1)).evalf(20)
        bottom = sympy.Integral(weight, (t, -1, 1)).evalf(20)
        assert abs(top / bottom - coordinate_moment(power, dimension)) < 1e-12
    assert coordinate_mean(t**2 + t, dimension) == sympy.Rational(1, dimension)


def test_wrong_equations_are_refused() -> None:
    half = sympy.Rational(1, 2)
    with pytest.raises(ValueError, match="no design of strength 2 with 5 points in 3 dimensions"):
        multiplicities(3, 5, (-half, half), 2)
    with pytest.raises(ValueError, match="determines the multiplicities of at most 2"):
        multiplicities(3, 5, (-half, sympy.Integer(0), half), 1)
    with pytest.raises(ValueError, match="name is 'nothing'; the catalogue has icosahedron"):
        code("nothing")
