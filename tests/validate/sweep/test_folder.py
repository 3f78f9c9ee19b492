"""One folder, one sweep: two at once, what killed writers leave, disks that are full."""

from __future__ import annotations

import errno
import os
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from superposition.numerics import stored_arrays
from superposition.numerics.atomic_file import STALE
from superposition.validate.schedule import Schedule
from superposition.validate.sweep import Grid, SweepResult, open_sweep, stored_sweep, sweep
from superposition.validate.sweep import tile as tile_module
from superposition.validate.sweep.stored_sweep import Manifest
from superposition.validate.training import train
from tests.validate.sweep.same import assert_same, tiles

ONE, OTHER = (Grid({"density": values}, seeds=2) for values in ([0.1, 0.2, 0.3], [0.1, 0.5, 0.3]))
SHORT = Schedule(steps=20, batch=8)


def swept(folder: Path, grid: Grid = ONE) -> SweepResult:
    return sweep(grid, SHORT, folder, tile=2, progress=False)


def at_once(folder: Path, grids: list[Grid]) -> list[SweepResult | ValueError]:
    """What becomes of sweeps in one folder that are begun while the first is at its first tile."""
    found: list[SweepResult | ValueError] = []

    def run(grid: Grid) -> None:
        try:
            found.append(swept(folder, grid))
        except ValueError as error:
            found.append(error)

    threads = [threading.Thread(target=run, args=[grid]) for grid in grids]
    for thread in threads:
        thread.start()
        time.sleep(0.2)
    for thread in threads:
        thread.join()
    return found


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    def trained(*given: Any, **more: Any) -> Any:
        time.sleep(0.5)
        return train(*given, **more)

    monkeypatch.setattr(tile_module, "train", trained)


@pytest.mark.usefixtures("slow")
def test_of_two_sweeps_at_once_the_second_is_refused(tmp_path: Path) -> None:
    refused, found = at_once(tmp_path, [ONE, OTHER])
    assert isinstance(refused, ValueError)
    assert "with density = 0.2 as value 2 of density, not 0.5; open it" in str(refused)
    assert "none of its tiles is there; where nobody trains it, delete manifest.json" in str(
        refused
    )
    assert isinstance(found, SweepResult)
    assert_same(found, open_sweep(tmp_path))
    assert found.axes["density"].tolist() == [0.1, 0.2, 0.3]


@pytest.mark.usefixtures("slow")
def test_the_same_sweep_twice_at_once_is_done_twice(tmp_path: Path) -> None:
    found = at_once(tmp_path, [ONE, ONE])
    for each in found:
        assert isinstance(each, SweepResult)
        assert_same(each, open_sweep(tmp_path))
    assert len(tiles(tmp_path)) == 3


@pytest.mark.parametrize("links", [True, False])
def test_a_manifest_is_never_written_over(
    tmp_path: Path, links: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another sweep begins between reading and writing; on file systems without links, too."""

    def refused(*_: Any) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    if not links:
        monkeypatch.setattr(Path, "hardlink_to", refused)
    first = swept(tmp_path)
    read, answers = Manifest.read, iter([None])

    def late(folder: Path) -> Manifest | None:
        return next(answers, read(folder))

    monkeypatch.setattr(stored_sweep.Manifest, "read", late)
    with pytest.raises(ValueError, match="holds another sweep: with density = 0.2"):
        swept(tmp_path, OTHER)
    assert_same(first, open_sweep(tmp_path))
    assert not list(tmp_path.glob(".*"))


def test_what_killed_writers_left_is_removed_when_they_are_long_dead(tmp_path: Path) -> None:
    """Young ones may belong to somebody."""
    swept(tmp_path)
    old, young = tmp_path / ".abc.partial.npz", tmp_path / ".def.partial.json"
    for path in (old, young):
        path.write_text("half", encoding="utf-8")
    long_ago = time.time() - STALE - 60
    os.utime(old, (long_ago, long_ago))
    assert swept(tmp_path).missing == 0
    assert not old.exists()
    assert young.exists()


def test_a_full_disk_is_told_with_what_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = [2]

    def full(*given: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        stored_arrays.write(*given)

    with monkeypatch.context() as patch:
        patch.setattr(tile_module, "write", full)
        with pytest.raises(OSError, match="No space left on device. 2 of 3 tiles are in .*; the s"):
            swept(tmp_path)
    assert swept(tmp_path).missing == 0


@pytest.mark.parametrize(
    ("folder", "told"),
    [("file", "is a file; it must be a folder"), ("file/below", "/file is a file; it must be")],
)
def test_what_can_be_no_folder_is_refused(tmp_path: Path, folder: str, told: str) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    for call in (swept, open_sweep):
        with pytest.raises(ValueError, match=told):
            call(tmp_path / folder)
    with pytest.raises(ValueError, match="folder is None; it must be a path"):
        open_sweep(None)  # type: ignore[arg-type]


def test_axes_in_another_order_are_another_sweep(tmp_path: Path) -> None:
    axes = {"density": [0.1, 0.2], "importance": [1.0, 2.0]}
    swept(tmp_path, Grid(axes, 1))
    with pytest.raises(ValueError, match="of 2 of density × 2 of imp.*, not of 2 of imp"):
        swept(tmp_path, Grid(dict(reversed(axes.items())), 1))
    assert np.isfinite(open_sweep(tmp_path).loss).all()
