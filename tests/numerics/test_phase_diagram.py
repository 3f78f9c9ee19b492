"""Exact phase diagrams: planes, cells, boundaries, storage; against closed forms on the lines."""

from __future__ import annotations

import importlib.util
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from superposition.numerics import (
    Axis,
    ExactDiagram,
    Plane,
    exact_phase_diagram,
    global_minimum,
    importance_and_density,
    load_diagram,
    stored_arrays,
)
from superposition.numerics.optimum.curvature import least_curvature
from superposition.numerics.optimum.search import SADDLE, global_minima
from superposition.numerics.phase_diagram import cells, phase_sequence
from superposition.numerics.phase_diagram.states import States
from superposition.numerics.phase_diagram.transitions import changing, transitions
from superposition.numerics.two_features_in_one_dimension import first_order_importance
from superposition.theory import Values
from superposition.theory.pair_without_biases import crossing_density
from superposition.theory.stability_of_dropping import least_stable_importance
from superposition.theory.symmetric_arrangements.optimum import simplex_optimum
from tests.repository import ROOT

TWO = importance_and_density(2, 1)
SPARSE = importance_and_density(2, 1, importance=(0.5, 2), density=(0.01, 0.1))  # one phase


@pytest.fixture(scope="module")
def diagram() -> ExactDiagram:
    return exact_phase_diagram(TWO, (8, 8))


def arrays_of(diagram: ExactDiagram) -> dict[str, Any]:
    """Everything in it, to be compared bit by bit."""
    found = {name: value for name, value in vars(diagram).items() if name != "boundaries"}
    for k, line in enumerate(diagram.boundaries):
        found |= {f"{name} {k}": value for name, value in vars(line).items()}
    return found


def identical(one: ExactDiagram, other: ExactDiagram) -> bool:
    left, right = arrays_of(one), arrays_of(other)
    return left.keys() == right.keys() and all(
        np.array_equal(left[key], right[key], equal_nan=left[key].dtype.kind == "f")
        if isinstance(left[key], np.ndarray)
        else left[key] == right[key]
        for key in left
    )


# Planes.


def test_places_and_values_are_inverse() -> None:
    t = np.linspace(0, 1, 11)
    for logarithmic in (True, False):
        axis = Axis("density", (0,), 0.013, 1.0, logarithmic)
        assert np.allclose(axis.place(axis.value(t)), t, atol=1e-14)
        assert axis.value([0, 1]).tolist() == [0.013, 1.0]
        assert axis.value(1 + 1e-9) <= 1
    logs = np.diff(np.log(Axis("importance", (0,), 0.1, 10).value(t)))
    assert np.allclose(logs, logs[0])


def test_the_landscape_of_a_plane_has_what_the_axes_say() -> None:
    plane = Plane(
        Axis("importance", (1, 2), 0.5, 2),
        Axis("density", (0,), 0.1, 0.9, logarithmic=False, name="density of the first"),
        2,
        (1.0, 9.0, 9.0),
        (9e-9, 0.25, 0.25),
        ("a", "b", "b"),
        biases=False,
        values=Values.BINARY,
    )
    landscape = plane.landscape([0.5, 1.0], 0.5)
    assert np.allclose(landscape.importance, [[1, 1, 1], [1, 2, 2]])
    assert np.allclose(landscape.density, [[0.5, 0.25, 0.25]] * 2)
    assert (landscape.hidden, landscape.biases, landscape.values) == (2, False, Values.BINARY)


Y = Axis("density", (0, 1), 0.1, 1)


def axis(**changed: Any) -> Axis:
    told: dict[str, Any] = {
        "parameter": "importance",
        "features": (1,),
        "low": 0.1,
        "high": 1.0,
    }
    return Axis(**(told | changed))


