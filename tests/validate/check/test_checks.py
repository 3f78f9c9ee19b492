"""The checks themselves, at the size of a smoke test; and that they can fail."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from superposition.cli import main
from superposition.validate.check import (
    absolute_value,
    benefit_and_interference,
    correlated_sets,
    hidden_layer_regimes,
    linear_keeps_the_top,
    norms_biases_interference,
    phases_of_cells,
    regular_arrangements,
    sticky_dimensionalities,
)
from superposition.validate.check.budget import annealed
from superposition.validate.check.check import Outcome
from superposition.validate.check.checks import CHECKS
from superposition.validate.check.comparison import Comparison, Found
from superposition.validate.check.run import run_checks
from tests.repository import ROOT


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_every_check_agrees_at_smoke_size(check: Any, tmp_path: Path) -> None:
    outcome = check.run("smoke", tmp_path, False)
    expected = "refuted" if check.id == "dimensionalities-at-fractions" else "agrees"
    assert outcome.status == expected, [row for row in outcome.comparisons if not row.agrees]
    assert outcome.models > 0
    assert "schedule" in outcome.settings


def test_ids_and_claims_are_sentences_of_their_own() -> None:
    assert len({check.id for check in CHECKS}) == len(CHECKS)
    assert all(check.claim.endswith(".") and "et al." in check.source for check in CHECKS)


def undertrained(monkeypatch: pytest.MonkeyPatch, module: Any, tmp_path: Path) -> Outcome:
    """A check whose models see three batches."""
    budget = module.BUDGETS["smoke"]
    few = annealed(3, 16)
    short = few if not isinstance(budget, tuple) else (*budget[:-1], few)
    monkeypatch.setitem(module.BUDGETS, "smoke", short)
    runs = {
        phases_of_cells: phases_of_cells.check(2, 1, "F5").run,
        sticky_dimensionalities: sticky_dimensionalities.plateaus,
    }
    run = runs.get(module) or module.run
    found: Outcome = run("smoke", tmp_path, False)
    return found


@pytest.mark.parametrize(
    "module",
    [
        absolute_value,
        correlated_sets,
        hidden_layer_regimes,
        linear_keeps_the_top,
        norms_biases_interference,
        phases_of_cells,
        regular_arrangements,
        sticky_dimensionalities,
    ],
)
def test_untrained_models_do_not_agree(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, module: Any
) -> None:
    outcome = undertrained(monkeypatch, module, tmp_path)
    assert outcome.status == "unresolved"
    assert all(row.agrees or row.why for row in (*outcome.comparisons, *outcome.listed))


def test_untrained_models_refute_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    budget = sticky_dimensionalities.BUDGETS["smoke"]
    monkeypatch.setitem(
        sticky_dimensionalities.BUDGETS, "smoke", (*budget[:-1], annealed(3, 16))
    )  # fmt: skip
    assert sticky_dimensionalities.fractions("smoke", tmp_path, False).status == "unresolved"


def test_chance_is_the_measure_of_the_windows() -> None:
    """3/8 and 2/5 overlap, 1 lies at the end, 1/2 is left out."""
    near = sticky_dimensionalities.NEAR
    windows = (2 / 5 + near - (3 / 8 - near)) + 2 * near + 2 * near + near
    chance = sticky_dimensionalities.by_chance(np.array([0.0, 1.0]))
    assert chance == pytest.approx(windows / (1 - 2 * near), abs=1e-4)


def test_cells_that_differ_are_listed_with_a_diagnosis(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    outcome = undertrained(monkeypatch, phases_of_cells, tmp_path)
    assert outcome.plane is not None
    assert len(outcome.listed) == np.sum(outcome.plane.judged & ~outcome.plane.agrees)
    assert {row.why for row in outcome.listed} <= {"other basin", "not converged"}


def test_the_decomposition_is_not_that_of_other_weights() -> None:
    """Interference moves with the angle, the benefit with the norms."""
    W, ones = np.eye(2, 3), np.ones(3)
    benefit, interference, bias = benefit_and_interference.decomposition(W, np.zeros(3), ones)
    assert (benefit, interference, bias) == (benefit_and_interference.v, 0, 0)
    turned = W.copy()
    turned[:, 2] = [0.6, 0.8]
    benefit, interference, _ = benefit_and_interference.decomposition(turned, np.zeros(3), ones)
    assert benefit == pytest.approx(0)
    assert interference == pytest.approx(2 * benefit_and_interference.v)


def test_gradient_flow_of_another_rate_is_off_the_curve(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(benefit_and_interference, "v", 1.2 * benefit_and_interference.v)
    assert benefit_and_interference.run("smoke", tmp_path, False).status == "unresolved"


def test_bad_sizes_and_ids_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="size is 'huge'; it must be one of smoke, standard"):
        list(run_checks("huge", tmp_path))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="only is 'phases'; it must be one of linear-keeps"):
        list(run_checks("smoke", tmp_path, ["phases"]))


def test_the_command_writes_one_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    only = ["--only", "benefit-and-interference", "--only", "linear-keeps-the-top"]
    assert main(["check", *only, "--folder", str(tmp_path), "--quiet"]) == 0
    told = capsys.readouterr().out
    assert "2 agrees, 0 refuted, 0 unresolved" in told
    report = tmp_path / "report-of-linear-keeps-the-top-benefit-and-interference.html"
    assert str(report) in told
    assert report.with_suffix(".json").exists()


def test_the_command_lists_claims_and_refuses_bad_ids(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--list"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(CHECKS)
    assert main(["check", "--only", "nothing"]) == 2
    assert "only is 'nothing'" in capsys.readouterr().err
    assert main(["check", "--size", "huge"]) == 2


def test_unresolved_checks_are_an_exit_status(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(regular_arrangements.BUDGETS, "smoke", annealed(3, 16))
    arguments = ["check", "--only", "regular-arrangements", "--folder", str(tmp_path), "--quiet"]
    assert main(arguments) == 1


def test_the_record_at_standard_size_is_of_these_checks_and_says_what_its_numbers_say() -> None:
    """docs/checks/standard.json, written by ``superposition check --size standard``."""
    record = json.loads((ROOT / "docs/checks/standard.json").read_text(encoding="utf-8"))
    assert record["size"] == "standard"
    assert [each["id"] for each in record["checks"]] == [check.id for check in CHECKS]
    for check, told in zip(CHECKS, record["checks"], strict=True):
        assert told["claim"] == check.claim
        rows = [_comparison(row) for row in told["comparisons"]]
        assert [row.agrees for row in rows] == [row["agrees"] for row in told["comparisons"]]
        assert told["status"] == ("agrees" if all(row.agrees for row in rows) else "refuted")


def _comparison(row: dict[str, Any]) -> Comparison:
    """A row of the record as it was; what is no number there was infinite."""
    fields = {key: value for key, value in row.items() if key != "agrees"}
    found = {key: np.inf if value is None else value for key, value in row["found"].items()}
    return Comparison(**fields | {"found": Found(**found)})
