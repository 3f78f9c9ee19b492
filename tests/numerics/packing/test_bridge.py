"""The bridge: common norms and biases, verdicts, and the free minima they are judged by."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from superposition.numerics.packing.bridge.compared_codes import TAMMES, thomson
from superposition.numerics.packing.bridge.equal_code import (
    best_norm_and_bias,
    equal_norm_and_bias,
)
from superposition.numerics.packing.bridge.free_minimum import free_minimum, with_dead_feature
from superposition.numerics.packing.bridge.one_active_landscape import OneActiveLandscape
from superposition.numerics.packing.bridge.standing import (
    code_in_the_toy_model,
    critical_point,
    relaxed_from,
)
from superposition.numerics.packing.codes import families
from superposition.numerics.packing.codes.catalogue import built
from superposition.numerics.packing.energy.toy_model import OneActive
from superposition.theory.polygon_critical_point import polygon_critical_point

Array = NDArray[np.float64]
seeds = st.integers(0, 2**32 - 1)


def drawn_code(seed: int) -> Array:
    generator = np.random.default_rng(seed)
    points = generator.normal(size=(generator.integers(2, 9), generator.integers(1, 4)))
    return np.asarray(points / np.linalg.norm(points, axis=1, keepdims=True))


def loss_of(code: Array, g: float, b: float) -> float:
    points = np.concatenate([np.sqrt(g) * code, np.full((len(code), 1), b)], axis=1)
    return float(OneActive().value(points))


@pytest.mark.parametrize("sides", range(3, 14))
def test_polygons_have_the_one_critical_point_of_the_theory(sides: int) -> None:
    known = polygon_critical_point(sides)
    (found,) = equal_norm_and_bias(families.polygon(sides))
    assert found.minimum
    assert found.squared_norm == pytest.approx(known.squared_norm, rel=1e-12)
    assert found.bias == pytest.approx(known.bias, abs=1e-12)
    assert found.loss == pytest.approx(sides * known.loss, abs=1e-13)


@settings(deadline=None)
@given(seeds)
def test_no_common_norm_and_bias_is_better(seed: int) -> None:
    """Against drawn ones of both signs; and every root is stationary in both."""
    code = drawn_code(seed)
    every = equal_norm_and_bias(code)
    generator = np.random.default_rng(seed)
    bound = len(code) * (1 / 3 - 1 / (4 * len(code)))  # bias alone: nothing is stored
    best = min([one.loss for one in every], default=np.inf)
    best = min(best, bound)
    for _ in range(50):
        g = float(generator.uniform(0.01, 4))
        assert loss_of(code, g, float(generator.uniform(-g, 0.7))) >= best - 1e-12
    e = 1e-6
    for one in every:
        g, b = one.squared_norm, one.bias
        assert one.loss == pytest.approx(loss_of(code, g, b), abs=1e-12)
        for dg, db in ((e, 0.0), (0.0, e)):
            change = loss_of(code, g + dg, b + db) - loss_of(code, g - dg, b - db)
            assert abs(change) / (2 * e) < 1e-6 * len(code)


@pytest.mark.parametrize("count", [2, 3, 9])
def test_features_on_one_ray_share_it(count: int) -> None:
    """At bias 0 the squared norm is 1/N, and one output's worth is saved."""
    best = best_norm_and_bias([[1.0]] * count)
    assert (best.squared_norm, best.bias) == pytest.approx((1 / count, 0.0), abs=1e-14)
    assert best.loss == pytest.approx((count - 1) / 3, rel=1e-14)


