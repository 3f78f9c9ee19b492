"""The analysis as a whole: every model kind, what is said where something is not known."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from superposition.numerics import expected_loss, global_minimum
from superposition.theory.features.feature_law import FeatureLaw
from superposition.theory.features.values import Values
from superposition.theory.linear_model.optimum_with_bias import optimum
from superposition.validate.analysis import (
    analyse,
    load_analysis,
    nearby_optimum,
    relative_vulnerability,
    save_analysis,
)
from superposition.validate.analysis.analysis import kinds_of_features


def pentagon(noise: float = 0.01, norm: float = 1.1) -> Any:
    angles = 2 * np.pi * np.arange(5) / 5
    exact = norm * np.array([np.cos(angles), np.sin(angles)])
    return exact + noise * np.random.default_rng(0).normal(size=(2, 5))


def same(one: Any, other: Any) -> bool:
    """Equal bit for bit, field by field."""
    if is_dataclass(one) and not isinstance(one, type):
        names = [field.name for field in fields(one)]
        return type(one) is type(other) and all(
            same(getattr(one, name), getattr(other, name)) for name in names
        )
    if isinstance(one, np.ndarray):
        return bool(np.array_equal(one, other) and one.dtype == other.dtype)
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def test_a_noisy_pentagon_is_told_with_its_optimum() -> None:
    found = analyse(pentagon(), -0.1, density=0.05)
    assert found.geometry is not None
    assert found.loss is not None
    assert found.optimum is not None
    assert found.best is not None
    assert found.vulnerability is not None
    assert (found.geometry.name, found.geometry.symmetry) == ("pentagon", 10)
    exact = expected_loss(pentagon(), -0.1, density=0.05)
    assert found.loss.value == exact.value
    np.testing.assert_array_equal(found.loss.per_feature, exact.per_feature)
    best = global_minimum(5, 2, density=0.05)
    np.testing.assert_allclose(found.best.optimum, best.loss, rtol=1e-9)
    np.testing.assert_allclose(found.optimum.loss, best.loss, rtol=1e-9)
    assert found.best.same_basin
    assert found.best.believed
    np.testing.assert_allclose(found.best.excess, exact.value / best.loss - 1)
    assert found.optimum_geometry is not None
    assert found.optimum_geometry.name == "pentagon"
    assert found.notes == ()


def test_two_digons_are_another_basin() -> None:
    W = np.array([[1.0, -1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, -1.0, 0.0]])
    found = analyse(W, [0, 0, 0, 0, 0.02], density=0.05)
    assert found.geometry is not None
    assert found.geometry.name == "2 digon + dropped"
    assert found.best is not None
    assert not found.best.same_basin
    assert found.best.excess > 0


def test_the_linear_model_is_polished_to_eckart_and_young() -> None:
    rng = np.random.default_rng(5)
    importance = np.array([1.0, 0.8, 0.6, 0.4])
    found = nearby_optimum(rng.normal(size=(2, 4)), 0.0, importance, 0.3, model="linear")
    assert found.converged
    assert found.method == "l-bfgs"
    law = FeatureLaw.independent([0.3] * 4)
    np.testing.assert_allclose(found.loss, optimum(importance.tolist(), law, 2).loss, rtol=1e-9)


@pytest.mark.parametrize("tied", [True, False])
def test_the_best_linear_model_is_known_in_closed_form(tied: bool) -> None:
    rng = np.random.default_rng(1)
    importance = 0.9 ** np.arange(8.0)
    W = rng.normal(size=(3, 8))
    W_out = None if tied else rng.normal(size=(8, 3))
    found = analyse(W, 0.0, importance, 0.2, W_out=W_out, model="linear", values=Values.BINARY)
    assert found.best is not None
    assert found.loss is not None
    assert (found.best.closed_form, found.best.same_basin) == (True, True)
    least = optimum(importance.tolist(), FeatureLaw.independent([0.2] * 8, Values.BINARY), 3).loss
    assert found.best.optimum == least == pytest.approx(0.16 * importance[3:].sum())
    np.testing.assert_allclose(found.best.excess, found.loss.value / least - 1)
    assert found.best.geometry.name.startswith("dedicated (a) + dedicated (b) + dedicated (c) + ")
    assert not any("searched for" in note for note in found.notes)
    stuck = analyse(np.eye(1, 8), 0.0, importance, 0.2, W_out=np.eye(8, 1), model="linear")
    assert stuck.best is not None  # the best of one dimension, with biases to find
    assert stuck.best.same_basin


def test_many_features_of_a_linear_model_are_polished() -> None:
    W = 0.1 * np.random.default_rng(0).normal(size=(2, 45))
    found = analyse(W, 0.0, 0.8 ** np.arange(45.0), 0.1, model="linear")
    assert found.best is not None
    assert found.best.same_basin


def test_with_dimensions_to_spare_the_optimum_loses_nothing() -> None:
    """No -2e-17, and no percentage of it."""
    found = analyse([[0.9, 0.0], [0.0, 1.0]], density=0.3)
    assert found.best is not None
    assert (found.best.optimum, found.best.excess) == (0.0, np.inf)
    assert found.best.same_basin
    exact = analyse(np.eye(2), density=0.3)
    assert exact.best is not None
    assert (exact.best.optimum, exact.best.excess) == (0.0, 0.0)


def test_both_descents_end_at_one_minimum() -> None:
    """Newton's against L-BFGS, which an untied twin of the same weights is given to."""
    W = pentagon()
    newton = nearby_optimum(W, -0.1, density=0.05)
    other = nearby_optimum(W, -0.1, density=0.05, W_out=W.T)
    assert (newton.method, other.method) == ("newton", "l-bfgs")
    assert newton.converged
    assert other.loss <= newton.loss + 1e-9  # freer weights lose no more
    assert newton.loss < expected_loss(W, -0.1, density=0.05).value


