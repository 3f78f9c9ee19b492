"""The fused steps against the compiled ones: on a GPU, or in Triton's interpreter without one."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest
import torch

from superposition.theory.features.values import Uniform, ValueLaw, Values
from superposition.validate.architecture import (
    ABSOLUTE_VALUE,
    LINEAR,
    RELU_HIDDEN,
    RELU_OUTPUT,
    Architecture,
)
from superposition.validate.compiled_engine import CompiledEngine
from superposition.validate.feature_samples import FeatureSampler
from superposition.validate.fused_batches import FusedBatches
from superposition.validate.fused_engine import FusedEngine
from superposition.validate.instances import Instances, Members
from superposition.validate.optimiser import SGD, Adam, AdamW, Optimiser
from superposition.validate.parameters import xavier
from superposition.validate.schedule import Schedule
from superposition.validate.watch import SUMS
from tests.repository import ROOT

INTERPRETED = os.environ.get("TRITON_INTERPRET") == "1"
DEVICE = "cpu" if INTERPRETED else "cuda"
SETS = (Members("correlated", 2), Members("anticorrelated", 2), Members("independent", 1))
LAST = 2**32 - 3  # a step whose number needs all bits

runs = pytest.mark.skipif(
    find_spec("triton") is None or not (INTERPRETED or torch.cuda.is_available()),
    reason="neither a GPU nor Triton's interpreter",
)


def models(count: int, n: int = 3, density: float = 0.3) -> Instances:
    importance = np.linspace(1, 0.5, n) * np.ones((count, 1))
    return Instances(importance, np.full((count, n), density), np.arange(count) + 2**40, 2)


@pytest.mark.skipif(INTERPRETED or find_spec("triton") is None, reason="no Triton here")
def test_everything_here_holds_in_the_interpreter() -> None:
    """Triton must be told before it is imported: a process of its own."""
    if tuple(int(part) for part in version("triton").split(".")[:2]) < (3, 9):
        pytest.skip("the interpreter of this Triton counts by what numpy 2.4 refuses")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__]
    environment = {**os.environ, "TRITON_INTERPRET": "1"}
    run = subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=ROOT, env=environment
    )
    assert run.returncode == 0, run.stdout[-5000:]


@runs
@pytest.mark.parametrize("sets", [None, SETS])
@pytest.mark.parametrize("values", [Values.UNIT, Values.SIGNED, Values.BINARY, Uniform(-0.3, 2.0)])
@pytest.mark.parametrize("step", [0, LAST])
def test_samples_are_drawn_bit_for_bit(
    sets: tuple[Members, ...] | None, values: ValueLaw, step: int
) -> None:
    """Those that are never written, and those of the tensor engine."""
    from tests.validate.fused_samples_written import write_features

    sampler = FeatureSampler.of(replace(models(2, n=5), sets=sets, values=values))
    least, span = sampler.support
    expected = sampler.batch(step, 64)
    law = [torch.from_numpy(each) for each in (sampler.low, sampler.last, sampler.scale)]
    x = torch.full((2, 5, 64), np.nan, device=DEVICE)
    write_features[(2,)](
        x, torch.from_numpy(sampler.seed.astype(np.int64)).to(DEVICE),
        tuple(each.to(DEVICE) for each in law), (least, span), step,
        SWITCH=tuple(sampler.switch.tolist()), UNIT=(least, span) == (0, 1),
        WORDS=sampler.words, BLOCK=64, num_warps=1, enable_fp_fusion=False,
    )  # fmt: skip
    np.testing.assert_array_equal(x.cpu().mT, expected)
    batches = FusedBatches.of(sampler, 50, DEVICE)
    found = batches.batch(torch.tensor(step, device=DEVICE))
    np.testing.assert_array_equal(found.cpu(), expected[:, :50])


@runs
def test_batches_of_many_features_are_drawn_bit_for_bit() -> None:
    """More samples and features than a program takes, switched across programs."""
    sets = (Members("correlated", 3), Members("independent", 70), Members("anticorrelated", 2))
    sampler = FeatureSampler.of(replace(models(2, n=75), sets=sets, values=Values.SIGNED))
    found = FusedBatches.of(sampler, 70, DEVICE).batch(torch.tensor(9, device=DEVICE))
    np.testing.assert_array_equal(found.cpu(), sampler.batch(9, 70))


UNTIED = Architecture(hidden="identity", tied=False, output="identity")
CASES: list[tuple[Architecture, Optimiser, dict[str, Any], int]] = [
    (RELU_OUTPUT, AdamW(), {}, 64),
    (RELU_OUTPUT, AdamW(weight_decay=0.3), {"n": 2, "density": 1.0}, 300),
    (LINEAR, Adam(beta1=0.8, beta2=0.95, eps=1e-3, weight_decay=0.1), {"n": 1}, 20),
    (RELU_HIDDEN, SGD(momentum=0.9, weight_decay=0.1), {"n": 5}, 100),
    (ABSOLUTE_VALUE, Adam(), {"n": 4}, 70),
    (replace(UNTIED, biased=False), SGD(), {"n": 3}, 1),
    (replace(RELU_OUTPUT, tied=False), AdamW(), {"n": 5}, 33),
    (replace(RELU_OUTPUT, biased=False), AdamW(), {"n": 5}, 40),
]


@runs
@pytest.mark.parametrize(("architecture", "optimiser", "setting", "batch"), CASES, ids=str)
def test_fused_steps_are_the_compiled_ones(
    architecture: Architecture, optimiser: Optimiser, setting: dict[str, Any], batch: int
) -> None:
    """Rounding apart; one model of three stands still later on, and paces differ."""
    instances = replace(models(3, **setting), architecture=architecture, values=Values.SIGNED)
    if instances.features == 5:
        instances = replace(instances, sets=SETS)
    schedule = Schedule(steps=5, batch=batch, optimiser=optimiser)
    begin, rates = xavier(instances), schedule.rates()
    fused = FusedEngine.begin(instances, schedule, begin, DEVICE)
    compiled = CompiledEngine.begin(instances, schedule, begin, 1)
    pace, every, some = np.array([1.0, 0.5, 2.0]), np.arange(3), np.array([0, 2])
    for engine in (fused, compiled):
        engine.advance(0, rates[:3], pace, every, np.zeros((3, SUMS)))
    halfway = fused.parameters()
    (found, sound), (expected, whole) = (
        engine.advance(3, rates[3:], pace[some], some, np.ones((2, SUMS)) * [0, 1, 2])
        for engine in (fused, compiled)
    )
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    np.testing.assert_allclose(found[:, 0] + 2, found[:, 2])
    np.testing.assert_array_equal(sound, whole)
    np.testing.assert_array_equal(sound, 5)
    ours, theirs = fused.parameters(), compiled.parameters()
    np.testing.assert_array_equal(ours.W[1], halfway.W[1])
    assert not np.array_equal(ours.W[some], halfway.W[some])
    np.testing.assert_allclose(ours.W, theirs.W, atol=1e-5)
    np.testing.assert_allclose(ours.b, theirs.b, atol=1e-5)
    if ours.W_out is not None and theirs.W_out is not None:
        np.testing.assert_allclose(ours.W_out, theirs.W_out, atol=1e-5)
    assert (ours.W_out is None) == architecture.tied
    if not architecture.biased:
        assert not ours.b.any()


@runs
@pytest.mark.parametrize("count", [1, 1024])
def test_portions_change_rounding_alone(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four warps or one, several samples a lane: the same sums in another order."""
    from superposition.validate import fused_engine, fused_sizes

    instances, schedule = models(2), Schedule(steps=3, batch=300)
    wide = fused_sizes.portions(instances.taken(np.zeros(count, dtype=np.intp)), schedule)
    monkeypatch.setattr(fused_engine, "portions", lambda *_: wide)
    found = FusedEngine.begin(instances, schedule, xavier(instances), DEVICE)
    compiled = CompiledEngine.begin(instances, schedule, xavier(instances), 1)
    for engine in (found, compiled):
        engine.advance(0, schedule.rates(), np.ones(2), np.arange(2), np.zeros((2, SUMS)))
    np.testing.assert_allclose(found.parameters().W, compiled.parameters().W, atol=1e-5)


