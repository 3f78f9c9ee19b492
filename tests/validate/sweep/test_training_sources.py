"""What a stored model depends on: every source that trained it, and no other."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import torch

from superposition.validate.sweep import training_sources as module
from superposition.validate.sweep.training_sources import made_by, training_sources

CODE = """
import json, sys
import numpy as np
from superposition.validate.instances import Instances
from superposition.validate.schedule import Schedule
from superposition.validate.training import train
models = Instances(np.ones((2, 3)), np.full((2, 3), 0.5), np.arange(2), hidden=2)
train(models, Schedule(steps=2), progress=False, device={device!r})
print(json.dumps(sorted(sys.modules)))
"""
PACKAGES = {  # imported on the way to their modules, and empty of what computes
    "superposition.theory", "superposition.theory.features", "superposition.validate",
}  # fmt: skip


@pytest.mark.parametrize("device", ["compiled", "cpu"])
def test_whatever_is_imported_to_train_is_in_the_hash(device: str) -> None:
    run = subprocess.run(
        [sys.executable, "-c", CODE.format(device=device)],
        check=True,
        capture_output=True,
        text=True,
    )
    modules = {name for name in json.loads(run.stdout) if name.startswith("superposition.")}
    sources = set(training_sources(device))
    assert modules - PACKAGES <= sources
    assert ("torch" in json.loads(run.stdout)) == (device == "cpu")


def test_what_has_no_part_in_training_is_not_in_the_hash() -> None:
    sources = set(training_sources("compiled"))
    assert "superposition.validate.compiled_step" in sources
    assert "superposition.validate.tensor_engine" not in sources
    assert not [name for name in sources if ".analysis" in name or ".sweep" in name]
    assert "superposition.validate.tensor_engine" in training_sources("cpu")


def test_devices_are_told_apart() -> None:
    compiled, tensors = made_by("compiled"), made_by("cpu")
    assert compiled["sources"] != tensors["sources"]
    assert "numba" in compiled
    assert "torch" in tensors


def test_processors_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """They give other bits; where numba is told to compile for another, that one counts."""
    host = made_by("compiled")["processor"]
    assert host
    assert host == made_by("cpu")["processor"]
    monkeypatch.setenv("NUMBA_CPU_NAME", "generic")
    assert made_by.__wrapped__("compiled")["processor"] == "generic"
    assert made_by.__wrapped__("cpu")["processor"] == host
    monkeypatch.setenv("NUMBA_CPU_NAME", "nehalem")
    assert made_by.__wrapped__("compiled")["processor"] == f"nehalem on {host}"
    monkeypatch.setenv("NUMBA_CPU_FEATURES", "+sse2")
    assert made_by.__wrapped__("compiled")["processor"] == "nehalem with +sse2"
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"chip of {device}")
    monkeypatch.setattr(module, "find_spec", lambda name: name == "triton")
    monkeypatch.setattr(module, "version", lambda name: f"{name}'s")
    found = made_by.__wrapped__("cuda:1")
    assert (found["processor"], found["triton"]) == ("chip of cuda:1", "triton's")
