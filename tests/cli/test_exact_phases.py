"""``phases --exact``: what it prints, saves and refuses; interrupted, damaged, resumed."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from superposition.cli import main
from superposition.cli.entry import BAD_INPUT, INTERRUPTED
from superposition.numerics import global_minimum, load_diagram
from superposition.numerics.optimum import search
from superposition.numerics.phase_diagram import cells
from superposition.paper.stage_progress import stage_progress

EXACT = ["phases", "--features", "2", "--hidden", "1", "--exact"]
SMALL = [*EXACT, "--grid", "6", "--refine", "0", "--starts", "4", "--quiet"]
UNBIASED = [*SMALL, "--no-biases"]  # one boundary, quickly traced
ONE_PHASE = [*SMALL, "--density", "0.01", "0.1", "--importance", "0.5", "2"]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small diagram in every format."""
    folder = tmp_path_factory.mktemp("exact")
    files = [f"d.{kind}" for kind in ("npz", "csv", "json", "svg")]
    names = [word for file in files for word in ("--save", str(folder / file))]
    assert main([*UNBIASED, "--folder", str(folder / "tiles"), *names]) == 0
    return folder


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of a command that nothing disturbed."""
    folder = tmp_path_factory.mktemp("undisturbed")
    path = folder / "d.npz"
    assert main([*ONE_PHASE, "--folder", str(folder), "--save", str(path)]) == 0
    return path.read_bytes()


def test_the_summary_tells_phases_boundaries_and_evidence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*SMALL, "--folder", str(tmp_path)]) == 0
    printed = capsys.readouterr()
    for words in (
        "2 features in 1 hidden dimension, with biases",
        "digon (extra, ordinary)",
        "first order",
        "36 of 36 cells believed",
        f"finished tiles are kept in {tmp_path}",
    ):
        assert words in printed.out
    assert printed.err == ""


def test_every_format_holds_the_same_diagram(saved: Path) -> None:
    diagram = load_diagram(saved / "d.npz")
    rows = list(csv.DictReader((saved / "d.csv").read_text(encoding="utf-8").splitlines()))
    told = json.loads((saved / "d.json").read_text(encoding="utf-8"))
    assert len(rows) == diagram.phase.size == told["cells"]
    assert [row["phase"] for row in rows] == [diagram.phases[k] for k in diagram.phase.ravel()]
    for name in ("loss", "gradient_norm", "curvature", "found_by", "starts"):
        np.testing.assert_array_equal(
            [float(row[name]) for row in rows], getattr(diagram, name).ravel()
        )
    np.testing.assert_array_equal(
        [[float(row[f"norm_{i}"]) for i in (1, 2)] for row in rows],
        diagram.fields.norms.reshape(-1, 2),
    )
    assert [line["importance"] for line in told["boundaries"]] == [
        line.x.tolist() for line in diagram.boundaries
    ]
    assert {line["order"] for line in told["boundaries"]} <= {"first", "second"}
    assert sum(phase["share"] for phase in told["phases"]) == pytest.approx(1)
    assert (saved / "d.svg").read_text(encoding="utf-8").startswith("<?xml")


def test_one_place_is_answered_with_its_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*EXACT, "--at", "0.5", "0.1", "--at", "1", "1", "--no-biases"]) == 0
    printed = capsys.readouterr().out
    best = global_minimum(2, 1, (1, 0.5), 0.1, biases=False)
    assert f"r = 0.5, p = 0.1: digon (extra, ordinary)\n  loss {best.loss:.15g}" in printed
    assert "r = 1, p = 1: aligned pair" in printed
    assert printed.count("Believed: ") == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([*EXACT, "--pair", "balanced"], "--pair is balanced; it cannot be given together with"),
        ([*EXACT, "--ordinary", "1"], "--ordinary is 1.0; it cannot be given"),
        ([*EXACT, "--points", "5"], "--points is 5; it cannot be given"),
        ([*EXACT[:-1], "--grid", "5"], "--grid is 5; it can be given only with --exact."),
        ([*EXACT[:-1], "--no-biases"], "--no-biases is True; it can be given only with --exact."),
        ([*EXACT, "--at", "1", "1", "--grid", "9"], "--grid is 9; it cannot be given together"),
        ([*EXACT, "--at", "1", "1", "--save", "a.csv"], "--save is a.csv; it cannot be given"),
        ([*EXACT, "--at", "1", "2"], "density is 2; a density p = 1 - S must lie in (0, 1]."),
        ([*EXACT, "--at", "-1", "0.5"], "importance is -1"),
        ([*EXACT, "--grid", "1"], "grid is 1"),
        ([*EXACT, "--grid", "5000"], "grid is 5000; it must be at most 1000."),
        ([*EXACT, "--refine", "-1"], "refine is -1"),
        ([*EXACT, "--workers", "0"], "workers is 0"),
        ([*EXACT, "--seed", "-1"], "seed is -1"),
        ([*EXACT, "--starts", "0"], "starts is 0"),
        ([*EXACT, "--density", "0.5", "0.1"], "low is 0.5 and high 0.1; they must satisfy"),
        ([*EXACT, "--importance", "0", "1"], "low is 0.0 and high 1.0; they must satisfy"),
        ([*EXACT, "--save", "d.jpeg"], "with --exact its suffix must be one of .npz, .csv, .json"),
        (["phases", "--features", "1", "--hidden", "1", "--exact"], "features is 1"),
        (["phases", "--features", "2", "--hidden", "0", "--exact"], "hidden is 0"),
        ([*EXACT, "--folder", "/dev/null"], "cannot read or write"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(
    arguments: list[str],
    sentence: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == BAD_INPUT
    told = capsys.readouterr().err
    assert sentence in told
    assert told.startswith("superposition: ")
    assert told.count("\n") == 1


def test_an_interrupted_command_goes_on_to_the_same_file(
    tmp_path: Path,
    undisturbed: bytes,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(cells, "TILE", 12)
    whole = search.global_minima
    tiles = tmp_path / "tiles"

    def interrupted(*arguments: Any, **options: Any) -> Any:
        if list(tiles.glob("*.npz")):
            raise KeyboardInterrupt
        return whole(*arguments, **options)

    arguments = [*ONE_PHASE, "--folder", str(tiles), "--save", str(tmp_path / "d.npz")]
    monkeypatch.setattr(cells, "global_minima", interrupted)
    assert main(arguments) == INTERRUPTED
    assert f"finished tiles are kept in {tiles} and the same command goes on from there." in (
        capsys.readouterr().err
    )
    (first,) = tiles.glob("*.npz")
    kept = first.stat().st_mtime_ns
    monkeypatch.setattr(cells, "global_minima", whole)
    assert main(arguments) == 0
    assert first.stat().st_mtime_ns == kept
    assert len(list(tiles.glob("*.npz"))) == 3
    assert (tmp_path / "d.npz").read_bytes() == undisturbed


def test_a_damaged_tile_is_made_again_with_a_warning(tmp_path: Path, undisturbed: bytes) -> None:
    arguments = [*ONE_PHASE, "--folder", str(tmp_path), "--save", str(tmp_path / "d" / "d.npz")]
    assert main(arguments) == 0
    (tile,) = tmp_path.glob("*.npz")
    whole = tile.read_bytes()
    for damaged in (whole[:-200], whole.replace(whole[400:404], b"oops", 1), b""):
        tile.write_bytes(damaged)
        with pytest.warns(UserWarning, match="is damaged and will be made again"):
            assert main(arguments) == 0
        assert (tmp_path / "d" / "d.npz").read_bytes() == undisturbed


def test_ctrl_c_ends_command_and_workers_with_one_sentence(tmp_path: Path) -> None:
    """Two tiles on two processes, interrupted when the smaller one is done; then the rest."""
    tiles = tmp_path / "tiles"
    command = [sys.executable, "-m", "superposition.cli", *EXACT, "--grid", "26", "--refine", "0"]
    command += ["--workers", "2", "--starts", "8", "--folder", str(tiles), "--quiet"]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A shell's background job ignores Ctrl-C, and so would what it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    until = time.monotonic() + 120
    while not list(tiles.glob("cells*.npz")) and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == INTERRUPTED
    assert out == ""
    assert err.strip() == (
        f"superposition: interrupted; finished tiles are kept in {tiles} and the same command "
        "goes on from there."
    )
    assert list(tiles.glob("cells*.npz"))


@pytest.mark.parametrize("quiet", [False, True])
def test_progress_is_told_in_plain_lines_where_there_is_no_terminal(
    quiet: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    with stage_progress(quiet) as told:
        for done in range(101):
            told("cells", done, 100)
        told("boundaries", 0, 1)
        told("boundaries", 1, 1)
    lines = capsys.readouterr().err.splitlines()
    assert lines == (
        []
        if quiet
        else ["cells: 0 of 100", "cells: 100 of 100", "boundaries: 0 of 1", "boundaries: 1 of 1"]
    )


@pytest.mark.parametrize("installed", [True, False])
def test_a_terminal_shows_a_bar_if_tqdm_is_there(
    installed: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    if not installed:
        monkeypatch.setitem(sys.modules, "tqdm", None)
    with stage_progress() as told:
        told("cells", 5, 10)
        told("cells", 10, 10)
        told("boundaries", 0, 1)
    shown = capsys.readouterr().err
    assert ("10/10" in shown) == installed
    assert ("cells: 10 of 10" in shown) == (not installed)
