"""All the checks, in the order of the paper."""

from __future__ import annotations

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
from superposition.validate.check.check import Check

CHECKS: tuple[Check, ...] = (
    linear_keeps_the_top.CHECK,
    benefit_and_interference.CHECK,
    phases_of_cells.check(2, 1, "F5"),
    phases_of_cells.check(3, 2, "F6"),
    norms_biases_interference.CHECK,
    regular_arrangements.CHECK,
    sticky_dimensionalities.PLATEAUS,
    sticky_dimensionalities.STICKING,
    correlated_sets.CHECK,
    hidden_layer_regimes.CHECK,
    absolute_value.CHECK,
)
