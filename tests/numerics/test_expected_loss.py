"""The question itself: accuracy, invariances, batches, laws, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from superposition.numerics import (
    Enumeration,
    Moments,
    Sampling,
    Strata,
    Transform,
    expected_loss,
    expected_loss_gradient,
)
from superposition.numerics.expectation import exact
from superposition.numerics.expectation.problem import Features
from superposition.theory import (
    Anticorrelated,
    Correlated,
    FeatureLaw,
    GivenValues,
    Independent,
    Values,
)
from superposition.theory.features.values import Uniform
from tests.numerics.catalogue import as_float, difference

seeds = st.integers(0, 10**6)


def drawn(seed: int, least: int = 1, most: int = 6) -> dict[str, Any]:
    """A random problem: shapes, scales and densities over many orders of magnitude."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(least, most + 1))
    m = int(rng.integers(1, n + 1))
    W = rng.normal(size=(m, n)) * 10.0 ** rng.uniform(-1, 0.3)
    if rng.random() < 0.4:
        W[:, rng.integers(n)] *= rng.choice([0.0, 1e-9, 1e-5])
    return {
        "W": W,
        "b": rng.normal(size=n) * rng.choice([0.0, 1e-9, 0.1, 1.0]),
        "importance": 10.0 ** rng.uniform(-2, 1, n),
        "density": rng.choice([1e-9, 1e-4, 0.01, 0.3, 1.0], size=n) * rng.choice([1.0, 0.5]),
    }


def rotation(rng: np.random.Generator, m: int) -> np.ndarray[Any, Any]:
    """A random orthogonal matrix."""
    return np.linalg.qr(rng.normal(size=(m, m)))[0]


@settings(max_examples=60)
@given(seeds)
def test_enumeration_is_exact_to_rounding(seed: int) -> None:
    """1e-12 against rational arithmetic, weights of 1e-9, densities from 1e-9 to 1."""
    problem = drawn(seed, most=5)
    rows = exact.rationals(problem["W"].T @ problem["W"])
    answer = exact.expected_loss(
        rows, *(exact.rationals(problem[name]) for name in ("b", "importance", "density"))
    )
    found = expected_loss(**problem, method=Enumeration())
    assert difference(float(found.value), answer) <= 1e-12 * found.scale
    assert difference(float(found.value), answer) <= found.error <= 1e-14 * found.scale


@pytest.mark.parametrize("density", [1e-9, 1e-3, 0.3, 1.0])
@pytest.mark.parametrize("tiny", [False, True])
def test_enumeration_of_eight_features(density: float, tiny: bool) -> None:
    rng = np.random.default_rng(8)
    W = np.round(rng.normal(size=(3, 8)) * 64) / 64
    W[:, ::2] *= 2.0**-30 if tiny else 1
    b = np.round(rng.normal(size=8) * 8) / 64
    p = exact.rational(density)
    rows = exact.rationals(W.T @ W)
    answer = exact.expected_loss(rows, exact.rationals(b), [exact.rational(1)] * 8, [p] * 8)
    found = expected_loss(W, b, density=density, method=Enumeration())
    assert difference(float(found.value), answer) <= 1e-12 * found.scale


@settings(max_examples=60)
@given(seeds)
def test_transform_agrees_with_enumeration(seed: int) -> None:
    problem = drawn(seed, least=2, most=7)
    one = expected_loss(**problem, method=Enumeration())
    other = expected_loss(**problem, method=Transform())
    assert abs(one.value - other.value) <= 1e-8 * one.scale
    assert abs(one.value - other.value) <= other.error + one.error


@pytest.mark.parametrize("density", [0.01, 0.5])
def test_transform_agrees_with_enumeration_at_ten_features(density: float) -> None:
    W = np.random.default_rng(10).normal(size=(3, 10))
    one = expected_loss(W, -0.1, density=density, method=Enumeration())
    other = expected_loss(W, -0.1, density=density, method=Transform())
    assert abs(one.value - other.value) <= 1e-8 * one.scale


