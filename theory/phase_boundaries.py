r"""The paper's phase boundaries at n = 2, m = 1, as statements about the losses behind them.

.. math:: p^* = \frac{4r}{2 + 5r} \; (r \le 1), \qquad p^* = \frac{4}{5 + 2r} \; (r \ge 1)

r: relative importance of the extra feature. Below p* both features are an antipodal pair,
above it the less important one is dropped. The expressions come out of
``phase_diagram.phases``, which solves them for any n and m.
Source: Elhage et al. 2022, "Phase change".
"""

import sympy

from superposition.theory.phase import Place
from superposition.theory.phase_diagram import phases
from superposition.theory.statement import Argument, Statement
from superposition.theory.symbols import r


def statements() -> tuple[Statement, ...]:
    """p*(r) where dropping the extra feature, or the ordinary one, ties with the pair."""
    boundaries = {
        boundary.phases[0 if boundary.phases[1].extra == "paired" else 1].extra: boundary
        for boundary in phases(features=2, hidden=1).boundaries
        if not boundary.vertical
    }

    def statement(slug: str, claim: str, extra: Place, low: float, high: float) -> Statement:
        return Statement(
            id=f"phase-boundaries/{slug}",
            claim=claim,
            name=sympy.Function("p_star")(r),
            expression=boundaries[extra].density,
            arguments=(Argument(r, low, high, corners=(low, high)),),
            source="Elhage et al. 2022, Phase change (n = 2, m = 1)",
        )

    return (
        statement(
            "extra-dropped",
            "Dropping the extra feature of importance r ≤ 1 costs as much as the pair.",
            "dropped",
            1e-6,
            1,
        ),
        statement(
            "ordinary-dropped",
            "Dropping the ordinary feature costs as much as the pair, r ≥ 1.",
            "dedicated",
            1,
            1e6,
        ),
    )