def plane(**changed: Any) -> Plane:
    told: dict[str, Any] = {
        "x": axis(),
        "y": Y,
        "hidden": 1,
        "importance": (1.0, 1.0),
        "density": (1.0, 1.0),
        "kinds": ("a", "b"),
    }
    return Plane(**(told | changed))


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: axis(parameter="size"), "parameter is 'size'; it must be 'importance' or"),
        (lambda: axis(features=()), r"features is \(\); it must be a tuple of feature numbers"),
        (lambda: axis(features=(1, 1)), r"features is \(1, 1\)"),
        (lambda: axis(features=3), "features is 3"),
        (lambda: axis(features=(-1,)), r"features is \(-1,\)"),
        (lambda: axis(features=(0.5,)), r"features is \(0.5,\)"),
        (lambda: axis(low=0), "low is 0 and high 1.0; they must satisfy 0 < low < high"),
        (lambda: axis(low=2), "low is 2 and high 1.0"),
        (lambda: axis(low=[0.1]), r"low has shape \(1,\); it must be a single number"),
        (lambda: axis(high=np.inf), "high of the axis 'importance' is inf"),
        (lambda: axis(parameter="density", high=2), "high of the axis 'density' is 2; a density"),
        (lambda: plane(hidden=0), "hidden is 0"),
        (lambda: plane(density=(1.0,)), "density has 1 entries; it must have one per feature, 2"),
        (lambda: plane(kinds="abc"), "kinds has 3 entries"),
        (lambda: plane(x=axis(features=(2,))), r"they must lie between 0 and 1\."),
        (lambda: plane(importance=(1.0, -1.0)), "importance is -1"),
        (lambda: plane(density=(0.0, 1.0)), "density is 0"),
        (lambda: plane(x=Axis("density", (1,), 0.1, 1, name="x")), r"both vary the density of"),
        (lambda: plane(x=axis(name="density")), "name of both axes is 'density'"),
        (lambda: plane(kinds=("a", "a")), "features of one kind, such as 'a', must have the same"),
        (lambda: importance_and_density(1, 1), "features is 1"),
        (lambda: importance_and_density(2, 0), "hidden is 0"),
        (lambda: importance_and_density(2, 1, density=(0.1, 0.2, 0.3)), "density has 3 entries"),
        (lambda: exact_phase_diagram(TWO, (1, 5)), r"shape\[0\] is 1"),
        (lambda: exact_phase_diagram(TWO, (5,)), "shape has 1 entries"),  # type: ignore[arg-type]
        (lambda: exact_phase_diagram(TWO, refine=-1), "refine is -1"),
        (lambda: exact_phase_diagram(TWO, starts=0), "starts is 0"),
        (lambda: phase_sequence.phase_sequence(0, 1), "features is 0"),
        (lambda: phase_sequence.phase_sequence(2, 1, (0.5, 0.1)), "low is 0.5 and high 0.1"),
        (lambda: phase_sequence.phase_sequence(2, 1, points=1), "points is 1"),
    ],
)
def test_bad_arguments_are_refused_in_sentences(call: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        call()


# Cells.


def test_every_cell_is_believed_and_stationary(diagram: ExactDiagram) -> None:
    assert diagram.believed.all()
    assert diagram.gradient_norm.max() <= 1e-10
    assert diagram.found_by.min() >= 2
    assert np.all(diagram.found_by <= diagram.starts)
    assert set(diagram.phases) == {
        "digon (extra, ordinary)",
        "dedicated (ordinary) + dropped (extra)",
        "dedicated (extra) + dropped (ordinary)",
    }
    assert np.allclose(diagram.x, np.geomspace(0.1, 10, 8))
    assert np.allclose(diagram.y, np.geomspace(0.01, 1, 8))


def test_cells_are_what_global_minimum_finds(diagram: ExactDiagram) -> None:
    for j, i in ((0, 0), (3, 6), (6, 3), (7, 5)):
        best = global_minimum(2, 1, [1, diagram.x[i]], diagram.y[j], starts=32)
        assert diagram.loss[j, i] == pytest.approx(best.loss, rel=1e-12)
        gram = diagram.W[j, i].T @ diagram.W[j, i]
        assert np.allclose(gram, best.W.T @ best.W, atol=1e-7)


def test_minima_are_on_their_kinks_exactly(diagram: ExactDiagram) -> None:
    """Entries that are zero but for rounding would hide the limit of stability."""
    size = np.abs(diagram.W)
    assert np.all((size == 0) | (size > 1e-6))


def test_the_diagram_is_its_own_mirror_image(diagram: ExactDiagram) -> None:
    """r ↦ 1/r exchanges the features; the loss is divided by r."""
    mirrored = diagram.loss[:, ::-1] * diagram.x
    assert np.allclose(mirrored, diagram.loss, rtol=1e-10, atol=0)
    norms = diagram.fields.norms
    # At r = 1 both images are minima; there is no such column among eight. At p = 1 they tie.
    assert np.allclose(norms[:-1, ::-1, ::-1], norms[:-1], atol=1e-6)
    points = np.concatenate(
        [np.stack([np.log(line.x), line.y], axis=1) for line in diagram.boundaries]
    )
    for log_r, density in points:
        assert np.abs(points - [-log_r, density]).max(axis=1).min() < 1e-8


def test_saddles_are_not_believed(diagram: ExactDiagram) -> None:
    landscape = TWO.landscape(*(grid.ravel() for grid in np.meshgrid(*[np.linspace(0, 1, 8)] * 2)))
    points = landscape.joined(diagram.W.reshape(64, 1, 2), diagram.b.reshape(64, 2))
    assert np.all(least_curvature(landscape, points).value >= -SADDLE * landscape.scale)


# Boundaries.


def test_every_boundary_point_satisfies_its_condition(diagram: ExactDiagram) -> None:
    assert {line.first_order for line in diagram.boundaries} == {True, False}
    for line in diagram.boundaries:
        assert np.abs(line.residual).max() <= 1e-9
        if line.first_order:
            assert line.jump.min() > 1e-3


def test_boundary_points_lie_on_the_closed_forms(diagram: ExactDiagram) -> None:
    """First order: the strong pair's loss is r v; second order: r = r*(p), and the mirror image."""
    checked = {True: 0, False: 0}
    for line in diagram.boundaries:
        if "digon (extra, ordinary)" not in line.phases or len(set(line.phases)) == 1:
            continue
        for r, density in zip(np.minimum(line.x, 1 / line.x), line.y, strict=True):
            if line.first_order and density < 0.51:
                assert r == pytest.approx(first_order_importance(density), abs=1e-9)
                checked[True] += 1
            elif not line.first_order and 0.5202477368 < density < 0.8373:
                assert r == pytest.approx(float(least_stable_importance(density)), abs=1e-9)
                checked[False] += 1
    assert checked[True] >= 8
    assert checked[False] >= 2


def test_meeting_points_tell_how_well_they_are_known(diagram: ExactDiagram) -> None:
    for point in diagram.meeting_points:
        assert point.residual is None or point.residual <= 1e-9
        assert len(point.phases) >= 1


def line_of(density: float, importance: tuple[float, float], starts: int = 16) -> Any:
    """The transition between two importances at one density."""
    across = Plane(
        Axis("importance", (1,), *importance),
        Axis("density", (0, 1), density, min(1.0, density * 1.01)),
        1,
        (1.0, 1.0),
        (1.0, 1.0),
        ("ordinary", "extra"),
    )
    places = np.array([[0.0, 0.0], [1.0, 0.0]])
    found = global_minima(across.landscape(*places.T), starts=starts)
    states = States(across, places, found.points, found.loss)
    assert changing(states, np.array([[0, 1]])).all()
    return transitions(states.taken(np.array([0])), states.taken(np.array([1])))


@pytest.mark.parametrize("density", [0.65, 0.7])
def test_between_the_tricritical_densities_the_feature_comes_in_linearly(density: float) -> None:
    """Second order at r*(p); the norm is proportional to r - r*, exponent 1, not 1/2."""
    limit = float(least_stable_importance(density))
    found = line_of(density, (limit * 0.97, limit * 1.01))
    assert set(found.phases[0]) == {
        "dedicated (ordinary) + dropped (extra)",
        "digon (extra, ordinary)",
    }
    assert not found.first_order[0]
    r = float(found.before.landscape.importance[0, 1])
    assert r == pytest.approx(limit, abs=1e-9)
    assert abs(found.residual[0]) <= 1e-9
    beyond = np.array([2e-5, 4e-5])
    settings = np.stack([np.ones(2), limit * (1 + beyond)], axis=1)
    landscape = TWO.landscape([0.5, 0.5], 0.5)
    landscape = type(landscape)(1, settings, np.full((2, 2), density))
    norms = np.abs(global_minima(landscape, starts=32).points[:, :2]).min(axis=1)
    exponent = np.log(norms[1] / norms[0]) / np.log(2)
    assert exponent == pytest.approx(1, abs=0.02)
    assert norms[1] < 0.02


@pytest.mark.parametrize(
    ("density", "between", "least"), [(0.3, (0.1, 0.4), 0.5), (0.9, (0.925, 0.95), 0.04)]
)
def test_outside_the_feature_jumps(
    density: float, between: tuple[float, float], least: float
) -> None:
    found = line_of(density, between)
    assert found.first_order[0]
    assert abs(found.residual[0]) <= 1e-9
    before, after = (
        float(np.abs(state.points[0, :2]).min()) for state in (found.before, found.after)
    )
    assert before == 0
    assert after > least
    # Dropping is a minimum there still: the losses cross before it loses its stability.
    limit = float(least_stable_importance(density))
    assert float(found.before.landscape.importance[0, 1]) < limit * (1 - 1e-6)


def test_a_plane_of_one_phase_has_no_boundary() -> None:
    found = exact_phase_diagram(SPARSE, (3, 3), starts=8)
    assert found.phases == ("digon (extra, ordinary)",)
    assert found.boundaries == ()
    assert found.meeting_points == ()


def test_refining_adds_points_to_the_same_curves() -> None:
    plane = importance_and_density(2, 1, biases=False)
    coarse, fine = (exact_phase_diagram(plane, (5, 6), refine=refine) for refine in (0, 1))
    count = [sum(len(line.x) for line in found.boundaries) for found in (coarse, fine)]
    assert count[1] > 1.5 * count[0] > 0
    assert np.array_equal(coarse.loss, fine.loss)
    for line in fine.boundaries:
        assert np.abs(line.residual).max() <= 1e-9
    old = np.concatenate([line.y[line.x < 1] for line in coarse.boundaries])
    new = np.concatenate([line.y[line.x < 1] for line in fine.boundaries])
    # Rows and columns of the coarse grid are among those of the fine one.
    assert all(np.abs(new - density).min() < 1e-7 for density in old)


# Sequences.


def test_three_equal_features_in_a_plane() -> None:
    """Digon and dedicated feature give way to the triangle where their losses are equal."""
    found = phase_sequence.phase_sequence(3, 2, (0.45, 0.6), 4, starts=16)
    (crossing,) = found.crossings
    assert (crossing.before, crossing.after) == (
        "digon + dedicated, symmetry 2",
        "triangle, symmetry 6",
    )
    assert crossing.first_order
    assert abs(crossing.residual) <= 1e-9
    assert crossing.density == pytest.approx(0.5218376590714, abs=1e-9)
    digon, triangle = (k * simplex_optimum(k, crossing.density).loss for k in (2, 3))
    assert digon == pytest.approx(triangle, rel=1e-9)
    assert found.believed.all()


def test_without_biases_the_pair_turns_over() -> None:
    found = phase_sequence.phase_sequence(2, 1, (0.3, 0.9), 5, biases=False, starts=12)
    (crossing,) = found.crossings
    assert crossing.density == pytest.approx(float(crossing_density()), abs=1e-9)
    assert crossing.density == pytest.approx((40 - 4 * np.sqrt(14)) / 43, abs=1e-9)
    assert crossing.first_order
    assert crossing.before.startswith("digon")
    assert crossing.after.startswith("aligned pair")


def test_a_sequence_that_cannot_be_told_apart_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """However often a step is divided, densities, minima and phases are of one length."""
    monkeypatch.setattr(phase_sequence, "DIVISIONS", 1)
    monkeypatch.setattr(phase_sequence, "_crowded", lambda *_: np.array([0]))
    found = phase_sequence.phase_sequence(2, 1, (0.05, 0.1), 3, starts=4)
    assert len(found.density) == len(found.W) == len(found.loss) == len(found.phases) == 4


# Tiles, executors, files.


@pytest.fixture
def small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "TILE", 4)


