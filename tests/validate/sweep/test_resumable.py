"""Sweeps: what one training call gives, in any tiles, anywhere, resumed, and labelled."""

from __future__ import annotations

import io
import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tqdm import tqdm

from superposition.numerics import stored_arrays
from superposition.theory.features.values import Values
from superposition.validate.architecture import ABSOLUTE_VALUE, RELU_OUTPUT
from superposition.validate.optimiser import SGD
from superposition.validate.parameters import xavier
from superposition.validate.schedule import Schedule, Stopping
from superposition.validate.sweep import (
    Grid,
    Setting,
    open_sweep,
    resumable,
    standard_setting,
    sweep,
)
from superposition.validate.sweep import tile as tile_module
from superposition.validate.sweep.stored_sweep import Manifest
from superposition.validate.training import train
from tests.validate.sweep.same import assert_same, tiles

GRID = Grid({"importance": [0.5, 1.0, 2.0], "density": [0.1, 0.5], "scale": [0.5, 1]}, seeds=2)
SHORT = Schedule(steps=20, batch=8)
MOMENTS = (0, 5, 20)


def unlike(features: int, kind: str) -> Setting:
    """Models of four shapes, the weights of half of them untied."""
    architecture = ABSOLUTE_VALUE if kind == "absolute" else RELU_OUTPUT
    return Setting([1.0] * features, 0.3, features - 1, architecture, Values.SIGNED)


UNLIKE = Grid({"features": [2, 3], "kind": ["relu", "absolute"]}, seeds=3, setting=unlike)


def swept(folder: Path, **given: Any) -> Any:
    return sweep(GRID, SHORT, folder, **({"tile": 5, "progress": False} | given))


def test_a_sweep_is_one_call_of_the_trainer(tmp_path: Path) -> None:
    """Bit for bit, history and all, with the initial weights scaled."""
    found = swept(tmp_path, record=MOMENTS)
    (block,) = GRID.blocks(1000)
    begin = xavier(block.instances, block.scale)
    expected = train(block.instances, SHORT, progress=False, initial=begin, record=MOMENTS)
    assert found.W.shape == (3, 2, 2, 2, 1, 2)
    for name in ("W", "b", "steps", "loss"):
        whole = getattr(found, name)
        np.testing.assert_array_equal(whole.reshape(24, *whole.shape[4:]), getattr(expected, name))
    assert found.history is not None
    assert expected.history is not None
    np.testing.assert_array_equal(found.history.steps, MOMENTS)
    np.testing.assert_array_equal(found.history.loss.reshape(3, 24), expected.history.loss)
    for ours, theirs in zip(found.history.parameters, expected.history.parameters, strict=True):
        np.testing.assert_array_equal(ours.W.reshape(24, 1, 2), theirs.W)


@pytest.mark.parametrize(
    "given", [{"tile": 1}, {"tile": 7}, {"tile": 100}, {"workers": 2}], ids=str
)
def test_tiles_and_workers_do_not_matter(tmp_path: Path, given: dict[str, int]) -> None:
    found = swept(tmp_path / "one", record=MOMENTS, **given)
    assert_same(found, swept(tmp_path / "other", record=MOMENTS))
    assert_same(found, open_sweep(tmp_path / "one"))


def test_a_whole_number_may_be_a_float(tmp_path: Path) -> None:
    grid = Grid(GRID.axes, 2.0, first_seed=0.0)  # type: ignore[arg-type]
    found = sweep(grid, SHORT, tmp_path, tile=5.0, workers=1.0, progress=False)  # type: ignore[arg-type]
    assert_same(found, swept(tmp_path))


def test_models_begin_as_polygons_where_corners_are_told(tmp_path: Path) -> None:
    setting = partial(standard_setting, features=5, hidden=2)
    grid = Grid({"corners": [0, 3, 5], "scale": [0.5, 1.0]}, 2, setting)
    found = sweep(grid, SHORT, tmp_path, tile=5, record=[0], progress=False)
    assert found.history is not None
    begin = found.history.parameters[0].W
    (block,) = grid.blocks(100)
    np.testing.assert_array_equal(
        begin[0].reshape(-1, 2, 5), xavier(block.instances, block.scale).W[:4]
    )
    norms = np.linalg.norm(begin, axis=-2)
    np.testing.assert_allclose(norms[1, 0], [[0.5, 0.5, 0.5, 0, 0]] * 2, rtol=1e-6)
    np.testing.assert_allclose(norms[2, 1], 1, rtol=1e-6)


