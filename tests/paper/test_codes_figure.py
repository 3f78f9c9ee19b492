"""X5: drawn from the record, and refused where the record says what is not so."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from superposition.numerics.packing.bridge.record import recorded
from superposition.paper.figures import x05_codes_in_the_toy_model as x05
from superposition.paper.house_style import house_style


@pytest.fixture
def damaged(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A copy of the record that the figure reads instead."""
    found = copy.deepcopy(recorded())
    monkeypatch.setattr(x05, "recorded", lambda: found)
    return found


def test_the_figure_tells_what_the_record_holds() -> None:
    with house_style():
        drawn = x05.draw(Path("unused"), False)
    assert "icosahedron" in drawn.facts["reached"]
    assert "cube" in drawn.facts["saddle"]
    assert drawn.facts["digon"].startswith("global minimum up to 0.7064037")
    assert all(row["name"] in drawn.facts for row in recorded()["densities"])


def test_a_minimum_that_is_none_is_refused(damaged: dict[str, Any]) -> None:
    (icosahedron,) = (row for row in damaged["codes"] if row["name"] == "icosahedron")
    icosahedron["signature"] = [1, 0, 44]
    with pytest.raises(AssertionError):
        x05.draw(Path("unused"), False)


def test_a_free_minimum_with_other_weights_is_refused(damaged: dict[str, Any]) -> None:
    damaged["codes"][2]["free"]["weights"][1][0] += 0.01
    with pytest.raises(AssertionError):
        x05.draw(Path("unused"), False)


def test_a_limit_where_losses_differ_is_refused(damaged: dict[str, Any]) -> None:
    damaged["densities"][0]["global_limits"][0]["density"] += 1e-4
    with pytest.raises(AssertionError, match="losses differ"):
        x05.draw(Path("unused"), False)
