"""The compiled kernel does what numpy does: every energy and form, whole and by orbits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from superposition.numerics.packing.energy.named import energy_named
from superposition.numerics.packing.energy.pair_energy import PairEnergy, Potential
from superposition.numerics.packing.energy.potentials import (
    Gaussian,
    Logarithmic,
    Riesz,
    Sharpened,
)
from superposition.numerics.packing.energy.toy_model import OneActive, OneActivePotential
from superposition.numerics.packing.orbit_plan import OrbitPlan, rotation_plans
from superposition.numerics.packing.pairs import real_coordinates
from superposition.numerics.packing.smooth_method import kernel_energy
from superposition.numerics.packing.start import Space
from tests.numerics.packing.arrangements import KINDS, Array, Points, drawn, nearest

kernel = pytest.importorskip("superposition.numerics.packing.pair_kernel")

Code = tuple[int, float, int, float, int]
POTENTIALS: list[Potential] = [
    Riesz(1), Riesz(2), Riesz(2.5), Riesz(4), Riesz(16), Logarithmic(), Gaussian(0.8),
    Sharpened(0, 1.3), Sharpened(5, 0.4),
]  # fmt: skip
seeds = st.integers(0, 2**32 - 1)
potentials, kinds = st.sampled_from(POTENTIALS), st.sampled_from(KINDS)


def code_of(potential: Potential, forms: int) -> Code:
    """How the kernel is told of a potential."""
    if isinstance(potential, Sharpened):
        return kernel.SHARPENED, 0.0, forms, potential.scale, potential.doublings
    code: Code | None = kernel_energy(PairEnergy(potential, forms > 0), Space(2, 2, forms))
    assert code is not None
    return code


def scratch(count: int) -> tuple[Array, Array, Array, Array]:
    return np.empty(count), np.empty(count), np.empty(count), np.empty(count)


def compiled(points: Points, code: Code) -> tuple[float, Array]:
    """Value and gradient by the kernel, in real coordinates."""
    columns = np.ascontiguousarray(real_coordinates(points).T)
    gradient = np.full_like(columns, np.nan)
    return kernel.all_pairs(columns, code, gradient, scratch(len(points))), gradient.T


@given(potentials, kinds, seeds, st.integers(1, 9), st.integers(2, 6))
def test_it_is_the_twin_of_numpy(
    potential: Potential, kind: str, seed: int, n: int, d: int
) -> None:
    points = drawn(seed, n, d, kind)
    assume(n == 1 or nearest(points, kind) > 0.1)
    value, gradient = compiled(points, code_of(potential, KINDS.index(kind)))
    expected, slopes = PairEnergy(potential, kind != "points").gradient(points)
    size = float(np.abs(slopes).sum()) + abs(float(expected))
    assert value == pytest.approx(float(expected), rel=1e-11, abs=1e-12 * size)
    assert np.abs(gradient - real_coordinates(slopes)).max() <= 1e-11 * size


def test_points_in_one_place_cost_a_finite_fortune() -> None:
    points = np.array([[1.0, 0, 0], [1.0, 0, 0], [0, 1.0, 0]])
    for name in ("coulomb", "riesz:2", "riesz:2.5"):
        energy = energy_named(name)
        assert isinstance(energy, PairEnergy)
        value, gradient = compiled(points, code_of(energy.potential, 0))
        assert np.isfinite(value)
        assert value > 1e5
        assert np.all(np.isfinite(gradient))


def test_what_the_kernel_does_not_know() -> None:
    space = Space(4, 3)
    assert kernel_energy(OneActive(), space) is None
    assert kernel_energy(PairEnergy(OneActivePotential(1.0, 0.0)), space) is None
    assert kernel_energy(PairEnergy(Riesz(3.0)), space) == (kernel.RIESZ, 3.0, 0, 1.0, 0)


@given(potentials, seeds, st.integers(3, 16), st.data())
def test_orbits_are_all_pairs_of_the_images(
    potential: Potential, seed: int, n: int, data: st.DataObject
) -> None:
    """But for the constant of the fixed points among themselves."""
    plans = rotation_plans(n)
    assume(plans)
    assert_orbits(data.draw(st.sampled_from(plans)), potential, seed, "points")


@given(potentials, seeds, st.integers(2, 6), st.integers(1, 3), kinds)
def test_orbits_of_lines(
    potential: Potential, seed: int, order: int, representatives: int, kind: str
) -> None:
    """Under a cyclic group that turns every plane of the real coordinates by its own angle."""
    dim = 2 if kind == "complex lines" else 4
    order = 2 * order + 1  # odd: no element is -1
    turn, angle = np.zeros((order, 4, 4)), 2 * np.pi / order
    planes = ((0, 2), (1, 3)) if kind == "complex lines" else ((0, 1), (2, 3))
    for h in range(order):
        for times, (a, b) in enumerate(planes, start=1):
            cos, sin = np.cos(times * h * angle), np.sin(times * h * angle)
            turn[h][np.ix_([a, b], [a, b])] = [[cos, -sin], [sin, cos]]
    plan = OrbitPlan(f"C{order}", turn, np.zeros((0, 4)), representatives)
    assert_orbits(plan, potential, seed, kind, dim)


def assert_orbits(
    plan: OrbitPlan, potential: Potential, seed: int, kind: str, dim: int = 3
) -> None:
    forms = KINDS.index(kind)
    own = real_coordinates(drawn(seed, plan.representatives, dim, kind))
    images = plan.images(own)
    rows = images[:, :dim] + 1j * images[:, dim:] if forms == 2 else images
    assume(nearest(rows, kind) > 0.1)
    energy, whole = PairEnergy(potential, forms > 0), len(images)
    value, slopes = energy.gradient(rows)
    fixed = energy.value(plan.fixed) if len(plan.fixed) else 0.0
    moved = real_coordinates(slopes)[: len(plan.matrices) * len(own)]
    back = np.einsum("hab,hra->rb", plan.matrices, moved.reshape(len(plan.matrices), *own.shape))
    gradient = np.full(own.T.shape, np.nan)
    found = kernel.orbit_pairs(
        np.ascontiguousarray(own.T),
        (plan.matrices, np.ascontiguousarray(plan.fixed.T)),
        code_of(potential, forms),
        gradient,
        (np.empty((own.shape[1], whole)), scratch(whole)),
    )
    size = float(np.abs(slopes).sum()) + abs(float(value))
    assert found == pytest.approx(float(value - fixed), abs=1e-11 * size)
    assert np.abs(gradient.T - back).max() <= 1e-11 * size
