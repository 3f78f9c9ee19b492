"""Which models are fused, and in what portions: nothing here needs a GPU or Triton."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from superposition.validate import fused_sizes
from superposition.validate.architecture import ABSOLUTE_VALUE, Architecture
from superposition.validate.feature_samples import FeatureSampler
from superposition.validate.fused_engine import FusedEngine
from superposition.validate.fused_sizes import LANES, fits, model_bytes, numbers, portions
from superposition.validate.instances import Instances
from superposition.validate.parameters import xavier
from superposition.validate.schedule import Schedule
from superposition.validate.watch import SUMS


def models(count: int, n: int, m: int) -> Instances:
    return Instances(np.ones((count, n)), np.full((count, n), 0.3), np.arange(count), m)


def test_small_piecewise_linear_models_are_fused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fused_sizes, "find_spec", lambda _: "triton")
    assert fits(models(1, 2, 1))
    assert fits(models(1, 20, 5))
    assert not fits(models(1, 80, 20))
    assert not fits(replace(models(1, 2, 1), architecture=Architecture(output="gelu")))
    monkeypatch.setattr(fused_sizes, "find_spec", lambda _: None)
    assert not fits(models(1, 2, 1))


@given(st.integers(1, 5000), st.integers(1, 12), st.integers(1, 4), st.integers(1, 3000))
def test_portions_are_powers_of_two_that_a_batch_fills(
    count: int, n: int, m: int, batch: int
) -> None:
    block, warps = portions(models(count, n, m), Schedule(batch=batch))
    assert block & (block - 1) == 0
    assert block % (warps * LANES) == 0
    assert block <= max(batch, LANES)


def test_many_models_get_a_warp_each_and_few_get_more() -> None:
    schedule = Schedule(batch=1024)
    assert portions(models(2500, 2, 1), schedule) == (128, 1)
    assert portions(models(10, 2, 1), schedule) == (512, 4)
    assert portions(models(10, 2, 1), Schedule(batch=64)) == (64, 2)
    assert portions(models(2500, 20, 5), schedule) == (32, 1)


def test_bytes_of_a_model_are_those_of_its_tensors() -> None:
    instances = replace(models(3, 4, 2), architecture=ABSOLUTE_VALUE)
    engine = FusedEngine.begin(instances, Schedule(), xavier(instances), "cpu")
    assert engine.state[0].shape == (3, 5, 4)
    assert numbers(instances) == 20
    tensors = (*engine.state, *engine.law, engine.importance, engine.seed)
    places = 8 * (3 + SUMS)  # of a launch: index, pace, steps, sums
    assert model_bytes(instances) == sum(each.nbytes for each in tensors) // 3 + places
    np.testing.assert_array_equal(engine.seed.numpy(), FeatureSampler.of(instances).seed)
