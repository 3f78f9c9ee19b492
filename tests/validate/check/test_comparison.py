"""Comparisons: what agrees, what does not, and the diagnosis."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from superposition.validate.check.comparison import Comparison, Found, loss_comparison

numbers = st.floats(-1e3, 1e3)


def comparison(best: float, **changes: Any) -> Comparison:
    settings: dict[str, Any] = {"theory": 1.0, "optimum": None, "tolerance": 0.1} | changes
    return Comparison("here", "it", found=Found(best, best, best), **settings)


@given(st.lists(st.tuples(numbers, numbers), min_size=1))
def test_the_best_is_that_of_least_loss(pairs: list[tuple[float, float]]) -> None:
    values, losses = np.array(pairs).T
    found = Found.of(values, losses)
    assert found.best in values[losses == losses.min()]
    assert found.worst in values[losses == losses.max()]
    assert np.sum(losses <= losses[values == found.median].max()) >= len(pairs) / 2


@pytest.mark.parametrize(
    ("best", "changes", "agrees"),
    [
        (1.09, {}, True),
        (1.11, {}, False),
        (0.89, {}, False),
        (0.5, {"within": "below", "bound": 1.1}, True),
        (1.11, {"within": "below", "bound": 1.1}, False),
        (5.0, {"within": "above", "bound": 0.9}, True),
        (0.89, {"within": "above", "bound": 0.9}, False),
        (0.95, {"within": "above", "bound": 0.9, "theory": None}, True),
        (1.5, {"scale": 10.0}, True),
        (1.0, {"optimum": 2.0}, False),  # the optimum counts where it is known
        (1.0, {"why": "other basin"}, False),  # however near
        (math.nan, {}, False),
        (math.inf, {"within": "above", "bound": 0.9}, False),
    ],
)
def test_the_best_has_to_lie_within_the_tolerance(
    best: float, changes: dict[str, Any], agrees: bool
) -> None:
    assert comparison(best, **changes).agrees is agrees
    plain = comparison(best, **changes).plain()
    assert plain["agrees"] is agrees
    assert plain["found"]["best"] == (best if math.isfinite(best) else None)
    json.dumps(plain, allow_nan=False)


def test_something_has_to_be_expected() -> None:
    with pytest.raises(ValueError, match="needs theory, an optimum or a bound"):
        _ = comparison(1.0, theory=None).expected
    for changes in ({"within": "below"}, {"bound": 1.0}):
        with pytest.raises(ValueError, match="a bound belongs to 'below' and 'above'"):
            comparison(1.0, **changes)


def test_where_all_have_to_agree_the_worst_is_judged() -> None:
    found = Found.of([1.0, 1.2, 0.95], [0.0, 0.2, 0.05])
    assert found == Found(1.0, 0.95, 1.2)
    row = Comparison("here", "it", 1.0, None, found, 0.1)
    assert row.agrees
    assert not replace(row, judged="worst").agrees


@pytest.mark.parametrize(
    ("found", "polished", "best", "changes", "why"),
    [
        (1.0, 1.0, None, {}, ""),
        (1.0, 1.0, True, {"optimum": 1.0}, ""),
        (1.0, 1.0, False, {}, "other basin"),
        (1.5, 1.0, True, {}, "not converged"),
        (1.5, 1.5, None, {}, "the optimum differs too"),
        (1.5, None, None, {}, "not polished"),
        (1.1, 1.1, True, {"optimum": 1.1}, "theory and optimum differ"),
        (0.5, 0.95, None, {"within": "above", "bound": 0.9}, "not converged"),
    ],
)
def test_disagreement_has_a_reason(
    found: float, polished: float | None, best: bool | None, changes: dict[str, Any], why: str
) -> None:
    row = comparison(found, **changes).diagnosed(polished, best=best)
    assert row.why == why
    assert row.agrees == (not why)


@pytest.mark.parametrize(
    ("losses", "optimum", "polished", "theory", "why"),
    [
        ([1.01, 2.0], 1.0, 1.0, None, ""),
        ([1.05, 2.0], 1.0, 1.0, None, "not converged"),
        ([1.05, 2.0], 1.0, 1.04, None, "other basin"),
        ([0.9, 2.0], 1.0, 0.9, None, "below the optimum"),
        ([1.0, 2.0], 1.0, 0.98, None, "below the optimum"),
        ([1.0, 2.0], 1.0, 1.0, 0.9, "theory and optimum differ"),
        ([1.0, 2.0], 1.0, 1.0, 1.001, "theory and optimum differ"),
        ([1.0, 2.0], None, 1.0, 1.0, ""),
    ],
)
def test_losses_are_diagnosed(
    losses: list[float], optimum: float | None, polished: float, theory: float | None, why: str
) -> None:
    found = loss_comparison("here", losses, optimum, polished, 0.02, theory)
    assert found.why == why
    assert found.agrees == (not why)


def test_an_optimum_of_zero_keeps_a_millionth_of_what_nothing_costs() -> None:
    assert loss_comparison("here", [9e-7], 0.0, 0.0, 0.02, nothing=1.0).agrees
    assert not loss_comparison("here", [2e-6], 0.0, 0.0, 0.02, nothing=1.0).agrees
