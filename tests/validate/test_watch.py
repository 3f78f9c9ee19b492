"""What is seen of models while they train follows from them alone, however often one looks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from superposition.validate import training, watch
from superposition.validate.instances import Instances
from superposition.validate.optimiser import SGD
from superposition.validate.schedule import Schedule, Stopping
from superposition.validate.training import TrainedModels, train

STOPPED = Schedule(
    steps=2500,
    batch=16,
    learning_rate=0.01,
    last_learning_rate=0.01,
    stopping=Stopping(every=100, patience=2),
)
LOUD = Schedule(steps=700, batch=8, last_learning_rate=0.02, optimiser=SGD())
FALLING = Schedule(steps=700, batch=16)
FAST = np.array([1.0, 1e6, 600.0, 1.0])  # what makes models of LOUD diverge, sooner or later


def models(count: int, density: float = 0.3) -> Instances:
    return Instances(np.ones((count, 3)), np.full((count, 3), density), np.arange(count), 2)


def told(instances: Instances, schedule: Schedule, **given: Any) -> TrainedModels:
    return train(instances, schedule, progress=False, keep_diverged=True, **given)


CASES = {
    "stopped": (models(4), STOPPED),
    "diverged": (replace(models(4, 1.0), pace=FAST), LOUD),
    "stopped or diverged": (
        replace(models(4, 1.0), pace=FAST),
        replace(LOUD, stopping=Stopping(every=50, patience=2)),
    ),
    "all steps": (models(4), FALLING),
}


@pytest.mark.parametrize("device", ["compiled", "cpu"])
@pytest.mark.parametrize(("instances", "schedule"), CASES.values(), ids=CASES)
def test_neither_looks_nor_records_change_what_is_told(
    instances: Instances, schedule: Schedule, device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bit for bit: weights, steps, losses, the recorded ones too."""
    schedule = replace(schedule, steps=schedule.steps if device == "compiled" else 700)
    plain = told(instances, schedule, device=device)
    found = [told(instances, schedule, device=device, record=range(99, 700, 100))]
    for look in (5e3, 1e5):
        monkeypatch.setattr(training, "LOOK", {"compiled": look, "cpu": look})
        found.append(told(instances, schedule, device=device, record=range(99, 700, 100)))
    for each in found:
        for name in ("W", "b", "steps", "loss"):
            np.testing.assert_array_equal(getattr(each, name), getattr(plain, name), name)
        assert each.history is not None
        assert found[0].history is not None
        np.testing.assert_array_equal(each.history.loss, found[0].history.loss)
        for one, other in zip(each.history.parameters, found[0].history.parameters, strict=True):
            np.testing.assert_array_equal(one.W, other.W)


@pytest.mark.parametrize(("instances", "schedule"), CASES.values(), ids=CASES)
def test_neighbours_change_nothing_that_is_told(instances: Instances, schedule: Schedule) -> None:
    beside = told(instances, schedule)
    for model in range(instances.count):
        alone = told(instances.taken(np.array([model])), schedule)
        for name in ("W", "b", "steps", "loss"):
            np.testing.assert_array_equal(
                getattr(alone, name)[0], getattr(beside, name)[model], name
            )


def test_the_loss_of_a_finished_model_is_that_of_its_last_window() -> None:
    """And what the recorded moments after it say."""
    found = told(models(4), STOPPED)
    every = told(models(4), STOPPED, record=range(2501))
    assert every.history is not None
    assert (found.steps < STOPPED.steps).all()
    assert len(set(found.steps.tolist())) > 1
    for model, end in enumerate(found.steps):
        window = every.history.loss[end - 99 : end + 1, model]
        np.testing.assert_allclose(found.loss[model], window.mean(), rtol=1e-12)
        assert (every.history.loss[end + 1 :, model] == found.loss[model]).all()


def test_a_model_diverges_at_the_step_whose_loss_is_not_finite() -> None:
    """From there on it is recorded as what it is: no number."""
    instances, schedule = CASES["diverged"]
    found = told(instances, schedule, record=range(701))
    assert found.history is not None
    assert np.isnan(found.loss).tolist() == [False, True, True, False]
    assert found.steps[0] == found.steps[3] == 700
    for model in (1, 2):
        end = found.steps[model]
        assert 1 < end < 700
        losses = found.history.loss[:, model]
        assert np.isfinite(losses[1:end]).all()
        assert np.isnan(losses[end:]).all()
        recorded = np.array([moment.W[model] for moment in found.history.parameters])
        assert np.isnan(recorded[end:]).all()
        assert np.isfinite(recorded[: end - 1]).all()


def test_a_mean_over_looks_does_not_depend_on_neighbours() -> None:
    """Numpy adds eight and more numbers of a single model in another order than of several."""
    rows = np.random.default_rng(0).random((16, 300))
    beside = watch._mean(rows)
    alone = [watch._mean(rows[:, model : model + 1])[0] for model in range(300)]
    np.testing.assert_array_equal(alone, beside)
