"""The exact expected loss against what a user would do instead: sample it.

Floors. Transform: about 40 floating-point operations per output, feature and node for the
loss and 60 more for the gradient, on data that stay in the caches, so the processor's rate
for fused multiply-adds on vectors rules. Enumeration at n = 2: 9 states of up to 7 moments,
two outputs, about 10 operations each. Measured beside them in the same run: that rate, one
AdamW step of the published notebook's size (batch 1024, fresh samples), and the batch that
Monte Carlo would need for the accuracy reached.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from numba import njit

from superposition.numerics import expected_loss, expected_loss_gradient
from superposition.numerics.expectation.problem import Rows
from superposition.numerics.expectation.transform.contour import choose_contour, independent
from superposition.numerics.expectation.transform.many_active import Goal, seen_features
from superposition.numerics.expectation.transform.many_active import many_active as array_twin
from superposition.numerics.expectation.transform.many_active_kernel import many_active
from superposition.theory import Values

TOLERANCE = 1e-8
DENSITIES = (0.003, 0.01, 0.05, 0.2, 1.0)
FLOPS_PER_NODE = 100


def seconds(function: Callable[[], object], repeats: int = 5) -> float:
    """The median CPU time of a call, the first left out."""
    function()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        function()
        times.append(time.process_time() - start)
    return float(np.median(times))


@njit(fastmath=True)
def _multiply_adds(a: Any, b: Any, rounds: int) -> float:
    for _ in range(rounds):
        for i in range(a.shape[0]):
            a[i] = a[i] * 0.999 + b[i]
    return float(a[0])


def flops_per_second() -> float:
    """Fused multiply-adds on arrays in the first cache, two operations each."""
    a, b, rounds = np.ones(1024), np.ones(1024), 20_000
    return 2 * 1024 * rounds / seconds(lambda: _multiply_adds(a, b, rounds))


def weights(n: int, m: int) -> Any:
    """Random unit columns, biases as after training: some zero, some below."""
    rng = np.random.default_rng(n)
    W = rng.normal(size=(m, n))
    return W / np.linalg.norm(W, axis=0), rng.choice([0.0, -0.05], n)


def adamw_step(n: int, m: int, density: float) -> Callable[[], object]:
    """One step of the published notebook: fresh batch, forward, backward, AdamW."""
    torch.set_num_threads(1)
    W = torch.nn.Parameter(torch.randn(1, n, m) / m**0.5)
    b = torch.nn.Parameter(torch.zeros(1, n))
    optimiser = torch.optim.AdamW([W, b], lr=1e-3)

    def step() -> None:
        values = torch.rand(1024, 1, n)
        batch = torch.where(torch.rand(1024, 1, n) <= density, values, torch.zeros(()))
        optimiser.zero_grad(set_to_none=True)
        hidden = torch.einsum("...if,ifh->...ih", batch, W)
        out = torch.relu(torch.einsum("...ih,ifh->...if", hidden, W) + b)
        loss = ((batch - out) ** 2).mean(0).sum()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()

    return step


def batch_of_equal_accuracy(W: Any, b: Any, density: float, error: float) -> float:
    """(σ/error)² samples, σ the spread of the loss of one sample."""
    rng = np.random.default_rng(0)
    x = rng.random((8192, W.shape[1])) * (rng.random((8192, W.shape[1])) < density)
    lost = ((x - np.maximum(x @ W.T @ W + b, 0)) ** 2).sum(axis=1)
    return float((lost.std() / error) ** 2)


def nodes_taken(W: Any, b: Any, density: float) -> float:
    """Outputs times features times nodes."""
    n = W.shape[1]
    rows = Rows.of(W.T @ W, b, np.full(n, density))
    seen = seen_features(rows, Values.UNIT)
    contour = choose_contour(seen.slopes, seen.offset, Values.UNIT, independent(seen.density))
    goal = Goal(np.full(n, TOLERANCE * n * density / 3 / n**0.75), 1.0)
    return float(many_active(seen, contour, goal, 2**13, False).nodes.sum() * n)


@pytest.mark.parametrize(("n", "m", "steps"), [(100, 20, 30), (400, 30, 100)])
def test_transform_costs_less_than_a_few_steps(n: int, m: int, steps: int) -> None:
    """Loss and gradient to 1e-8 for at most 30 steps at n = 100, 100 at n = 400."""
    W, b = weights(n, m)
    rate = flops_per_second()
    ratios = []
    for density in DENSITIES:
        found = expected_loss_gradient(W, b, density=density, tolerance=TOLERANCE)
        assert found.loss.converged
        ask = partial(expected_loss_gradient, W, b, density=density, tolerance=TOLERANCE)
        ours = seconds(ask)
        step = seconds(adamw_step(n, m, density), 20)
        batch = batch_of_equal_accuracy(W, b, density, TOLERANCE * float(found.loss.scale))
        floor = FLOPS_PER_NODE * nodes_taken(W, b, density) / rate
        ratios.append(ours / step)
        print(
            f"\nn={n} m={m} p={density}: loss and gradient {ours * 1e3:.0f} ms = "
            f"{ours / step:.1f} AdamW steps of {step * 1e3:.1f} ms; floor {floor * 1e3:.1f} ms at "
            f"{rate / 1e9:.1f} GFlop/s, {ours / floor:.1f} times that; Monte Carlo: a batch of "
            f"{batch:.1e}, {batch / 1024 * step / ours:.1e} times as long"
        )
    assert np.median(ratios) < steps


def test_compiled_kernels_gain_five_times() -> None:
    """What numba is kept for: the kernel against its array twin, the same nodes."""
    W, b = weights(40, 8)
    rows = Rows.of(W.T @ W, b, np.full(40, 0.05))
    seen = seen_features(rows, Values.UNIT)
    contour = choose_contour(seen.slopes, seen.offset, Values.UNIT, independent(seen.density))
    goal = Goal(np.full(40, -1.0), 1.0)
    compiled, arrays = (
        seconds(partial(twin, seen, contour, goal, 500, True), 3)
        for twin in (many_active, array_twin)
    )
    print(f"\ntransform kernel: {compiled * 1e3:.1f} ms, array twin {arrays * 1e3:.0f} ms")
    assert arrays > 5 * compiled


def test_a_million_pairs_a_second() -> None:
    """Enumeration at n = 2, m = 1: a million models against a million samples of one model."""
    rng = np.random.default_rng(2)
    W, b = rng.normal(size=(1_000_000, 1, 2)), rng.normal(size=(1_000_000, 2)) / 5
    ours = seconds(lambda: expected_loss(W, b, 1.0, [0.3, 0.2]), 3)
    gradient = seconds(lambda: expected_loss_gradient(W, b, 1.0, [0.3, 0.2]), 3)
    x = rng.random((1_000_000, 2)) * (rng.random((1_000_000, 2)) < 0.3)

    def sample_one_model() -> object:
        return ((x - np.maximum(x @ W[0].T @ W[0] + b[0], 0)) ** 2).mean()

    sampled = seconds(sample_one_model, 3)
    floor = 2 * 9 * 7 * 10 * 1e6 / flops_per_second()
    print(
        f"\nn=2: 10^6 exact losses in {ours:.2f} s, with gradients {gradient:.2f} s; floor "
        f"{floor:.2f} s, {ours / floor:.1f} times that; 10^6 samples of one model {sampled:.3f} s"
    )
    assert ours < 1000 * sampled / 10  # an exact loss costs less than a batch of 100 samples
