"""The figures: drawn whole, byte-reproducible, and refused when their claim fails."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from superposition.paper.figures import f02_how_to_read_a_picture as f02
from superposition.paper.figures import f05_phase_change_of_two_features as f05
from superposition.paper.figures import f06_phase_change_of_three_features as f06
from superposition.paper.figures import f10_polytopes_as_matrices as f10
from superposition.paper.figures.figure import make_figure, paper_figures
from superposition.paper.house_style import FORMATS, save
from superposition.paper.phase_colours import DEDICATED, SHARED, WHITE, colour
from superposition.paper.phase_picture import save_phases
from superposition.theory.phase_diagram import phases
from superposition.theory.polytopes import square_antiprism


@pytest.mark.parametrize("number", ["F6", "F10"])
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


def test_a_figure_of_trained_models_is_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F5 on a grid of 3 × 3: the same code, trained for real."""
    monkeypatch.setattr(f05.train_grid, "__defaults__", (3,))
    make_figure("F5", tmp_path, progress=False)
    facts = json.loads(paper_figures()["F5"].path(tmp_path, "json").read_text(encoding="utf-8"))
    assert facts["triple density"] == "4/7"
    assert list((tmp_path / "trained").glob("f05-*.npz"))


def test_claims_can_fail() -> None:
    diagram = phases(features=2, hidden=1)
    p, extra = np.array([0.5, 0.1]), np.array([0.5, 1.0])
    ones = np.ones((2, 2))
    untrained = f05.TrainedGrid(extra, p, ones, ones, best=ones)
    with pytest.raises(AssertionError, match="training reaches the predicted loss in only 0%"):
        f05._facts(diagram, untrained)
    with pytest.raises(AssertionError, match="not at"):
        f06._facts(phases(features=2, hidden=1, pair="balanced"))
    with pytest.raises(AssertionError, match="not a tight frame"):
        f10._dimensionality(square_antiprism("1/4"))


def test_unknown_figures_and_formats_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="figure is 'F99'; it must be one of F2, F5, F6, F10."):
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

    modules = {path.stem for path in (ROOT / "paper" / "figures").glob("f[0-9]*.py")}
    assert {
        entry.draw.__module__.rsplit(".", 1)[1] for entry in paper_figures().values()
    } == modules
