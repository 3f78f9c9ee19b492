"""The trainer on a GPU, fused and on tensors: what it gives is what the CPU gives."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from superposition.theory.features.values import Values
from superposition.validate.architecture import ABSOLUTE_VALUE, RELU_OUTPUT, Architecture
from superposition.validate.fused_engine import FusedEngine
from superposition.validate.instances import Instances, Members, grid
from superposition.validate.optimiser import SGD, Adam, AdamW, Optimiser
from superposition.validate.parameters import xavier
from superposition.validate.schedule import Schedule, Stopping
from superposition.validate.tensor_engine import TensorEngine, begin_on
from superposition.validate.training import train

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
SHORT = Schedule(steps=60, batch=300)
SETS = (Members("correlated", 2), Members("anticorrelated", 3))
SMOOTH = Architecture(output="gelu")
FIRST_GPU = "cuda:0"
# Made here, where a machine without a GPU makes them too.
STOPPED = Schedule(
    steps=400,
    batch=64,
    learning_rate=1e-3,
    last_learning_rate=1e-3,
    stopping=Stopping(20, 0.01, 2),
    optimiser=Adam(),
)
LOUD = Schedule(steps=300, batch=8, learning_rate=1e6, last_learning_rate=1e6, optimiser=SGD())


def models(count: int, n: int = 5, m: int = 2) -> Instances:
    importance = np.linspace(1, 0.5, n) * np.ones((count, 1))
    return Instances(importance, np.full((count, n), 0.25), np.arange(count), m)


def test_small_models_are_fused_and_others_are_not() -> None:
    pytest.importorskip("triton")
    for instances, kind in (
        (models(2), FusedEngine),
        (models(2, 80, 20), TensorEngine),
        (replace(models(2), architecture=SMOOTH), TensorEngine),
    ):
        assert isinstance(begin_on("cuda", instances, SHORT, xavier(instances)), kind)


@pytest.mark.parametrize("optimiser", [AdamW(), Adam(weight_decay=0.1), SGD(momentum=0.9)])
@pytest.mark.parametrize("architecture", [RELU_OUTPUT, ABSOLUTE_VALUE, SMOOTH])
@pytest.mark.parametrize("sets", [None, SETS])
def test_a_gpu_trains_what_the_cpu_trains(
    architecture: Architecture, optimiser: Optimiser, sets: tuple[Members, ...] | None
) -> None:
    """Fused or recorded (GELU), weights agree to rounding, at paces of their own."""
    instances = replace(
        models(4), architecture=architecture, sets=sets, values=Values.SIGNED,
        pace=np.array([1, 0.5, 2, 1]),
    )  # fmt: skip
    schedule = replace(SHORT, optimiser=optimiser)
    found, expected = (
        train(instances, schedule, progress=False, record=[7, 60], device=device)
        for device in (FIRST_GPU, None)
    )
    np.testing.assert_allclose(found.W, expected.W, atol=2e-4)
    np.testing.assert_allclose(found.b, expected.b, atol=2e-4)
    assert found.history is not None
    assert expected.history is not None
    np.testing.assert_allclose(found.history.loss, expected.history.loss, rtol=1e-3)


def test_large_models_agree() -> None:
    """A recorded step on samples that Triton draws, a thousand weights a model."""
    found, expected = (
        train(models(3, 80, 20), SHORT, progress=False, device=device) for device in ("cuda", None)
    )
    np.testing.assert_allclose(found.W, expected.W, atol=1e-3)


@pytest.mark.parametrize("architecture", [RELU_OUTPUT, SMOOTH])
def test_the_same_settings_give_the_same_weights_bit_for_bit(architecture: Architecture) -> None:
    instances = replace(models(300), architecture=architecture)
    first, second = (train(instances, SHORT, progress=False, device="cuda") for _ in range(2))
    np.testing.assert_array_equal(first.W, second.W)
    np.testing.assert_array_equal(first.loss, second.loss)


@pytest.mark.parametrize("architecture", [RELU_OUTPUT, SMOOTH])
def test_finished_models_are_frozen(architecture: Architecture) -> None:
    instances = replace(models(2, 2, 2), architecture=architecture)
    begin = xavier(instances)
    begin.W[0] = np.eye(2)
    found = train(
        instances, STOPPED, progress=False, initial=begin, record=range(0, 401, 20), device="cuda"
    )
    assert found.history is not None
    for step, parameters in zip(found.history.steps, found.history.parameters, strict=True):
        for model in range(2):
            if step >= found.steps[model]:
                np.testing.assert_array_equal(parameters.W[model], found.W[model])


@pytest.mark.parametrize("architecture", [RELU_OUTPUT, SMOOTH])
def test_divergence_is_told(architecture: Architecture) -> None:
    instances = replace(models(2), architecture=architecture)
    with pytest.raises(ValueError, match="2 of 2 models diverged"):
        train(instances, LOUD, progress=False, device="cuda")


def test_a_phase_diagram_is_trained_at_once() -> None:
    """Many models in one launch: a sample of them trained alone on the CPU agrees."""
    instances = grid(np.geomspace(0.1, 10, 30), np.geomspace(0.01, 1, 30), 2, 1, seeds=10)
    found = train(instances, SHORT, progress=False, device="cuda")
    some = np.random.default_rng(0).choice(instances.count, 50, replace=False)
    expected = train(instances.taken(some), SHORT, progress=False)
    np.testing.assert_allclose(found.W[some], expected.W, atol=1e-3)
