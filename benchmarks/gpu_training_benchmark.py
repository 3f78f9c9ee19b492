"""Training on a GPU against the public notebook's loop on the same GPU, in one run.

On a machine with a GPU, torch and Triton, from the root of the repository (nothing is installed):

    mkdir -p /tmp/ns/superposition
    for d in theory numerics validate paper cli; do ln -sfn $PWD/$d /tmp/ns/superposition/$d; done
    PYTHONPATH=/tmp/ns python benchmarks/gpu_training_benchmark.py $OUT/gpu.json

It prints a table and writes one JSON record: model-steps a second of both, their ratio (the aim:
50 at the phase diagram's sizes), the share of the arithmetic floor, samples and weights against
the CPU's, and the wall time of a phase diagram of 100 × 100 × 10 models. About two minutes.

Floor: a lane takes one instruction a cycle. A sample costs a fused model 5 n m multiply-adds, some
13 instructions a feature (its switch, its value, its error) and 40 for four words: 10 rounds of
two products and two exclusive ors. The machine code has 73 for n = 2, m = 1 where this says 76.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import time
from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from superposition.validate.feature_samples import FeatureSampler
from superposition.validate.fused_batches import FusedBatches
from superposition.validate.instances import Instances, grid
from superposition.validate.optimiser import AdamW
from superposition.validate.parameters import xavier
from superposition.validate.schedule import Schedule
from superposition.validate.tensor_engine import TensorEngine, begin_on
from superposition.validate.training import train
from superposition.validate.watch import SUMS

Case = tuple[int, int, int, int]  # n, m, batch, models
DIAGRAM: list[Case] = [(2, 1, 1024, models) for models in (2500, 10_000, 30_000, 100_000)]
OTHERS: list[Case] = [
    (2, 1, 128, 100_000), (3, 2, 1024, 30_000), (5, 2, 1024, 10_000), (20, 5, 1024, 10),
    (20, 5, 1024, 1000), (80, 20, 1024, 10), (80, 20, 1024, 300),
]  # fmt: skip
AIM = 50
LANES = 128  # of a multiprocessor of Hopper
DENSITY, RATE = 0.1, 1e-3
ROUNDS = 5

needs_gpu = pytest.mark.skipif(
    not torch.cuda.is_available() or find_spec("triton") is None, reason="no GPU here"
)


def models_of(case: Case) -> Instances:
    """Models that differ in nothing but their seeds, as the notebook's."""
    n, m, _, models = case
    return Instances(np.ones((models, n)), np.full((models, n), DENSITY), np.arange(models), m)


def ours(case: Case, steps: int, *, fused: bool = True) -> Callable[[], object]:
    """``steps`` steps of the trainer's engine, or of the recorded step on tensors."""
    instances, schedule = models_of(case), Schedule(batch=case[2], optimiser=AdamW())
    initial = xavier(instances)
    engine = (
        begin_on("cuda", instances, schedule, initial)
        if fused
        else TensorEngine.begin(instances, schedule, initial, "cuda")
    )
    rates, pace, every = np.full(steps, RATE), np.ones(case[3]), np.arange(case[3])
    sums = np.zeros((case[3], SUMS))
    return lambda: engine.advance(0, rates, pace, every, sums)


def notebook(case: Case, steps: int) -> Callable[[], object]:
    """``steps`` steps of the public notebook's loop: autograd, torch's AdamW, fresh data."""
    n, _, batch, models = case
    begin = xavier(models_of(case))
    W = torch.nn.Parameter(torch.from_numpy(np.ascontiguousarray(begin.W.mT)).cuda())
    b = torch.nn.Parameter(torch.from_numpy(begin.b).cuda())
    optimiser = torch.optim.AdamW([W, b], lr=RATE)
    importance = torch.ones(models, n, device="cuda")
    probability = torch.full((models, n), DENSITY, device="cuda")
    zero, shape = torch.zeros((), device="cuda"), (batch, models, n)

    def loop() -> None:
        for _ in range(steps):
            optimiser.zero_grad(set_to_none=True)
            values = torch.rand(shape, device="cuda")
            x = torch.where(torch.rand(shape, device="cuda") <= probability, values, zero)
            hidden = torch.einsum("...if,ifh->...ih", x, W)
            made = torch.relu(torch.einsum("...ih,ifh->...if", hidden, W) + b)
            error = importance * (x.abs() - made) ** 2
            error.mean((0, 2)).sum().backward()  # type: ignore[no-untyped-call]
            optimiser.step()

    return loop


def seconds(function: Callable[[], object]) -> float:
    """The median wall time of a call, the device awaited; the first call compiles and warms."""
    function()
    times = []
    for _ in range(ROUNDS):
        torch.cuda.synchronize()
        begun = time.perf_counter()
        function()
        torch.cuda.synchronize()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def a_step(make: Callable[[Case, int], Callable[[], object]], case: Case) -> float:
    """Seconds a step, over as many steps as take some tenths of a second; not a number where the
    libraries beneath refuse the sizes.
    """
    try:
        few = seconds(make(case, 3)) / 3
        steps = int(min(max(3, 0.3 / few), 2000))
        return seconds(make(case, steps)) / steps
    except RuntimeError as refused:
        print(case, refused)
        return math.nan
    finally:
        torch.cuda.empty_cache()


