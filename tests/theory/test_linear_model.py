"""The linear model: its loss for any law, its optimum with bias, with ties, and without."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize, minimize_scalar

from superposition.numerics.enumeration import linear_loss
from superposition.theory.features.feature_law import FeatureLaw
from superposition.theory.features.feature_sets import Correlated
from superposition.theory.features.values import Values
from superposition.theory.linear_model import loss, optimum_with_bias, optimum_without_bias

seeds = st.integers(0, 10**6)


def drawn(seed: int, n: int = 4, m: int = 2) -> tuple[Any, ...]:
    rng = np.random.default_rng(seed)
    p = rng.uniform(0.01, 1, n)
    return rng.normal(size=(m, n)), rng.normal(size=n), rng.uniform(0, 2, n), p


@given(seeds)
def test_loss_is_that_of_brute_force(seed: int) -> None:
    W, b, importance, p = drawn(seed, n=3)
    ours = loss.expected_loss(W, b, importance, FeatureLaw.independent(p))
    assert ours == pytest.approx(float(linear_loss(W.T @ W, b, importance, p)), rel=1e-12)


@given(seeds)
def test_optimal_bias_is_optimal_and_rotation_is_free(seed: int) -> None:
    W, b, importance, p = drawn(seed)
    law = FeatureLaw.independent(p)
    best = loss.expected_loss(W, loss.optimal_bias(W, law), importance, law)
    assert best <= loss.expected_loss(W, b, importance, law) + 1e-12
    angle = seed / 7.0
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    assert loss.expected_loss(turn @ W, b, importance, law) == pytest.approx(
        loss.expected_loss(W, b, importance, law), rel=1e-12
    )


def test_the_general_formula_is_the_expansion_of_the_square() -> None:
    """Three features, every moment symbolic: the residual squared, monomial by monomial."""
    n = 3
    p = sympy.symbols(f"p:{n}", positive=True)
    a, x = sympy.symbols(f"a:{n}"), sympy.symbols(f"x:{n}")
    b = sympy.Symbol("b")
    law = FeatureLaw.independent(p)
    square = sympy.Poly(sympy.expand((sum(map(sympy.Mul, a, x)) - b) ** 2), *x)
    expected = 0
    for powers, coefficient in square.terms():
        moment = sympy.prod(
            pi * Values.UNIT.moment(k) for pi, k in zip(p, powers, strict=True) if k
        )
        expected += coefficient * moment
    variance, mean = np.diag(law.covariance()), law.mean()
    ours = sum(ai**2 * v for ai, v in zip(a, variance, strict=True))
    ours += (sum(map(sympy.Mul, a, mean)) - b) ** 2
    assert sympy.expand(expected - ours) == 0


def test_correlated_features_enter_through_their_covariance() -> None:
    law = FeatureLaw((Correlated(2, 0.5),))
    W = np.array([[1.0, 1.0]]) / np.sqrt(2)
    assert loss.expected_loss(W, loss.optimal_bias(W, law), [1, 1], law) < loss.expected_loss(
        np.array([[1.0, 0.0]]), loss.optimal_bias([[1.0, 0.0]], law), [1, 1], law
    )


@given(seeds, st.integers(1, 4))
def test_no_model_beats_the_optimum(seed: int, hidden: int) -> None:
    _, _, importance, p = drawn(seed)
    law = FeatureLaw.independent(p)
    best = optimum_with_bias.optimum(importance, law, hidden)
    W = best.weights()
    achieved = loss.expected_loss(W, loss.optimal_bias(W, law), importance, law)
    assert achieved == pytest.approx(best.loss, abs=1e-14)
    other = np.random.default_rng(seed).normal(size=(hidden, 4))
    assert loss.expected_loss(other, loss.optimal_bias(other, law), importance, law) >= best.loss
    by_hand = min(
        sum(importance[i] * law.covariance()[i, i] for i in range(4) if i not in stored)
        for stored in itertools.combinations(range(4), hidden)
    )
    assert best.loss == pytest.approx(by_hand, abs=1e-14)


def mixed(angle: float, importance: list[float], law: FeatureLaw) -> float:
    W = np.array([[np.cos(angle), np.sin(angle)]])
    return float(loss.expected_loss(W, loss.optimal_bias(W, law), importance, law))


@given(st.floats(0, 3.2))
def test_inside_a_tie_any_projection_does(angle: float) -> None:
    law = FeatureLaw.independent([0.4, 0.4])
    best = optimum_with_bias.optimum([1, 1], law, 1)
    assert best.tied == (0, 1)
    assert mixed(angle, [1, 1], law) == pytest.approx(best.loss, rel=1e-12)


def test_a_tie_in_the_product_alone_does_not_let_features_mix() -> None:
    """The issue's "any projection inside a tie" needs equal importance and equal variance."""
    law = FeatureLaw.independent([0.4, 0.2])
    first, second = np.diag(law.covariance())
    importance = [1.0, first / second]
    best = optimum_with_bias.optimum(importance, law, 1)
    assert mixed(0, importance, law) == pytest.approx(best.loss)
    assert mixed(np.pi / 2, importance, law) == pytest.approx(best.loss)
    assert mixed(np.pi / 4, importance, law) > 1.05 * best.loss


