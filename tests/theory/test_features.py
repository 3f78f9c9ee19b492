"""The law of the features: moments against sampling, sets against their definitions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from superposition.theory.features.feature_law import FeatureLaw
from superposition.theory.features.feature_sets import (
    Anticorrelated,
    Correlated,
    FeatureSet,
    Independent,
)
from superposition.theory.features.moments import covariance
from superposition.theory.features.values import ValueLaw, Values

densities = st.floats(0.01, 1)
sets = st.one_of(
    st.lists(densities, min_size=1, max_size=3).map(lambda p: Independent(tuple(p))),
    st.builds(Correlated, st.integers(1, 3), densities),
    st.builds(Anticorrelated, st.integers(1, 3), densities),
)
VALUES = (Values.UNIT, Values.SIGNED)
laws = st.builds(
    FeatureLaw, st.lists(sets, min_size=1, max_size=3).map(tuple), st.sampled_from(VALUES)
)


def sampled(law: FeatureLaw, samples: int, seed: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Samples of the law by its definition: draw the active set, then the values."""
    rng = np.random.default_rng(seed)
    active_sets = list(law.active_sets())
    probability = np.array([float(weight) for _, weight in active_sets])
    chosen = rng.choice(len(active_sets), size=samples, p=probability / probability.sum())
    low, high = law.values.support
    x = rng.uniform(low, high, size=(samples, law.size))
    mask = np.zeros((len(active_sets), law.size))
    for row, (active, _) in enumerate(active_sets):
        mask[row, list(active)] = 1
    return x * mask[chosen]


@given(laws)
def test_active_sets_are_a_probability(law: FeatureLaw) -> None:
    assert sum(weight for _, weight in law.active_sets()) == pytest.approx(1)
    assert all(weight >= 0 for _, weight in law.active_sets())


@given(laws)
def test_moments_are_those_of_the_active_sets(law: FeatureLaw) -> None:
    first, second = float(law.values.moment(1)), float(law.values.moment(2))
    mean, products = np.zeros(law.size), np.zeros((law.size, law.size))
    for active, weight in law.active_sets():
        on = np.isin(np.arange(law.size), active).astype(float)
        mean += weight * first * on
        values = np.where(np.eye(law.size, dtype=bool), second, first**2)
        products += weight * values * np.outer(on, on)
    np.testing.assert_allclose(law.mean(), mean, atol=1e-15)
    np.testing.assert_allclose(law.second_moments(), products, atol=1e-15)
    np.testing.assert_allclose(law.covariance(), products - np.outer(mean, mean), atol=1e-15)


@given(laws)
def test_covariance_is_positive_semidefinite(law: FeatureLaw) -> None:
    assert np.linalg.eigvalsh(law.covariance()).min() >= -1e-15


@pytest.mark.parametrize("values", VALUES)
def test_moments_match_samples(values: ValueLaw) -> None:
    law = FeatureLaw((Independent((0.3, 0.9)), Correlated(2, 0.4), Anticorrelated(3, 0.8)), values)
    samples = 400_000
    x = sampled(law, samples, seed=1)
    np.testing.assert_allclose(x.mean(axis=0), law.mean(), atol=5 / np.sqrt(samples))
    np.testing.assert_allclose(x.T @ x / samples, law.second_moments(), atol=5 / np.sqrt(samples))


def test_the_same_set_twice_is_two_independent_sets() -> None:
    block = Correlated(2, 0.5)
    law = FeatureLaw((block, block))
    assert law.covariance()[0, 1] > 0
    assert law.covariance()[0, 2] == pytest.approx(0)


def test_marginal_convention_is_the_paper_s_times_the_size() -> None:
    ours, theirs = Anticorrelated(4, 0.8), Anticorrelated.with_marginal(4, 0.2)
    assert ours.density_of(0) == pytest.approx(theirs.density_of(0))


def test_symbols_and_numbers_agree() -> None:
    p = sympy.Symbol("p")
    symbolic = FeatureLaw((Independent((p, p)), Anticorrelated(2, p)))
    numeric = FeatureLaw((Independent((0.3, 0.3)), Anticorrelated(2, 0.3)))
    at_number = np.vectorize(lambda entry: float(sympy.sympify(entry).subs(p, 0.3)))
    np.testing.assert_allclose(at_number(symbolic.covariance()), numeric.covariance())
    np.testing.assert_allclose(at_number(symbolic.mean()), numeric.mean())


@pytest.mark.parametrize(
    "block", [Correlated(2, sympy.Symbol("p")), Anticorrelated(2, sympy.Symbol("p"))]
)
def test_sets_of_signed_features_are_uncorrelated(block: FeatureSet) -> None:
    assert covariance(block, Values.SIGNED) == 0
