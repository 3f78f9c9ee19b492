"""The ReLU output model in closed form: against brute force, sampling and its symmetries."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from superposition.numerics.enumeration import relu_output_loss
from superposition.theory.features.feature_law import FeatureLaw
from superposition.theory.features.feature_sets import Anticorrelated, Correlated
from superposition.theory.features.values import Values
from superposition.theory.relu_output_model.active_set_expansion import expected_loss
from superposition.theory.relu_output_model.cube_integral import statements, vertex_sum
from superposition.theory.symbols import a_1, a_2, a_3, c

seeds = st.integers(0, 10**6)


def drawn(seed: int, n: int, m: int = 2) -> tuple[Any, ...]:
    rng = np.random.default_rng(seed)
    W = rng.normal(size=(m, n)) * rng.integers(0, 2, size=(m, n))  # some weights are zero
    return W, rng.normal(size=n) * 0.3, rng.uniform(0, 2, n), rng.uniform(0.01, 1, n)


@settings(max_examples=25)
@given(seeds, st.integers(1, 4))
def test_closed_form_is_brute_force(seed: int, n: int) -> None:
    W, b, importance, p = drawn(seed, n)
    ours = float(expected_loss(W, b, importance, FeatureLaw.independent(p)))
    assert ours == pytest.approx(float(relu_output_loss(W.T @ W, b, importance, p)), rel=1e-12)


@settings(max_examples=10)
@given(seeds)
def test_permuting_features_and_rotating_change_nothing(seed: int) -> None:
    W, b, importance, p = drawn(seed, 3)
    ours = float(expected_loss(W, b, importance, FeatureLaw.independent(p)))
    order = np.random.default_rng(seed).permutation(3)
    permuted = expected_loss(
        W[:, order], b[order], importance[order], FeatureLaw.independent(p[order])
    )
    assert float(permuted) == pytest.approx(ours, rel=1e-14)
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    turned = expected_loss(turn @ W, b, importance, FeatureLaw.independent(p))
    assert float(turned) == pytest.approx(ours, rel=1e-12)


def test_correlated_and_anticorrelated_sets_match_sampling() -> None:
    from tests.theory.test_features import sampled

    law = FeatureLaw((Correlated(2, 0.6), Anticorrelated(2, 0.9)))
    W, b, importance, _ = drawn(3, 4)
    x = sampled(law, 400_000, seed=2)
    errors = (x - np.maximum(x @ (W.T @ W) + b, 0)) ** 2 @ importance
    ours = float(expected_loss(W, b, importance, law))
    assert ours == pytest.approx(errors.mean(), abs=5 * errors.std() / np.sqrt(len(errors)))


def test_rational_input_gives_a_rational_answer() -> None:
    third = sympy.Rational(1, 3)
    loss = expected_loss([[1, -third]], [third, 0], [1, 2], FeatureLaw.independent([third, third]))
    assert loss.is_Rational


def test_signed_values_are_refused() -> None:
    with pytest.raises(ValueError, match="derived for Values.UNIT"):
        expected_loss([[1]], [0], [1], FeatureLaw.independent([0.5], Values.SIGNED))


@pytest.mark.parametrize(("k", "power"), [(1, 1), (1, 2), (2, 1), (2, 2), (3, 1), (3, 2)])
def test_iterated_integration_is_the_vertex_sum(k: int, power: int) -> None:
    slopes = (a_1, a_2, a_3)[:k]
    generic = statements()[2 * (k - 1) + power - 1].expression.args[-1][0]
    assert sympy.expand(generic - vertex_sum(c, slopes, power)) == 0


@given(
    st.lists(st.fractions(-2, 2, max_denominator=9), min_size=1, max_size=4), st.fractions(-2, 2)
)
def test_cube_integral_scales_and_forgets_zero_slopes(slopes: list[Any], offset: Any) -> None:
    exact = [sympy.Rational(slope.numerator, slope.denominator) for slope in slopes]
    start = sympy.Rational(offset.numerator, offset.denominator)
    value = vertex_sum(start, exact, power=2)
    assert vertex_sum(start, [*exact, 0], power=2) == value
    assert vertex_sum(3 * start, [3 * slope for slope in exact], power=2) == 9 * value
    # u → 1 - u on the first variable
    assert vertex_sum(start + exact[0], [-exact[0], *exact[1:]], power=2) == value


def test_small_slopes_tend_to_the_degenerate_case_linearly() -> None:
    start = sympy.Rational(1, 5)
    limit = vertex_sum(start, [1], power=1)
    gaps = [
        abs(vertex_sum(start, [1, sympy.Rational(1, 10**k)], power=1) - limit) for k in (3, 6, 9)
    ]
    rates = [float(first / second) for first, second in itertools.pairwise(gaps)]
    assert rates == pytest.approx([1000, 1000], rel=1e-2)
