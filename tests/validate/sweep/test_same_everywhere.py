"""The same bits in tiles of any size, on any number of workers, on torch too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from superposition.validate import training
from superposition.validate.optimiser import SGD
from superposition.validate.schedule import Schedule, Stopping
from superposition.validate.sweep import Grid, standard_setting, sweep
from tests.validate.sweep.same import assert_same

STOPPED = Schedule(
    steps=900,
    batch=16,
    last_learning_rate=0.02,
    optimiser=SGD(),
    stopping=Stopping(every=30, patience=2),
)


@pytest.mark.parametrize("schedule", [STOPPED, replace(STOPPED, stopping=None)])
def test_tiles_do_not_matter_where_models_stop_and_diverge(
    tmp_path: Path, schedule: Schedule, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How often the trainer looks at its models follows from the size of the tile."""
    monkeypatch.setattr(training, "LOOK", {"compiled": 1e5})
    grid = Grid({"pace": [1, 30, 400, 1e6]}, 3, partial(standard_setting, density=1.0))
    found = []
    for tile, workers in ((12, 1), (1, 1), (5, 2)):
        folder = tmp_path / str(tile)
        with pytest.warns(UserWarning, match=r"\d of 12 models diverged"):
            each = sweep(grid, schedule, folder, tile=tile, workers=workers, progress=False)
        found.append(replace(each, about={}))
    for each in found[1:]:
        assert_same(each, found[0])
    steps, lost = found[0].steps, np.isnan(found[0].loss)
    assert len(set(steps[lost].tolist())) > 1
    assert 0 < lost.sum() < 12
    if schedule.stopping is not None:
        assert (steps[~lost] < 900).any()


@pytest.fixture
def two_threads() -> Iterator[None]:
    """Torch would use them; pytest was begun with one."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("two_threads")
def test_torch_is_the_same_on_any_number_of_workers(tmp_path: Path) -> None:
    """A large product of one model is divided among threads: there is one, everywhere."""
    grid = Grid({"density": [0.1, 0.3]}, 1, partial(standard_setting, features=40, hidden=10))
    schedule = Schedule(steps=10, batch=1024)
    one, two = (
        sweep(
            grid, schedule, tmp_path / str(workers), tile=1, workers=workers, device="cpu",
            progress=False,
        )
        for workers in (1, 2)
    )  # fmt: skip
    assert_same(one, two)
