"""Samples: the law they follow, and three implementations that draw the same ones bit for bit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from superposition.theory.features.values import Uniform, ValueLaw, Values
from superposition.validate.architecture import LINEAR
from superposition.validate.compiled_step import draw_features, draw_words
from superposition.validate.feature_samples import FeatureSampler
from superposition.validate.instances import Instances, Members
from superposition.validate.optimiser import SGD
from superposition.validate.parameters import Parameters
from superposition.validate.schedule import Schedule
from superposition.validate.tensor_engine import TensorSamples
from superposition.validate.training import train

SETS = (Members("correlated", 2), Members("anticorrelated", 3), Members("independent", 2))


def models(count: int, density: float = 0.2, first: int = 0) -> Instances:
    seeds = np.arange(first, first + count)
    return Instances(np.ones((count, 7)), np.full((count, 7), density), seeds, 2)


@pytest.mark.parametrize("sets", [None, SETS])
@pytest.mark.parametrize("values", [Values.UNIT, Values.SIGNED, Values.BINARY, Uniform(-0.5, 2.0)])
def test_samples_have_the_moments_of_their_law(
    values: ValueLaw, sets: tuple[Members, ...] | None
) -> None:
    """Mean and second moments are the exact ones, five standard errors allowed."""
    instances = replace(models(1), values=values, sets=sets)
    x = FeatureSampler.of(instances).batch(0, 200_000)[0].astype(float)
    law = instances.law(0)
    size = max(abs(end) for end in values.support)
    error = 5 * size**2 / np.sqrt(len(x))
    np.testing.assert_allclose(x.mean(0), law.mean(), atol=error * 0.5)
    np.testing.assert_allclose(x.T @ x / len(x), law.second_moments(), atol=error * 0.5)


def test_values_of_active_features_are_uniform() -> None:
    """Every tenth of the interval is met as often, and no feature is outside it."""
    x = FeatureSampler.of(replace(models(1, density=1 / 3), sets=SETS)).batch(3, 100_000)[0]
    assert x.min() == 0
    assert x.max() <= 1
    for feature in x.T:
        active = feature[feature > 0]
        share = np.histogram(active, 10, (0, 1))[0] / len(active)
        np.testing.assert_allclose(share, 0.1, atol=5 * 0.3 / np.sqrt(len(active)))


def test_sets_switch_together_or_apart() -> None:
    x = FeatureSampler.of(replace(models(3, density=0.3), sets=SETS)).batch(0, 5000)
    active = x != 0
    assert active[..., 2:5].mean() == pytest.approx(0.1, abs=0.01)  # the set's density, shared
    np.testing.assert_array_equal(active[..., 0], active[..., 1])
    assert active[..., 2:5].sum(-1).max() == 1
    assert (active[..., 5] & active[..., 6]).mean() == pytest.approx(0.09, abs=0.02)


@settings(deadline=None)
@given(
    st.integers(0, 2**63 - 1),
    st.floats(1e-6, 1 / 3),
    st.sampled_from([None, SETS]),
    st.sampled_from([Values.UNIT, Values.SIGNED, Values.BINARY, Uniform(0.1, 0.7)]),
    st.integers(0, 2**32 - 2),
)
def test_the_three_implementations_draw_the_same_samples(
    seed: int, density: float, sets: tuple[Members, ...] | None, values: ValueLaw, step: int
) -> None:
    """Numpy, compiled in two blocks, and tensors: equal to the last bit."""
    instances = replace(
        models(1, density), sets=sets, values=values, seed=np.array([seed], dtype=np.int64)
    )
    sampler, size = FeatureSampler.of(instances), 70
    expected = sampler.batch(step, size)[0]
    least, span = (np.float32(each) for each in sampler.support)
    law = (
        sampler.switch, sampler.low, sampler.last, sampler.scale, least, span
    )  # fmt: skip
    words, x = np.empty((sampler.words, 40), np.uint32), np.empty((7, 40), np.float32)
    compiled = []
    for start in (0, 40):
        count = min(40, size - start)
        draw_words(words, sampler.seed[0], start, count, step)
        draw_features(x, words, count, law, 0)
        compiled.append(x[:, :count].T.copy())
    np.testing.assert_array_equal(np.concatenate(compiled), expected)
    tensors = TensorSamples.of(sampler, size, "cpu").batch(torch.tensor(step))
    np.testing.assert_array_equal(tensors[0].numpy(), expected)


def test_samples_depend_on_the_seed_alone() -> None:
    alone = FeatureSampler.of(models(1, first=3)).batch(5, 8)
    beside = FeatureSampler.of(models(5)).batch(5, 8)
    np.testing.assert_array_equal(alone[0], beside[3])
    longer = FeatureSampler.of(models(5)).batch(5, 20)
    np.testing.assert_array_equal(beside, longer[:, :8])
    assert not np.array_equal(beside[0], beside[1])


def test_small_densities_are_resolved() -> None:
    """32 bits: at p = 1e-6 active features take thousands of values, as often as they must."""
    instances = Instances(np.ones((64, 4)), np.full((64, 4), 1e-6), np.arange(64), 1)
    x = FeatureSampler.of(instances).batch(0, 2**14)
    active = x[x > 0]
    expected = x.size * 1e-6
    assert abs(len(active) - expected) < 5 * np.sqrt(expected) + 1
    assert len(np.unique(active)) == len(active)


@pytest.mark.parametrize("convention", ["set", "member"])
def test_both_conventions_of_anticorrelated_density(convention: Any) -> None:
    """The paper's, that the set is on, and that of each member."""
    sets = (Members("anticorrelated", 7, convention),)
    instances = replace(models(1, density=0.14), sets=sets)
    active = FeatureSampler.of(instances).batch(0, 100_000)[0] != 0
    marginal = 0.14 / 7 if convention == "set" else 0.14
    np.testing.assert_allclose(active.mean(0), marginal, atol=0.005)
    assert active.sum(1).max() == 1
    np.testing.assert_allclose(instances.law(0).mean(), marginal / 2, rtol=1e-12)


@pytest.mark.parametrize("device", ["compiled", "cpu"])
@pytest.mark.parametrize("values", [Values.UNIT, Values.SIGNED, Uniform(0.1, 0.7)])
@pytest.mark.parametrize("sets", [None, SETS])
def test_trained_models_see_these_samples(
    values: ValueLaw, sets: tuple[Members, ...] | None, device: str
) -> None:
    """One step of half the gradient, from nothing and a batch of one: b is the sample itself."""
    instances = replace(models(500, density=0.3), values=values, sets=sets, architecture=LINEAR)
    once = Schedule(steps=1, batch=1, learning_rate=0.5, last_learning_rate=0.5, optimiser=SGD())
    nothing = Parameters(np.zeros((500, 2, 7), np.float32), np.zeros((500, 7), np.float32))
    found = train(instances, once, progress=False, initial=nothing, device=device)
    np.testing.assert_array_equal(found.b, FeatureSampler.of(instances).batch(0, 1)[:, 0])