@pytest.mark.usefixtures("small_tiles")
def test_killed_and_damaged_tiles_are_made_again(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    arguments: dict[str, Any] = {"shape": (3, 3), "starts": 6}
    whole = exact_phase_diagram(
        SPARSE, **arguments, folder=tmp_path, progress=lambda *step: told.append(step)
    )
    assert [step for step in told if step[0] == "cells"] == [
        ("cells", 4, 9),
        ("cells", 8, 9),
        ("cells", 9, 9),
    ]
    tiles = sorted(tmp_path.iterdir())
    assert len(tiles) == 3
    tiles[0].unlink()
    tiles[1].write_bytes(tiles[1].read_bytes()[:-7])
    kept = tiles[2].stat().st_mtime_ns
    with pytest.warns(UserWarning, match="is damaged and will be made again"):
        again = exact_phase_diagram(SPARSE, **arguments, folder=tmp_path)
    assert identical(whole, again)
    assert sorted(tmp_path.iterdir()) == tiles
    assert tiles[2].stat().st_mtime_ns == kept
    assert identical(whole, exact_phase_diagram(SPARSE, **arguments))
    exact_phase_diagram(SPARSE, (3, 3), starts=7, folder=tmp_path)
    assert len(list(tmp_path.iterdir())) == 6  # another question, other files


@pytest.mark.usefixtures("small_tiles")
def test_an_executor_changes_nothing() -> None:
    with ThreadPoolExecutor(2) as executor:
        spread = exact_phase_diagram(SPARSE, (3, 3), starts=6, executor=executor)
    assert identical(spread, exact_phase_diagram(SPARSE, (3, 3), starts=6))


def test_a_saved_diagram_comes_back_bit_by_bit(diagram: ExactDiagram, tmp_path: Path) -> None:
    path = diagram.save(tmp_path / "new" / "diagram.npz")
    assert identical(load_diagram(path), diagram)
    first = path.read_bytes()
    assert diagram.save(path).read_bytes() == first


def test_what_is_no_whole_diagram_is_refused(diagram: ExactDiagram, tmp_path: Path) -> None:
    path = diagram.save(tmp_path / "d.npz")
    whole = path.read_bytes()
    for damaged in (whole[:-100], whole[:300] + b"?" + whole[301:], b"", b"text"):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match="must be a whole file that a diagram wrote"):
            load_diagram(path)
    stored_arrays.write(path, {"told": np.array("{}")})
    for other in (path, tmp_path / "missing.npz", tmp_path):
        with pytest.raises(ValueError, match="must be a whole file that a diagram wrote"):
            load_diagram(other)


