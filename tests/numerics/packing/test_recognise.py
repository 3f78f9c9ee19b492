"""Names, symmetries and invariants of arrangements do not depend on how these lie."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from superposition.numerics.geometry.gram_automorphisms import automorphisms
from superposition.numerics.packing.codes import families
from superposition.numerics.packing.codes.catalogue import BUILDERS, built
from superposition.numerics.packing.names.common_name import product_name
from superposition.numerics.packing.names.design_strength import design_strength
from superposition.numerics.packing.names.point_group import schoenflies
from superposition.numerics.packing.names.recognise import Recognised, recognise
from superposition.numerics.packing.names.spectrum import spectrum
from superposition.theory.feature_dimensionality import dimensionality
from superposition.theory.packing.catalogue import ROWS, code

Array = NDArray[np.float64]
LARGE = {"Leech", "4600 in 23 dimensions", "891 in 22 dimensions"}
ORDERS = {
    "cube": 48,
    "icosahedron": 120,
    "Petersen": 120,
    "24-cell": 1152,
    "600-cell": 14400,
    "120-cell": 14400,
    "hemicube": 1920,
    "D5 roots": 3840,
    "Schläfli": 51840,
    "E6 roots": 103680,
    "Gosset 56": 2903040,
    "E7 roots": 2903040,
    "E8 roots": 696729600,
    "Gewirtz": 80640,
    "Hoffman–Singleton": 252000,
    "M22": 887040,
    "Higman–Sims": 88704000,
    "McLaughlin": 1796256000,
    "Kerdock 288": 92897280,
}
SHAPES: dict[str, tuple[Array, str | None, str | None, tuple[int, ...]]] = {
    "tetrahedron": (families.simplex(3), "tetrahedron", "Td", (4,)),
    "octahedron": (families.cross_polytope(3), "octahedron", "Oh", (6,)),
    "cuboctahedron": (built("cuboctahedron"), "cuboctahedron", "Oh", (12,)),
    "dodecahedron": (built("dodecahedron"), "dodecahedron", "Ih", (20,)),
    "square antiprism": (families.antiprism(4, 0.3), "square antiprism", "D4d", (8,)),
    "flat octahedron": (families.antiprism(3, 0.1), "triangular antiprism", "D3d", (6,)),
    "pentagonal prism": (families.prism(5, 0.3), "pentagonal prism", "D5h", (10,)),
    "bipyramid": (families.bipyramid(3), "triangular bipyramid", "D3h", (3, 2)),
    "disphenoid": (families.antiprism(2, 0.1), None, "D2d", (4,)),
}
turns = st.integers(0, 10**6)


def moved(points: Array, seed: int, noise: float = 1e-9) -> tuple[Array, list[int]]:
    """The points rotated or reflected, reordered and a little off; and the new order."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(points))
    turn = np.linalg.qr(rng.normal(size=(points.shape[1],) * 2))[0]
    there = points[order] @ turn + noise * rng.normal(size=points.shape)
    return there / np.linalg.norm(there, axis=1, keepdims=True), order.tolist()


def same(first: Recognised, second: Recognised, order: list[int]) -> None:
    """The second is the first with its points in another order."""
    assert first.told == second.told
    assert (first.name, first.symmetry, first.point_group) == (
        *(second.name, second.symmetry, second.point_group),
    )
    assert first.orbits is not None
    assert second.orbits is not None
    found = {frozenset(order[i] for i in orbit) for orbit in second.orbits}
    assert found == {frozenset(orbit) for orbit in first.orbits}
    np.testing.assert_allclose(second.dimensionality, first.dimensionality[order], atol=1e-7)
    np.testing.assert_allclose(second.spectrum.values, first.spectrum.values, atol=1e-7)
    np.testing.assert_array_equal(second.spectrum.counts, first.spectrum.counts[order])
    factors = {frozenset(order[i] for i in factor.points) for factor in second.factors}
    assert factors == {frozenset(factor.points) for factor in first.factors}


@pytest.mark.parametrize("name", sorted(set(BUILDERS) - LARGE))
def test_codes_are_recognised(name: str) -> None:
    points, order = moved(built(name), len(name))
    found = recognise(points)
    assert found.name == name
    assert found.orbits == (tuple(range(len(points))),)
    assert found.symmetry == ORDERS.get(name, found.symmetry)
    if name in ROWS:
        assert found.design_strength == code(name).strength
        assert len(found.spectrum.values) == len(code(name).inner_products)
    if found.design_strength >= 2:  # a tight frame
        np.testing.assert_allclose(found.dimensionality, points.shape[1] / len(points), atol=1e-7)
    if len(points) < 130:
        same(recognise(built(name)), found, order)


@pytest.mark.parametrize("shape", SHAPES)
@given(turns)
@settings(max_examples=5, deadline=None)
def test_solids_do_not_change_when_moved(shape: str, seed: int) -> None:
    points, name, group, sizes = SHAPES[shape]
    there, order = moved(points, seed)
    found = recognise(there)
    assert (found.name, found.point_group) == (name, group)
    assert tuple(len(orbit) for orbit in found.orbits or ()) == sizes
    same(recognise(points), found, order)