@pytest.mark.parametrize("density", [0.003, 0.01, 0.05, 0.2, 1.0])
def test_transform_of_a_hundred_features(density: float) -> None:
    """Against itself with the error asked for a thousand times smaller, and against sampling."""
    W = np.random.default_rng(100).normal(size=(20, 100)) / np.sqrt(20)
    one = expected_loss(W, -0.05, density=density)
    finer = expected_loss(W, -0.05, density=density, tolerance=1e-12)
    drawn_loss = expected_loss(W, -0.05, density=density, method=Sampling(20_000, seed=1))
    assert one.method == "transform"
    assert one.converged
    assert abs(one.value - finer.value) <= 1e-8 * one.scale
    assert abs(one.value - drawn_loss.value) <= drawn_loss.error


def test_transform_of_four_hundred_features() -> None:
    W = np.random.default_rng(400).normal(size=(30, 400)) / np.sqrt(30)
    one = expected_loss(W, -0.05, density=0.05, tolerance=1e-8)
    finer = expected_loss(W, -0.05, density=0.05, tolerance=1e-10)
    assert one.converged
    assert abs(one.value - finer.value) <= 1e-8 * one.scale


@settings(max_examples=40)
@given(seeds)
def test_rotations_change_nothing(seed: int) -> None:
    problem = drawn(seed)
    O = rotation(np.random.default_rng(seed), len(problem["W"]))  # noqa: E741 - W ↦ OW
    one = expected_loss_gradient(**problem)
    other = expected_loss_gradient(**(problem | {"W": O @ problem["W"]}))
    assert abs(one.loss.value - other.loss.value) <= 1e-13 * one.loss.scale
    if not (one.one_sided.any() or other.one_sided.any()):
        assert np.allclose(O @ one.W, other.W, rtol=1e-6, atol=1e-9 * (1 + np.abs(one.W).max()))


@settings(max_examples=40)
@given(seeds, st.sampled_from([Enumeration(), Transform(), Strata()]))
def test_permutations_permute(seed: int, method: Any) -> None:
    problem = drawn(seed, least=2)
    order = np.random.default_rng(seed).permutation(len(problem["b"]))
    moved = {name: array[..., order] for name, array in problem.items()}
    one = expected_loss_gradient(**problem, method=method)
    other = expected_loss_gradient(**moved, method=method)
    scale = one.loss.scale
    assert np.allclose(
        one.loss.per_feature[order], other.loss.per_feature, rtol=0, atol=1e-13 * scale
    )
    assert np.allclose(one.b[order], other.b, rtol=1e-9, atol=1e-10 * (scale + np.abs(one.b).max()))


@given(seeds, st.floats(0.1, 10))
def test_importances_scale(seed: int, factor: float) -> None:
    problem = drawn(seed)
    one = expected_loss(**problem)
    other = expected_loss(**(problem | {"importance": factor * problem["importance"]}))
    assert other.value == pytest.approx(factor * one.value, rel=1e-13)


@settings(max_examples=30)
@given(seeds)
def test_methods_agree_within_their_errors(seed: int) -> None:
    problem = drawn(seed)
    one = expected_loss(**problem, method=Enumeration())
    for method in (Transform(), Strata()):
        other = expected_loss(**problem, method=method)
        assert abs(one.value - other.value) <= one.error + other.error
    strata = expected_loss(**problem, method=Strata())
    assert one.value >= strata.value - strata.scale * 1e-14  # a lower bound


def test_strata_are_sharp_where_features_are_sparse() -> None:
    """The bound falls like p³, the scale like p: the relative error like p²."""
    W = np.random.default_rng(3).normal(size=(3, 6))
    errors = [
        expected_loss(W, -0.1, density=p, method=Strata()).relative_error for p in (1e-3, 1e-4)
    ]
    assert np.log10(errors[0] / errors[1]) == pytest.approx(2, abs=0.05)


@pytest.mark.parametrize("values", [Values.UNIT, Values.SIGNED, Values.BINARY, Uniform(0.5, 2)])
@pytest.mark.parametrize("model", ["relu-output", "linear"])
def test_against_sampling(values: Any, model: str) -> None:
    rng = np.random.default_rng(5)
    W, W_out, b = rng.normal(size=(2, 5)), rng.normal(size=(5, 2)), rng.normal(size=5) / 4
    arguments: dict[str, Any] = {"density": 0.3, "values": values, "model": model, "W_out": W_out}
    one = expected_loss_gradient(W, b, **arguments)
    other = expected_loss_gradient(W, b, **arguments, method=Sampling(200_000, seed=2))
    assert abs(one.loss.value - other.loss.value) <= other.loss.error
    for name in ("W", "W_out", "b"):
        exact_one, sampled = getattr(one, name), getattr(other, name)
        assert np.allclose(exact_one, sampled, rtol=0.05, atol=0.03 * np.abs(exact_one).max())


