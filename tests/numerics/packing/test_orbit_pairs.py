"""Orbits by their representatives are all pairs of all images, as numpy has them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from superposition.numerics.packing.energy.pair_energy import PairEnergy, Potential
from superposition.numerics.packing.orbit_plan import OrbitPlan, rotation_plans
from superposition.numerics.packing.pairs import real_coordinates
from tests.numerics.packing.arrangements import KINDS, drawn, nearest
from tests.numerics.packing.kernel_codes import POTENTIALS, code_of

kernel = pytest.importorskip("superposition.numerics.packing.orbit_pairs")

seeds = st.integers(0, 2**32 - 1)
potentials, kinds = st.sampled_from(POTENTIALS), st.sampled_from(KINDS)


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
        (np.empty((own.shape[1], whole)), tuple(np.empty((4, whole)))),
    )
    size = float(np.abs(slopes).sum()) + abs(float(value))
    assert found == pytest.approx(float(value - fixed), abs=1e-11 * size)
    assert np.abs(gradient.T - back).max() <= 1e-11 * size