def test_models_of_unlike_shapes_share_one_array(tmp_path: Path) -> None:
    found = sweep(UNLIKE, SHORT, tmp_path, tile=2, record=[20], progress=False)
    assert found.W.shape == (2, 2, 3, 2, 3)
    assert found.W_out is not None
    assert np.isnan(found.W[0, :, :, 1:]).all()
    assert np.isnan(found.W[0, :, :, :, 2]).all()
    assert np.isnan(found.W_out[:, 0]).all()
    for place in np.ndindex(2, 2):
        n = UNLIKE.cells[place[0] * 2 + place[1]].features
        assert np.isfinite(found.W[place][:, : n - 1, :n]).all()
    assert np.isfinite(found.W_out[1, 1]).all()
    assert found.history is not None
    np.testing.assert_array_equal(found.history.parameters[0].W, found.W)
    np.testing.assert_array_equal(found.history.parameters[0].W_out, found.W_out)
    assert_same(found, open_sweep(tmp_path))


def test_a_second_call_trains_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = swept(tmp_path)
    monkeypatch.setattr(tile_module, "train", None)
    assert_same(first, swept(tmp_path))


def test_what_is_not_done_is_missing_and_counted(tmp_path: Path) -> None:
    whole = swept(tmp_path)
    assert (whole.tiles, whole.missing_tiles, whole.missing) == (5, 0, 0)
    last = next(tmp_path.glob("tile-5-*.npz"))
    last.rename(tmp_path / ".abc.partial.npz")  # what a killed writer leaves
    part = open_sweep(tmp_path)
    assert (part.tiles, part.missing_tiles, part.missing) == (5, 1, 4)
    assert np.isnan(part.W[-1, -1]).all()
    assert (part.seed[-1, -1] == -1).all()
    np.testing.assert_array_equal(part.W[0], whole.W[0])
    assert_same(whole, swept(tmp_path))


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "foreign"])
def test_a_damaged_tile_is_noticed_and_made_again(tmp_path: Path, damage: str) -> None:
    first = swept(tmp_path)
    whole = tiles(tmp_path)
    one, other = sorted(tmp_path.glob("tile-*.npz"))[1:3]
    content = bytearray(one.read_bytes())
    content[content.index(first.W.reshape(-1, 2)[5:10].tobytes())] ^= 0x01
    one.write_bytes(
        {
            "flip": bytes(content),
            "cut": bytes(content[:-9]),
            "empty": b"",
            "foreign": other.read_bytes(),
        }[damage]
    )
    with pytest.warns(UserWarning, match="is damaged and missing until the sweep is called again"):
        assert open_sweep(tmp_path).missing_tiles == 1
    with pytest.warns(UserWarning, match="is damaged and will be made again"):
        assert_same(first, swept(tmp_path))
    assert tiles(tmp_path) == whole


def test_a_tile_says_what_it_is(tmp_path: Path) -> None:
    """Settings, versions, seeds: all in plain arrays and JSON."""
    schedule = Schedule(
        steps=20,
        batch=8,
        last_learning_rate=0.02,
        optimiser=SGD(0.5),
        stopping=Stopping(every=10),
    )
    sweep(UNLIKE, schedule, tmp_path, record=[10], progress=False)
    path = next(tmp_path.glob("tile-4-*.npz"))
    arrays = stored_arrays.read(path)
    assert arrays is not None
    assert arrays["seed"].tolist() == arrays["index"].tolist() == [9, 10, 11]
    assert arrays["importance"].shape == arrays["density"].shape == (3, 3)
    told = json.loads(str(arrays["settings"]))
    assert told["schedule"]["optimiser"] == {"kind": "SGD", "momentum": 0.5, "weight_decay": 0.0}
    assert told["schedule"]["stopping"]["every"] == 10
    assert told["architecture"]["target"] == "absolute"
    assert told["values"] == {"kind": "Uniform", "low": -1, "high": 1}
    assert {"toy-superposition", "numpy", "machine", "sources"} <= set(told["made by"])


