"""The report: the same outcome as text, JSON and HTML, with its picture."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from superposition.validate.check.check import Check, Outcome, Plane
from superposition.validate.check.checks import CHECKS
from superposition.validate.check.comparison import Comparison, Found
from superposition.validate.check.picture import in_tolerances, picture
from superposition.validate.check.report import page, plain, summary, told_outcome, write_reports


def comparison(best: float, where: str = "p < 1") -> Comparison:
    return Comparison(where, "loss", 0.5, 0.5, Found(best, 0.6, 0.9), 0.02, why="")


def outcome(best: float = 0.5, **changes: Any) -> Outcome:
    return Outcome((comparison(best),), {"seeds": 3}, "Told.", models=3, **changes)


def check(name: str) -> Check:
    return Check(name, "Claims a < b & c.", "Somebody 2022", lambda *_: outcome())


def plane() -> Plane:
    grid = np.ones((2, 3), bool)
    return Plane(
        np.geomspace(0.1, 10, 3),
        np.geomspace(0.01, 1, 2),
        ("digon", "dropped"),
        np.array([[0, 1, 1], [0, 0, 1]]),
        np.array([[0, 1, 0], [0, 0, 1]]),
        np.array([[True, False, True], [True, True, True]]),
        np.array([[True, True, False], [True, True, True]]),
        0.01 * grid,
    )


RESULTS = [
    (check("fine"), outcome()),
    (check("wrong"), outcome(0.9)),
    (check("false"), outcome(0.9, refuted=True)),
    (check("cells"), outcome(plane=plane(), listed=(comparison(0.8, "r = 1, p = 0.1"),))),
]


def test_statuses_are_counted() -> None:
    assert summary(RESULTS) == "2 agrees, 1 refuted, 1 unresolved"
    assert [found.status for _, found in RESULTS] == ["agrees", "unresolved", "refuted", "agrees"]


def test_the_text_has_every_number() -> None:
    told = told_outcome(*RESULTS[3])
    assert "cells: Claims a < b & c." in told
    assert "r = 1, p = 0.1" in told
    for number in ("0.5", "0.6", "0.9", "±0.02", "✗", "3 models"):
        assert number in told


def test_json_reads_back(tmp_path: Path) -> None:
    as_json, as_html = write_reports(RESULTS, "smoke", tmp_path)
    read = json.loads(as_json.read_text(encoding="utf-8"))
    ids = [check.id for check, _ in RESULTS]
    assert read == json.loads(json.dumps(plain(RESULTS, "smoke", ids)))
    assert read["asked"] == ids
    assert read["complete"]
    assert [each["status"] for each in read["checks"]][1] == "unresolved"
    assert read["checks"][0]["comparisons"][0]["found"]["best"] == 0.5
    assert as_html.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_report_of_some_checks_replaces_no_whole_one(tmp_path: Path) -> None:
    whole, _ = write_reports([(check, outcome()) for check in CHECKS], "smoke", tmp_path)
    some, _ = write_reports([(CHECKS[0], outcome())], "smoke", tmp_path, CHECKS[:2])
    assert whole.name == "report.json"
    assert some.name == f"report-of-{CHECKS[0].id}-{CHECKS[1].id}.json"
    assert json.loads(whole.read_text(encoding="utf-8"))["complete"]
    assert not json.loads(some.read_text(encoding="utf-8"))["complete"]
    page_of_some = some.with_suffix(".html").read_text(encoding="utf-8")
    assert f"Not run yet: {CHECKS[1].id}." in page_of_some


def test_json_has_every_cell_of_a_plane() -> None:
    told = plain(RESULTS, "smoke")["checks"][3]["plane"]
    assert told["phases"] == {"a": "digon", "b": "dropped"}
    assert told["optimum"] == ["abb", "aab"]
    assert told["found"] == ["aba", "aab"]
    assert told["judged"] == ["101", "111"]
    assert told["agrees"] == ["110", "111"]
    assert told["excess"] == ["1.0e-02 1.0e-02 1.0e-02"] * 2
    assert told["importance"] == "0.1 1 10"


class Balanced(HTMLParser):
    """Every tag that is opened is closed; text is collected."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_html_is_whole_and_escaped() -> None:
    parser = Balanced()
    parser.feed(page(RESULTS, "smoke"))
    assert not parser.open
    text = "".join(parser.text)
    assert "Claims a < b & c." in text
    assert "p < 1" in text


def test_pictures_are_the_same_for_the_same_outcome() -> None:
    pytest.importorskip("matplotlib")
    for _, found in RESULTS:
        first, second = picture(found), picture(found)
        assert first == second
        assert first is not None
        assert first.startswith("<svg")
        assert first.rstrip().endswith("</svg>")


def test_pictures_are_in_tolerances() -> None:
    best, median, worst = in_tolerances(comparison(0.51))
    assert best == pytest.approx(0.5)
    assert median == pytest.approx(5)
    assert worst == pytest.approx(20)


@pytest.mark.parametrize(
    ("within", "bound", "theory", "at"),
    [
        ("below", 0.05, 0.0, (0.2, 12, 18)),  # of the distance of the bound to theory
        ("above", 0.1, None, (0.1, 6, 9)),  # of the bound
        ("above", 0.5, 1.0, (-1.98, -0.8, -0.2)),
    ],
)
def test_inequalities_are_drawn_in_units_of_their_bound(
    within: Any, bound: float, theory: float | None, at: tuple[float, float, float]
) -> None:
    row = Comparison("", "", theory, None, Found(0.01, 0.6, 0.9), within=within, bound=bound)
    assert in_tolerances(row) == pytest.approx(at)
