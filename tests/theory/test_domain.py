"""Bad input is refused in a whole sentence that names argument, value and allowed range."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sympy

from superposition.theory.composition import best_composition
from superposition.theory.domain import (
    check_count,
    check_density,
    check_finite,
    check_importance,
    check_vector,
)
from superposition.theory.features.feature_law import FeatureLaw
from superposition.theory.features.feature_sets import Anticorrelated, Correlated, Independent
from superposition.theory.linear_model.loss import expected_loss, optimal_bias
from superposition.theory.linear_model.optimum_with_bias import optimum
from superposition.theory.linear_model.optimum_without_bias import best_direction, loss_along
from superposition.theory.pair_cost import named_pair
from superposition.theory.phase_diagram import phases
from superposition.theory.polytopes import polygon, simplex
from superposition.theory.relu_output_model import active_set_expansion

TWO = FeatureLaw.independent([0.5, 0.5])
NAN, INF = math.nan, math.inf

REFUSED: list[tuple[Callable[[], Any], str]] = [
    (lambda: check_density(0), "density is 0; a density p = 1 - S must lie in (0, 1]."),
    (lambda: check_density(1.5), "density is 1.5; a density"),
    (lambda: check_density([0.1, NAN]), "density is nan"),
    (lambda: check_density("0.5"), "density is '0.5'; it must be a number"),
    (lambda: check_density(None), "density is None"),
    (lambda: check_importance([1, -2]), "importance is -2; an importance must be finite"),
    (lambda: check_importance(INF), "importance is inf"),
    (lambda: check_finite([[0, NAN]], "W"), "W contains nan"),
    (lambda: check_count(0, "hidden"), "hidden is 0; it must be a whole number of at least 1."),
    (lambda: check_count(1.5, "hidden"), "hidden is 1.5"),
    (lambda: check_count(True, "hidden"), "hidden is True"),
    (lambda: check_count("2", "hidden"), "hidden is '2'"),
    (lambda: check_vector([1], 2, "b"), "b has 1 entries; it must have one per feature"),
    (lambda: Independent((0.5, 2)), "density is 2"),
    (lambda: Independent(()), "the number of features is 0"),
    (lambda: Correlated(0, 0.5), "members of a correlated set is 0"),
    (lambda: Correlated(2, -0.5), "density is -0.5"),
    (lambda: Anticorrelated(2, 1.5), "density is 1.5"),
    (lambda: Anticorrelated.with_marginal(3, 0.5), "at most 1/3"),
    (lambda: FeatureLaw(()), "sets is empty"),
    (lambda: expected_loss([[1, 0, 0]], [0, 0], [1, 1], TWO), "W has shape (1, 3)"),
    (lambda: expected_loss([[1, 0]], [[0, 0], [0, 0]], [1, 1], TWO), "b has shape (2, 2)"),
    (lambda: active_set_expansion.expected_loss([1, 1], [0, 0], [1, 1], TWO), "W has shape (2,)"),
    (lambda: active_set_expansion.expected_loss([], [0, 0], [1, 1], TWO), "W has shape (0,)"),
    (lambda: active_set_expansion.expected_loss([[1, 1], [1]], [0, 0], [1, 1], TWO), "W has shape"),
    (lambda: FeatureLaw.independent(0.5), "density has shape ()"),  # type: ignore[arg-type]
    (lambda: FeatureLaw.independent([[0.5, 0.5]]), "density has shape (1, 2)"),
    (lambda: FeatureLaw((1, 2)), "sets contains 1; it must hold sets"),  # type: ignore[arg-type]
    (lambda: FeatureLaw((Correlated(2, 0.5),), "unit"), "values is 'unit'"),  # type: ignore[arg-type]
    (lambda: best_composition(1, 0.1, 1), "importance has shape ()"),  # type: ignore[arg-type]
    (lambda: best_composition([[1, 1]], 0.1, 1), "importance has shape (1, 2)"),  # type: ignore[list-item]
    (lambda: best_composition([1, sympy.Symbol("x")], 0.1, 1), "it must be a number"),
    (lambda: phases(2, 1, pair=["unit"]), "pair is ['unit']"),  # type: ignore[arg-type]
    (lambda: phases(2, 1).boundaries[0].points(0, 10), "low is 0 and high 10"),
    (lambda: best_direction([1, 2], 0.5), "importance has shape (2,)"),  # type: ignore[arg-type]
    (lambda: loss_along([0, 0], [1, 1], TWO), "direction is 0"),
    (lambda: expected_loss([[1, 0]], [0], [1, 1], TWO), "b has 1 entries"),
    (lambda: expected_loss([[1, 0]], [0, INF], [1, 1], TWO), "b contains inf"),
    (lambda: expected_loss([[1, 0]], [0, 0], [1], TWO), "importance has 1 entries"),
    (lambda: optimal_bias([[1, NAN]], TWO), "W contains nan"),
    (lambda: optimum([1, 1], TWO, 0), "hidden is 0"),
    (lambda: optimum([1, 1], FeatureLaw((Correlated(2, 0.5),)), 1), "correlated features"),
    (lambda: best_direction(0, 0.5), "importance is 0; it must lie in [1e-06, 1e+06]."),
    (lambda: best_direction(1, 0), "density is 0"),
    (lambda: active_set_expansion.expected_loss([[1]], [0, 0], [1, 1], TWO), "W has shape (1, 1)"),
    (lambda: best_composition([1, 1], [0.1], 1), "density has 1 entries"),
    (lambda: best_composition([1, 1], 0.1, 0), "hidden is 0"),
    (lambda: best_composition([], 0.1, 1), "the number of features is 0"),
    (lambda: best_composition([1, -1], 0.1, 1), "importance is -1"),
    (lambda: phases(1, 1), "features is 1; it must be a whole number of at least 2."),
    (lambda: phases(2, 0), "hidden is 0"),
    (lambda: phases(3, 1, ordinary=[1]), "ordinary has 1 entries; it must have one per ordinary"),
    (lambda: phases(2, 1, ordinary=NAN), "ordinary importance is nan"),
    (lambda: phases(2, 1, pair="bets"), "pair is 'bets'; it must be one of 'unit', 'balanced'."),
    (lambda: phases(2, 1).phase(1, 0), "density is 0"),
    (lambda: phases(2, 1).phase(-1, 0.5), "importance is -1"),
    (lambda: phases(2, 1).boundaries[0].density_at(3), "this boundary runs from 0 to 1"),
    (lambda: phases(2, 1).boundaries[0].density_at(NAN), "importance contains nan"),
    (lambda: phases(2, 1).boundaries[1].density_at(1), "no density as a function of importance"),
    (lambda: named_pair("unit").density(2.1), "relative cost is 2.1; it must lie in [0, 2]."),
    (lambda: named_pair("balanced").density([0.1, -1]), "relative cost is -1"),
    (lambda: named_pair("balanced").density(NAN), "relative cost is nan"),
    (lambda: named_pair("unit").relative_cost(0), "density is 0"),
    (lambda: polygon(2), "sides is 2"),
    (lambda: simplex(1), "dimension is 1"),
]


@pytest.mark.parametrize(("call", "sentence"), REFUSED, ids=[sentence for _, sentence in REFUSED])
def test_bad_input_is_refused_in_a_sentence(call: Callable[[], Any], sentence: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the sentence is compared below
        call()
    message = str(caught.value)
    assert sentence in message
    assert message.endswith((".", "]."))


def test_symbols_stand_for_any_allowed_value() -> None:
    p = sympy.Symbol("p")
    check_density([p, 0.5], symbols=True)
    check_importance([p], symbols=True)
    with pytest.raises(ValueError, match="density is 2"):
        check_density([p, 2], symbols=True)
    with pytest.raises(ValueError, match="it must be a number"):
        check_density([p, 0.5])


def test_good_input_passes() -> None:
    check_density(np.array([[1.0, 1e-12]]))
    check_importance([0, 1, np.float32(2)])
    check_finite([sympy.Rational(1, 3)], "W")
    assert check_count(np.int64(3), "hidden") == 3
    assert check_count(2.0, "hidden") == 2
