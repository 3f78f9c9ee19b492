"""The settled questions in numbers: what the companion's prose quotes, computed anew each time."""

from __future__ import annotations

from collections.abc import Mapping

import sympy

from superposition.numerics.two_features_in_one_dimension import (
    balanced_pair_limit,
    first_order_importance,
    triple_point,
)
from superposition.paper.typst_printer import typst
from superposition.theory import pair_without_biases, stability_of_dropping
from superposition.theory.symmetric_arrangements.crossings import Arrangement, crossing_density

DIGITS, SLOPE_DENSITY = 7, 0.1
CROSSINGS: Mapping[str, tuple[Arrangement, Arrangement, tuple[float, float]]] = {
    "digon to triangle": (
        Arrangement(digons=1, dedicated=1),
        Arrangement(simplices=(2,)),
        (0.1, 0.9),
    ),
    "pentagon to digons": (
        Arrangement(polygons=(5,)),
        Arrangement(digons=2, dropped=1),
        (0.1, 0.4),
    ),
    "digons to triangle": (
        Arrangement(digons=2),
        Arrangement(simplices=(2,), dropped=1),
        (0.4, 0.8),
    ),
    "digon to tetrahedron": (
        Arrangement(digons=1, dedicated=2),
        Arrangement(simplices=(3,)),
        (0.1, 0.9),
    ),
}


def settled() -> dict[str, str]:
    """Names and numbers, as Typst mathematics."""
    lower, upper = stability_of_dropping.tricritical_densities()
    meeting, limit = triple_point(), balanced_pair_limit()
    numbers: dict[str, str] = {
        "tricritical degree": str(stability_of_dropping.tricritical_polynomial().degree()),
        "tricritical polynomial": typst(stability_of_dropping.tricritical_polynomial().as_expr()),
        "lower tricritical": str(lower.n(DIGITS)),
        "upper tricritical": str(upper.n(DIGITS)),
        "meeting density": f"{meeting.density:.{DIGITS - 1}f}",
        "meeting importance": f"{meeting.importance:.{DIGITS - 1}f}",
        "weak norm": f"{-meeting.points[1][1]:.4f}",
        "strong norm": f"{-meeting.points[2][1]:.4f}",
        "balanced limit": f"{limit.density:.{DIGITS}f}",
        "broken norms": " ".join(
            f"{abs(weight):.4f}" + separator
            for weight, separator in zip(limit.points[1][:2], (' "and"', ""), strict=True)
        ),
        "slope density": str(SLOPE_DENSITY),
        "slope there": f"{first_order_importance(SLOPE_DENSITY) / SLOPE_DENSITY:.{DIGITS - 1}f}",
        "confused crossing": typst(sympy.nsimplify(pair_without_biases.crossing_density())),
        "confused crossing in digits": str(pair_without_biases.crossing_density().n(DIGITS)),
        "aligned norm": typst(pair_without_biases.best_squared_norm(1)),
        "antipodal norm": typst(pair_without_biases.best_squared_norm(-1)),
    }
    for name, (sparse, dense, between) in CROSSINGS.items():
        numbers[name] = f"{crossing_density(sparse, dense, between):.{DIGITS}f}"
    return numbers