@pytest.mark.parametrize(
    ("code", "complaint"),
    [
        ([[1.0, 0.0], [0.5, 0.0]], "norm is"),
        ([[1.0, 0.0]], "at least 2"),
        ([[np.nan, 0.0], [1.0, 0.0]], "contains nan"),
    ],
)
def test_what_is_no_code_is_refused(code: list[list[float]], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        equal_norm_and_bias(code)


def test_the_landscape_is_the_energy() -> None:
    """Its Hessian is the change of its gradient."""
    generator = np.random.default_rng(3)
    landscape = OneActiveLandscape.of(5, 2, 4)
    points, e = generator.normal(size=(4, landscape.size)), 1e-6
    direction = generator.normal(size=points.shape)
    here = landscape.evaluate(points)
    assert here.loss == pytest.approx(OneActive().value(landscape.as_points(points)), rel=1e-14)
    up, down = (landscape.evaluate(points + sign * e * direction) for sign in (1, -1))
    product = np.einsum("rde,re->rd", here.hessian, direction)
    assert product == pytest.approx((up.gradient - down.gradient) / (2 * e), abs=1e-6)
    modes = landscape.zero_modes(points)
    assert np.abs(np.einsum("rkd,rd->rk", modes, here.gradient)).max() < 1e-12


@pytest.mark.parametrize(("sides", "minimum"), [(5, True), (7, True), (9, True), (10, False)])
def test_which_polygons_are_minima(sides: int, minimum: bool) -> None:
    found = code_in_the_toy_model(families.polygon(sides), starts=0)
    assert found.verdict == ("local minimum" if minimum else "saddle")
    signature = found.here.signature
    assert signature is not None
    assert (signature[0] == 0) == minimum
    assert sum(signature) == 3 * sides - 1  # all but the rotation


def test_sharp_codes_are_found_from_random_starts() -> None:
    for name, dimension, starts in (("icosahedron", 3, 48), ("Petersen", 4, 32)):
        code = built(name)
        found = code_in_the_toy_model(code, starts=starts)
        assert found.verdict == "global minimum"
        assert found.free is not None
        assert found.free.reached >= 2
        W = found.free.W
        norms = np.linalg.norm(W, axis=0)
        cosines = np.sort(((W / norms).T @ (W / norms)).ravel())
        assert cosines == pytest.approx(np.sort((code @ code.T).ravel()), abs=1e-7)
        assert len(W) == dimension


def test_three_antiprisms_relax_to_one() -> None:
    """Neither Tammes' nor Thomson's nor the tight one is critical; the toy model has its own."""
    ends = []
    for code in (families.antiprism(4, TAMMES), families.antiprism(4, 1 / 3), thomson(8)):
        found = code_in_the_toy_model(code, starts=0)
        assert found.verdict == "not critical"
        assert found.relaxed_verdict == "local minimum"
        ends.append(found.relaxed.loss)
    assert np.ptp(ends) < 1e-12
    assert free_minimum(8, 3, starts=32).loss == pytest.approx(ends[0], abs=1e-12)


def test_nothing_is_lost_up_to_two_features_a_dimension() -> None:
    """With 2m features the cross-polytope alone loses nothing: opposite pairs, orthogonal."""
    fewer = free_minimum(5, 3, starts=8)
    assert (fewer.loss, fewer.unique) == (0.0, False)
    full = free_minimum(6, 3, starts=8)
    assert (full.loss, full.unique) == (0.0, True)
    gram = np.sort(np.round(full.W.T @ full.W, 5), axis=1)
    assert gram == pytest.approx(np.tile([-1.0, 0, 0, 0, 0, 1], (6, 1)), abs=1e-4)


def test_a_dead_feature_costs_what_the_theory_says() -> None:
    """The heptagon beats the octagon by storing one feature less."""
    heptagon = polygon_critical_point(7)
    angles = 2 * np.pi * np.arange(7) / 7
    W = np.sqrt(heptagon.squared_norm) * np.stack([np.cos(angles), np.sin(angles)])
    seven = free_minimum(7, 2, starts=1, warm=[(W, heptagon.bias)])
    W, b = with_dead_feature(seven)
    eight = relaxed_from(W, b)
    assert eight.loss == pytest.approx(8 * polygon_critical_point(7, 8).loss, rel=1e-12)
    assert eight.loss < 8 * polygon_critical_point(8).loss
    assert eight.signature is not None
    assert eight.signature[0] == 0


@pytest.mark.parametrize("sides", range(8, 13))
def test_the_heptagon_beats_larger_polygons_in_the_sparse_limit_too(sides: int) -> None:
    """There a dead feature has no bias and costs a whole third."""
    (polygon,) = equal_norm_and_bias(families.polygon(sides))
    heptagon = equal_norm_and_bias(families.polygon(7))[0].loss
    assert heptagon + (sides - 7) / 3 < polygon.loss - 0.005


def test_the_signature_leaves_rotations_out() -> None:
    found = critical_point(np.zeros((2, 3)), np.full(3, 1 / 6))  # three dead features
    assert found.signature is not None
    assert sum(found.signature) == 9
    assert found.gradient_norm < 1e-15


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="warm has shapes"):
        free_minimum(3, 2, starts=1, warm=[(np.zeros((2, 2)), 0.0)])
    with pytest.raises(ValueError, match="starts is 0"):
        free_minimum(3, 2, starts=0)
    with pytest.raises(ValueError, match="points is 1"):
        thomson(1)
