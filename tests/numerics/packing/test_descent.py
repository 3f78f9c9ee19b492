"""Descents, batched and compiled: the same minima from the same starts, and limits that hold."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from superposition.numerics.packing.codes.catalogue import built
from superposition.numerics.packing.descent import HALVINGS, Limits, descend
from superposition.numerics.packing.energy.pair_energy import PairEnergy
from superposition.numerics.packing.energy.potentials import (
    Gaussian,
    Logarithmic,
    Riesz,
    Sharpened,
)
from superposition.numerics.packing.energy.toy_model import OneActive
from superposition.numerics.packing.orbit_plan import no_symmetry, rotation_plans
from superposition.numerics.packing.pairs import real_coordinates
from superposition.numerics.packing.smooth_method import SmoothMethod, kernel_energy
from superposition.numerics.packing.start import Space, Start, given_start
from tests.numerics.packing.arrangements import KINDS, drawn, nearest

compiled = pytest.importorskip("superposition.numerics.packing.compiled_descent")
sharpening = pytest.importorskip("superposition.numerics.packing.compiled_sharpening")

TIGHT = Limits(evaluations=4000, steepness=1e-8, decrease=1e-14)
BIPYRAMID = 6 / math.sqrt(2) + 3 / math.sqrt(3) + 0.5
LEAST = {  # Coulomb energies with one minimum, which every descent must find
    2: 0.5,
    3: 3 / math.sqrt(3),
    4: 6 * math.sqrt(3 / 8),
    5: BIPYRAMID,
    6: 12 / math.sqrt(2) + 1.5,
    12: 49.16525305762881,
}
seeds = st.integers(0, 2**32 - 1)


@settings(max_examples=10)
@given(seeds, st.sampled_from(sorted(LEAST)))
def test_both_descents_end_at_the_only_minimum(seed: int, count: int) -> None:
    energy, space = PairEnergy(Riesz(1)), Space(count, 3)
    starts = np.stack([drawn(seed + k, count, 3) for k in range(4)])
    batched = descend(energy, starts, TIGHT)
    assert batched.value == pytest.approx(LEAST[count], rel=1e-12)
    assert batched.gradient_norm.max() < 1e-5
    for start in starts:
        raw = np.ascontiguousarray(start.T)
        orbit = (np.eye(3)[None], np.zeros((3, 0)))
        limits = (4000.0, 1e-8, 1e-14)
        code = kernel_energy(energy, space)
        value, norm, evaluations = compiled.descend(raw, orbit, code, space.spacing, limits)
        assert value == pytest.approx(LEAST[count], rel=1e-12)
        assert norm < 1e-5
        assert 1 <= evaluations < 4000
        assert float(energy.value(raw.T / np.linalg.norm(raw.T, axis=1)[:, None])) == pytest.approx(
            value, rel=1e-12
        )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("potential", [Riesz(2), Riesz(2.5), Logarithmic(), Gaussian(1.5)])
def test_orthogonal_lines_and_simplices_by_both(kind: str, potential: Riesz) -> None:
    """As many points as dimensions, plus one for points: one minimum for every potential."""
    count, dim, forms = 4 if kind == "points" else 3, 3, KINDS.index(kind)
    energy = PairEnergy(potential, forms > 0)
    start = drawn(5, count, dim, kind)
    cosine = -1 / 3 if kind == "points" else 0.0
    least = count * (count - 1) / 2 * float(potential.jet(np.array(cosine))[0])
    space = Space(count, dim * (2 if forms == 2 else 1), forms)
    for quick in (True, False):
        explored = SmoothMethod(energy, space, quick).explore(given_start(real_coordinates(start)))
        finished = SmoothMethod(energy, space, quick).finish(explored)
        assert finished.value == pytest.approx(least, rel=1e-9)
        assert finished.value <= explored.value + 1e-12


def test_the_kernel_keeps_the_symmetry_of_its_start() -> None:
    """24 points under the octahedral group, where they lie on one orbit."""
    plan = next(plan for plan in rotation_plans(24) if plan.name == "O" and not len(plan.fixed))
    method = SmoothMethod(PairEnergy(Riesz(1)), Space(24, 3), compiled=True)
    found = method.explore(Start("symmetric", plan, drawn(0, 1, 3))).points
    assert found.shape == (24, 3)
    for matrix in plan.matrices:
        gaps = np.abs((found @ matrix.T)[:, None] - found).max(2)
        assert gaps.min(1).max() < 1e-12


@given(seeds, st.integers(3, 9), st.integers(2, 4), st.sampled_from(KINDS))
def test_a_batch_is_its_members(seed: int, count: int, dim: int, kind: str) -> None:
    """Also beside one that has ended before it began, and after some have ended."""
    energy = PairEnergy(Logarithmic(), kind != "points")
    limits = Limits(evaluations=40, steepness=1e-3, decrease=1e-4)
    starts = np.stack([drawn(seed + k, count, dim, kind) for k in range(3)])
    ended = descend(energy, starts[:1], TIGHT).points
    whole = descend(energy, np.concatenate([ended, starts]), limits)
    for k, start in enumerate([ended[0], *starts]):
        alone = descend(energy, start[None], limits)
        assert whole.evaluations[k] == alone.evaluations[0]
        assert whole.value[k] == pytest.approx(alone.value[0], rel=1e-6, abs=1e-6)
        np.testing.assert_allclose(whole.points[k], alone.points[0], atol=1e-4)
    np.testing.assert_allclose(np.linalg.norm(whole.points, axis=2), 1, atol=1e-12)


@given(seeds, st.integers(3, 12), st.integers(1, 60))
def test_descents_fall_and_stop_at_their_evaluations(seed: int, count: int, most: int) -> None:
    energy, start = PairEnergy(Riesz(1)), drawn(seed, count, 3)
    at_first = float(energy.value(start))
    found = descend(energy, start[None], Limits(most, 0.0, 0.0))
    assert 1 <= found.evaluations[0] < most + HALVINGS
    assert found.value[0] <= at_first * (1 + 1e-14)
    raw = np.ascontiguousarray(start.T)
    code = kernel_energy(energy, Space(count, 3))
    orbit = (np.eye(3)[None], np.zeros((3, 0)))
    value, _, evaluations = compiled.descend(raw, orbit, code, 0.5, (float(most), 0.0, 0.0))
    assert 1 <= evaluations < most + HALVINGS
    assert value <= at_first * (1 + 1e-14)


@given(seeds, st.integers(4, 10), st.floats(1e-6, 1e-1))
def test_descents_stop_at_their_steepness(seed: int, count: int, steepness: float) -> None:
    energy, start = PairEnergy(Riesz(1)), drawn(seed, count, 3)
    found = descend(energy, start[None], Limits(4000, steepness, 0.0))
    assert found.gradient_norm[0] <= steepness * found.value[0] / count
    slope = energy.gradient(found.points[0])[1]
    tangent = slope - (slope * found.points[0]).sum(1)[:, None] * found.points[0]
    # In free coordinates, whose norms have grown: the gradient of unit points is larger.
    assert np.linalg.norm(tangent) <= 10 * steepness * found.value[0] / count


def test_free_energies_are_descended_without_a_sphere() -> None:
    start = np.random.default_rng(1).normal(size=(1, 5, 3))
    found = descend(OneActive(), start, TIGHT)
    assert found.value[0] < float(OneActive().value(start[0]))
    assert np.abs(OneActive().gradient(found.points[0])[1]).max() < 1e-5


@given(seeds, st.integers(2, 9), st.integers(2, 4), st.sampled_from(KINDS))
def test_the_nearest_pair_is_found(seed: int, count: int, dim: int, kind: str) -> None:
    points = drawn(seed, count, dim, kind)
    raw = np.ascontiguousarray(2.5 * real_coordinates(points).T)
    plan = no_symmetry(count, len(raw))
    found = sharpening.nearest(raw, (plan.matrices, plan.fixed.T.copy()), KINDS.index(kind))
    assert found == pytest.approx(nearest(points, kind) ** 2, abs=1e-12)


@given(seeds, st.integers(4, 20), st.data())
def test_the_nearest_pair_of_images_is_found(seed: int, count: int, data: st.DataObject) -> None:
    plans = [plan for plan in rotation_plans(count) if plan.representatives <= 3]
    if not plans:
        plans = [no_symmetry(count, 3)]
    plan = data.draw(st.sampled_from(plans))
    own = drawn(seed, plan.representatives, 3)
    orbit = (plan.matrices, np.ascontiguousarray(plan.fixed.T))
    found = sharpening.nearest(np.ascontiguousarray(own.T), orbit, 0)
    images = plan.images(own)
    moving = count - len(plan.fixed)  # the fixed ones' own distances do not depend on the start
    expected = min(
        2 - 2 * images[i] @ images[j] for i in range(moving) for j in range(count) if i != j
    )
    assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("count", "dim", "kind", "cosine"),
    [(4, 3, "points", -1 / 3), (6, 3, "points", 0.0), (12, 3, "points", 5**-0.5),
     (6, 3, "lines", 0.2), (4, 2, "complex lines", 1 / 3)],
)  # fmt: skip
def test_sharpening_leads_near_the_packing(count: int, dim: int, kind: str, cosine: float) -> None:
    best = np.inf
    for seed in range(6):
        raw = np.ascontiguousarray(real_coordinates(drawn(seed, count, dim, kind)).T)
        plan = no_symmetry(count, len(raw))
        orbit = (plan.matrices, plan.fixed.T.copy())
        squared, evaluations = sharpening.sharpen(
            raw, orbit, KINDS.index(kind), (2, 12), (100.0, 150.0)
        )
        assert 0 < evaluations < 100 + 5 * 150 + 6 * HALVINGS
        assert squared <= 2 - 2 * cosine + 1e-12
        best = min(best, 1 - squared / 2)
    assert best == pytest.approx(cosine, abs=2e-3 * (1 - cosine))


def test_a_sharpened_energy_tells_a_packing_from_one_a_little_worse() -> None:
    good, bad = built("icosahedron"), built("icosahedron").copy()
    bad[0] += 0.05 * bad[1]
    bad[0] /= np.linalg.norm(bad[0])
    energy = PairEnergy(Sharpened(8, 2 - 2 / math.sqrt(5)))
    assert float(energy.value(good)) == pytest.approx(30, rel=1e-9)
    assert float(energy.value(bad)) > 1e3
