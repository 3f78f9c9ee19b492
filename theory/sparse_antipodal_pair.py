r"""Antipodal pair with two norms, in the sparse limit: where superposition really begins.

W_1 = 1, W_2 = -ρ, density p → 0, importances 1 and ω p. To leading order the loss is p² times

.. math:: \frac{ρ^2}{3} - \frac{ρ^3}{6} + \frac ω3 (1 - ρ^2)^2

the interference that the small feature causes, plus its own feature benefit left over
(biases and the deviation of the large norm from 1 enter at higher order). Dropping it
costs ω/3, so storing at norm ρ pays from

.. math:: ω(ρ) = \frac{1 - ρ/2}{2 - ρ^2}

The least ω is the boundary: ρ = 2 - √2, and importance over density (2 + √2)/8 ≈ 0.4268,
where the paper's unit pair needs 1/2. ρ jumps there from 0 to 0.5858: first order.
Source: derived here.
"""

from __future__ import annotations

from functools import cache

import sympy

from superposition.theory.relu_output_model.active_set_expansion import output_loss
from superposition.theory.statement import Argument, Statement
from superposition.theory.symbols import rho
from superposition.theory.truncated_power import without_kinks

importance_per_density = sympy.Symbol("omega", positive=True)


@cache
def loss_per_square_density() -> sympy.Expr:
    """lim L/p² of the pair (1, -ρ), 0 ≤ ρ ≤ 1, with importances 1 and ω p.

    Large output: both features active, one in p². Small output: importance ω p, its own
    feature alone, one in p.
    """
    disturbed = output_loss(0, (0, 1), [1, -rho], 0)
    benefit = output_loss(1, (1,), [-rho, rho**2], 0)
    limit = disturbed + importance_per_density * benefit
    return sympy.expand(without_kinks(limit, rho, sympy.Rational(1, 2)))


@cache
def storing_importance() -> sympy.Expr:
    """ω(ρ): the importance per density at which storing at norm ρ costs as much as dropping."""
    dropped = loss_per_square_density().subs(rho, 0)
    gain = sympy.cancel((loss_per_square_density() - dropped) / rho**2)
    return sympy.factor(sympy.solve(gain, importance_per_density)[0])


@cache
def boundary() -> tuple[sympy.Expr, sympy.Expr]:
    """The norm ρ and the importance per density at which the stored pair first pays.

    >>> boundary()
    (2 - sqrt(2), (sqrt(2) + 2)/8)
    """
    stationary = sympy.solve(
        sympy.numer(sympy.together(sympy.diff(storing_importance(), rho))), rho
    )
    norm = next(root for root in stationary if 0 < root < 1)
    return norm, sympy.radsimp(storing_importance().subs(rho, norm))


def statements() -> tuple[Statement, ...]:
    """The limiting loss, and the importance from which storing pays."""
    best_norm, least = boundary()
    norm = Argument(rho, 0, 1, corners=(1, 1e-9, best_norm))
    return (
        Statement(
            id="sparse-antipodal-pair/loss",
            claim="The pair (1, -ρ) with importances 1 and ωp: the limit of L/p² as p → 0.",
            name=sympy.Function("Lambda")(rho, importance_per_density),
            expression=loss_per_square_density(),
            arguments=(norm, Argument(importance_per_density, 0, 3, corners=(0.5,))),
            source="derived here",
        ),
        Statement(
            id="sparse-antipodal-pair/boundary",
            claim="Storing the second feature at norm ρ pays from this importance per density; "
            f"the least is {float(least):.4f}, at ρ = {float(best_norm):.4f}; the paper's pair, "
            f"ρ = 1, needs {storing_importance().subs(rho, 1)}.",
            name=sympy.Function("omega")(rho),
            expression=storing_importance(),
            arguments=(norm,),
            source="derived here",
        ),
    )
