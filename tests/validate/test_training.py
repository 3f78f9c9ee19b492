"""The trainer: honest data, right gradients, models that do not know of each other."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np
import pytest
import torch

from superposition.numerics.enumeration import relu_output_loss
from superposition.theory.composition import best_composition
from superposition.validate.adamw import AdamW, Moments, updated
from superposition.validate.feature_samples import FeatureSampler
from superposition.validate.instances import Instances, grid
from superposition.validate.relu_output_model import initial_weights, loss_and_gradient
from superposition.validate.training import Schedule, train
from tests.repository import ROOT


def models(count: int, n: int = 3, m: int = 2, density: float = 0.3, first: int = 0) -> Instances:
    importance = np.linspace(1, 0.5, n) * np.ones((count, 1))
    return Instances(importance, np.full((count, n), density), np.arange(first, first + count), m)


def test_the_trainer_knows_nothing_of_the_theory() -> None:
    """It imports the checks of arguments and stored arrays, no formula; only the confrontation
    of what is trained already knows the exact loss.
    """
    allowed = {
        "superposition.theory.domain",
        "superposition.numerics.source_hash",
        "superposition.numerics.stored_arrays",
    }
    confrontations = {"basins.py"}
    for path in (ROOT / "validate").glob("*.py"):
        if path.name in confrontations:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith("superposition"):
                assert node.module in allowed or str(node.module).startswith(
                    "superposition.validate"
                ), f"{path.name} imports {node.module}"


def test_samples_follow_the_law() -> None:
    instances = models(2, n=2, density=0.2)
    x = FeatureSampler.of(instances).steps(200, 500).reshape(2, -1, 2)
    active = x > 0
    assert np.all(x < 1.0001)
    np.testing.assert_allclose(active.mean(axis=1), 0.2, atol=0.006)
    np.testing.assert_allclose(x.sum(axis=1) / active.sum(axis=1), 0.5, atol=0.01)
    np.testing.assert_allclose((x**2).mean(axis=1), 0.2 / 3, atol=0.003)
    together = (active[..., 0] & active[..., 1]).mean(axis=1)
    np.testing.assert_allclose(together, 0.04, atol=0.004)


def test_samples_depend_on_the_seed_alone() -> None:
    alone = FeatureSampler.of(models(1, first=3)).steps(4, 8)
    beside = FeatureSampler.of(models(5)).steps(4, 8)
    np.testing.assert_array_equal(alone[0], beside[3])
    in_parts = FeatureSampler.of(models(5))
    np.testing.assert_array_equal(
        beside, np.concatenate([in_parts.steps(1, 8), in_parts.steps(3, 8)], axis=1)
    )
    assert not np.array_equal(beside[0], beside[1])


def test_initial_weights_depend_on_the_seed_alone_and_are_xavier() -> None:
    alone, _ = initial_weights(models(1, first=3))
    beside, bias = initial_weights(models(5))
    assert torch.equal(alone[0], beside[3])
    assert not bias.any()
    many, _ = initial_weights(models(2000))
    assert float(many.std()) == pytest.approx(np.sqrt(2 / 5), rel=0.03)


def test_gradient_by_hand_is_autograd_s() -> None:
    instances = models(4)
    W, b = (parameter.double() for parameter in initial_weights(instances))
    b = b + 0.1 * torch.randn(b.shape, generator=torch.Generator().manual_seed(0)).double()
    x = torch.from_numpy(FeatureSampler.of(instances).steps(1, 64)[:, 0]).double()
    importance = torch.from_numpy(instances.importance)
    loss, dW, db = loss_and_gradient(W, b, x, importance)
    W, b = W.requires_grad_(), b.requires_grad_()
    output = torch.einsum("sbm,smn->sbn", torch.einsum("smn,sbn->sbm", W, x), W) + b[:, None]
    expected = (importance[:, None] * (x - output.relu()) ** 2).sum(2).mean(1)
    expected.sum().backward()  # type: ignore[no-untyped-call]
    torch.testing.assert_close(loss, expected)
    torch.testing.assert_close(dW, W.grad)
    torch.testing.assert_close(db, b.grad)


def test_adamw_is_torch_s() -> None:
    generator = torch.Generator().manual_seed(1)
    ours = torch.randn(3, 4, generator=generator)
    theirs = torch.nn.Parameter(ours.clone())
    constants, moments = AdamW(), Moments.zeros_like(ours)
    optimiser = torch.optim.AdamW([theirs], lr=0.01, weight_decay=constants.weight_decay)
    for step in range(1, 20):
        gradient = torch.randn(3, 4, generator=generator)
        ours, moments = updated(ours, gradient, moments, step, 0.01, constants)
        theirs.grad = gradient
        optimiser.step()
    torch.testing.assert_close(ours, theirs.detach())


def test_the_same_settings_give_the_same_weights_bit_for_bit() -> None:
    schedule = Schedule(steps=30, batch=16)
    first, second = (train(models(3), schedule, progress=False) for _ in range(2))
    np.testing.assert_array_equal(first.W, second.W)
    np.testing.assert_array_equal(first.b, second.b)


def test_models_are_not_coupled() -> None:
    """A neighbour with a huge loss changes nothing beyond the rounding of another chunk shape."""
    schedule = Schedule(steps=50, batch=16)
    alone = train(models(1), schedule, progress=False)
    loud = models(2)
    loud.importance[1] *= 1e6
    beside = train(loud, schedule, progress=False)
    np.testing.assert_allclose(beside.W[0], alone.W[0], rtol=1e-3, atol=1e-4)


def test_training_finds_the_predicted_configurations() -> None:
    """n = 2, m = 1: dropped, paired and dedicated, each deep inside its phase, best of ten."""
    places: list[tuple[float, float, Any]] = [(0.1, 0.9, 0), (1.0, 0.1, 1), (10.0, 0.9, 0)]
    for extra, p, pairs in places:
        instances = grid([extra], [p], features=2, hidden=1, seeds=10)
        trained = train(instances, Schedule(steps=2500), progress=False)
        W, b = trained.W.astype(float), trained.b.astype(float)
        losses = relu_output_loss(W.mT @ W, b, instances.importance, instances.density)
        best = best_composition([1, extra], p, hidden=1)
        assert len(best.composition.pairs) == pairs
        assert losses.min() <= 1.01 * best.loss
        norms = np.abs(W[np.argmin(losses), 0])
        stored = [i for i in range(2) if i not in best.composition.dropped]
        assert np.all(norms[stored] > 0.9)
        assert np.all(norms[list(best.composition.dropped)] < 0.1)
