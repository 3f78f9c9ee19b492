"""``superposition pack``: what it prints, saves and refuses; interrupted, it keeps the best."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from superposition.cli import main
from superposition.cli import pack as command
from superposition.cli.entry import BAD_INPUT, INTERRUPTED
from superposition.cli.told_packing import told_packing
from superposition.numerics.packing.codes.catalogue import built
from superposition.numerics.packing.contacts import Contacts
from superposition.numerics.packing.packing import Packing
from superposition.numerics.packing.search import Progress
from superposition.numerics.packing.stored_packing import load_packing, read_points, save_packing
from superposition.paper.search_progress import search_progress

TWELVE = ["pack", "--points", "12", "--dim", "3"]
VALUE = 49.165253057629


def state(**changed: Any) -> Progress:
    """A search on its way."""
    begun = Progress(3, most_starts=10, best=VALUE, reached=2, seconds=1.2, stage="search")
    return replace(begun, **changed)


def icosahedron(energy: str = "coulomb", **changed: Any) -> Packing:
    known: dict[str, Any] = {
        "points": built("icosahedron"),
        "energy": energy,
        "value": VALUE,
        "gradient_norm": 3e-15,
        "starts": 10,
        "reached": 7,
        "seconds": 0.25,
        "evidence": "known",
        "why": "It meets the published value.",
        "signature": (0, 3, 18),
        "published": VALUE,
        "published_source": "Thomson",
    }
    return Packing(**(known | changed))


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """No search: the icosahedron at once; the calls that would have been made."""
    calls: list[Any] = []

    def packed(options: Any, initial: Any, progress: Any) -> Packing:
        calls.append((options, initial))
        progress(state())
        return icosahedron()

    monkeypatch.setattr(command, "_packed", packed)
    monkeypatch.setattr(command, "_check_energy", lambda _: None)
    return calls


def test_the_table_tells_value_structure_and_evidence(
    given: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(TWELVE) == 0
    printed = capsys.readouterr()
    assert printed.out.splitlines() == [
        "12 points in 3 dimensions: coulomb",
        "  value          49.165253057629",
        "  gradient norm  3.0e-15",
        "  Hessian        0 negative, 3 zero, 18 positive",
        "  reached by     7 of 10 starts, 0.2 s",
        "  name           icosahedron",
        "  symmetry       120 (Ih)",
        "  dimensionality 0.25 (each)",
        "  design         strength 5",
        "  published      49.165253057629",
        "  known: It meets the published value.",
    ]
    assert "search: 3 of 10 starts, best 49.1652530576, reached 2×, 1 s" in printed.err
    (options, initial), *_ = given
    assert (options.energy, options.seed, options.workers) == ("coulomb", 0, 1)
    assert options.starts is options.seconds is initial is None


def test_largest_cosines_tell_angle_contacts_and_bound() -> None:
    cosine = 5**-0.5
    gram = built("icosahedron") @ built("icosahedron").T
    pairs = np.argwhere(np.triu(np.abs(gram - cosine) < 1e-9))
    contacts = Contacts(pairs, np.full(30, 1 / 30), 1e-16, True, ())
    shown = icosahedron(
        "max-cosine",
        value=cosine,
        signature=None,
        contacts=contacts,
        evidence="proven",
        bound=cosine,
        bound_name="Fejes Tóth",
        published=None,
    )
    told = told_packing(shown)
    assert "  value          0.447213595499958 (angle 63.4349488229°)\n" in told
    assert "  KKT residual   3.0e-15\n" in told
    assert "  contacts       30, rigid, no rattlers\n" in told
    assert "  proven bound   0.447213595499958 (Fejes Tóth)\n" in told
    loose = Contacts(pairs, np.full(30, 1 / 30), 1e-16, False, (0, 4))
    assert "30, not rigid, rattlers: 1, 5" in told_packing(
        icosahedron("max-cosine", contacts=loose)
    )


def test_lines_and_parts_and_weights_are_told() -> None:
    lines = told_packing(icosahedron("complex-lines", points=np.eye(2, dtype=complex)))
    assert lines.startswith("2 lines in 2 complex dimensions: complex-lines\n")
    assert "symmetry       not computed" in lines
    parts = told_packing(icosahedron(points=np.array([[1.0, 0], [-1, 0], [0, 1], [0, -1]])))
    assert "tegum factors" in parts
    weights = np.array([[1.0, 0, 0], [-1.0, 0, 0], [0, 1, 0]])
    toy = told_packing(icosahedron("one-active", points=weights))
    assert "3 points in 2 dimensions: one-active" in toy
    assert "name           digon + dedicated" in toy
    assert "dimensionality 1, 0.5, 0.5" in toy
    single = told_packing(icosahedron(points=np.eye(1), value=0.0, starts=1, reached=1))
    assert single.startswith("1 point in 1 dimension: coulomb\n  value          0\n")
    assert "1 of 1 start," in single


@pytest.mark.usefixtures("given")
def test_every_format_is_saved(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = [tmp_path / "new" / f"p.{kind}" for kind in ("csv", "npz", "json", "svg", "png", "pdf")]
    saving = [word for path in paths for word in ("--save", str(path))]
    assert main([*TWELVE, "--quiet", *saving]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert [line for line in printed.out.splitlines() if line.startswith("saved ")] == [
        f"saved {path}" for path in paths
    ]
    points = icosahedron().points
    for path in paths[:3]:
        np.testing.assert_array_equal(read_points(path), points)
    loaded = [load_packing(path) for path in paths[1:3]]
    for field in fields(Packing):
        if field.name != "points":
            assert getattr(loaded[0], field.name) == getattr(loaded[1], field.name)
    assert json.loads(paths[2].read_text(encoding="utf-8"))["packing"]["value"] == VALUE
    assert paths[3].read_text(encoding="utf-8").startswith("<?xml")


def test_a_search_begins_where_a_file_says(given: list[Any], tmp_path: Path) -> None:
    for suffix in (".npz", ".json", ".csv"):
        path = save_packing(icosahedron(), tmp_path / f"start{suffix}")
        assert main([*TWELVE, "--initial", str(path), "--quiet"]) == 0
        np.testing.assert_array_equal(given[-1][1], icosahedron().points)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["pack", "--points", "0", "--dim", "3"], "points is 0; it must be a whole number of at"),
        (["pack", "--points", "3", "--dim", "0"], "dim is 0; it must be a whole number of at"),
        ([*TWELVE, "--seed", "-1"], "seed is -1; it must be a whole number of at least 0."),
        ([*TWELVE, "--starts", "0"], "starts is 0"),
        ([*TWELVE, "--workers", "0"], "workers is 0"),
        ([*TWELVE, "--seconds", "0"], "seconds is 0; it must be a finite number above 0."),
        ([*TWELVE, "--seconds", "nan"], "seconds is nan; it must be"),
        ([*TWELVE, "--save", "a.jpeg"], "save is 'a.jpeg'; its suffix must be one of .csv, .npz"),
        ([*TWELVE, "--save", "/proc/nothing/here.csv"], "cannot read or write"),
        ([*TWELVE, "--initial", "a.txt"], "path is 'a.txt'; its suffix must be one of .csv"),
        ([*TWELVE, "--initial", "none.csv"], "cannot read or write none.csv"),
        ([*TWELVE, "--initial", "none.npz"], "cannot read or write none.npz"),
        ([*TWELVE, "--initial", "words.csv"], "it must hold one point per row"),
        ([*TWELVE, "--initial", "damaged.npz"], "it must be a whole file that a packing wrote."),
        ([*TWELVE, "--initial", "two.csv"], "holds 2 rows of 2 numbers; it must hold 12 of 3."),
    ],
)
def test_what_makes_no_sense_is_refused_before_the_search(
    arguments: list[str],
    sentence: str,
    given: list[Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("words.csv").write_text("x1,x2\none,two\n", encoding="utf-8")
    Path("two.csv").write_text("1,0\n0,1\n", encoding="utf-8")
    Path("damaged.npz").write_bytes(b"PK nothing")
    assert main(arguments) == BAD_INPUT
    told = capsys.readouterr().err
    assert sentence in told
    assert told.startswith("superposition: ")
    assert told.count("\n") == 1
    assert not given


def test_an_interrupted_search_prints_and_saves_the_best(
    given: list[Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    best = icosahedron(interrupted=True)
    monkeypatch.setattr(command, "_packed", lambda *_: best)
    path = tmp_path / "best.csv"
    assert main([*TWELVE, "--save", str(path)]) == INTERRUPTED
    printed = capsys.readouterr()
    assert "name           icosahedron" in printed.out
    assert printed.err.strip() == "superposition: interrupted; this is the best of 10 starts."
    np.testing.assert_array_equal(read_points(path), best.points)
    assert not given


def test_a_search_interrupted_before_it_found_anything_says_so(
    given: list[Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: Any) -> Packing:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "_packed", interrupted)
    assert main(TWELVE) == INTERRUPTED
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "interrupted; nothing was found yet, and nothing is saved." in printed.err
    assert not given


def test_the_icosahedron_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "found.npz"
    assert main([*TWELVE, "--starts", "5", "--quiet", "--save", str(path)]) == 0
    printed = capsys.readouterr().out
    assert "name           icosahedron" in printed
    assert "dimensionality 0.25 (each)" in printed
    assert load_packing(path).value == pytest.approx(VALUE, rel=1e-12)
    assert main([*TWELVE, "--starts", "1", "--quiet", "--initial", str(path)]) == 0


@pytest.mark.parametrize("energy", ["thomson", "riesz:-1", "gaussian:x"])
def test_energies_that_are_none_are_refused(
    energy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*TWELVE, "--energy", energy]) == BAD_INPUT
    assert capsys.readouterr().err.count("\n") == 1


def test_ctrl_c_ends_the_command_with_the_best(tmp_path: Path) -> None:
    path = tmp_path / "best.csv"
    run = [sys.executable, "-m", "superposition.cli", "pack", "--points", "150", "--dim", "4"]
    run += ["--starts", "1000000", "--save", str(path)]  # nobody finds the best ten times
    process = subprocess.Popen(
        run,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A shell's background job ignores Ctrl-C, and so would what it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    assert process.stderr is not None
    assert "best" in process.stderr.readline()  # something was found
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == INTERRUPTED
    assert "superposition: interrupted; this is the best of " in err
    assert "150 points in 4 dimensions: coulomb" in out
    assert read_points(path).shape == (150, 4)


@pytest.mark.usefixtures("given")
def test_a_command_interrupted_after_the_search_says_what_is_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "_save", interrupted)
    assert main([*TWELVE, "--save", str(tmp_path / "p.csv")]) == INTERRUPTED
    assert "the search was over; only the files named above are saved." in capsys.readouterr().err


@pytest.mark.parametrize("quiet", [False, True])
def test_progress_is_told_in_lines_where_there_is_no_terminal(
    quiet: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    with search_progress(quiet) as told:
        for starts in range(50):
            told(state(starts=starts, most_starts=None, seconds=3.0))
        told(state(stage="polish"))
    lines = capsys.readouterr().err.splitlines()
    assert lines == (
        []
        if quiet
        else [
            "search: 0 starts, best 49.1652530576, reached 2×, 3 s",
            "polish: 3 of 10 starts, best 49.1652530576, reached 2×, 1 s",
        ]
    )


@pytest.mark.parametrize("installed", [True, False])
def test_a_terminal_shows_a_bar_with_the_best_if_tqdm_is_there(
    installed: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    if not installed:
        monkeypatch.setitem(sys.modules, "tqdm", None)
    with search_progress() as told:
        told(state(starts=5))
        told(state(starts=10))
        told(state(stage="polish", starts=1, most_starts=None))
    shown = capsys.readouterr().err
    assert ("10/10" in shown) == installed
    assert ("search: 5 of 10 starts" in shown) == (not installed)
    assert "best 49.1652530576, reached 2×" in shown