def test_no_flipped_byte_passes_or_crashes(tmp_path: Path) -> None:
    """Some flips make zipfile ask for a password, or for a compression that is none."""
    path = tmp_path / "small.npz"
    arrays = {"a": np.arange(3.0), "name": np.array("x")}
    stored_arrays.write(path, arrays)
    whole = path.read_bytes()
    for place in range(len(whole)):
        for flip in (1, 255):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ flip]) + whole[place + 1 :])
            found = stored_arrays.whole(path)
            # Bytes that nobody reads, as dates, may be anything.
            assert found is None or (found["a"].tolist() == [0, 1, 2] and found["name"] == "x")
    np.save(tmp_path / "one.npy", np.arange(3))
    assert stored_arrays.whole(tmp_path / "one.npy") is None


def test_xarray_has_labelled_coordinates(diagram: ExactDiagram) -> None:
    pytest.importorskip("xarray")
    data = diagram.to_xarray()
    assert data["loss"].dims == ("density", "importance")
    assert data["W"].dims == ("density", "importance", "hidden", "feature")
    assert data["cosine"].dims == ("density", "importance", "feature", "other")
    for name in ("density", "importance", "hidden", "feature", "other"):
        assert name in data.coords
    one = data.sel(importance=0.1, density=0.01, method="nearest")
    assert float(one["loss"]) == diagram.loss[0, 0]
    assert str(one["phase"].values) == diagram.phases[diagram.phase[0, 0]]
    assert bool(data["believed"].all())


