"""Comparisons: what agrees, what does not, and the diagnosis."""

from __future__ import annotations

import json
import math
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
        (0.5, {"within": "below"}, True),
        (1.11, {"within": "below"}, False),
        (5.0, {"within": "above"}, True),
        (0.89, {"within": "above"}, False),
        (1.5, {"scale": 10.0}, True),
        (1.0, {"optimum": 2.0}, False),  # the optimum counts where it is known
        (math.nan, {}, False),
        (math.inf, {"within": "above"}, False),
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
    with pytest.raises(ValueError, match="needs theory or an optimum"):
        _ = comparison(1.0, theory=None).expected


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