LAWS = {
    "correlated": (Correlated(2, 0.3), Correlated(3, 0.2)),
    "anticorrelated": (Anticorrelated(3, 0.6), Independent((0.2, 0.9))),
    "all": (Anticorrelated(2, 1.0), Correlated(2, 1.0), Independent((0.4,))),
}


@pytest.mark.parametrize("values", [Values.UNIT, Values.SIGNED, Uniform(-2, -1)])
@pytest.mark.parametrize("law", LAWS)
def test_sets_of_features(law: str, values: Any) -> None:
    rng = np.random.default_rng(6)
    features = FeatureLaw(LAWS[law], values)
    W, b = rng.normal(size=(2, 5)), rng.normal(size=5) / 4
    one = expected_loss_gradient(W, b, density=features, method=Enumeration())
    other = expected_loss_gradient(W, b, density=features, method=Transform())
    third = expected_loss(W, b, density=features, method=Sampling(50_000, seed=3))
    assert abs(one.loss.value - other.loss.value) <= other.loss.error
    assert abs(one.loss.value - third.value) <= third.error
    assert np.allclose(one.W, other.W, atol=1e-5)
    assert np.allclose(one.b, other.b, atol=1e-5)


def test_two_correlated_sets_of_ten() -> None:
    """F16's law: too many faces for enumeration, no trouble for the transform."""
    law = FeatureLaw((Correlated(10, 0.3), Correlated(10, 0.3)))
    W = np.random.default_rng(16).normal(size=(10, 20)) / 3
    found = expected_loss(W, density=law)
    twin = expected_loss(W, density=law, method=Sampling(50_000))
    assert found.method == "transform"
    assert found.converged
    assert abs(found.value - twin.value) <= twin.error


def test_a_given_value_law() -> None:
    """The unit interval, given by its integrals, is the unit interval."""
    from superposition.numerics.expectation.transform.value_transform import value_transform

    given_law = GivenValues(
        lambda y, order: value_transform(Values.UNIT, np.asarray(y, complex), order),
        0,
        1,
        lambda rng, shape: rng.random(shape),
    )
    W, b = np.random.default_rng(7).normal(size=(2, 4)), np.array([0, -0.1, 0.1, 0.2])
    known = expected_loss_gradient(W, b, density=0.3)
    found = expected_loss_gradient(W, b, density=0.3, values=given_law)
    assert found.loss.method == "transform"
    assert abs(found.loss.value - known.loss.value) <= found.loss.error
    assert np.allclose(found.W, known.W, atol=1e-5)
    twin = expected_loss(W, b, density=0.3, values=given_law, method=Sampling(50_000))
    assert abs(twin.value - known.loss.value) <= twin.error


def test_zipf_densities() -> None:
    p = 0.5 / np.arange(1, 31)
    W = np.random.default_rng(9).normal(size=(6, 30)) / 2
    found = expected_loss(W, 0.0, 0.9 ** np.arange(30), p)
    twin = expected_loss(W, 0.0, 0.9 ** np.arange(30), p, method=Sampling(50_000))
    assert found.converged
    assert abs(found.value - twin.value) <= twin.error


@pytest.mark.parametrize("model", ["relu-output", "linear", "relu-hidden"])
def test_batches_are_models_side_by_side(model: str) -> None:
    rng = np.random.default_rng(4)
    W, b = rng.normal(size=(3, 2, 2, 4)), rng.normal(size=(2, 4)) / 4
    importance, density = rng.random(4), rng.random((3, 1, 4))
    together = expected_loss_gradient(W, b, importance, density, model=model)
    assert together.loss.value.shape == (3, 2)
    assert together.W.shape == W.shape
    for i, j in np.ndindex(3, 2):
        alone = expected_loss_gradient(W[i, j], b[j], importance, density[i, 0], model=model)
        assert together.loss.value[i, j] == pytest.approx(alone.loss.value, rel=1e-12)
        assert np.allclose(together.loss.per_feature[i, j], alone.loss.per_feature, rtol=1e-12)
        assert np.allclose(together.W[i, j], alone.W, rtol=1e-9, atol=1e-13)
        assert np.allclose(together.b[i, j], alone.b, rtol=1e-9, atol=1e-13)


