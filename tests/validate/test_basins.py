"""Trained models and the minima they found: three features in superposition together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from superposition.validate.architecture import RELU_HIDDEN
from superposition.validate.basins import Basins, basins
from superposition.validate.instances import Instances, Members
from superposition.validate.schedule import Schedule
from superposition.validate.training import TrainedModels, train

SEEDS = 20


@pytest.fixture(scope="module")
def together() -> tuple[TrainedModels, Basins]:
    """n = 3, m = 2, equal importance, density 0.65: where the triangle is optimal."""
    instances = Instances(np.ones((SEEDS, 3)), np.full((SEEDS, 3), 0.65), np.arange(SEEDS), 2)
    models = train(instances, Schedule(steps=4000, batch=256), progress=False)
    return models, basins(models, instances)


def test_training_puts_all_three_features_together(together: tuple[TrainedModels, Basins]) -> None:
    """No exact loss inside: every model stores all three in one connected graph."""
    models, found = together
    norms = np.linalg.norm(models.W, axis=1)
    gram = np.abs(np.swapaxes(models.W, 1, 2) @ models.W)
    edges = gram[:, [0, 0, 1], [1, 2, 2]] > 0.01
    assert (norms > 0.1).all()
    assert (edges.sum(axis=1) >= 2).all()
    assert all(found.geometry(model).together for model in range(SEEDS))


def test_the_best_of_them_is_the_exact_optimum(together: tuple[TrainedModels, Basins]) -> None:
    """Some find the triangle itself, to a thousandth of its loss; none beats it."""
    _, found = together
    assert found.excess.min() == pytest.approx(0, abs=1e-3)
    assert found.excess.min() > -1e-9
    assert found.geometry(int(np.argmin(found.loss))).name == "triangle"
    assert 0 < found.found.mean() < 1
    assert (found.polished <= found.loss).all()


def test_models_of_other_instances_are_refused() -> None:
    """One sentence with both counts."""
    instances = Instances(np.ones((2, 2)), np.full((2, 2), 0.5), np.arange(2), 1)
    whole = train(instances, Schedule(steps=1, batch=1), progress=False)
    models = replace(whole, W=whole.W[:1], b=whole.b[:1])
    with pytest.raises(ValueError, match="models has 1 models and instances 2"):
        basins(models, instances)


@pytest.mark.parametrize(
    "change", [{"architecture": RELU_HIDDEN}, {"sets": (Members("correlated", 2),)}]
)
def test_models_whose_landscape_is_another_are_refused(change: dict[str, Any]) -> None:
    instances = replace(Instances(np.ones((1, 2)), np.full((1, 2), 0.5), np.arange(1), 1), **change)
    models = train(instances, Schedule(steps=1, batch=1), progress=False)
    with pytest.raises(ValueError, match="basins are known of tied ReLU output models"):
        basins(models, instances)