@given(turns, st.integers(2, 5), st.integers(1, 7))
@settings(max_examples=30, deadline=None)
def test_the_order_counts_permutations(seed: int, dimension: int, count: int) -> None:
    """Against all N! permutations of points drawn from a grid, which have symmetries."""
    rng = np.random.default_rng(seed)
    points = rng.integers(-1, 2, size=(count, dimension)).astype(float)
    gram = points @ points.T
    orders = [list(p) for p in permutations(range(count))]
    kept = [p for p in orders if np.array_equal(gram[np.ix_(p, p)], gram)]
    group = automorphisms(gram)
    assert group is not None
    assert group.order == len(kept)
    orbits = {frozenset(p[i] for p in kept) for i in range(count)}
    assert orbits == {frozenset(orbit) for orbit in group.orbits}


@given(turns, st.integers(2, 4), st.integers(1, 5))
@settings(max_examples=30, deadline=None)
def test_the_order_of_lines_counts_permutations_up_to_signs(
    seed: int, dimension: int, count: int
) -> None:
    rng = np.random.default_rng(seed)
    points = rng.integers(-1, 2, size=(count, dimension)).astype(float)
    points[np.all(points == 0, axis=1), 0] = 1
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    gram = points @ points.T
    if np.any(np.abs(gram - np.eye(count)) > 1 - 1e-9):
        return  # a line twice
    signs = np.array(np.meshgrid(*[[1, -1]] * count)).reshape(count, -1).T
    kept = 0
    for p in permutations(range(count)):
        moved_gram = gram[np.ix_(p, p)] * signs[:, :, None] * signs[:, None, :]
        kept += bool(np.any(np.all(np.abs(moved_gram - gram) < 1e-9, axis=(1, 2))))
    assert recognise(points, lines=True).symmetry == kept


@given(turns)
@settings(max_examples=10, deadline=None)
def test_points_at_random_have_no_symmetry(seed: int) -> None:
    points = np.random.default_rng(seed).normal(size=(30, 3))
    found = recognise(points / np.linalg.norm(points, axis=1, keepdims=True))
    assert (found.name, found.symmetry, found.point_group) == (None, 1, "C1")
    assert found.told.startswith("no common name; C1, orbits 30×1; design of strength 0; D from")
    D = dimensionality((points / np.linalg.norm(points, axis=1, keepdims=True)).T)
    np.testing.assert_allclose(found.dimensionality, D, rtol=1e-12)
    np.testing.assert_allclose(found.orbit_dimensionality, D[[o[0] for o in found.orbits or ()]])


@pytest.mark.parametrize(
    ("symbol", "rows"),
    [
        ("C2", [[1, 1, 1], [-1, -1, 1], [1, 0, 0.3], [-1, 0, 0.3], [2, -1, -1], [-2, 1, -1]]),
        ("C2v", [[1, 0, 1], [-1, 0, 1], [0, 1, 0.3], [0, -1, 0.3]]),
        ("C3v", [[1, 0, 0.3], [-0.5, 0.75**0.5, 0.3], [-0.5, -(0.75**0.5), 0.3], [0, 0, -1]]),
        ("Cs", [[1, 0.2, 0], [0, 1, 0.3], [0, 1, -0.3], [-1, -1, 0], [-2, 0.1, 1], [-2, 0.1, -1]]),
        (
            "S4",
            [
                [1, 0.3, 0.4],
                [-0.3, 1, -0.4],
                [-1, -0.3, 0.4],
                [0.3, -1, -0.4],
                [0, 0, 1],
                [0, 0, -1],
                [0.5, 0.7, 0.9],
                [-0.7, 0.5, -0.9],
                [-0.5, -0.7, 0.9],
                [0.7, -0.5, -0.9],
            ],
        ),
        ("D∞h", [[0, 0, 1], [0, 0, -1]]),
        ("C∞v", [[0, 0, 1]]),
        ("D5h", [[np.cos(a), np.sin(a), 0] for a in 2 * np.pi * np.arange(5) / 5]),
        ("C2v", [[1, 0, 0], [0, 1, 0]]),
        ("Cs", [[1, 0, 0], [0, 1, 0], [-0.3, -1, 0], [-1, 0.6, 0]]),
    ],
)
def test_point_groups(symbol: str, rows: list[list[float]]) -> None:
    points = np.array(rows, dtype=float)
    found = recognise(points / np.linalg.norm(points, axis=1, keepdims=True))
    assert found.point_group == symbol


