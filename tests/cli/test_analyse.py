"""``superposition analyse``: what it prints, saves and refuses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from superposition.cli import main
from superposition.cli.analyse import importances
from superposition.cli.entry import BAD_INPUT
from superposition.cli.told_analysis import told_analysis
from superposition.validate.analysis import analyse, load_analysis


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights of every kind, in the folder the command runs in."""
    monkeypatch.chdir(tmp_path)
    W = np.array([[1.0, -1.0, 0.01], [0.0, 0.02, 1.0]])
    b = np.array([-0.01, -0.01, 0.0])
    np.savez("digon.npz", W=W, b=b)
    save_file({"weight": np.ascontiguousarray(W.T), "bias": b}, "digon.safetensors")
    np.savez("many.npz", W=np.stack([0 * W, W]), b=np.stack([b, b]))
    np.savez("nan.npz", W=W * np.nan, b=b)
    np.savez("unbiased.npz", W=W)
    Path("damaged.npz").write_bytes(b"PK nothing")
    Path("damaged.safetensors").write_bytes(b"nothing")
    for folder in ("folder.npz", "folder.safetensors"):
        Path(folder).mkdir()
    np.savez("square.npz", W=np.array([[1.0, -1.0], [0.0, 0.0]]), b=np.zeros(2))
    np.savez("hidden-bias.npz", W1=W, b1=np.full(2, -0.3), W2=W.T, b2=b)
    into = np.array([[2.0, -0.5], [-1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    out = np.array([[0.5, 1.0, 0.0, 0.0], [2.0, 0.0, 1.0, -4.5]])
    np.savez("abs.npz", W1=into, b=np.zeros(2), W2=out)


def test_the_report_tells_geometry_loss_and_optimum(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyse", "digon.npz", "--density", "0.1", "--save", "new/report.json"]) == 0
    told = capsys.readouterr().out
    found = load_analysis(Path("new/report.json"))
    assert found.loss is not None
    assert found.best is not None
    for words in (
        "3 features in 2 hidden dimensions: relu-output\n",
        "  geometry                digon + dedicated\n",
        "  tegum factors           digon 1–2\n",
        f"  expected loss           {found.loss.value:.10g} ± ",
        "  active values           unit\n",
        f"  best minimum            loss {found.best.optimum:.10g}, found by",
        " starts, believed\n",
        "  in its basin            yes; ",
        "  worst attack            of norm ",
        " times that of a model without superposition\n",
        "canonical pose        3        2        1\n        axis 1  +1.0000  +0.0100  +0.0100\n",
        "feature  importance  density    norm     bias       D  interference        loss\n",
        "saved new/report.json\n",
    ):
        assert words in told
    assert len([line for line in told.splitlines() if line.startswith("      ")]) == 5


def test_files_orientations_and_models_agree(capsys: pytest.CaptureFixture[str]) -> None:
    """One model, four ways into the command."""
    told = []
    for arguments in (
        ["digon.npz"],
        ["digon.safetensors"],
        ["many.npz", "--model", "2"],
        ["digon.safetensors", "--orientation", "features-first"],
    ):
        assert main(["analyse", *arguments]) == 0
        told.append(capsys.readouterr().out)
    assert len(set(told)) == 1
    assert "No density is given: loss, optimum and vulnerability are left out." in told[0]
    assert "expected loss" not in told[0]


def test_neurons_and_motifs_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    kind = ["--model-kind", "absolute-value", "--density", "0.1"]
    assert main(["analyse", "abs.npz", *kind]) == 0
    told = capsys.readouterr().out
    assert "2 features in 4 neurons: absolute-value, untied\n" in told
    assert "neuron  largest feature  monosemanticity  features served\n" in told
    assert (
        "asymmetric superposition: 1 instance\n"
        "  neuron 1: feature 1 (+) over 2 (-), 4× in, 4× out; interference 4, inhibited by "
        "neuron 4 with 4.5, -0.5 remains"
    ) in told
    assert "geometry" not in told
    assert main(["analyse", "abs.npz", *kind, "--no-optimum"]) == 0
    assert "optimum downhill" not in capsys.readouterr().out


def test_a_small_pose_is_told_with_its_signs(capsys: pytest.CaptureFixture[str]) -> None:
    """The digon of a noisy bipyramid starts with +, as every axis does; a large pose is saved."""
    angles = 2 * np.pi * np.arange(5) / 5
    W = np.zeros((3, 7))
    W[:2, :5], W[2, 5:] = [np.cos(angles), np.sin(angles)], [1, -1]
    W += 0.003 * np.random.default_rng(1).normal(size=W.shape)
    np.savez("bipyramid.npz", W=W, b=np.zeros(7))
    assert main(["analyse", "bipyramid.npz"]) == 0
    told = capsys.readouterr().out.splitlines()
    start = next(k for k, line in enumerate(told) if line.startswith("canonical pose"))
    for line in told[start + 1 : start + 4]:
        large = [float(word) for word in line.split()[2:] if abs(float(word)) > 0.1]
        assert large[0] > 0
    np.savez("large.npz", W=np.eye(5), b=np.zeros(5))
    assert main(["analyse", "large.npz"]) == 0
    assert "canonical pose" not in capsys.readouterr().out


def test_values_belief_and_the_optimum_that_loses_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["analyse", "digon.npz", "--density", "0.1", "--values", "binary"]) == 0
    binary = capsys.readouterr().out
    assert "  active values           binary\n" in binary
    np.savez("spare.npz", W=np.diag([0.9, 1.0]), b=np.zeros(2))
    assert main(["analyse", "spare.npz", "--density", "0.3"]) == 0
    told = capsys.readouterr().out
    assert "  best minimum            loss 0, found by" in told
    assert "  in its basin            yes; the weights lose 0.00361 more\n" in told
    assert main(["analyse", "digon.npz", "--density", "0.1", "--model-kind", "linear"]) == 0
    linear = capsys.readouterr().out
    assert f"loss {0.1 / 3 - 0.0025:.10g}, in closed form\n" in linear
    assert "searched for" not in linear


def test_what_rounding_hides_is_not_told(capsys: pytest.CaptureFixture[str]) -> None:
    """At a density of 1e-11 an attack adds less than the loss is known to."""
    angles = 2 * np.pi * np.arange(5) / 5
    W = 1.1 * np.array([np.cos(angles), np.sin(angles)])  # what attacks do is of second order
    np.savez("pentagon.npz", W=W, b=np.full((1, 5), -0.1))
    assert main(["analyse", "pentagon.npz", "--density", "1e-11", "--no-optimum"]) == 0
    captured = capsys.readouterr()
    assert "worst attack" in captured.out
    assert "relative vulnerability" not in captured.out
    assert captured.err == ""


def test_a_search_without_belief_says_so() -> None:
    found = analyse([[1.0, -1.0]], density=0.1)
    assert found.best is not None
    doubted = replace(found, best=replace(found.best, found_by=1, believed=False))
    assert "found by 1 of 16 starts, not believed\n" in told_analysis(doubted)


def test_what_the_file_does_not_tell_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    np.savez("misnamed.npz", W=np.eye(2, 3), biases=np.zeros(3))
    arguments = ["misnamed.npz", "--orientation", "features-last", "--save", "report.json"]
    assert main(["analyse", *arguments]) == 0
    told = capsys.readouterr().out
    assert "misnamed.npz also holds biases, which is not used.\n" in told
    assert "): they are taken to be zero.\n" in told
    assert load_analysis(Path("report.json")).notes[0].startswith("misnamed.npz also holds")


def test_importances_as_numbers_and_as_a_power(capsys: pytest.CaptureFixture[str]) -> None:
    np.testing.assert_array_equal(importances(["2"], 3), [2, 2, 2])
    np.testing.assert_array_equal(importances(["1", "0.5", "0"], 3), [1, 0.5, 0])
    np.testing.assert_allclose(importances(["0.9^i"], 3), [1, 0.9, 0.81])
    assert main(["analyse", "digon.npz", "--importance", "1", "0.5", "1"]) == 0
    assert "digon (a, b) + dedicated (a)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["none.npz"], "cannot read or write none.npz"),
        (["weights.pt"], "weights is 'weights.pt'; its suffix must be one of .npz, .safetensors."),
        (["damaged.npz"], "and it is damaged; it must be an .npz file of plain arrays."),
        (["damaged.safetensors"], "it must be a whole .safetensors file"),
        (["nan.npz"], "W in nan.npz contains nan; every entry must be finite."),
        (["unbiased.npz"], "orientation must be one of features-last, features-first."),
        (["folder.npz"], "cannot read or write folder.npz: Is a directory."),
        (["folder.safetensors"], "cannot read or write folder.safetensors: Is a directory."),
        (["square.npz"], "square, and may be read either way; orientation must be one of"),
        (["hidden-bias.npz"], "b1 in hidden-bias.npz holds biases of the hidden layer, up to 0.3"),
        (["digon.npz", "--values", "odd"], "values is 'odd'; it must be one of unit, signed, bin"),
        (["digon.npz", "--density", "1e-300"], "density is 1e-300; an analysis takes densities in"),
        (["many.npz"], "many.npz holds 2 models; say which one, by its number."),
        (["many.npz", "--model", "0"], "model is 0; it must be a whole number of at least 1."),
        (["many.npz", "--model", "3"], "many.npz holds 2 models; there is none beyond these."),
        (["digon.npz", "--model", "1"], "digon.npz holds a single one; leave it out."),
        (["digon.npz", "--orientation", "up"], "orientation is 'up'; it must be one of"),
        (["digon.npz", "--model-kind", "gelu"], "model-kind is 'gelu'; it must be one of relu-out"),
        (["digon.npz", "--density", "0"], "density is 0; a density p = 1 - S must lie in (0, 1]."),
        (["digon.npz", "--density", "1", "1"], "density has 2 entries; it must be one number or 3"),
        (["digon.npz", "--importance", "1", "1"], "importance has 2 entries; it must be one"),
        (["digon.npz", "--importance", "x"], "importance is 'x'; it must be one number, 3 of them"),
        (["digon.npz", "--importance", "-1"], "importance is -1; an importance must be"),
        (["digon.npz", "--importance", "1e300^i"], "importance contains inf; every entry must be"),
        (["digon.npz", "--tolerance", "2"], "tolerance is 2.0; it must lie between 0 and 1."),
        (["digon.npz", "--save", "a.txt"], "save is 'a.txt'; its suffix must be .json."),
        (
            ["abs.npz", "--model-kind", "relu-output", "--density", "nan"],
            "density contains nan; every entry",
        ),
        (["digon.npz", "--model-kind", "absolute-value"], "W_out is missing; the absolute value"),
    ],
)
def test_what_makes_no_sense_is_refused(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["analyse", *arguments]) == BAD_INPUT
    told = capsys.readouterr().err
    assert sentence in told
    assert told.startswith("superposition: ")
    assert told.count("\n") == 1
