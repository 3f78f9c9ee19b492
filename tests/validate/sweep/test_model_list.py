"""Trained models on disk: resumed, atomic, and never believed when damaged."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from superposition.numerics.stored_arrays import read, write
from superposition.validate.architecture import Architecture
from superposition.validate.instances import grid
from superposition.validate.parameters import xavier
from superposition.validate.schedule import Schedule, Stopping
from superposition.validate.sweep import tile as tile_module
from superposition.validate.sweep import trained
from superposition.validate.training import train

MODELS = grid([0.5, 2.0], [0.1, 0.5], features=2, hidden=1, seeds=2)
SHORT = Schedule(steps=20, batch=8)


def test_a_second_call_reads_and_trains_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = trained("run", MODELS, SHORT, tmp_path, tile=3, progress=False)
    assert len(list(tmp_path.glob("run-*.npz"))) == 3
    trained("run", MODELS, SHORT, tmp_path, tile=3.0, progress=False)  # type: ignore[arg-type]
    monkeypatch.setattr(tile_module, "train", None)
    second = trained("run", MODELS, SHORT, tmp_path, tile=3, progress=False)
    np.testing.assert_array_equal(first.W, second.W)


UNTIED = replace(MODELS, architecture=Architecture(tied=False), pace=np.linspace(0.5, 2, 8))
STOPPED = Schedule(
    steps=200,
    batch=8,
    last_learning_rate=0.02,
    stopping=Stopping(every=20, fall=0.5, patience=2),
)
FIELDS = ("W", "b", "W_out", "steps", "loss")


def test_every_field_is_kept_and_what_the_trainer_returned(tmp_path: Path) -> None:
    begin = xavier(UNTIED, 0.3)
    expected = train(UNTIED, STOPPED, progress=False, initial=begin, record=[0, 50])
    assert (expected.steps < 200).any()
    for _ in range(2):
        found = trained(
            "run", UNTIED, STOPPED, tmp_path, tile=3, progress=False, initial=begin, record=[50, 0]
        )
        for name in FIELDS:
            np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
        assert found.history is not None
        assert expected.history is not None
        np.testing.assert_array_equal(found.history.steps, [0, 50])
        np.testing.assert_array_equal(found.history.loss, expected.history.loss)
        for ours, theirs in zip(found.history.parameters, expected.history.parameters, strict=True):
            for name in FIELDS[:3]:
                np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))


def test_another_beginning_is_another_file(tmp_path: Path) -> None:
    for scale in (0.5, 1):
        trained("run", MODELS, SHORT, tmp_path, progress=False, initial=xavier(MODELS, scale))
    trained("run", MODELS, SHORT, tmp_path, progress=False, record=[3])
    assert len(list(tmp_path.glob("run-*.npz"))) == 3


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"record": [21]}, "record contains 21"),
        ({"tile": 0}, "tile is 0"),
        ({"record": 3}, "record is 3; it must be a list of numbers of steps"),
        ({"initial": np.ones((8, 1, 2))}, "initial is of type ndarray; it must be Parameters"),
        ({"initial": xavier(MODELS.taken(slice(1)))}, "initial W has shape"),
    ],
)
def test_bad_settings_are_refused_before_anything(
    tmp_path: Path, given: dict[str, Any], told: str
) -> None:
    with pytest.raises(ValueError, match=told):
        trained("run", MODELS, SHORT, tmp_path / "new", progress=False, **given)
    assert not (tmp_path / "new").exists()


def test_another_setting_is_another_file(tmp_path: Path) -> None:
    trained("run", MODELS, SHORT, tmp_path, progress=False)
    trained("run", MODELS, Schedule(steps=21, batch=8), tmp_path, progress=False)
    assert len(list(tmp_path.glob("run-*.npz"))) == 2


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "text"])
def test_a_damaged_tile_is_noticed_and_made_again(tmp_path: Path, damage: str) -> None:
    first = trained("run", MODELS, SHORT, tmp_path, tile=3, progress=False)
    tile = sorted(tmp_path.glob("run-*.npz"))[1]
    content = bytearray(tile.read_bytes())
    content[content.index(first.W[3].tobytes())] ^= 0x01
    tile.write_bytes(
        {"flip": bytes(content), "cut": bytes(content[:300]), "empty": b"", "text": b"hello"}[
            damage
        ]
    )
    with pytest.warns(UserWarning, match="is damaged and will be made again"):
        again = trained("run", MODELS, SHORT, tmp_path, tile=3, progress=False)
    np.testing.assert_array_equal(first.W, again.W)
    assert read(tile) is not None


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    path = tmp_path / "evil.npz"
    np.savez(path, W=np.array([{"a": 1}], dtype=object))
    with pytest.warns(UserWarning, match="is damaged"):
        assert read(path) is None
    with pytest.raises(ValueError, match="Object arrays cannot be saved"):
        write(tmp_path / "object.npz", {"W": np.array([{"a": 1}], dtype=object)})
    assert not list(tmp_path.glob("*object*"))


def test_a_killed_job_leaves_whole_tiles_and_goes_on(tmp_path: Path) -> None:
    """SIGKILL once two tiles are there: what is left is whole, and the result is the same."""
    code = (
        "from pathlib import Path\n"
        "from superposition.validate.instances import grid\n"
        "from superposition.validate.sweep import trained\n"
        "from superposition.validate.schedule import Schedule\n"
        "models = grid([0.5, 2.0], [0.1, 0.5], features=2, hidden=1, seeds=2)\n"
        "trained('run', models, Schedule(steps=400, batch=8), Path.cwd(), tile=1, progress=False)\n"
    )
    job = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path)
    deadline = time.monotonic() + 120
    while len(list(tmp_path.glob("run-*.npz"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(job.pid, signal.SIGKILL)
    job.wait()
    left = list(tmp_path.glob("run-*.npz"))
    assert 2 <= len(left) <= 8
    assert all(read(tile) is not None for tile in left)
    schedule = Schedule(steps=400, batch=8)
    resumed = trained("run", MODELS, schedule, tmp_path, tile=1, progress=False)
    undisturbed = trained("run", MODELS, schedule, tmp_path / "new", tile=1, progress=False)
    np.testing.assert_array_equal(resumed.W, undisturbed.W)
    np.testing.assert_array_equal(resumed.b, undisturbed.b)
