"""The companion: every statement is quoted once, the tally is true, the bytes are the same."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from superposition.numerics.confrontation import Verdict
from superposition.paper import companion
from superposition.paper.companion import compiled, confronted, quoted
from superposition.paper.figures.figure import make_figure, paper_figures
from superposition.theory.registry import statements
from tests.repository import ROOT

PROSE = (ROOT / "paper" / "companion.typ").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def verdicts() -> dict[str, Verdict]:
    return {id: Verdict(id, 200, 1e-30, "") for id in statements()}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """F10 as it is; its picture also stands in for those that take time."""
    folder = tmp_path_factory.mktemp("figures")
    make_figure("F10", folder)
    drawn = {number: entry.path(folder, "svg") for number, entry in paper_figures().items()}
    return {number: path if path.exists() else drawn["F10"] for number, path in drawn.items()}


@pytest.fixture(scope="module")
def facts() -> Mapping[str, Mapping[str, str]]:
    """A value for every fact that the prose quotes."""
    quotes = re.findall(r'facts\.([FX]\d+)\.at\("([^"]+)"\)', PROSE)
    quotes += re.findall(r"facts\.([FX]\d+)\.([a-z]+)(?!\w|\()", PROSE)
    assert quotes
    return {
        number: {name: "1" for figure, name in quotes if figure == number}
        for number in paper_figures()
    }


def test_every_statement_is_quoted_exactly_once() -> None:
    ids = re.findall(r'#quote\("([^"]+)"\)', PROSE)
    assert sorted(ids) == sorted(statements())


def test_every_figure_is_shown() -> None:
    assert set(re.findall(r'#picture\("([FX]\d+)"', PROSE)) == set(paper_figures())


def test_no_result_is_typed_into_the_prose() -> None:
    """Fractions, percentages and decimals come from the registry or from a figure's facts."""
    body = PROSE[PROSE.index("= How to read a picture") :]
    prose = re.sub(r'"[^"]*"|width: \d+%|\^\(1/2\)', "", body)  # text in code, widths, roots
    assert not re.findall(r"\d+\\?/\d+|\d+\.\d+|sqrt", prose)


def test_the_same_input_gives_the_same_bytes(
    verdicts: dict[str, Verdict],
    facts: Mapping[str, Mapping[str, str]],
    pictures: dict[str, Path],
) -> None:
    first, second = (compiled(verdicts, facts, pictures) for _ in range(2))
    assert first == second
    assert first.startswith(b"%PDF")


def test_the_tally_counts_what_holds(
    verdicts: dict[str, Verdict], facts: Mapping[str, Mapping[str, str]]
) -> None:
    broken = verdicts | {"antipodal-pair/loss": Verdict("antipodal-pair/loss", 200, 0.1, "p = 1")}
    text = quoted(broken, facts)
    assert f"holding: {len(verdicts) - 1}, all: {len(verdicts)}" in text
    assert text.count("holds: false") == 1


def test_verdicts_are_kept_until_the_sources_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verdicts: dict[str, Verdict]
) -> None:
    calls = []

    def confront_all(progress: bool) -> dict[str, Verdict]:
        calls.append(progress)
        return verdicts

    monkeypatch.setattr(companion, "_confront_all", confront_all)
    cache = tmp_path / "verdicts.json"
    assert confronted(cache) == verdicts
    assert confronted(cache) == verdicts
    assert len(calls) == 1
    stored = json.loads(cache.read_text(encoding="utf-8"))
    cache.write_text(json.dumps(stored | {"sources": "another version"}), encoding="utf-8")
    confronted(cache)
    assert len(calls) == 2
    for damage in ("", "[]", "{", '{"sources": 1}'):
        cache.write_text(damage, encoding="utf-8")
        assert confronted(cache) == verdicts
    assert len(calls) == 6
