"""The figures: drawn whole, byte-reproducible, and refused when their claim fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from superposition.numerics import global_minimum, importance_and_density
from superposition.paper import exact_diagrams, trained_grid
from superposition.paper.figures import f02_how_to_read_a_picture as f02
from superposition.paper.figures import f05_phase_change_of_two_features as f05
from superposition.paper.figures import f06_phase_change_of_three_features as f06
from superposition.paper.figures import f10_polytopes_as_matrices as f10
from superposition.paper.figures import f27_loss_surface as f27
from superposition.paper.figures import x01_what_is_really_optimal_of_two as x01
from superposition.paper.figures import x02_what_is_really_optimal_of_three as x02
from superposition.paper.figures import x03_what_is_really_optimal_without_biases as x03
from superposition.paper.figures.figure import make_figure, paper_figures
from superposition.paper.house_style import FORMATS, save
from superposition.paper.phase_colours import DEDICATED, SHARED, WHITE, colour
from superposition.paper.phase_picture import save_phases
from superposition.theory.phase_diagram import phases
from superposition.theory.polytopes import square_antiprism


@pytest.mark.parametrize("number", ["F10", "F27"])
def test_a_figure_is_written_whole_and_the_same_again(number: str, tmp_path: Path) -> None:
    first = [path.read_bytes() for path in make_figure(number, tmp_path / "one")]
    second = [path.read_bytes() for path in make_figure(number, tmp_path / "two")]
    assert first == second
    names = {path.name for path in (tmp_path / "one" / "figures").iterdir()}
    slug = paper_figures()[number].slug
    assert names == {f"{slug}.{kind}" for kind in (*FORMATS, "json")}


def test_the_picture_of_one_trained_model_asserts_what_training_found(tmp_path: Path) -> None:
    """F2 as it is: trained for real; an untrained model would be refused."""
    make_figure("F2", tmp_path, progress=False)
    facts = json.loads(paper_figures()["F2"].path(tmp_path, "json").read_text(encoding="utf-8"))
    assert facts["stored features"] == "10"
    random = np.random.default_rng(0).normal(size=(5, 20))
    with pytest.raises(AssertionError, match="opposite to more than one other"):
        f02._facts(random, np.zeros(20))
    with pytest.raises(AssertionError, match="not 5 dimensions in use"):
        f02._facts(np.zeros((5, 20)), np.zeros(20))
    ideal = np.eye(5, 20)
    with pytest.raises(AssertionError, match="the loss is"):
        f02._facts(ideal, np.full(20, 0.5))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where figures are drawn from few cells: the same code, trained and computed for real."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(trained_grid, "CELLS", 3)
        patched.setattr(exact_diagrams, "WHOLE_CELLS", 8)
        patched.setattr(exact_diagrams, "CLOSE_CELLS", 8)
        yield tmp_path_factory.mktemp("small")


@pytest.mark.parametrize("number", ["F5", "F6", "X1", "X2", "X3"])
def test_a_figure_of_computed_and_trained_models_is_drawn(number: str, small: Path) -> None:
    make_figure(number, small, progress=False)
    facts = json.loads(paper_figures()[number].path(small, "json").read_text(encoding="utf-8"))
    assert (
        facts
        == facts
        | {
            "F5": {"triple density": "4/7", "models a cell": "10"},
            "F6": {"phases": "4", "meeting density": "4/7"},
            "X1": {"cells": "64"},
            "X2": {"phase shown": "isosceles triangle"},
            "X3": {"cells": "64", "weight in the corner": "0.7071"},
        }[number]
    )
    if number in ("F5", "F6"):
        assert list((small / "trained").glob(f"f0{number[1:]}-*.npz"))


def test_exact_diagrams_are_kept_and_made_again_when_damaged(small: Path) -> None:
    folder = small / "kept"
    first = exact_diagrams.whole(2, 1, folder, progress=False, biases=False)
    (path,) = folder.glob("exact-*.npz")
    written = path.stat().st_mtime_ns
    again = exact_diagrams.whole(2, 1, folder, progress=False, biases=False)
    assert path.stat().st_mtime_ns == written
    np.testing.assert_array_equal(first.W, again.W)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.warns(UserWarning, match="is damaged"):
        again = exact_diagrams.whole(2, 1, folder, progress=False, biases=False)
    np.testing.assert_array_equal(first.W, again.W)


def test_claims_can_fail() -> None:
    diagram = phases(features=2, hidden=1)
    p, extra = np.array([0.5, 0.1]), np.array([0.5, 1.0])
    ones = np.ones((2, 2))
    untrained = trained_grid.TrainedGrid(extra, p, ones, ones, best=ones, optimum=ones, found=ones)
    with pytest.raises(AssertionError, match="training reaches the predicted loss in only 0%"):
        f05._facts(diagram, untrained, ones)
    predicted = diagram.loss(extra[None, :], p[:, None])
    trained = replace(untrained, best=predicted)
    with pytest.raises(AssertionError, match="training reaches the exact optimum in only 0%"):
        f05._facts(diagram, trained, 0.9 * predicted)
    with pytest.raises(AssertionError, match="a trained model is better than the optimum"):
        f05._facts(diagram, trained, 1.1 * predicted)
    with pytest.raises(AssertionError, match="not at"):
        f06._predicted_facts(phases(features=2, hidden=1, pair="balanced"))
    with pytest.raises(AssertionError, match="training reaches the exact optimum in only 0%"):
        f06._trained_facts(untrained, 0.9 * ones)
    with pytest.raises(AssertionError, match="a trained model is better than the optimum"):
        f06._trained_facts(untrained, 1.1 * ones)
    with pytest.raises(AssertionError, match="not a tight frame"):
        f10._dimensionality(square_antiprism("1/4"))


def test_claims_about_loss_surfaces_can_fail() -> None:
    sparse, dense = f27.surface(0.1), f27.surface(1.0)
    with pytest.raises(AssertionError, match="does not have W₁W₂ > 0"):
        f27._facts([dense, sparse, sparse])
    with pytest.raises(AssertionError, match="missed the minimum"):
        f27._facts([replace(sparse, best=0.9 * sparse.best), sparse, dense])
    with pytest.raises(AssertionError, match="not two pairs of minima"):
        f27._facts([replace(sparse, minima=np.abs(sparse.minima)), sparse, dense])


def test_claims_about_exact_optima_can_fail(small: Path) -> None:
    folder = small / "trained"
    whole, close = (at(2, 1, folder, False) for at in (exact_diagrams.whole, exact_diagrams.close))
    points = x01.proven_points(whole.plane)
    doubted = replace(whole, believed=~whole.believed)
    with pytest.raises(AssertionError, match="64 cells are not believed"):
        x01._facts(doubted, close, points)
    with pytest.raises(AssertionError, match="the search contradicts a proof"):
        x01._facts(whole, close, replace(points, dropped=~points.dropped))
    with pytest.raises(AssertionError, match="no boundary of first order"):
        x01._facts(replace(whole, boundaries=()), close, points)
    whole, close = (at(3, 2, folder, False) for at in (exact_diagrams.whole, exact_diagrams.close))
    elsewhere = global_minimum(3, 2, density=0.1)
    with pytest.raises(AssertionError, match="the optimum shown is digon"):
        x02._facts(whole, close, elsewhere)
    with pytest.raises(AssertionError, match="no cell stores all three"):
        x02._facts(whole, replace(close, phases=("a + b",) * 9), elsewhere)
    unbiased = exact_diagrams.whole(2, 1, folder, False, biases=False)
    with pytest.raises(AssertionError, match="other phases than two"):
        x03._facts(replace(unbiased, phases=("aligned pair (extra, ordinary)",)))
    with pytest.raises(AssertionError, match="not of first order"):
        x03._facts(
            replace(unbiased, boundaries=(replace(unbiased.boundaries[0], first_order=False),))
        )


def test_the_record_of_proofs_covers_both_phases() -> None:
    points = x01.proven_points(importance_and_density(2, 1))
    assert points.dropped.sum() > 100 < (~points.dropped).sum()


def test_unknown_figures_and_formats_are_refused(tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match="figure is 'F99'; it must be one of F2, F5, F6, F10, F27, X1"
    ):
        make_figure("F99", tmp_path)
    with pytest.raises(ValueError, match=r"must be one of .pdf, .png, .svg"):
        save(Figure(), tmp_path / "picture.jpeg")
    assert not list(tmp_path.iterdir())


def test_colours_mean_what_the_key_says() -> None:
    np.testing.assert_array_equal(colour(0, 0.7), WHITE)
    np.testing.assert_array_equal(colour(1, 0), DEDICATED)
    np.testing.assert_array_equal(colour([1, 5], [1, 9]), np.stack([SHARED, SHARED]))


def test_any_diagram_can_be_drawn(tmp_path: Path) -> None:
    path = save_phases(
        phases(4, 2, ordinary=[1, 0.8, 0.6], pair="balanced"), tmp_path / "diagram.png"
    )
    assert path.read_bytes().startswith(b"\x89PNG")


def test_figure_modules_are_all_listed() -> None:
    from tests.repository import ROOT

    modules = {path.stem for path in (ROOT / "paper" / "figures").glob("[fx][0-9]*.py")}
    assert {
        entry.draw.__module__.rsplit(".", 1)[1] for entry in paper_figures().values()
    } == modules
