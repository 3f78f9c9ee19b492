"""Training against what a user would write: model-steps a second, ratios within one run.

Peers: the public notebook's loop (one parameter with an instance axis, einsum, autograd,
torch.optim.AdamW, fresh ``rand`` data each step), a Python loop over single models, and
``torch.func.vmap``. Each gets as many threads as ours; times are wall time, medians;
our start-up (engine, threads, progress bar) is in the time, the peers' is not. The floor is
the arithmetic: 10 n m flops a sample at the machine's measured sgemm rate.

``python -m pytest benchmarks/training_benchmark.py -s`` asserts most of the ratios;
``python -m benchmarks.training_benchmark`` prints the table for one thread and two.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import torch

from superposition.validate.instances import Instances
from superposition.validate.parameters import xavier
from superposition.validate.schedule import Schedule
from superposition.validate.training import train

DENSITY, RATE = 0.1, 1e-3
ROUNDS = 5
NOISE = 0.7


@dataclass(frozen=True)
class Case:
    """n, m, samples a batch, models, and how many times the notebook's speed is the aim."""

    features: int
    hidden: int
    batch: int
    models: int
    aim: float

    def instances(self) -> Instances:
        """All features alike, as in the notebook."""
        shape = (self.models, self.features)
        return Instances(
            np.ones(shape), np.full(shape, DENSITY), np.arange(self.models), self.hidden
        )

    @property
    def flops(self) -> float:
        """Of one step of all models: two products forward, three backward."""
        return 10.0 * self.features * self.hidden * self.batch * self.models


CASES = (
    Case(5, 2, 1024, 10, 3),
    Case(20, 5, 1024, 10, 3),
    Case(2, 1, 1024, 2500, 10),
    Case(100, 20, 1024, 20, 3),
    Case(400, 30, 1024, 10, 1.5),
)
Step = Callable[[], object]


def ours(case: Case, threads: int, steps: int) -> Step:
    """``steps`` steps of the trainer, from the start of a call to its end."""
    schedule = Schedule(steps=steps, batch=case.batch, learning_rate=RATE, last_learning_rate=RATE)
    instances = case.instances()
    begin = xavier(instances)
    return lambda: train(instances, schedule, progress=False, initial=begin, threads=threads)


def notebook(case: Case) -> Step:
    """One step of the public notebook's loop."""
    begin = xavier(case.instances())
    W, b = (torch.nn.Parameter(torch.from_numpy(each)) for each in (begin.W, begin.b))
    optimiser = torch.optim.AdamW([W, b], lr=RATE)
    importance, probability = torch.ones(case.features), torch.tensor(DENSITY)
    shape = (case.batch, case.models, case.features)

    def step() -> None:
        optimiser.zero_grad(set_to_none=True)
        values = torch.rand(shape)
        x = torch.where(torch.rand(shape) <= probability, values, torch.zeros(()))
        hidden = torch.einsum("...if,ihf->...ih", x, W)
        made = torch.relu(torch.einsum("...ih,ihf->...if", hidden, W) + b)
        error = importance * (x.abs() - made) ** 2
        torch.autograd.backward(error.mean((0, 2)).sum())
        optimiser.step()

    return step


def single_models(case: Case, most: int = 20) -> tuple[Step, float]:
    """One step of some models one after the other, and the share of the models that is."""
    count = min(case.models, most)
    alone = Case(case.features, case.hidden, case.batch, 1, case.aim)
    steps = [notebook(alone) for _ in range(count)]

    def every() -> None:
        for step in steps:
            step()

    return every, count / case.models


def vmapped(case: Case) -> Step:
    """One step with ``torch.func``: the gradient of one model's loss, mapped over models."""
    begin = xavier(case.instances())
    parameters = {"W": torch.from_numpy(begin.W), "b": torch.from_numpy(begin.b)}
    means = {name: (torch.zeros_like(p), torch.zeros_like(p)) for name, p in parameters.items()}
    taken = 0

    def loss(weights: dict[str, torch.Tensor], x: torch.Tensor) -> torch.Tensor:
        made = torch.relu(x @ weights["W"].mT @ weights["W"] + weights["b"])
        return ((x - made) ** 2).mean()

    gradient = torch.func.vmap(torch.func.grad(loss))

    def step() -> None:
        nonlocal taken
        taken += 1
        shape = (case.models, case.batch, case.features)
        x = torch.where(torch.rand(shape) <= DENSITY, torch.rand(shape), torch.zeros(()))
        with torch.no_grad():
            for name, slope in gradient(parameters, x).items():
                first, second = means[name]
                first.lerp_(slope, 0.1)
                second.lerp_(slope**2, 0.001)
                root = (second / (1 - 0.999**taken)).sqrt_().add_(1e-8)
                parameters[name].mul_(1 - RATE * 0.01)
                parameters[name].addcdiv_(first, root, value=-RATE / (1 - 0.9**taken))

    return step


def seconds(step: Step, least: float = 0.05) -> float:
    """The median wall time of a call, repeated until a round takes ``least`` seconds."""
    step()
    calls, spent = 1, 0.0
    while spent < least:
        begun = time.perf_counter()
        for _ in range(calls):
            step()
        spent = time.perf_counter() - begun
        calls = calls if spent >= least else 2 * calls
    rounds = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        for _ in range(calls):
            step()
        rounds.append((time.perf_counter() - begun) / calls)
    return statistics.median(rounds)


def sgemm_rate(threads: int) -> float:
    """Flops a second of a large product in single precision."""
    torch.set_num_threads(threads)
    left, right = torch.rand(1024, 1024), torch.rand(1024, 1024)
    return 2 * 1024**3 / seconds(lambda: left @ right)


def measured(case: Case, threads: int, *, peers: bool = True) -> dict[str, float]:
    """Seconds of one step of all models, ours and the peers'."""
    torch.set_num_threads(threads)
    per_step = case.flops / 2e10  # a guess at ours, to choose how many steps a call makes
    steps = max(2, int(0.1 / per_step))
    found = {
        "ours": seconds(ours(case, threads, steps)) / steps,
        "notebook": seconds(notebook(case)),
    }
    if peers:
        some, share = single_models(case)
        found["single models"] = seconds(some) / share
        found["vmap"] = seconds(vmapped(case))
    return found


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.features}-{case.hidden}")
def test_training_beats_the_notebook(case: Case, threads: int) -> None:
    """The aims, less what a noisy machine may take away."""
    before = torch.get_num_threads()
    try:
        found = measured(case, threads, peers=False)
    finally:
        torch.set_num_threads(before)
    ratio = found["notebook"] / found["ours"]
    print(f"\n{case}, {threads} thread(s): {ratio:.1f} times the notebook")
    assert ratio >= NOISE * case.aim


def main() -> None:
    """The table."""
    for threads in (1, 2):
        rate = sgemm_rate(threads)
        print(f"{threads} thread(s); sgemm {rate / 1e9:.0f} Gflop/s")
        for case in CASES:
            found = measured(case, threads)
            floor = case.flops / rate
            told = ", ".join(
                f"{name} {spent * 1e3:.3f} ms ({spent / found['ours']:.1f}×)"
                for name, spent in found.items()
            )
            speed = case.models / found["ours"]
            print(
                f"  n={case.features} m={case.hidden} batch={case.batch} models={case.models}: "
                f"{speed:.3g} model-steps/s; {told}; floor {floor * 1e3:.3f} ms, "
                f"{floor / found['ours']:.0%} of it reached"
            )


if __name__ == "__main__":
    main()