def test_chiral_groups_from_their_rotations() -> None:
    """The rotations alone of tetrahedron, cube and icosahedron, and each with the inversion."""
    for name, proper, with_inversion in (("cube", "O", "Oh"), ("icosahedron", "I", "Ih")):
        points = built(name)
        group = automorphisms(points @ points.T)
        assert group is not None
        inverse = np.linalg.pinv(points)
        found = {tuple(range(len(points)))}
        while True:
            more = found | {tuple(g[list(p)].tolist()) for p in found for g in group.generators}
            if more == found:
                break
            found = more
        matrices = np.array([(inverse @ points[list(p)]).T for p in found])
        assert schoenflies(matrices) == with_inversion
        assert schoenflies(matrices[np.linalg.det(matrices) > 0]) == proper
    even = [np.eye(3)[list(p)] for p in ((0, 1, 2), (1, 2, 0), (2, 0, 1))]
    signs = [np.diag(s) for s in ((1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1))]
    tetrahedral = np.array([a @ b for a in even for b in signs])
    assert schoenflies(tetrahedral) == "T"
    assert schoenflies(np.concatenate([tetrahedral, -tetrahedral])) == "Th"
    turn = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    cyclic = np.array([np.linalg.matrix_power(turn, k) for k in range(4)])
    assert schoenflies(cyclic) == "C4"
    assert schoenflies(np.concatenate([cyclic, -cyclic])) == "C4h"
    assert schoenflies(np.array([np.eye(3), -np.eye(3)])) == "Ci"


def test_thomson_shapes_with_several_orbits() -> None:
    poles = np.array([[0, 0, 1.0], [0, 0, -1.0]])
    ten = recognise(np.concatenate([families.antiprism(4, 0.2), poles]))
    assert ten.name == "bicapped square antiprism"
    assert ten.told.startswith("bicapped square antiprism; D4d, orbits 8+2;")
    caps = np.pad(-families.polygon(3), ((0, 0), (0, 1)))
    assert recognise(np.concatenate([families.prism(3, 0.4), caps])).name == (
        "tricapped triangular prism"
    )
    assert recognise(np.concatenate([families.prism(3, 0.4), -caps])).name is None


def test_lines() -> None:
    half = built("icosahedron")[built("icosahedron") @ [1, 0.3, 0.2] > 0]
    found = recognise(half, lines=True)
    assert (found.name, found.symmetry, found.design_strength) == (
        *("diagonals of the icosahedron", 60, 2),
    )
    flipped = half * np.array([1, -1, 1, 1, -1, 1])[:, None]
    assert recognise(flipped, lines=True).told == found.told
    assert recognise(np.eye(4), lines=True).name == "orthonormal basis"
    assert recognise(np.eye(4), lines=True).symmetry == 24
    root = np.exp(2j * np.pi / 3)
    sic = [[0, 1, -1], [0, 1, -root], [0, 1, -(root**2)]]
    rows = np.array([np.roll(row, k) for row in sic for k in range(3)]) / np.sqrt(2)
    found = recognise(rows, lines=True)
    assert (found.name, found.symmetry, found.orbits) == ("SIC in 3 dimensions", None, None)
    assert found.design_strength == 2
    assert "symmetry not computed" in found.told
    bases = [[1, 0], [0, 1], [1, 1], [1, -1], [1, 1j], [1, -1j]]
    rows = np.array(bases, dtype=complex)
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    found = recognise(unit, lines=True)
    assert (found.name, found.design_strength) == ("3 mutually unbiased bases in 2 dimensions", 3)
    ten = recognise(built("Gosset 56")[:28], lines=True)
    assert ten.spectrum.values[0] == pytest.approx(1 / 3)


def test_tegum_products() -> None:
    triangles = np.zeros((6, 4))
    triangles[:3, :2] = triangles[3:, 2:] = families.polygon(3)
    found = recognise(triangles)
    assert found.name == "tegum product of 2 triangles"
    assert [factor.name for factor in found.factors] == ["triangle", "triangle"]
    assert found.symmetry == 72
    assert recognise(np.eye(3)).name == "orthonormal basis"
    assert product_name(["triangle", None]) is None
    assert product_name(["pentagon", "triangle"]) == "tegum product of pentagon and triangle"


@pytest.mark.parametrize("sides", [2, 3, 7, 30])
def test_polygons_are_designs(sides: int) -> None:
    points = families.polygon(sides)
    assert design_strength(points) == sides - 1
    assert np.sum(spectrum(points).pairs) == sides * (sides - 1) // 2
    assert recognise(points).symmetry == (2 * sides if sides > 2 else 2)


def test_points_in_one_place_and_bad_input() -> None:
    twice = recognise(np.array([[1.0, 0, 0], [1.0, 0, 0], [-1.0, 0, 0]]))
    assert (twice.symmetry, twice.point_group, twice.name) == (2, None, None)
    assert recognise([[1.0]]).name == "point"
    with pytest.raises(ValueError, match="row whose norm is off 1 by 1;"):
        recognise([[2.0, 0.0]])
    with pytest.raises(ValueError, match="points is complex; complex points are lines"):
        recognise([[1j, 0.0]])
    with pytest.raises(ValueError, match=r"points has shape \(2,\); it must be \(N, d\)"):
        recognise([1.0, 0.0])
    with pytest.raises(ValueError, match="off 1 by nan"):
        recognise([[np.nan, 0.0]])


def test_a_search_that_takes_too_long_is_given_up() -> None:
    assert automorphisms(np.eye(12), steps=3) is None
