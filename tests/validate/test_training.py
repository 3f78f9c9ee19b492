"""The trainer: models that do not know of each other, engines that agree, torch's optimisers."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from superposition.numerics.enumeration import relu_output_loss
from superposition.theory.composition import best_composition
from superposition.theory.features.values import Values
from superposition.validate.architecture import (
    ABSOLUTE_VALUE,
    LINEAR,
    RELU_HIDDEN,
    RELU_OUTPUT,
    Architecture,
)
from superposition.validate.feature_samples import FeatureSampler
from superposition.validate.instances import Instances, Members, grid
from superposition.validate.optimiser import SGD, Adam, AdamW, Optimiser
from superposition.validate.parameters import Parameters, xavier
from superposition.validate.schedule import Schedule, Stopping
from superposition.validate.tensor_engine import TensorEngine, loss_and_gradient
from superposition.validate.training import train
from tests.repository import ROOT

UNTIED = Architecture(tied=False)
EVERY = [
    LINEAR,
    RELU_OUTPUT,
    RELU_HIDDEN,
    ABSOLUTE_VALUE,
    UNTIED,
    Architecture(biased=False),
    *(Architecture(output=output) for output in ("gelu", "softplus", "tanh")),
]
SHORT = Schedule(steps=30, batch=300)


def models(count: int, n: int = 3, m: int = 2, density: float = 0.3, first: int = 0) -> Instances:
    importance = np.linspace(1, 0.5, n) * np.ones((count, 1))
    return Instances(importance, np.full((count, n), density), np.arange(first, first + count), m)


def test_the_trainer_knows_nothing_of_the_theory() -> None:
    """It imports the checks of arguments, the definition of features and stored arrays, no
    formula; only the confrontation of what is trained already knows the exact loss.
    """
    allowed = {
        "superposition.theory.domain",
        "superposition.theory.features.feature_law",
        "superposition.theory.features.feature_sets",
        "superposition.theory.features.values",
        "superposition.numerics.atomic_file",
        "superposition.numerics.packing.plain_data",
        "superposition.numerics.stored_arrays",
        "superposition.numerics.worker_processes",
    }
    confrontations = {"basins.py"}
    validate = ROOT / "validate"
    for path in (*validate.glob("*.py"), *(validate / "sweep").glob("*.py")):
        if path.name in confrontations:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith("superposition"):
                assert node.module in allowed or str(node.module).startswith(
                    "superposition.validate"
                ), f"{path.name} imports {node.module}"


@pytest.mark.parametrize("architecture", EVERY, ids=str)
def test_gradient_by_hand_is_autograd_s(architecture: Architecture) -> None:
    instances = replace(models(4), architecture=architecture, values=Values.SIGNED)
    begin = xavier(instances)
    W, b = torch.from_numpy(begin.W).double(), torch.from_numpy(begin.b).double()
    rng = torch.Generator().manual_seed(0)
    if architecture.biased:
        b = b + 0.1 * torch.randn(b.shape, generator=rng).double()
    V = W.mT if begin.W_out is None else torch.from_numpy(begin.W_out).double()
    x = torch.from_numpy(FeatureSampler.of(instances).batch(0, 64)).double()
    importance = torch.tensor(instances.importance)[:, None]
    rows = [W, b[:, None]] if architecture.tied else [W, V.mT, b[:, None]]
    theta = torch.cat(rows, dim=1).requires_grad_()
    loss, gradient = loss_and_gradient(theta.detach(), x, importance, instances)
    activations: dict[str, Any] = {
        "identity": lambda z: z,
        "relu": torch.relu,
        "gelu": torch.nn.functional.gelu,
        "softplus": torch.nn.functional.softplus,
        "tanh": torch.tanh,
    }
    m = instances.hidden
    h = activations[architecture.hidden](torch.einsum("smn,sbn->sbm", theta[:, :m], x))
    out = theta[:, :m] if architecture.tied else theta[:, m : 2 * m]
    made = activations[architecture.output](torch.einsum("smn,sbm->sbn", out, h) + theta[:, -1:])
    target = x.abs() if architecture.target == "absolute" else x
    expected = (importance * (made - target) ** 2).sum(2).mean(1)
    expected.sum().backward()
    assert theta.grad is not None
    torch.testing.assert_close(loss, expected.detach())
    rows_trained = slice(None) if architecture.biased else slice(0, -1)
    torch.testing.assert_close(gradient[:, rows_trained], theta.grad[:, rows_trained])
    if not architecture.biased:
        assert not gradient[:, -1].any()


@pytest.mark.parametrize("architecture", EVERY, ids=str)
@pytest.mark.parametrize("sets", [None, (Members("correlated", 2), Members("anticorrelated", 3))])
def test_the_engines_agree(architecture: Architecture, sets: tuple[Members, ...] | None) -> None:
    """Compiled and on tensors: the same samples, the same steps, rounding apart."""
    instances = replace(
        models(3, n=5, density=0.25), architecture=architecture, sets=sets, values=Values.SIGNED
    )
    compiled, tensors = (
        train(instances, SHORT, progress=False, device=device) for device in ("compiled", "cpu")
    )
    np.testing.assert_allclose(compiled.W, tensors.W, atol=2e-5)
    np.testing.assert_allclose(compiled.b, tensors.b, atol=2e-5)
    np.testing.assert_allclose(compiled.loss, tensors.loss, rtol=1e-4)
    if compiled.W_out is not None and tensors.W_out is not None:
        np.testing.assert_allclose(compiled.W_out, tensors.W_out, atol=2e-5)
    if not architecture.biased:
        assert not compiled.b.any()


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (AdamW(weight_decay=0.1), lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=0.1)),
        (Adam(), lambda p: torch.optim.Adam(p, lr=0.01)),
        (
            Adam(beta1=0.8, beta2=0.95, eps=1e-3, weight_decay=0.1),
            lambda p: torch.optim.Adam(p, lr=0.01, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.1),
        ),
        (SGD(), lambda p: torch.optim.SGD(p, lr=0.01)),
        (
            SGD(momentum=0.9, weight_decay=0.1),
            lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.9, weight_decay=0.1),
        ),
    ],
    ids=["AdamW", "Adam", "Adam with decay", "SGD", "SGD with momentum"],
)
@pytest.mark.parametrize("device", ["compiled", "cpu"])
def test_optimisers_are_torch_s(ours: Optimiser, theirs: Any, device: str) -> None:
    """The whole trainer beside a loop with autograd, on the same samples."""
    instances, sampler = models(2), FeatureSampler.of(models(2))
    schedule = Schedule(
        steps=25, batch=100, learning_rate=0.01, last_learning_rate=0.01, optimiser=ours
    )
    found = train(instances, schedule, progress=False, device=device)
    begin = xavier(instances)
    W, b = (torch.nn.Parameter(torch.from_numpy(each)) for each in (begin.W, begin.b))
    optimiser = theirs([W, b])
    importance = torch.from_numpy(instances.importance.astype(np.float32))[:, None]
    for step in range(25):
        x = torch.from_numpy(sampler.batch(step, 100))
        optimiser.zero_grad()
        made = torch.relu(x @ W.mT @ W + b[:, None])
        torch.autograd.backward((importance * (made - x) ** 2).sum(2).mean(1).sum())
        optimiser.step()
    np.testing.assert_allclose(found.W, W.detach().numpy(), atol=2e-5)
    np.testing.assert_allclose(found.b, b.detach().numpy(), atol=2e-5)


@pytest.mark.parametrize("device", ["compiled", "cpu"])
def test_the_same_settings_give_the_same_weights_bit_for_bit(device: str) -> None:
    first, second = (train(models(3), SHORT, progress=False, device=device) for _ in range(2))
    np.testing.assert_array_equal(first.W, second.W)
    np.testing.assert_array_equal(first.b, second.b)


def test_the_deterministic_mode_changes_no_weights_and_ends_with_the_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    plain, strict = (
        train(models(2), SHORT, progress=False, device="cpu", deterministic=wanted)
        for wanted in (False, True)
    )
    np.testing.assert_array_equal(plain.W, strict.W)
    assert not torch.are_deterministic_algorithms_enabled()
    assert "CUBLAS_WORKSPACE_CONFIG" not in os.environ
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        train(models(2), SHORT, progress=False, device="cpu", deterministic=True)
        assert torch.is_deterministic_algorithms_warn_only_enabled()
    finally:
        torch.use_deterministic_algorithms(False)


def test_torch_computes_on_as_many_threads_as_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """And on as many as before when the call is over."""
    before, seen = torch.get_num_threads(), []
    begin = TensorEngine.begin.__func__  # type: ignore[attr-defined]

    def begun(*given: Any) -> Any:
        seen.append(torch.get_num_threads())
        return begin(TensorEngine, *given)

    monkeypatch.setattr(TensorEngine, "begin", begun)
    for threads in (1, 3, None):
        train(models(1), SHORT, progress=False, device="cpu", threads=threads)
    assert seen == [1, 3, before]
    assert torch.get_num_threads() == before


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 7), st.integers(1, 3), st.integers(0, 6))
def test_compiled_models_depend_on_their_own_setting_alone(
    count: int, threads: int, chosen: int
) -> None:
    """Bit for bit, whoever is beside and however many threads there are."""
    loud = np.array([1e6, 1, 1, 1, 1, 1, 1])  # changes nothing beside it
    whole = replace(models(7), importance=models(7).importance * loud[:, None])
    chosen %= count
    beside = train(whole.taken(slice(0, count)), SHORT, progress=False, threads=threads)
    alone = train(whole.taken(slice(chosen, chosen + 1)), SHORT, progress=False)
    np.testing.assert_array_equal(beside.W[chosen], alone.W[0])
    np.testing.assert_array_equal(beside.b[chosen], alone.b[0])


def test_a_model_keeps_its_own_pace() -> None:
    """A pace of 2 is twice the learning rate, for one model of three."""
    paced = replace(models(3), pace=np.array([1.0, 2.0, 1.0]))
    found = train(paced, SHORT, progress=False)
    plain = train(models(3), SHORT, progress=False)
    fast = replace(SHORT, learning_rate=0.04, last_learning_rate=0.001)
    np.testing.assert_array_equal(found.W[[0, 2]], plain.W[[0, 2]])
    np.testing.assert_array_equal(found.W[1], train(models(3), fast, progress=False).W[1])


def test_history_is_what_shorter_training_ends_with() -> None:
    """Looks do not disturb: the moments of a long run are the ends of short ones."""
    constant = replace(SHORT, last_learning_rate=SHORT.learning_rate)
    long = train(models(2), constant, progress=False, record=[0, 7, 30])
    assert long.history is not None
    np.testing.assert_array_equal(long.history.steps, [0, 7, 30])
    short = train(models(2), replace(constant, steps=7), progress=False)
    begin, seven, end = long.history.parameters
    np.testing.assert_array_equal(begin.W, xavier(models(2)).W)
    np.testing.assert_array_equal(seven.W, short.W)
    np.testing.assert_array_equal(end.W, long.W)
    assert np.isnan(long.history.loss[0]).all()
    np.testing.assert_allclose(long.history.loss[1], short.loss, rtol=1e-9)
    plain = train(models(2), constant, progress=False)
    np.testing.assert_array_equal(plain.W, long.W)


@pytest.mark.parametrize("device", ["compiled", "cpu"])
def test_finished_models_are_frozen(device: str) -> None:
    """A model that begins at its optimum is finished first and stands still from then on."""
    instances = models(2, n=2, m=2, density=0.5)
    identity = np.eye(2, dtype=np.float32)
    begin = xavier(instances)
    begin.W[0] = identity
    stopping = Stopping(every=20, fall=0.01, patience=2)
    schedule = Schedule(
        steps=800,
        batch=64,
        learning_rate=1e-3,
        last_learning_rate=1e-3,
        stopping=stopping,
        optimiser=Adam(),
    )
    found = train(
        instances, schedule, progress=False, initial=begin, record=range(0, 801, 20), device=device
    )
    assert found.history is not None
    assert found.steps[0] < found.steps[1] <= 800
    assert found.steps[0] % 20 == 0
    frozen = found.history.steps >= found.steps[0]
    for parameters in np.array(found.history.parameters)[frozen]:
        np.testing.assert_array_equal(parameters.W[0], found.W[0])
    moving = [parameters.W[1] for parameters in np.array(found.history.parameters)[~frozen]]
    assert not np.array_equal(moving[0], moving[-1])


def test_training_begins_where_it_is_told() -> None:
    instances = models(2)
    begin = Parameters(np.ones((2, 2, 3), np.float32), np.zeros((2, 3), np.float32))
    slow = Schedule(steps=1, learning_rate=1e-9, last_learning_rate=1e-9)
    np.testing.assert_allclose(train(instances, slow, progress=False, initial=begin).W, 1)
    assert begin.W.min() == 1.0  # what was given is not trained in place


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"record": [31]}, "record contains 31; a schedule of 30 steps has no such step"),
        ({"record": [-1]}, "record is -1"),
        ({"record": 3}, "record is 3; it must be a list of numbers of steps"),
        ({"initial": np.ones((2, 2, 3))}, "initial is of type ndarray; it must be Parameters"),
        ({"instances": 3}, "instances is 3; it must be Instances"),
        ({"schedule": None}, "schedule is None; it must be a Schedule"),
        ({"chunk": 0}, "chunk is 0"),
        ({"threads": 0}, "threads is 0"),
        ({"device": "abacus"}, "device is 'abacus'"),
        ({"device": "meta"}, "device is 'meta'"),
        (
            {"initial": Parameters(np.ones((2, 3, 2), np.float32), np.zeros((2, 3), np.float32))},
            "initial W has shape",
        ),
    ],
)
def test_bad_arguments_are_refused_before_anything_trains(
    arguments: dict[str, Any], sentence: str
) -> None:
    given: dict[str, Any] = {"instances": models(2), "schedule": SHORT} | arguments
    with pytest.raises(ValueError, match=sentence):
        train(progress=False, **given)


def test_the_loss_is_that_of_the_last_steps_whatever_is_beside() -> None:
    """The mean of the last 500 batch losses, recorded or not, among few or many."""
    schedule = Schedule(steps=900, batch=16)
    alone = train(models(1), schedule, progress=False)
    beside = train(models(300), schedule, progress=False, record=[0, 700, 900])
    np.testing.assert_array_equal(alone.loss, beside.loss[:1])
    every = train(models(1), schedule, progress=False, record=range(400, 901))
    assert every.history is not None
    np.testing.assert_allclose(every.history.loss[1:].mean(0), alone.loss, rtol=1e-9)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
def test_a_gpu_gives_what_the_cpu_gives() -> None:
    """The same words bit for bit; the same weights to rounding."""
    instances = models(50, n=5)
    on_gpu, here = (
        train(instances, SHORT, progress=False, device=device) for device in ("cuda", "cpu")
    )
    np.testing.assert_allclose(on_gpu.W, here.W, atol=1e-4)


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


def test_a_cold_cache_gives_what_a_warm_one_gives(tmp_path: Path) -> None:
    """Compiled in this process or read from disk: the same bits, sums included."""
    code = (
        "import hashlib, numpy as np\n"
        "from superposition.validate import Adam, Schedule, grid, train\n"
        "models = grid([0.5, 1.0], [0.1, 0.5], features=3, hidden=2, seeds=2)\n"
        "found = train(models, Schedule(steps=60, batch=300, optimiser=Adam()), progress=False)\n"
        "print(hashlib.sha256(found.W.tobytes() + found.b.tobytes()).hexdigest())\n"
    )
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    told = [
        subprocess.run(
            [sys.executable, "-c", code], env=environment, check=True, capture_output=True
        ).stdout
        for _ in range(2)
    ]
    assert list(tmp_path.rglob("*.nbc"))
    assert told[0] == told[1] != b""
