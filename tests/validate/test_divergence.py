"""Models that diverge, or blow up and stay finite: told, and no harm to the others."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest

from superposition.numerics.enumeration import relu_output_loss
from superposition.theory.features.values import Values
from superposition.validate.architecture import ABSOLUTE_VALUE
from superposition.validate.divergence import loss_of_nothing
from superposition.validate.feature_samples import FeatureSampler
from superposition.validate.instances import Instances, Members
from superposition.validate.optimiser import SGD
from superposition.validate.parameters import Parameters
from superposition.validate.schedule import Schedule
from superposition.validate.training import train


def models(count: int, density: float = 1.0) -> Instances:
    importance = np.linspace(1, 0.5, 3) * np.ones((count, 1))
    return Instances(importance, np.full((count, 3), density), np.arange(count), 2)


@pytest.mark.parametrize("device", ["compiled", "cpu"])
def test_divergence_is_told(device: str) -> None:
    loud = Schedule(steps=300, batch=8, learning_rate=1e4, last_learning_rate=1e4, optimiser=SGD())
    with pytest.raises(ValueError, match="2 of 2 models diverged, .* learning rate of 10000"):
        train(models(2), loud, progress=False, device=device)


@pytest.mark.parametrize("device", ["compiled", "cpu"])
def test_a_model_that_diverges_leaves_the_others_alone(device: str) -> None:
    """It is told by a warning and by numbers that are none."""
    plain = Schedule(steps=300, batch=8, last_learning_rate=0.02, optimiser=SGD())
    paced = replace(models(3), pace=np.array([1.0, 1e6, 1.0]))
    with pytest.warns(
        UserWarning, match=r"1 of 3 models diverged, .* model 1 \(seed 1\) at .* 20000"
    ):
        found = train(paced, plain, progress=False, device=device)
    alone = train(paced.taken(np.array([0, 2])), plain, progress=False, device=device)
    np.testing.assert_allclose(found.W[[0, 2]], alone.W, rtol=1e-5)
    assert np.isnan(found.W[1]).all()
    assert np.isnan(found.loss).tolist() == [False, True, False]
    assert found.steps[1] <= 300


def test_divergence_in_the_last_step_is_seen() -> None:
    """Its loss was still finite."""
    once = Schedule(steps=1, learning_rate=1e6, last_learning_rate=1e6, optimiser=SGD(), batch=8)
    huge = replace(models(1), importance=np.full((1, 3), 1e30))
    begin = Parameters(np.full((1, 2, 3), 1e6, np.float32), np.zeros((1, 3), np.float32))
    with pytest.raises(ValueError, match="1 of 1 models diverged"):
        train(huge, once, progress=False, initial=begin)


def test_a_blow_up_is_told_though_its_numbers_are_finite() -> None:
    """Dead hidden units leave a huge loss behind; the model is kept as it is."""
    paced = replace(models(3), architecture=ABSOLUTE_VALUE, pace=np.array([1, 1e5, 1.0]))
    schedule = Schedule(steps=400, batch=8, last_learning_rate=0.02, optimiser=SGD())
    told = (
        r"1 of 3 models ended with a loss more than 1000 times that of storing nothing, .* model 1 "
    )
    with pytest.warns(UserWarning, match=told):
        found = train(paced, schedule, progress=False)
    assert np.isfinite(found.W).all()
    assert found.loss[1] > 1e6
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        train(paced, schedule, progress=False, keep_diverged=True)


def test_the_loss_of_nothing_is_that_of_weights_that_are_none() -> None:
    """By the exact loss, and of sets by samples."""
    plain = replace(models(2, 0.3), values=Values.SIGNED)
    exact = relu_output_loss(np.zeros((2, 3, 3)), np.zeros((2, 3)), plain.importance, plain.density)
    np.testing.assert_allclose(loss_of_nothing(replace(plain, values=Values.UNIT)), exact)
    sets = (Members("anticorrelated", 2), Members("correlated", 1))
    for values in (Values.UNIT, Values.SIGNED, Values.BINARY):
        drawn = replace(plain, values=values, sets=sets)
        x = FeatureSampler.of(drawn).batch(0, 100_000)
        sampled = (drawn.importance[:, None] * x**2).sum(2).mean(1)
        np.testing.assert_allclose(loss_of_nothing(drawn), sampled, rtol=0.02)
