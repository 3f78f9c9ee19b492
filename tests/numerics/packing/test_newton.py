"""Newton's method: gradients to rounding, and signatures known from geometry."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from superposition.numerics.packing.codes import families
from superposition.numerics.packing.codes.catalogue import built
from superposition.numerics.packing.energy.pair_energy import PairEnergy, Potential
from superposition.numerics.packing.energy.potentials import Gaussian, Logarithmic, Riesz
from superposition.numerics.packing.newton import _second_order, polish
from tests.numerics.packing.arrangements import Array, Points, drawn, isometry, nearest

POTENTIALS: list[Potential] = [Riesz(1), Riesz(3), Logarithmic(), Gaussian(1)]
seeds = st.integers(0, 2**32 - 1)
potentials = st.sampled_from(POTENTIALS)


@dataclass(frozen=True)
class Told:
    """A pair energy that does not say it is one."""

    energy: PairEnergy
    name: str = "told"
    on_sphere: bool = True

    def value(self, points: Points) -> Array:
        return self.energy.value(points)

    def gradient(self, points: Points) -> tuple[Array, Points]:
        return self.energy.gradient(points)

    def hessian_product(self, points: Points, direction: Points) -> Points:
        return self.energy.hessian_product(points, direction)


def shaken(points: Array, seed: int, by: float) -> Array:
    moved = points + by * np.random.default_rng(seed).normal(size=points.shape)
    return np.asarray(moved / np.linalg.norm(moved, axis=1, keepdims=True))


@given(seeds, potentials, st.sampled_from([(4, 3), (6, 3), (12, 3), (5, 4), (8, 4), (16, 5)]))
def test_universally_optimal_codes_are_minima(
    seed: int, potential: Potential, size: tuple[int, int]
) -> None:
    """Rotations, d(d - 1)/2 of them, are the only motions that cost nothing."""
    n, d = size
    code = {(4, 3): families.simplex(3), (6, 3): families.cross_polytope(3),
            (12, 3): built("icosahedron"), (5, 4): families.simplex(4),
            (8, 4): families.cross_polytope(4), (16, 5): built("hemicube")}[size]  # fmt: skip
    energy = PairEnergy(potential)
    found = polish(energy, shaken(code @ isometry(seed, d), seed, 1e-3))
    slope = energy.gradient(found.points)[1]
    assert found.gradient_norm < 1e-12 * max(1.0, float(np.abs(slope).sum()))
    turns = d * (d - 1) // 2
    assert found.signature == (0, turns, n * (d - 1) - turns)
    assert float(energy.value(found.points)) == pytest.approx(float(energy.value(code)), rel=1e-13)


def test_the_cube_is_a_saddle_of_the_coulomb_energy() -> None:
    """Its faces turn against each other, and the energy falls: so says a plain twist, too."""
    energy, cube = PairEnergy(Riesz(1)), built("cube")
    found = polish(energy, cube)
    assert found.gradient_norm < 1e-13
    assert found.signature[0] > 0
    assert found.signature[1] == 3
    assert sum(found.signature) == 16
    np.testing.assert_allclose(found.points, cube, atol=1e-12)
    top, (cos, sin) = cube[:, 2] > 0, (np.cos(0.05), np.sin(0.05))
    turned = np.where(
        top[:, None], cube @ np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]]), cube
    )
    assert float(energy.value(turned)) < float(energy.value(cube)) - 1e-6


@pytest.mark.parametrize("sides", [3, 4, 5, 8])
def test_flat_polygons_give_way_in_space(sides: int) -> None:
    """In the plane they are minima; in space they buckle, but the triangle."""
    energy, ring = PairEnergy(Riesz(1)), families.polygon(sides)
    assert polish(energy, ring).signature == (0, 1, sides - 1)
    flat = np.pad(ring, ((0, 0), (0, 1)))
    negative, zero, positive = polish(energy, flat).signature
    assert (negative > 0) == (sides > 3)
    assert zero >= 3
    assert negative + zero + positive == 2 * sides


@given(seeds, potentials, st.integers(3, 7), st.integers(2, 4), st.booleans())
def test_hessian_products_make_the_hessian_of_pairs(
    seed: int, potential: Potential, n: int, d: int, lines: bool
) -> None:
    points = drawn(seed, n, d, "lines" if lines else "points")
    if nearest(points, "lines" if lines else "points") < 0.2:
        return
    energy = PairEnergy(potential, lines)
    gradient, hessian = _second_order(energy, points)
    told_gradient, told_hessian = _second_order(Told(energy), points)
    size = np.abs(hessian).max()
    np.testing.assert_allclose(told_gradient, gradient, atol=1e-12 * size)
    np.testing.assert_allclose(told_hessian, hessian, atol=1e-12 * size)


def test_either_way_ends_at_the_same_minimum() -> None:
    energy, start = PairEnergy(Riesz(1)), shaken(built("icosahedron"), 1, 1e-2)
    pairs, told = polish(energy, start), polish(Told(energy), start)
    for found in (pairs, told):  # up to a rotation
        gram = found.points @ found.points.T
        np.testing.assert_allclose(gram, built("icosahedron") @ built("icosahedron").T, atol=1e-12)
    assert pairs.signature == told.signature == (0, 3, 21)


def test_complex_lines_are_polished() -> None:
    """Three lines of C³ end orthogonal; phases and unitary motions are free."""
    start = drawn(3, 3, 3, "complex lines")
    start = np.linalg.qr(start)[0] + 0.02 * drawn(4, 3, 3, "complex lines")
    start /= np.linalg.norm(start, axis=1, keepdims=True)
    found = polish(PairEnergy(Riesz(1), lines=True), start)
    gram = np.abs(found.points @ found.points.conj().T)
    np.testing.assert_allclose(gram, np.eye(3), atol=1e-9)
    assert found.signature == (0, 9, 6)
    assert np.iscomplexobj(found.points)


def test_one_point_has_nothing_to_polish() -> None:
    for dim in (2, 4):
        found = polish(PairEnergy(Riesz(1)), np.eye(dim)[:1])
        assert found.gradient_norm == 0
        assert found.signature == (0, dim - 1, 0)
