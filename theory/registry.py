"""The registry: every statement the project claims, in the order of the argument."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from superposition.theory.statement import Statement

MODULES = (
    "features.moments",
    "linear_model.loss",
    "linear_model.optimum_with_bias",
    "linear_model.optimum_without_bias",
    "relu_output_model.cube_integral",
    "relu_output_model.corner_recurrence",
    "relu_output_model.no_active_feature",
    "relu_output_model.one_active_feature",
    "relu_output_model.two_active_features",
    "relu_output_model.active_set_expansion",
    "dropped_feature",
    "dedicated_dimension",
    "antipodal_pair",
    "composition",
    "balanced_antipodal_pair",
    "sparse_antipodal_pair",
    "phase_boundaries",
    "stability_of_dropping",
    "pair_without_biases",
    "polytopes",
    "packing.point_bounds",
    "packing.line_bounds",
    "one_active_polygons",
    "symmetric_arrangements.one_output",
    "symmetric_arrangements.simplex",
    "symmetric_arrangements.polygon",
    "symmetric_arrangements.cross_polytope",
)


@cache
def statements() -> dict[str, Statement]:
    """Every statement by its id.

    >>> str(statements()["antipodal-pair/loss"].expression)
    'p*q*(I_1 + I_2)/6'
    """
    found: dict[str, Statement] = {}
    for module in MODULES:
        for statement in import_module(f"superposition.theory.{module}").statements():
            if statement.id in found:
                raise ValueError(f"Two statements have the id {statement.id!r}.")
            found[statement.id] = statement
    return found