def test_more_dimensions_than_features_lose_nothing() -> None:
    best = optimum_with_bias.optimum([1, 2], FeatureLaw.independent([0.5, 0.5]), 5)
    assert (best.loss, best.stored, best.tied) == (0, (0, 1), ())


@given(st.floats(0.01, 1))
def test_without_bias_the_sum_beats_one_feature(p: float) -> None:
    tau, least = optimum_without_bias.best_direction(1.0, p)
    assert tau == pytest.approx(1, rel=1e-6)
    assert least == pytest.approx(p / 3 - p**2 / 4, rel=1e-9)
    assert least < p / 3  # one feature stored, the other guessed as zero


@settings(max_examples=15)
@given(st.floats(0.05, 20), st.floats(0.02, 1))
def test_best_direction_is_the_best_of_all_weights(r: float, p: float) -> None:
    """Against minimisation over both weights of the brute-force loss, from four starts."""
    _, least = optimum_without_bias.best_direction(r, p)
    importance, density, zero = np.array([1, r]), np.array([p, p]), np.zeros(2)

    def brute(w: Any) -> float:
        return float(linear_loss(np.outer(w, w), zero, importance, density)) / p

    starts = [(1, 0.1), (0.1, 1), (0.7, 0.7), (0.7, -0.7)]
    found = min(
        minimize(brute, start, method="BFGS", options={"gtol": 1e-9}).fun for start in starts
    )
    assert least / p == pytest.approx(found, rel=1e-7)


def without_bias(W: Any, importance: Any, law: FeatureLaw) -> float:
    return float(loss.expected_loss(W, np.zeros(law.size), importance, law))


@given(seeds, st.integers(1, 4))
def test_no_model_without_bias_beats_the_bound(seed: int, hidden: int) -> None:
    W, _, importance, p = drawn(seed, m=hidden)
    law = FeatureLaw.independent(p)
    bound = optimum_without_bias.lower_bound(importance, law, hidden)
    assert without_bias(W, importance, law) >= bound - 1e-14
    at_equal = optimum_without_bias.lower_bound(np.ones(4), law, hidden)
    best = optimum_without_bias.principal_weights(law, hidden)
    assert without_bias(best, np.ones(4), law) == pytest.approx(at_equal, abs=1e-14)


def test_principal_components_of_correlated_features_too() -> None:
    law = FeatureLaw((Correlated(3, 0.3), Correlated(2, 0.6)))
    W = optimum_without_bias.principal_weights(law, 2)
    bound = optimum_without_bias.lower_bound(np.ones(5), law, 2)
    assert without_bias(W, np.ones(5), law) == pytest.approx(bound, rel=1e-12)


@given(seeds)
def test_along_a_direction_the_best_norm_is_the_best(seed: int) -> None:
    W, _, importance, p = drawn(seed, m=1)
    law = FeatureLaw.independent(p)
    least = optimum_without_bias.loss_along(W[0], importance + 0.1, law)

    def at(t: float) -> float:
        return without_bias(np.sqrt(t) * W, importance + 0.1, law)

    found = minimize_scalar(
        at, bounds=(0, 50 / (W**2).sum()), method="bounded", options={"xatol": 1e-10}
    )
    assert least == pytest.approx(min(found.fun, at(0)), rel=1e-9)


def test_a_direction_that_does_not_pay_stays_at_zero() -> None:
    law = FeatureLaw.independent([1.0, 1.0])
    trace = float(np.trace(np.diag([1, 10]) @ law.second_moments()))
    assert optimum_without_bias.loss_along([1, -0.4], [1, 10], law) == pytest.approx(trace)


@given(st.floats(0.05, 20), st.floats(0.02, 1))
def test_exchanging_the_features_inverts_direction_and_importance(r: float, p: float) -> None:
    tau, least = optimum_without_bias.best_direction(r, p)
    mirrored, other = optimum_without_bias.best_direction(1 / r, p)
    assert other * r == pytest.approx(least, rel=1e-9)
    assert mirrored * tau == pytest.approx(1, rel=1e-5)