def test_untied_weights_contain_the_tied_ones() -> None:
    W = np.random.default_rng(2).normal(size=(2, 4))
    tied = expected_loss_gradient(W, 0.1, density=0.3)
    untied = expected_loss_gradient(W, 0.1, density=0.3, W_out=W.T)
    assert tied.loss.value == pytest.approx(untied.loss.value, rel=1e-14)
    assert np.allclose(tied.W, untied.W + untied.W_out.T)


@settings(max_examples=30)
@given(seeds)
def test_linear_model_is_its_own_moments(seed: int) -> None:
    """x' = ReLU(z) is linear where z > 0 for sure: the two models then agree."""
    rng = np.random.default_rng(seed)
    W_out, b = rng.random((3, 2)), rng.random(3) + 0.1
    one = expected_loss_gradient(rng.random((2, 3)), b, density=0.4, W_out=W_out, model="linear")
    rng = np.random.default_rng(seed)
    W_out, b = rng.random((3, 2)), rng.random(3) + 0.1
    other = expected_loss_gradient(rng.random((2, 3)), b, density=0.4, W_out=W_out)
    assert one.loss.method == Moments().name
    assert one.loss.value == pytest.approx(other.loss.value, rel=1e-12)
    assert np.allclose(one.W, other.W)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    "values", [Values.UNIT, Values.SIGNED, Values.BINARY, Uniform(0.5, 2), Uniform(-2, -1)]
)
def test_transform_is_honest_for_every_law(values: Any, seed: int) -> None:
    """Densities from 1e-6 to 1, seven features: never further off than reported."""
    rng = np.random.default_rng(seed)
    W, b = rng.normal(size=(2, 7)), rng.normal(size=7) * rng.choice([0.0, 0.1])
    for density in (1.0, 1e-3, 1e-6, rng.choice([1.0, 0.5, 1e-3, 1e-6], 7)):
        exact = expected_loss(W, b, density=density, values=values, method=Enumeration())
        found = expected_loss(W, b, density=density, values=values, method=Transform())
        assert abs(found.value - exact.value) <= found.error + exact.error


def test_weights_that_cancel() -> None:
    """A = W_out W rounds; where its terms cancel, the error says so."""
    rng = np.random.default_rng(1)
    for size in (1e2, 1e4, 1e6):
        W, W_out = rng.normal(size=(4, 3)), rng.normal(size=(3, 4))
        W = np.concatenate([W, size * rng.normal(size=(1, 3))])
        W = np.concatenate([W, -W[-1:]])
        W_out = np.concatenate([W_out, np.full((3, 2), 1.0 / 3)], axis=1)
        rows = exact.product(exact.rationals(W_out), exact.rationals(W))
        quarter, one = [exact.rational(0.25)] * 3, [exact.rational(1)] * 3
        answer = exact.expected_loss(rows, [exact.rational(0.125)] * 3, one, quarter)
        found = expected_loss(W, 0.125, density=0.25, W_out=W_out)
        assert difference(float(found.value), answer) <= found.error


@pytest.mark.parametrize("values", [Values.UNIT, Values.SIGNED, Values.BINARY, Uniform(0.5, 2)])
def test_moments_in_floats_are_the_exact_ones(values: Any) -> None:
    features = Features(np.array([0.5]), values)
    for order in range(4):
        assert features.moment(order) == pytest.approx(float(values.moment(order)), rel=1e-15)


def test_nothing_to_lose() -> None:
    """No importance: no loss, no error, no division by zero."""
    found = expected_loss(np.ones((1, 2)), importance=0.0, density=0.5)
    assert found.value == found.error == found.relative_error == 0
    assert found.converged
    assert as_float(exact.rational(0.75)) == 0.75
