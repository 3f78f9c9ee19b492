"""How many models are trained at once: what is free, what is needed, and what is asked for."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from superposition.validate import memory, training
from superposition.validate.instances import Instances
from superposition.validate.memory import chunk_size, cores, free_memory, tile_chunk
from superposition.validate.schedule import Schedule
from superposition.validate.training import train

SHORT = Schedule(steps=20, batch=64)


def models(count: int, n: int = 40, m: int = 10) -> Instances:
    return Instances(np.ones((count, n)), np.full((count, n), 0.3), np.arange(count), m)


def test_recorded_moments_take_their_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free_memory", lambda _: 2**28)
    plain = chunk_size(models(1000), SHORT, "cpu")
    recorded = chunk_size(models(1000), SHORT, "cpu", 60)
    assert 1 <= recorded < plain < 1000
    assert chunk_size(models(1000), SHORT, "cpu", 10**6) == 1
    assert chunk_size(models(1000), SHORT, "compiled", 60) == 1000


def test_a_tile_is_divided_by_its_own_sizes_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    large = Schedule(batch=4096)
    found = []
    for free in (2**20, 2**40):
        monkeypatch.setattr(memory, "free_memory", lambda _, free=free: free)
        found.append(tile_chunk(models(1000), large, "cpu"))
    assert 1 < found[0] == found[1] < 1000
    assert tile_chunk(models(256), SHORT, "cpu") == 256
    assert tile_chunk(models(1000), large, "compiled") == 1000


def test_free_is_what_the_system_could_give(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Caches included, but no more than a container or job may have."""
    told, group = tmp_path / "meminfo", tmp_path / "group"
    told.write_text("MemFree: 1 kB\nMemAvailable: 3000 kB\n", encoding="ascii")
    monkeypatch.setattr(memory, "MEMORY", told)
    monkeypatch.setattr(memory, "GROUP", group)
    assert free_memory("cpu") == 3000 * 1024
    group.mkdir()
    (group / "memory.max").write_text("max\n", encoding="ascii")
    (group / "memory.current").write_text("900\n", encoding="ascii")
    assert free_memory("cpu") == 3000 * 1024
    (group / "memory.max").write_text("1000\n", encoding="ascii")
    assert free_memory("cpu") == 100
    told.unlink()
    (group / "memory.max").unlink()
    assert 0 < free_memory("cpu") < 2**63


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="nobody tells the cores here")
def test_threads_are_those_of_the_cores_that_may_be_used() -> None:
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, list(before)[:1])
        assert cores() == 1
    finally:
        os.sched_setaffinity(0, before)
    assert cores() == len(before)


@pytest.mark.parametrize("device", ["compiled", "cpu"])
def test_a_chunk_is_what_is_asked_for(device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    counts, engine = [], training._engine

    def counted(instances: Instances, *given: object) -> object:
        counts.append(instances.count)
        return engine(instances, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(training, "_engine", counted)
    found = train(models(5, 3, 2), SHORT, progress=False, device=device, chunk=2)
    assert counts == [2, 2, 1]
    whole = train(models(5, 3, 2), SHORT, progress=False, device=device)
    np.testing.assert_allclose(found.W, whole.W, rtol=1e-4, atol=1e-5)
