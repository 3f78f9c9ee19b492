"""Interior points and contacts: proven packings, certified by a linear programme of their own."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from superposition.numerics.packing.codes import families
from superposition.numerics.packing.codes.catalogue import built
from superposition.numerics.packing.contacts import TOUCHING, Contacts, contacts_of
from superposition.numerics.packing.interior_point import InteriorPoint, minimise_largest
from superposition.numerics.packing.pairs import complex_coordinates
from tests.numerics.packing.arrangements import (
    KINDS,
    Points,
    drawn,
    every_pair,
    isometry,
    largest,
    typed,
)

PROVEN: dict[tuple[int, int, str], float] = {
    # simplices, cross-polytopes, polygons
    (3, 2, "points"): -1 / 2, (4, 3, "points"): -1 / 3, (7, 6, "points"): -1 / 6,
    (6, 3, "points"): 0.0, (8, 4, "points"): 0.0, (7, 2, "points"): math.cos(2 * math.pi / 7),
    # Tammes: Schütte and van der Waerden, Danzer, Fejes Tóth
    (7, 3, "points"): 1 / math.tan(math.radians(40)) / math.tan(math.radians(80)),
    (8, 3, "points"): (2 * math.sqrt(2) - 1) / 7, (9, 3, "points"): 1 / 3,
    (10, 3, "points"): 0.40439432521625074, (11, 3, "points"): 5**-0.5,
    (12, 3, "points"): 5**-0.5, (10, 4, "points"): 1 / 6,
    # equiangular lines (Welch), lines in the plane, orthoplices
    (4, 3, "lines"): 1 / 9, (6, 3, "lines"): 1 / 5, (5, 2, "lines"): math.cos(math.pi / 5) ** 2,
    (8, 2, "lines"): math.cos(math.pi / 8) ** 2, (12, 4, "lines"): 1 / 4,
    (10, 5, "lines"): 1 / 9,
    (4, 2, "complex lines"): 1 / 3, (6, 2, "complex lines"): 1 / 2,
    (9, 3, "complex lines"): 1 / 4, (7, 3, "complex lines"): 2 / 9,
}  # fmt: skip
WELCH = [(4, 3, "lines"), (6, 3, "lines"), (10, 5, "lines"), (4, 2, "complex lines"),
         (7, 3, "complex lines")]  # fmt: skip
seeds = st.integers(0, 2**32 - 1)


def best_of(count: int, dim: int, kind: str, starts: int = 40) -> InteriorPoint:
    """From random points, without the search: the first at the proven value, or the best."""
    found = []
    for seed in range(starts):
        found.append(minimise_largest(typed(drawn(seed, count, dim, kind), kind), 0.3))
        if found[-1].largest < PROVEN[count, dim, kind] + 1e-9:
            break
    return min(found, key=lambda end: end.largest)


def certified(points: Points, kind: str) -> Contacts:
    contacts = contacts_of(typed(points, kind))
    assert contacts is not None
    return contacts


def rows_of(end: InteriorPoint, kind: str) -> Points:
    return complex_coordinates(end.points) if kind == "complex lines" else end.points


def first_order(points: Points, kind: str) -> float:
    """min s such that some motion of length ≤ 1 per coordinate changes every contact by ≤ s."""
    n, d = points.shape
    units = np.eye(d) if kind != "complex lines" else np.concatenate([np.eye(d), 1j * np.eye(d)])
    top, rates, fixed = largest(points, kind), [], []
    for i, j, c in every_pair(points, kind):
        if c < top - 1e-8:
            continue
        rate = np.zeros((n, len(units)))
        for k, unit in enumerate(units):
            for here, there in ((i, j), (j, i)):
                if kind == "points":
                    rate[here, k] = unit @ points[there]
                else:
                    inner = np.vdot(points[here], points[there])
                    rate[here, k] = 2 * (np.conj(inner) * np.vdot(unit, points[there])).real
        rates.append(np.append(rate.ravel(), -1.0))
    for i in range(n):  # tangent to the sphere
        row = np.zeros((n, len(units)))
        row[i] = [np.vdot(points[i], unit).real for unit in units]
        fixed.append(np.append(row.ravel(), 0.0))
    cost = np.append(np.zeros(n * len(units)), 1.0)
    bounds = [(-1.0, 1.0)] * (n * len(units)) + [(-10.0, 10.0)]
    solved = linprog(cost, np.array(rates), np.zeros(len(rates)), np.array(fixed), np.zeros(n),
                     bounds, method="highs")  # fmt: skip
    assert solved.success
    return float(solved.fun)


@pytest.mark.parametrize(("count", "dim", "kind"), PROVEN)
def test_proven_packings_are_reached_and_certified(count: int, dim: int, kind: str) -> None:
    end = best_of(count, dim, kind)
    rows = rows_of(end, kind)
    np.testing.assert_allclose(np.linalg.norm(end.points, axis=1), 1, atol=1e-14)
    # The nine lines of C³ are one of a family: nothing pulls the last steps.
    near = 1e-12 if (count, dim, kind) != (9, 3, "complex lines") else 1e-8
    assert end.largest == pytest.approx(PROVEN[count, dim, kind], abs=near)
    assert largest(rows, kind) == pytest.approx(end.largest, abs=1e-14)
    assert first_order(rows, kind) > -1e-7
    upper = np.triu_indices(count, 1)
    assert end.weights[upper].min() >= 0
    if kind != "complex lines":  # whose phases are free, so that the weights stay rough
        assert end.residual < 1e-12
        assert end.weights[upper].sum() == pytest.approx(1, abs=1e-12)
    contacts = certified(rows, kind)
    assert contacts.residual < 1e-9
    assert contacts.weights.min() >= 0
    assert contacts.weights.sum() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(("count", "dim", "kind"), WELCH)
def test_equiangular_lines_meet_the_welch_bound(count: int, dim: int, kind: str) -> None:
    rows = rows_of(best_of(count, dim, kind), kind)
    for _, _, c in every_pair(rows, kind):
        assert c == pytest.approx((count - dim) / (dim * (count - 1)), abs=1e-12)


@given(seeds, st.integers(3, 9), st.integers(2, 4), st.sampled_from(KINDS))
def test_interior_points_end_no_higher_than_they_began(
    seed: int, count: int, dim: int, kind: str
) -> None:
    start = typed(drawn(seed, count, dim, kind), kind)
    end = minimise_largest(start, 0.01)
    off = ~np.eye(count, dtype=bool)
    assert end.largest <= start.cosines[off].max() + 0.01
    assert end.steps >= 1


@given(seeds, st.integers(3, 9), st.integers(2, 4), st.sampled_from(KINDS))
def test_random_arrangements_are_not_certified(seed: int, count: int, dim: int, kind: str) -> None:
    """One contact, which any parting motion opens."""
    rows = drawn(seed, count, dim, kind)
    contacts = certified(rows, kind)
    top = largest(rows, kind)
    slope = 2 * top if kind != "points" else 1.0
    sine = math.sqrt((1 - top) / top) if kind != "points" else math.sqrt(1 - top**2)
    assert contacts.residual == pytest.approx(math.sqrt(2) * slope * sine, rel=1e-6)
    assert first_order(rows, kind) < 0
    assert not contacts.rigid
    assert len(contacts.rattlers) == count - 2


@given(seeds, st.sampled_from(["icosahedron", "antiprism", "lines", "SIC"]))
def test_contacts_do_not_see_rotations_and_names(seed: int, name: str) -> None:
    rows, kind = KNOWN[name]
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(rows))
    moved = (rows @ isometry(seed, rows.shape[1], kind))[order]
    contacts = certified(moved, kind)
    assert contacts.rigid
    assert contacts.residual < 1e-9
    assert contacts.rattlers == ()
    expected = {
        (int(a), int(b)) for a, b, c in every_pair(moved, kind) if c > largest(moved, kind) - 1e-9
    }
    assert {(int(i), int(j)) for i, j in contacts.pairs} == expected


def _sic() -> Points:
    """The tetrahedron of Bloch vectors as four lines of C²."""
    third = math.acos(-1 / 3) / 2
    turned = [(math.cos(third), math.sin(third) * np.exp(2j * math.pi * k / 3)) for k in range(3)]
    return np.array([(1.0, 0.0), *turned])


KNOWN: dict[str, tuple[Points, str]] = {
    "icosahedron": (built("icosahedron"), "points"),
    "antiprism": (families.antiprism(4, (math.sqrt(8) - 1) / 7), "points"),
    "lines": (np.array([x for x in built("icosahedron") if tuple(x) > (0.0, 0.0, 0.0)]), "lines"),
    "SIC": (_sic(), "complex lines"),
}


@pytest.mark.parametrize("points", [families.simplex(3), families.simplex(5),
                                    families.cross_polytope(3), families.cross_polytope(4),
                                    families.polygon(5), built("icosahedron")],
                         ids=len)  # fmt: skip
def test_proven_codes_are_rigid(points: Points) -> None:
    contacts = certified(points, "points")
    assert contacts.rigid
    assert contacts.residual < 1e-12
    assert contacts.rattlers == ()


def test_five_points_are_not_rigid() -> None:
    """Two poles, three points on the equator that may move: c = 0 all the same."""
    angles = np.radians([0, 125, 240])
    equator = np.stack([np.cos(angles), np.sin(angles), 0 * angles], axis=1)
    points = np.concatenate([equator, [[0, 0, 1], [0, 0, -1]]])
    contacts = certified(points, "points")
    assert contacts.residual < 1e-12
    assert not contacts.rigid


def test_the_cube_is_critical_but_gives_way_to_second_order() -> None:
    cube = built("cube")
    assert first_order(cube, "points") == pytest.approx(0, abs=1e-9)
    contacts = certified(cube, "points")
    assert contacts.residual < 1e-12
    assert not contacts.rigid
    twisted = families.antiprism(4, (math.sqrt(8) - 1) / 7)
    assert largest(twisted) < largest(cube) - 0.05


@pytest.mark.parametrize("sides", [5, 6, 9])
def test_rattlers_are_the_points_that_touch_no_other(sides: int) -> None:
    """A polygon in the plane, and a point above it: nothing holds that one."""
    angles = 2 * math.pi * np.arange(sides) / sides
    ring = np.stack([np.cos(angles), np.sin(angles), 0 * angles], axis=1)
    points = np.concatenate([ring, [[0, 0, 1.0]]])
    contacts = certified(points, "points")
    assert contacts.rattlers == (sides,)
    assert len(contacts.pairs) == sides
    assert contacts.weights == pytest.approx(1 / sides)


@pytest.mark.parametrize("sides", [5, 6, 9])
def test_the_ring_of_a_rattler_buckles(sides: int) -> None:
    """Balanced, but a motion out of the plane parts all neighbours to second order."""
    ring = np.pad(families.polygon(sides), ((0, 0), (0, 1)))
    contacts = certified(np.concatenate([ring, [[0, 0, 1.0]]]), "points")
    assert contacts.residual < 1e-12
    assert not contacts.rigid
    wave = 0.1 * np.cos(np.pi * np.arange(sides) - np.pi / (2 * sides))
    lifted = ring + wave[:, None] * np.array([0, 0, 1.0])
    lifted /= np.linalg.norm(lifted, axis=1, keepdims=True)
    neighbours = np.sum(lifted * np.roll(lifted, 1, axis=0), axis=1)
    assert neighbours.min() < math.cos(2 * math.pi / sides)


def test_contacts_within_the_tolerance_count() -> None:
    icosahedron = built("icosahedron").copy()
    assert len(certified(icosahedron, "points").pairs) == 30
    icosahedron[0] += 0.3 * TOUCHING * icosahedron[1]
    icosahedron[0] /= np.linalg.norm(icosahedron[0])
    assert len(certified(icosahedron, "points").pairs) == 30
