"""The compiled kernel does what numpy does: every energy and form."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from superposition.numerics.packing.energy.named import energy_named
from superposition.numerics.packing.energy.pair_energy import PairEnergy, Potential
from superposition.numerics.packing.energy.potentials import Riesz, Sharpened
from superposition.numerics.packing.energy.toy_model import OneActive, OneActivePotential
from superposition.numerics.packing.pairs import real_coordinates
from superposition.numerics.packing.smooth_method import kernel_energy
from superposition.numerics.packing.start import Space
from tests.numerics.packing.arrangements import KINDS, Array, Points, drawn, nearest
from tests.numerics.packing.kernel_codes import POTENTIALS, Code, code_of

kernel = pytest.importorskip("superposition.numerics.packing.all_pairs")
codes = pytest.importorskip("superposition.numerics.packing.potential_kernel")

seeds = st.integers(0, 2**32 - 1)
potentials, kinds = st.sampled_from(POTENTIALS), st.sampled_from(KINDS)


def compiled(points: Points, code: Code) -> tuple[float, Array]:
    """Value and gradient by the kernel, in real coordinates."""
    columns = np.ascontiguousarray(real_coordinates(points).T)
    gradient = np.full_like(columns, np.nan)
    scratch = kernel.all_pairs_scratch(*columns.shape)
    return kernel.all_pairs(columns, code, gradient, scratch), gradient.T


@given(potentials, kinds, seeds, st.integers(1, 14), st.integers(2, 6))
def test_it_is_the_twin_of_numpy(
    potential: Potential, kind: str, seed: int, n: int, d: int
) -> None:
    points = drawn(seed, n, d, kind)
    assume(n == 1 or nearest(points, kind) > 0.02)
    value, gradient = compiled(points, code_of(potential, KINDS.index(kind)))
    expected, slopes = PairEnergy(potential, kind != "points").gradient(points)
    size = float(np.abs(slopes).sum()) + abs(float(expected))
    assert value == pytest.approx(float(expected), rel=1e-11, abs=1e-12 * size)
    assert np.abs(gradient - real_coordinates(slopes)).max() <= 1e-11 * size


@given(seeds, st.integers(1, 40))
def test_coulomb_in_space_is_too(seed: int, n: int) -> None:
    """However many points are left over from four."""
    points = drawn(seed, n, 3, "points")
    value, gradient = compiled(points, code_of(Riesz(1), 0))
    expected, slopes = PairEnergy(Riesz(1)).gradient(points)
    size = float(np.abs(slopes).sum()) + float(expected)
    assert value == pytest.approx(float(expected), rel=1e-12)
    assert np.abs(gradient - slopes).max() <= 1e-12 * size


def test_points_in_one_place_cost_a_finite_fortune() -> None:
    points = np.array([[1.0, 0, 0], [1.0, 0, 0], [0, 1.0, 0]])
    for name in ("coulomb", "riesz:2", "riesz:2.5"):
        energy = energy_named(name)
        assert isinstance(energy, PairEnergy)
        value, gradient = compiled(points, code_of(energy.potential, 0))
        assert np.isfinite(value)
        assert value > 1e5
        assert np.all(np.isfinite(gradient))


@given(seeds, st.integers(2, 5), st.integers(0, 12))
def test_what_is_no_pair_costs_nothing_however_sharp(seed: int, n: int, doublings: int) -> None:
    """Nearly opposite points, of which the nearest two count as one."""
    points = drawn(seed, n, 3, "points")
    points[1] = -points[0] + 1e-3 * points[1]
    points[1] /= np.linalg.norm(points[1])
    potential = Sharpened(doublings, nearest(points, "points") ** 2)
    assume(potential.scale > 0.1)
    value, _ = compiled(points, code_of(potential, 0))
    assert value == pytest.approx(float(PairEnergy(potential).value(points)), rel=1e-9)


def test_what_the_kernel_does_not_know() -> None:
    space = Space(4, 3)
    assert kernel_energy(OneActive(), space) is None
    assert kernel_energy(PairEnergy(OneActivePotential(1.0, 0.0)), space) is None
    assert kernel_energy(PairEnergy(Riesz(3.0)), space) == (codes.RIESZ, 3.0, 0, 1.0, 0)
