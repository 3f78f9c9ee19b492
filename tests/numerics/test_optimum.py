"""Minima of the exact loss: descent, starts, pose, search, and answers known in closed form."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from superposition.numerics import global_minimum
from superposition.numerics.optimum import search
from superposition.numerics.optimum.descent import descend, settled
from superposition.numerics.optimum.landscape import Landscape
from superposition.numerics.optimum.minimum import _belief, checked_landscape
from superposition.numerics.optimum.pose import canonical_pose, snapped
from superposition.numerics.optimum.search import SAME_LOSS, global_minima, polished, warmed
from superposition.numerics.optimum.starts import random_starts
from superposition.theory import Values
from superposition.theory.balanced_antipodal_pair import BalancedPair, best_bias, best_squared_norm
from superposition.theory.pair_without_biases import least_loss
from superposition.theory.symbols import beta, p
from superposition.theory.symmetric_arrangements.optimum import (
    cross_polytope_optimum,
    polygon_optimum,
    simplex_optimum,
)

seeds = st.integers(0, 10**6)


def drawn(seed: int, count: int, features: int = 3) -> Landscape:
    """Random settings."""
    rng = np.random.default_rng(seed)
    m = int(rng.integers(1, features + 1))
    importance, density = (rng.uniform(low, 1, (count, features)) for low in (0.1, 0.05))
    return Landscape(m, importance, density, biases=bool(rng.integers(2)))


def variance(density: float) -> float:
    """v: what dropping a feature costs."""
    return density / 3 - density**2 / 4


# Descent.


@settings(max_examples=25)
@given(seeds)
def test_descents_never_raise_the_loss_and_end_where_the_gradient_vanishes(seed: int) -> None:
    landscape = drawn(seed, 8)
    starts = random_starts(landscape, 1, seed)[:, 0]
    ends = descend(landscape, starts)
    assert np.all(ends.loss <= landscape.evaluate(starts).loss)
    there = landscape.evaluate(ends.points)
    assert np.array_equal(there.loss, ends.loss)
    assert np.allclose(np.linalg.norm(there.gradient, axis=1), ends.gradient_norm, atol=1e-15)
    assert np.all(ends.gradient_norm <= 1e-10)


@settings(max_examples=10)
@given(seeds)
def test_every_step_lowers_the_loss(seed: int) -> None:
    landscape = drawn(seed, 4)
    starts = random_starts(landscape, 1, seed)[:, 0]
    losses = [descend(landscape, starts, most_steps=steps).loss for steps in range(12)]
    assert np.all(np.diff(losses, axis=0) <= 4e-15 * landscape.scale)


@settings(max_examples=15)
@given(seeds)
def test_what_is_not_free_stays(seed: int) -> None:
    landscape = drawn(seed, 5)
    starts = random_starts(landscape, 1, seed)[:, 0]
    free = np.random.default_rng(seed).random(starts.shape) < 0.5
    ends = descend(landscape, starts, free=free)
    assert np.array_equal(ends.points[~free], starts[~free])
    slope = np.where(free, landscape.evaluate(ends.points).gradient, 0.0)
    # With some of them fixed the loss may fall for ever, towards weights without bound.
    ended = ends.steps < 200
    assert ended.sum() >= 3
    assert np.all(np.linalg.norm(slope[ended], axis=1) <= 1e-10)
    assert np.all(ends.loss[~ended] < landscape.evaluate(starts).loss[~ended])


def test_descents_do_not_know_of_each_other() -> None:
    landscape = drawn(3, 6)
    starts = random_starts(landscape, 1, 0)[:, 0]
    together = descend(landscape, starts)
    for k in range(6):
        alone = descend(landscape.rows(slice(k, k + 1)), starts[k : k + 1])
        assert np.allclose(alone.points[0], together.points[k], atol=1e-7)
        assert alone.loss[0] == pytest.approx(together.loss[k], rel=1e-12)
    assert len(descend(landscape.rows(slice(0)), starts[:0]).loss) == 0


@settings(max_examples=15)
@given(seeds)
def test_minima_turn_and_are_exchanged_with_their_features(seed: int) -> None:
    """A minimum turned and permuted is one of the permuted setting: a descent stays there."""
    landscape = drawn(seed, 4)
    rng = np.random.default_rng(seed)
    turn, _ = np.linalg.qr(rng.normal(size=(landscape.hidden, landscape.hidden)))
    order = rng.permutation(landscape.features)
    there = Landscape(
        landscape.hidden,
        landscape.importance[:, order],
        landscape.density[:, order],
        landscape.biases,
    )
    W, b = landscape.split(descend(landscape, random_starts(landscape, 1, seed)[:, 0]).points)
    point = landscape.joined(W, b)
    target = there.joined((turn @ W)[:, :, order], b[:, order])
    moved = descend(there, target)
    assert np.allclose(moved.loss, landscape.evaluate(point).loss, rtol=1e-12)
    assert np.allclose(moved.points, target, atol=1e-4)


@settings(max_examples=15)
@given(seeds, st.sampled_from([1e-3, 0.1, 7.0, 1e3]))
def test_a_common_factor_of_the_importances_scales_the_loss_alone(seed: int, factor: float) -> None:
    landscape = drawn(seed, 4)
    larger = Landscape(
        landscape.hidden, factor * landscape.importance, landscape.density, landscape.biases
    )
    starts = random_starts(landscape, 1, seed)[:, 0]
    one, other = descend(landscape, starts), descend(larger, starts)
    assert np.allclose(other.loss, factor * one.loss, rtol=1e-9)
    assert np.allclose(larger.scale, factor * landscape.scale)
    # From one's minimum the other does not move.
    assert np.allclose(descend(larger, one.points).points, one.points, atol=1e-6)


def test_settled_points_are_on_their_kinks_and_stationary() -> None:
    """W_2 of a dropped feature known to 1e-13 is set to zero and b_2 is p/2 again."""
    density = 0.8302175681319749
    landscape = checked_landscape(2, 1, [1, 0.8902150854450389], density)
    beside = np.array([[1.0, 2.2e-13, -1.1e-13, 0.415108784065896]])
    found = settled(landscape, beside)
    assert found.points[0].tolist() == [1, 0, 0, pytest.approx(density / 2, abs=1e-15)]
    assert found.gradient_norm[0] <= 1e-15


# Starts.


def test_starts_depend_on_the_setting_alone() -> None:
    landscape = drawn(1, 5)
    whole = random_starts(landscape, 7, seed=3)
    assert np.array_equal(whole, random_starts(landscape, 7, seed=3))
    for k in range(5):
        assert np.array_equal(whole[k], random_starts(landscape.rows([k]), 7, seed=3)[0])  # type: ignore[arg-type]
    for other in (
        random_starts(landscape, 7, seed=4),
        random_starts(landscape, 7, seed=3, attempt=1),
        random_starts(
            Landscape(landscape.hidden, landscape.importance + 1e-9, landscape.density), 7, seed=3
        )[:, :, : landscape.size],
    ):
        assert not np.any(other[:, :, : landscape.features] == whole[:, :, : landscape.features])


def test_starts_are_spread_over_weights_and_biases() -> None:
    landscape = checked_landscape(3, 2, 1.0, [0.01, 0.5, 1.0], values=Values.BINARY)
    W, b = landscape.split(random_starts(landscape, 4000, 0)[0])
    norms = np.linalg.norm(W, axis=1)
    assert norms.min() < 0.05
    assert norms.max() > 2
    assert np.allclose(W.mean(axis=0), 0, atol=0.03)
    low, high = b.min(axis=0), b.max(axis=0)
    assert np.allclose(low, -0.2 * landscape.density[0], rtol=0.01)
    assert np.allclose(high, landscape.density[0], rtol=0.01)


# Pose.


@given(seeds)
def test_canonical_pose_is_a_rotation_to_upper_triangular_form(seed: int) -> None:
    rng = np.random.default_rng(seed)
    m, n = rng.integers(1, 5, 2)
    W = rng.normal(size=(3, m, n)) * rng.choice([0, 1e-9, 1e-6, 1, 1], n)
    posed = canonical_pose(W)
    gram, kept = (np.swapaxes(part, 1, 2) @ part for part in (W, posed))
    assert np.allclose(gram, kept, rtol=0, atol=1e-13)
    assert np.allclose(np.linalg.norm(posed, axis=1), np.linalg.norm(W, axis=1), atol=1e-14)
    for one in posed:
        opened = 0
        for i in np.flatnonzero(np.linalg.norm(W[0], axis=0) > 1e-5):
            opened = min(opened + 1, m)
            assert np.all(np.abs(one[opened:, i]) < 1e-12)
            assert one[opened - 1, i] > 0 or opened == m


def test_pose_keeps_weak_features_and_snapping_drops_them() -> None:
    W = np.array([[[0.0, 3e-7, -2.0], [0.0, 4e-7, 0.0]]])
    posed = canonical_pose(W)
    assert np.allclose(np.linalg.norm(posed[0], axis=0), [0, 5e-7, 2], atol=1e-15)
    zeroed, b = snapped(W, np.array([[1e-7, 0.1, -2e-6]]))
    assert zeroed[0].tolist() == [[0, 0, 2], [0, 0, 0]]
    assert b[0].tolist() == [0, 0.1, -2e-6]


@given(seeds)
def test_pose_does_not_depend_on_the_rotation(seed: int) -> None:
    rng = np.random.default_rng(seed)
    W = rng.normal(size=(1, 3, 4))
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    assert np.allclose(canonical_pose(turn @ W), canonical_pose(W), atol=1e-9)


# Known answers.


@pytest.mark.parametrize("density", [1e-3, 0.1, 0.4, 0.7])
def test_two_features_in_one_dimension_are_the_balanced_pair(density: float) -> None:
    """Up to density 0.706 (``balanced_pair_limit``)."""
    found = global_minimum(2, 1, density=density, starts=24)
    bias = best_bias(density)
    norm = float(best_squared_norm().subs({beta: float(bias), p: density}))
    cost = 2 * float(BalancedPair().relative_cost(density)) * variance(density)
    assert found.geometry.name == "digon"
    assert found.loss == pytest.approx(cost, rel=1e-11)
    assert np.allclose(found.W, np.sqrt(norm) * np.array([[1, -1]]), atol=1e-7)
    assert np.allclose(found.b, norm * bias, atol=1e-7)
    assert found.believed, found.why


KNOWN = [
    # n, m, density, name, members of each kind of loss
    (3, 2, 0.1, "digon + dedicated", lambda d: 2 * simplex_optimum(2, d).loss),
    (3, 2, 0.52, "digon + dedicated", lambda d: 2 * simplex_optimum(2, d).loss),
    (3, 2, 0.524, "triangle", lambda d: 3 * simplex_optimum(3, d).loss),
    (4, 2, 0.02, "2 digon", lambda d: 4 * cross_polytope_optimum(2, d).loss),
    (4, 2, 0.63, "2 digon", lambda d: 4 * cross_polytope_optimum(2, d).loss),
    (5, 2, 0.05, "pentagon", lambda d: 5 * polygon_optimum(5, d).loss),
    (5, 2, 0.22, "pentagon", lambda d: 5 * polygon_optimum(5, d).loss),
    (
        5,
        2,
        0.23,
        "2 digon + dropped",
        lambda d: 4 * simplex_optimum(2, d).loss + variance(d),
    ),
    (4, 3, 0.5, "tetrahedron", lambda d: 4 * simplex_optimum(4, d).loss),
    (2, 2, 0.3, "2 dedicated", lambda d: 0 * d),
]


@pytest.mark.parametrize(
    ("features", "hidden", "density", "name", "loss"),
    KNOWN,
    ids=[f"{n}-{m}-{density}" for n, m, density, *_ in KNOWN],
)
def test_symmetric_arrangements_are_found_with_their_closed_form_losses(
    features: int, hidden: int, density: float, name: str, loss: Any
) -> None:
    found = global_minimum(features, hidden, density=density, starts=32)
    assert found.geometry.name == name
    assert found.loss == pytest.approx(float(loss(density)), rel=1e-10, abs=1e-16)
    assert found.gradient_norm <= 1e-10
    assert found.believed, found.why
    assert found.basins[0].loss == pytest.approx(found.loss, abs=1e-9)
    assert 0 < sum(basin.share for basin in found.basins) <= 1 + 1e-12
    shares = sum(basin.share for basin in found.basins) + found.unconverged
    assert shares == pytest.approx(1)


@pytest.mark.parametrize(
    ("density", "side", "name"),
    [(0.2, -1, "digon"), (0.58, -1, "digon"), (0.585, 1, "aligned pair")],
)
def test_without_biases_the_pair_is_antipodal_then_aligned(
    density: float, side: int, name: str
) -> None:
    found = global_minimum(2, 1, density=density, biases=False, starts=24)
    assert found.geometry.name == name
    assert found.loss == pytest.approx(float(least_loss(side).subs(p, density)), rel=1e-11)
    assert found.b.tolist() == [0, 0]


@pytest.mark.parametrize("values", [Values.UNIT, Values.SIGNED, Values.BINARY])
@pytest.mark.parametrize("hidden", [3, 5])
def test_enough_dimensions_lose_what_silence_must(hidden: int, values: Any) -> None:
    """n ≤ m: dedicated dimensions lose nothing of non-negative values."""
    found = global_minimum(3, hidden, [1, 2, 0.3], [0.1, 0.5, 1], values=values, starts=12)
    if values is not Values.SIGNED:
        assert found.loss == pytest.approx(0, abs=1e-15)
    assert found.W.shape == (hidden, 3)
    assert found.gradient_norm <= 1e-10


def test_dense_features_are_the_linear_model() -> None:
    """p = 1: no ReLU is ever silent; the most important feature is kept, the rest dropped."""
    found = global_minimum(3, 1, [1, 0.5, 0.2], 1.0, starts=16)
    assert found.geometry.name == "dedicated (a) + dropped (b) + dropped (c)"
    assert found.loss == pytest.approx(0.7 / 12, rel=1e-12)


def test_constant_features_cost_nothing() -> None:
    found = global_minimum(2, 1, density=1.0, values=Values.BINARY, starts=8)
    assert found.loss == pytest.approx(0, abs=1e-15)


@pytest.mark.parametrize("seed", range(3))
def test_the_minimum_does_not_depend_on_order_signs_or_seed(seed: int) -> None:
    importance, density = np.array([1, 0.6, 0.3]), np.array([0.3, 0.2, 0.5])
    order = np.random.default_rng(seed).permutation(3)
    one = global_minimum(3, 2, importance, density, starts=24)
    other = global_minimum(3, 2, 5 * importance[order], density[order], starts=24, seed=seed + 1)
    assert other.loss == pytest.approx(5 * one.loss, rel=1e-11)
    assert np.allclose((one.W.T @ one.W)[np.ix_(order, order)], other.W.T @ other.W, atol=1e-7)
    assert np.allclose(one.b[order], other.b, atol=1e-7)
    assert one.geometry.symmetry == other.geometry.symmetry


# Search and evidence.


def test_search_reproduces_and_settings_do_not_know_of_each_other() -> None:
    landscape = drawn(11, 6)
    one, other = global_minima(landscape, starts=8), global_minima(landscape, starts=8)
    for name in vars(one):
        assert np.array_equal(getattr(one, name), getattr(other, name))
    alone = global_minima(landscape.rows(slice(2, 3)), starts=8)
    assert alone.loss[0] == pytest.approx(one.loss[2], rel=1e-12)
    assert alone.starts[0] == one.starts[2]


def test_more_starts_are_spent_where_too_few_agree() -> None:
    landscape = checked_landscape(4, 2, [1, 0.9, 0.8, 0.7], 0.3)
    told: list[int] = []
    found = global_minima(landscape, starts=1, progress=told.append)
    assert found.starts[0] in [2**k - 1 for k in range(2, 10)]
    assert found.found_by[0] >= 2
    assert found.believed[0]
    assert told[-1] == 1
    few = global_minima(landscape, starts=1, most_starts=1)
    assert few.starts[0] == 1
    assert not few.believed[0]


def test_a_warm_start_lowers_but_is_no_evidence() -> None:
    landscape = checked_landscape(5, 2, 1.0, 0.2)
    best = global_minima(landscape, starts=32)
    found = global_minima(landscape, starts=1, most_starts=1, seed=6)
    assert found.loss[0] > best.loss[0] + SAME_LOSS * landscape.scale[0]
    warm = warmed(landscape, found, best.points[:, None])
    assert warm.loss[0] == pytest.approx(best.loss[0], rel=1e-12)
    assert warm.found_by[0] == 0
    assert warm.starts[0] == 1
    # Of the same loss it leaves the evidence as it is.
    again = warmed(landscape, best, best.points[:, None])
    assert again.found_by[0] == best.found_by[0]


def test_an_unbelieved_minimum_says_why() -> None:
    believed, why = _belief(0.0, 1.0, 1, 16)
    assert not believed
    assert why == "Not believed: only 1 of 16 random starts found it."
    believed, why = _belief(1e-9, -0.1, 0, 16)
    assert not believed
    assert why == (
        "Not believed: its gradient is 1.0e-09, more than 1e-10; the loss falls along a direction "
        "with curvature -1.0e-01; only 0 of 16 random starts found it."
    )
    best = global_minimum(2, 1, density=0.3, starts=8)
    assert best.believed
    assert best.why.startswith(f"Believed: {best.found_by} of {best.starts} random starts found it")


def test_warm_starts_that_no_random_start_confirms_are_not_believed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    good = global_minimum(5, 2, density=0.2, starts=32)

    def blind(landscape: Landscape, count: int, seed: int, attempt: int = 0) -> Any:
        """Starts that all lead to a worse minimum: two digons and a dropped feature."""
        W = np.array([[[1.0, -1, 0, 0, 0], [0, 0, 1, -1, 0]]])
        point = landscape.joined(W, np.full((1, 5), 0.1))
        jitter = random_starts(landscape, count, seed, attempt)
        return point[:, None] + 1e-3 * jitter

    monkeypatch.setattr(search, "random_starts", blind)
    found = global_minimum(5, 2, density=0.2, starts=8, warm=(good.W, good.b))
    assert found.loss == pytest.approx(good.loss, rel=1e-12)
    assert not found.believed
    assert found.why == "Not believed: only 0 of 8 random starts found it."


def test_half_saddles_are_escaped() -> None:
    """Beyond the stability limit the dropped optimum still attracts from its convex side."""
    landscape = checked_landscape(2, 1, [1, 0.9], 0.6)
    held = polished(
        landscape,
        search.Minima(
            np.array([[1.0, 0, 0, 0.3]]),
            np.array([0.9 * variance(0.6)]),
            np.zeros(1),
            np.array([3]),
            np.array([3]),
        ),
    )
    assert held.points[0].tolist() == [1, 0, 0, pytest.approx(0.3)]
    assert held.gradient_norm[0] <= 1e-15
    free = search._escaped(landscape, held)
    assert free.loss[0] < held.loss[0] - 1e-4
    assert abs(free.points[0, 1]) > 0.1
    assert free.gradient_norm[0] <= 1e-10
    # A minimum has nowhere to escape to.
    stable = search._escaped(landscape, free)
    assert np.array_equal(stable.points, free.points)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"features": 0}, "features is 0; it must be a whole number of at least 1"),
        ({"hidden": 1.5}, r"hidden is 1.5; it must be a whole number"),
        ({"starts": 0}, "starts is 0"),
        ({"density": 0}, r"density is 0; a density p = 1 - S must lie in \(0, 1\]"),
        ({"density": [0.1, 0.2, 0.3]}, r"density has shape \(3,\); it must be a number or \(2,\)"),
        ({"importance": [[1, 1]]}, r"importance has shape \(1, 2\)"),
        ({"importance": -1}, "importance is -1; an importance must be finite and not negative"),
        ({"importance": 0}, "importance is 0; at least one must be positive"),
        ({"values": "unit"}, "values is 'unit'; minima are known for Uniform and Binary values"),
        ({"warm": 3}, r"warm is 3; it must be a pair \(W, b\)"),
        ({"warm": ([[1, 2, 3]], 0)}, r"warm has shapes \(1, 3\) and \(\)"),
        ({"warm": ([[1, np.nan]], 0)}, "warm W contains nan"),
        ({"warm": ([[1, 1]], "x")}, "warm b"),
    ],
)
def test_bad_arguments_are_refused_in_sentences(arguments: Any, sentence: str) -> None:
    given_arguments = {"features": 2, "hidden": 1, "starts": 2} | arguments
    with pytest.raises(ValueError, match=sentence):
        global_minimum(**given_arguments)