@pytest.mark.parametrize("model", ["relu-hidden", "absolute-value"])
def test_neurons_are_told_for_models_with_neurons(model: str) -> None:
    W = np.array([[1.0, 0.1], [-1.0, 0.0], [0.0, 1.0], [0.05, -1.0]])
    found = analyse(W, 0.0, density=0.2, W_out=np.abs(W.T), model=model)
    assert found.geometry is None
    assert found.pose is None
    assert found.vulnerability is None
    assert found.neurons is not None
    assert found.neurons.main.tolist() == [0, 0, 1, 1]
    assert found.optimum is not None
    assert found.loss is not None
    assert found.optimum.loss < found.loss.value
    assert found.best is None


def test_the_scale_of_neurons_does_not_matter() -> None:
    """Neurons rescaled are the same model, and are told the same."""
    into = np.array([[2.0, -0.5], [-1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    out = np.array([[0.5, 1.0, 0.0, 0.0], [2.0, 0.0, 1.0, -4.5]])
    scale = np.array([3.0, 1.0, 0.5, 0.2])
    one = analyse(into, W_out=out, model="absolute-value")
    other = analyse(into * scale[:, None], W_out=out / scale, model="absolute-value")
    for name in ("norms", "dimensionality", "interference", "dimensions_per_feature"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name))
    note = "Norms, D, D* and interference are of W with 1 as every neuron's largest weight."
    assert note in one.notes
    # Tied neurons have a scale of their own.
    tied = analyse(3 * np.eye(2), model="relu-hidden")
    np.testing.assert_array_equal(tied.norms, [3, 3])
    assert note not in tied.notes


def test_what_untied_weights_leave_out_is_said() -> None:
    found = analyse([[1.0, 1.0]], W_out=[[1.0], [0.0]])
    note = "W_out is not Wᵀ: geometry, norms, D, D* and interference tell of W alone."
    assert note in found.notes
    assert analyse([[1.0, 1.0]]).notes[0] != note


def test_vulnerability_is_told_beside_that_without_superposition() -> None:
    found = analyse([[1.0, -1.0]], density=0.01).vulnerability
    assert found is not None
    expected = relative_vulnerability([[1.0, -1.0]], density=0.01)
    assert found.relative == pytest.approx(expected)
    assert found.relative == pytest.approx(2, rel=1e-3)


def test_a_sampled_loss_has_no_optimum_and_a_note_says_so() -> None:
    rng = np.random.default_rng(0)
    W, W_out = rng.normal(size=(4, 9)), rng.normal(size=(9, 4))
    found = analyse(W, 0.0, density=0.3, W_out=W_out, model="absolute-value")
    assert found.loss is not None
    assert found.loss.gradient_norm > 0
    assert found.optimum is None
    assert any("sampled in part: no optimum is known" in note for note in found.notes)
    with pytest.raises(ValueError, match="sampled, and it has no exact optimum"):
        nearby_optimum(W, 0.0, density=0.3, W_out=W_out, model="absolute-value")


def test_what_many_features_leave_out_is_said() -> None:
    found = analyse(0.3 * np.random.default_rng(0).normal(size=(3, 45)), density=0.01)
    assert found.optimum is None
    assert found.vulnerability is not None
    assert len(found.vulnerability.attacks) == 9
    assert [note.split(",")[0] for note in found.notes] == [
        "With 45 features",
        "Of the 45 attacks the 9 that shift the outputs most were tried.",
    ]


def test_without_densities_the_weights_alone_are_told() -> None:
    found = analyse(pentagon())
    left_out: list[Any] = [found.loss, found.optimum, found.vulnerability, found.density]
    assert left_out == [None] * 4
    assert found.geometry is not None
    assert found.notes == ("No density is given: loss, optimum and vulnerability are left out.",)


def test_features_differing_in_density_are_of_different_kinds() -> None:
    labels = kinds_of_features(np.ones(3), np.array([0.1, 0.1, 0.2]))
    assert labels == ("a", "a", "b")
    many = kinds_of_features(0.9 ** np.arange(30.0), None)
    assert len(set(many)) == 30


@pytest.mark.parametrize("model", ["relu-output", "absolute-value"])
def test_an_analysis_comes_back_from_disk_bit_for_bit(model: str, tmp_path: Path) -> None:
    W = np.array([[2.0, -0.5], [-1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    W_out = np.array([[0.5, 1.0, 0.0, 0.0], [2.0, 0.0, 1.0, -4.5]])
    found = (
        analyse(W, 0.0, density=0.2, W_out=W_out, model=model)
        if model == "absolute-value"
        else analyse(pentagon(), -0.1, density=0.05)
    )
    path = save_analysis(found, tmp_path / "report.json")
    assert same(load_analysis(path), found)
    assert json.loads(path.read_text(encoding="utf-8"))["analysis"]["model"] == model
    assert bool(found.motifs) == (model == "absolute-value")
    path.write_text('{"analysis": {"model": 3}}', encoding="utf-8")
    with pytest.raises(ValueError, match=r"it must be a whole file that save_analysis wrote\."):
        load_analysis(path)
    with pytest.raises(ValueError, match=r"its suffix must be \.json\."):
        save_analysis(found, tmp_path / "report.txt")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"W": [[[1.0]]]}, "W has shape (1, 1, 1); it must be one model, (m, n)."),
        ({"W": [[1.0]], "model": "gelu"}, "model is 'gelu'; it must be one of linear"),
        ({"W": [[1.0]], "model": "absolute-value"}, "W_out is missing"),
        ({"W": [[1.0]], "density": 2.0}, "density is 2; a density p = 1 - S must lie in (0, 1]."),
        ({"W": [[1.0]], "density": 1e-13}, "density is 1e-13; an analysis takes densities in"),
        ({"W": [[1.0]], "tolerance": 1.0}, "tolerance is 1.0; it must lie between 0 and 1."),
    ],
)
def test_bad_input_is_refused(arguments: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        analyse(**arguments)


def test_the_face_is_complete_and_light() -> None:
    from superposition.validate import analysis

    assert set(dir(analysis)) == set(analysis.__all__)
    for name in analysis.__all__:
        assert getattr(analysis, name).__name__ == name
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        analysis.nothing  # noqa: B018
    code = (
        "import json, sys; from superposition.validate import analysis; "
        "analysis.analyse([[1.0, -1.0]], density=0.1); "
        "[getattr(analysis, name) for name in analysis.__all__]; "
        "print(json.dumps(sorted(sys.modules)))"
    )
    output = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    assert not {"torch", "matplotlib", "sympy"} & set(json.loads(output.stdout))
