"""Numerical twins: every statement of the theory computed once more, by brute force.

A twin takes the arguments of its statement, in their order, as mpmath numbers (arrays of
them for indexed arguments, ``int`` for sizes), and returns the same quantity by
quadrature, minimisation or root finding. Twins share no code with ``theory`` and do not
import it; ``numerics.confrontation`` joins the two by id.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module

from superposition.numerics.twins.twin import TWINS, Twin

MODULES = (
    "features",
    "linear_model",
    "relu_output_model",
    "configurations",
    "balanced_pair",
    "phase_boundaries",
    "stability_of_dropping",
    "pair_without_biases",
    "polytopes",
    "packing_bounds",
    "one_active_polygons",
    "symmetric_arrangements",
)


@cache
def twins() -> dict[str, Twin]:
    """Every twin by the id of its statement."""
    for module in MODULES:
        import_module(f"superposition.numerics.twins.{module}")
    return dict(TWINS)


__all__ = ["MODULES", "twins"]