@runs
def test_launches_add_up_bit_for_bit() -> None:
    """However many steps they take: θ and the sums of losses go on where they were."""
    instances, schedule = models(2), Schedule(steps=5, batch=64)
    rates, every = schedule.rates(), np.arange(2)
    whole, parts = (
        FusedEngine.begin(instances, schedule, xavier(instances), DEVICE) for _ in range(2)
    )
    expected, _ = whole.advance(0, rates, np.ones(2), every, np.zeros((2, SUMS)))
    sums, _ = parts.advance(0, rates[:2], np.ones(2), every, np.zeros((2, SUMS)))
    found, _ = parts.advance(2, rates[2:], np.ones(2), every, sums)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(parts.parameters().W, whole.parameters().W)


@runs
def test_divergence_is_not_a_number() -> None:
    """A ReLU passes on what is none, so that the trainer can tell, and since which step."""
    instances, schedule = models(1), Schedule(steps=3, batch=32)
    engine = FusedEngine.begin(instances, schedule, xavier(instances), DEVICE)
    rates, one = schedule.rates(), np.ones(1)
    engine.advance(0, rates[:1], one, np.arange(1), np.zeros((1, SUMS)))
    engine.state[0][0, 0, 0] = np.nan
    sums, sound = engine.advance(1, rates[1:], one, np.arange(1), np.zeros((1, SUMS)))
    assert np.isnan(sums).all()
    assert sound == [1]