OTHERS: list[tuple[dict[str, Any], str]] = [
    ({"schedule": Schedule(steps=21, batch=8)}, "schedule: steps is 20, not 21"),
    ({"record": [3]}, r"record is \[\], not \[3\]"),
    ({"tile": 6}, "with other settings, or tiles of another size"),
    ({"grid": Grid(GRID.axes, 3)}, "of 3 of importance × 2 of density × 2 of scale × 2 seeds"),
    ({"grid": Grid(GRID.axes, 2, first_seed=1)}, "with other settings"),
]


@pytest.mark.parametrize(("given", "told"), OTHERS, ids=[told for _, told in OTHERS])
def test_a_folder_holds_one_sweep(tmp_path: Path, given: dict[str, Any], told: str) -> None:
    first = swept(tmp_path)
    everything: dict[str, Any] = {
        "grid": GRID,
        "schedule": SHORT,
        "tile": 5,
        "progress": False,
    } | given
    with pytest.raises(ValueError, match=f"holds another sweep: {told}"):
        sweep(folder=tmp_path, **everything)
    assert_same(first, swept(tmp_path))


def test_other_versions_are_another_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    swept(tmp_path)
    monkeypatch.setattr(tile_module, "made_by", lambda device: {"device": device, "numpy": "1.0"})
    with pytest.raises(ValueError, match="holds another sweep: made by: numpy is .*, not 1.0"):
        swept(tmp_path)


def test_a_sweep_that_has_no_tile_may_be_beginning(tmp_path: Path) -> None:
    """Nobody can tell, but whoever began it."""
    swept(tmp_path)
    for path in tmp_path.glob("tile-*.npz"):
        path.unlink()
    with pytest.raises(ValueError, match="where nobody trains it, delete manifest.json"):
        swept(tmp_path, tile=7)
    (tmp_path / "manifest.json").unlink()
    assert swept(tmp_path, tile=7).missing == 0


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"tile": 0}, "tile is 0"),
        ({"workers": 0}, "workers is 0"),
        ({"record": [21]}, "record contains 21; a schedule of 20 steps"),
        ({"record": [-1]}, "record is -1"),
        ({"workers": 2, "executor": 1}, "workers is 2; with an executor given"),
        ({"executor": 3}, "executor is 3; it must have a method submit"),
        ({"record": 3}, "record is 3; it must be a list of numbers of steps"),
        ({"grid": {"density": [0.1]}}, "grid is .*; it must be a Grid"),
        ({"schedule": None}, "schedule is None; it must be a Schedule"),
    ],
)
def test_bad_settings_are_refused_before_anything(
    tmp_path: Path, given: dict[str, Any], told: str
) -> None:
    everything: dict[str, Any] = {"grid": GRID, "schedule": SHORT} | given
    with pytest.raises(ValueError, match=told):
        sweep(folder=tmp_path / "new", progress=False, **everything)
    assert not (tmp_path / "new").exists()


def test_models_that_diverge_are_told_of_and_the_others_are_there(tmp_path: Path) -> None:
    """A whole tile of them, too; the second call reads what the first one found."""
    schedule = Schedule(steps=300, batch=8, last_learning_rate=0.02, optimiser=SGD())
    paced = Grid({"pace": [1.0, 1e6], "density": [1.0]}, seeds=4)
    for workers in (1, 2):
        with pytest.warns(UserWarning, match="4 of 8 models diverged"):
            found = sweep(paced, schedule, tmp_path, tile=4, workers=workers, progress=False)
        assert np.isfinite(found.loss[0]).all()
        assert np.isnan(found.loss[1]).all()
        assert found.missing == 0


