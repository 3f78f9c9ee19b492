"""The command line: what it prints, saves and refuses; help with examples at every level."""

from __future__ import annotations

import csv
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from superposition.cli import main
from superposition.cli.entry import BAD_INPUT, INTERRUPTED, parser
from superposition.theory.phase_diagram import phases

COMMANDS = ("phases", "statements", "pack", "figures", "companion")
TWO = ["phases", "--features", "2", "--hidden", "1"]


def test_phases_prints_the_paper_s_boundaries(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(TWO) == 0
    printed = capsys.readouterr().out
    for line in ("p = 4*r/(5*r + 2) for 0 ≤ r ≤ 1", "p = 4/(2*r + 5)", "r = 1, p = 4/7"):
        assert line in printed


def test_phases_at_a_point(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*TWO, "--at", "0.1", "0.9", "--at", "1", "0.1"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "extra dropped (dedicated 1; dropped 2)",
        "extra paired (pair 1–2)",
    ]


def test_the_balanced_pair_is_told_by_points(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*TWO, "--pair", "balanced"]) == 0
    printed = capsys.readouterr().out
    assert "λ(p): a member's loss in the pair over the loss of dropping it" in printed
    assert "p = 1 at r = 1" in printed


def test_one_phase_has_no_empty_headings(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["phases", "--features", "3", "--hidden", "5"]) == 0
    assert "boundaries" not in capsys.readouterr().out


def test_saved_grid_is_the_diagram(tmp_path: Path) -> None:
    path = tmp_path / "grid.csv"
    assert main([*TWO, "--points", "7", "--save", str(path)]) == 0
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 49
    diagram = phases(2, 1)
    for row in rows:
        number = int(diagram.phase(float(row["importance"]), float(row["density"])))
        assert (int(row["phase"]), row["extra"]) == (number, diagram.phases[number].extra)


def test_saved_diagram_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "diagram.json"
    assert main([*TWO, "--pair", "balanced", "--save", str(path)]) == 0
    saved = json.loads(path.read_text(encoding="utf-8"))
    assert saved["triple_points"][0]["density"] == 1
    assert len(saved["boundaries"]) == 2
    assert len(saved["boundaries"][0]["points"]) == 100


def test_saved_picture(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "diagram.svg"
    assert main([*TWO, "--save", str(path)]) == 0
    assert path.read_text(encoding="utf-8").startswith("<?xml")


def test_statements_lists_shows_and_checks(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["statements"]) == 0
    assert "antipodal-pair/loss" in capsys.readouterr().out.split()
    assert main(["statements", "antipodal-pair/loss", "--check"]) == 0
    printed = capsys.readouterr().out
    assert "p*q*(I_1 + I_2)/6" in printed
    assert "holds: 200 draws" in printed


def test_figures_and_companion_say_where(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["figures", "F10", "--folder", str(tmp_path), "--quiet"]) == 0
    assert str(tmp_path / "figures" / "f10-polytopes-as-matrices.pdf") in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([*TWO, "--at", "1", "0"], "density is 0; a density p = 1 - S must lie in (0, 1]."),
        ([*TWO, "--at", "-1", "0.5"], "importance is -1"),
        (["phases", "--features", "1", "--hidden", "1"], "features is 1"),
        (["phases", "--features", "2", "--hidden", "0"], "hidden is 0"),
        ([*TWO, "--ordinary", "1", "2"], "ordinary has 2 entries"),
        ([*TWO, "--pair", "triple"], "pair is 'triple'"),
        ([*TWO, "--points", "1"], "points is 1"),
        ([*TWO, "--points", "100000000"], "points is 100000000; it must be at most 2000."),
        ([*TWO, "--save", "/proc/nothing/here.csv"], "cannot read or write"),
        (["figures", "F10", "--folder", "/dev/null"], "cannot read or write"),
        ([*TWO, "--save", "diagram.jpeg"], "its suffix must be one of .csv, .json"),
        (["statements", "nothing/here"], "statement is 'nothing/here'"),
        (["figures", "F3"], "figure is 'F3'; it must be one of F2, F5, F6, F10, F27, X1"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_2(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == BAD_INPUT
    captured = capsys.readouterr()
    assert sentence in captured.err
    assert captured.err.startswith("superposition: ")
    assert "Traceback" not in captured.err
    assert captured.err.count("\n") == 1


def test_a_missing_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing(*_: object) -> int:
        raise ModuleNotFoundError("No module named 'typst'", name="typst")

    monkeypatch.setattr("superposition.cli.companion.run", missing)
    assert main(["companion"]) == BAD_INPUT
    assert "needs the package typst" in capsys.readouterr().err


def test_an_interrupt_is_told_kindly(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("superposition.cli.figures.run", interrupted)
    assert main(["figures"]) == INTERRUPTED
    assert "goes on from here" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_has_examples_that_parse(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*command.split(), "--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    examples = re.findall(r"^  superposition (.*)$", text, flags=re.MULTILINE)
    assert examples
    for example in examples:
        parser().parse_args(shlex.split(example))


def test_the_installed_script_and_the_module_run() -> None:
    script = Path(sys.executable).parent / "superposition"
    for command in ([str(script)], [sys.executable, "-m", "superposition.cli"]):
        run = subprocess.run([*command, "--version"], check=True, capture_output=True, text=True)
        assert re.fullmatch(r"\d+\.\d+\.\d+", run.stdout.strip())
        refused = subprocess.run(
            [*command, "phases", "--features", "2", "--hidden", "0"],
            check=False,
            capture_output=True,
            text=True,
        )
        assert (refused.returncode, refused.stdout) == (2, "")
