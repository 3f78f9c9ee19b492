"""Stratified sampling: the law of the draws, and a standard error that can be trusted."""

from __future__ import annotations

import numpy as np
import pytest

from superposition.numerics import Enumeration, Sampling, expected_loss
from superposition.numerics.expectation.problem import Features
from superposition.numerics.expectation.sampling import StratifiedSampler, stratified_mean
from superposition.theory import Anticorrelated, Correlated, Independent, Values

DENSITY = np.array([0.1, 0.5, 0.8, 0.3])


def test_probabilities_of_the_counts() -> None:
    sampler = StratifiedSampler.of(Features(DENSITY, Values.UNIT))
    counts = [sampler.probability(k) for k in range(5)]
    assert sum(counts) == pytest.approx(1)
    assert counts[0] == pytest.approx(np.prod(1 - DENSITY))
    assert sum(k * p for k, p in enumerate(counts)) == pytest.approx(DENSITY.sum())


@pytest.mark.parametrize("active", [1, 2, 3])
def test_draws_have_the_conditional_law(active: int) -> None:
    """Exactly k features, each as often as it should be among sets of k."""
    sampler = StratifiedSampler.of(Features(DENSITY, Values.UNIT))
    x = sampler.draw(active, 20_000, np.random.default_rng(active))
    assert np.all((x > 0).sum(axis=1) == active)
    odds = DENSITY / (1 - DENSITY)
    from itertools import combinations

    weight = {s: np.prod(odds[list(s)]) for s in combinations(range(4), active)}
    share = [sum(w for s, w in weight.items() if i in s) / sum(weight.values()) for i in range(4)]
    assert np.allclose((x > 0).mean(axis=0), share, atol=0.02)


def test_sets_switch_as_one() -> None:
    sets = (Correlated(2, 0.3), Anticorrelated(3, 0.6), Independent((0.2,)))
    density = np.array([0.3, 0.3, 0.2, 0.2, 0.2, 0.2])
    features = Features(density, Values.SIGNED, sets)
    x = StratifiedSampler.of(features).draw(3, 500, np.random.default_rng(0))
    assert np.all((x[:, :2] != 0).sum(axis=1) == 2)
    assert np.all((x[:, 2:5] != 0).sum(axis=1) == 1)
    means = stratified_mean(lambda x: (x != 0).astype(float), features, 40_000, 1, 10_000)
    assert np.allclose(means.mean, density, atol=5 * means.standard_error.max() + 1e-3)


def test_errors_are_standard_errors() -> None:
    """Over 40 seeds the deviations, in standard errors, have mean 0 and spread 1."""
    W = np.random.default_rng(1).normal(size=(2, 5))
    exact = expected_loss(W, density=0.1, method=Enumeration()).value
    deviations = []
    for seed in range(40):
        found = expected_loss(W, density=0.1, method=Sampling(5_000, seed))
        deviations.append(4 * (found.value - exact) / found.error)
    assert abs(np.mean(deviations)) < 4 / np.sqrt(40)
    assert 0.6 < np.std(deviations) < 1.3


def test_the_same_seed_gives_the_same_numbers() -> None:
    one, other, third = (
        expected_loss(np.ones((1, 3)), 0.1, density=0.3, method=Sampling(2_000, seed)).value
        for seed in (7, 7, 8)
    )
    assert one == other != third


def test_what_was_not_seen_is_not_believed_impossible() -> None:
    """Pairs hardly ever meet among 100 features: the error says that 64 draws cannot tell."""
    pairs = np.kron(np.eye(50), np.array([[1.0, -1.0]]))
    exact = expected_loss(pairs, density=1 / 256).value
    for seed in range(5):
        found = expected_loss(pairs, density=1 / 256, method=Sampling(5_000, seed))
        assert abs(found.value - exact) <= found.error