# The check by hand, in small.


@pytest.fixture(scope="module")
def check() -> Any:
    path = ROOT / "benchmarks" / "exact_diagram_check.py"
    spec = importlib.util.spec_from_file_location("exact_diagram_check", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look there
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("features", "hidden", "independent"), [(2, 1, 6), (3, 2, 2)])
def test_random_cells_solved_again_are_no_lower(
    features: int, hidden: int, independent: int, check: Any
) -> None:
    """Twelve of them with twenty times the starts, some by differential evolution."""
    places = np.random.default_rng(features).random((2, 12))
    landscape = importance_and_density(features, hidden).landscape(*places)
    found = global_minima(landscape, starts=16)
    assert found.believed.all()
    again = check.by_more_starts(landscape, found.loss, seed=1)
    assert again.improvement <= 1e-12
    assert again.reached == 12
    some = landscape.rows(slice(independent)), found.loss[:independent]
    other = check.by_differential_evolution(*some, seed=1)
    assert other.improvement <= 1e-12
    assert other.reached == independent


def test_the_check_by_hand_prints_what_it_found(
    check: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--plane", "2-in-1", "--grid", "3", "--cells", "4", "--independent", "1", "0"]
    assert check.main(arguments) == 0
    printed = capsys.readouterr().out
    for words in (
        "n = 2, m = 1: 3 × 3 cells",
        "flagged cells: 0 of 9",
        "worst residual of all boundary points",
        "20 times the starts: 4 cells",
        "differential evolution: 1 cells",
    ):
        assert words in printed
    assert printed.endswith("as it should be\n")