def test_models_that_blew_up_are_told_of(tmp_path: Path) -> None:
    def neurons(pace: float) -> Setting:
        return Setting([1.0] * 3, 1.0, 2, ABSOLUTE_VALUE, pace=pace)

    schedule = Schedule(steps=400, batch=8, last_learning_rate=0.02, optimiser=SGD())
    grid = Grid({"pace": [1, 1e5]}, 2, neurons)
    for _ in range(2):
        with pytest.warns(
            UserWarning, match=r"1 of 4 models ended with a loss more than 1000 times"
        ):
            found = sweep(grid, schedule, tmp_path, progress=False)
    assert np.isfinite(found.W).all()


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"sha256": "", "sweep": {"files": []}}'])
def test_a_folder_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError, match="it must be one that a sweep was written to"):
        open_sweep(tmp_path)
    (tmp_path / "manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="is damaged or no manifest"):
        open_sweep(tmp_path)


def test_a_changed_manifest_is_not_believed_and_can_be_made_again(tmp_path: Path) -> None:
    first = swept(tmp_path)
    path = tmp_path / "manifest.json"
    path.write_text(path.read_text(encoding="utf-8").replace("0.1", "0.2"), encoding="utf-8")
    with pytest.raises(ValueError, match="where it is deleted, the call that made the sweep"):
        swept(tmp_path)
    path.unlink()
    assert_same(first, swept(tmp_path))
    manifest = Manifest.read(tmp_path)
    assert manifest is not None
    assert len(manifest.files) == 5


def test_an_interrupt_says_where_things_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def interrupted(*given: Any, **more: Any) -> Any:
        calls.append(given)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return train(*given, **more)

    monkeypatch.setattr(tile_module, "train", interrupted)
    with pytest.raises(KeyboardInterrupt, match="2 of 5 tiles are in .*; the same call goes on"):
        swept(tmp_path)
    assert_same(swept(tmp_path), swept(tmp_path / "undisturbed"))
    assert len(calls) == 3 + 3 + 5


def test_the_bar_counts_tiles_and_shows_losses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    swept(tmp_path)
    next(tmp_path.glob("tile-2-*.npz")).unlink()
    told = io.StringIO()
    terminal = partial(tqdm, file=told, mininterval=0)
    monkeypatch.setattr(
        resumable, "tqdm", lambda **given: terminal(**given | {"disable": given["disable"] is True})
    )
    found = swept(tmp_path, progress=True)
    low, middle, high = np.quantile(found.loss, (0.1, 0.5, 0.9))
    *_, last = told.getvalue().strip().split("\r")
    assert "5/5" in last
    assert f"loss {low:.2e}, {middle:.2e}, {high:.2e}" in last
    told.truncate(0)
    swept(tmp_path)
    assert not told.getvalue()
    loud = Schedule(steps=300, batch=8, last_learning_rate=0.02, optimiser=SGD())
    with pytest.warns(UserWarning, match="2 of 4 models diverged"):
        sweep(Grid({"pace": [1.0, 1e6], "density": [1.0]}, 2), loud, tmp_path / "loud", tile=2)
    *_, last = told.getvalue().strip().split("\r")
    assert "2/2" in last
    assert "nan" not in last


def test_a_folder_that_workers_do_not_share_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resumable, "PATIENCE", 0.01)
    monkeypatch.setattr(tile_module, "write", lambda *_: None)
    with pytest.raises(RuntimeError, match="which is not there.* 0 of 5 tiles are in"):
        swept(tmp_path)


def test_results_are_labelled(tmp_path: Path) -> None:
    xarray = pytest.importorskip("xarray")
    found = sweep(UNLIKE, SHORT, tmp_path, record=MOMENTS, progress=False)
    dataset = found.labelled()
    assert dataset["W"].dims == ("features", "kind", "model", "dimension", "feature")
    np.testing.assert_array_equal(dataset["b"].sel(features=3, kind="absolute"), found.b[1, 1])
    np.testing.assert_array_equal(dataset["history_W"].sel(moment=20), found.W)
    np.testing.assert_array_equal(dataset["history_W_out"].sel(moment=20), found.W_out)
    assert dataset.attrs["missing"] == 0
    assert json.loads(dataset.attrs["schedule"])["steps"] == 20
    assert isinstance(open_sweep(tmp_path).labelled(), xarray.Dataset)
    plain = swept(tmp_path / "plain").labelled()
    assert "W_out" not in plain
    assert plain["loss"].sel(density=0.5, importance=2.0, scale=1).shape == (2,)