def instructions(case: Case) -> float:
    """That a lane needs for one step of one model, at least."""
    n, m, batch, _ = case
    return batch * (5 * n * m + 13 * n + 40 * -(-n // 4))


def lane_rate() -> float:
    """Instructions a second of all lanes, at the highest clock."""
    chip = torch.cuda.get_device_properties(0)
    clock = getattr(chip, "clock_rate", 1_980_000) * 1e3  # kHz
    return float(chip.multi_processor_count * LANES * clock)


def compared(case: Case) -> dict[str, float]:
    """One row: seconds a step of all models of us and of the notebook's loop."""
    mine, theirs = a_step(ours, case), a_step(notebook, case)
    tensors = a_step(lambda each, steps: ours(each, steps, fused=False), case)
    n, m, batch, models = case
    return {
        "n": n, "m": m, "batch": batch, "models": models, "seconds": mine,
        "model_steps_per_second": models / mine, "notebook_seconds": theirs,
        "ratio": theirs / mine, "tensor_engine_seconds": tensors,
        "share_of_floor": instructions(case) * models / lane_rate() / mine,
        "flops_per_second": 10 * n * m * batch * models / mine,
    }  # fmt: skip


def agreement(steps: int = 100) -> dict[str, Any]:
    """Samples bit for bit, and weights after some steps, against the CPU."""
    instances = grid(np.geomspace(0.1, 10, 8), np.geomspace(0.05, 1, 8), 2, 1, seeds=3)
    schedule = Schedule(steps=steps, batch=1024, learning_rate=RATE, last_learning_rate=RATE)
    there, here = (
        train(instances, schedule, progress=False, device=device) for device in ("cuda", None)
    )
    sampler = FeatureSampler.of(instances)
    batches = FusedBatches.of(sampler, 1024, "cuda")
    x = batches.batch(torch.tensor(7, device="cuda")).cpu().numpy()
    apart = np.abs(there.W - here.W).max((1, 2))
    return {
        "steps": steps,
        "samples_equal": bool(np.array_equal(x, sampler.batch(7, 1024))),
        "weights_apart_at_most": float(apart.max()),
        "weights_apart_median": float(np.median(apart)),
        "loss_apart_at_most": float(np.abs(there.loss / here.loss - 1).max()),
    }


def phase_diagram() -> dict[str, float]:
    """Wall time of 100 × 100 × 10 models from the grid to the weights, at two batch sizes."""
    found = {}
    for batch in (128, 1024):
        begun = time.perf_counter()
        instances = grid(np.geomspace(0.1, 10, 100), np.geomspace(0.01, 1, 100), 2, 1, seeds=10)
        begin = xavier(instances)
        begin_seconds = time.perf_counter() - begun
        schedule = Schedule(batch=batch)
        train(instances, schedule, progress=False, initial=begin, device="cuda")
        found[f"seconds_batch_{batch}"] = time.perf_counter() - begun
        found["of_which_initial_weights"] = begin_seconds
        found["steps"] = schedule.steps
    return found


@needs_gpu
@pytest.mark.parametrize("case", DIAGRAM, ids=str)
def test_a_gpu_trains_phase_diagrams_fifty_times_faster(case: Case) -> None:
    """The aim of the issue."""
    row = compared(case)
    print(row)
    assert row["ratio"] >= AIM


@needs_gpu
def test_a_gpu_agrees_with_the_cpu() -> None:
    """Samples to the bit, weights to rounding; a few models near a saddle may take another way."""
    found = agreement()
    assert found["samples_equal"]
    assert found["weights_apart_median"] < 1e-5


def main() -> None:
    """The table and the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("record", type=Path, help="where the JSON record goes")
    place = parser.parse_args().record
    chip = torch.cuda.get_device_properties(0)
    record: dict[str, Any] = {
        "device": chip.name, "multiprocessors": chip.multi_processor_count,
        "lane_rate": lane_rate(), "torch": torch.__version__, "triton": version("triton"),
        "agreement": agreement(), "phase_diagram": phase_diagram(), "rows": [],
    }  # fmt: skip
    place.write_text(json.dumps(record, indent=1))
    for name in ("device", "agreement", "phase_diagram"):
        print(f"{name}: {record[name]}", flush=True)
    print("n m batch models: model-steps/s, times the notebook, of the floor, tensor engine ms")
    for case in [*DIAGRAM, *OTHERS]:
        row = compared(case)
        record["rows"].append(row)
        place.write_text(json.dumps(record, indent=1))  # what was measured survives what fails
        print(
            *case, f": {row['model_steps_per_second']:.3g}, {row['ratio']:.1f}, "
            f"{row['share_of_floor']:.0%}, {row['tensor_engine_seconds'] * 1e3:.3g}", flush=True,
        )  # fmt: skip


if __name__ == "__main__":
    main()
