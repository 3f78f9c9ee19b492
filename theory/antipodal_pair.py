r"""Antipodal pair: two features on one hidden dimension, W_1 = -W_2, unit norm, zero bias.

.. math:: L = (I_1 + I_2) \, \frac{p_1 p_2}{6}

I_1, I_2: importances; p_1, p_2: densities. Each output is (x_1 - x_2)_+ or (x_2 - x_1)_+,
so nothing is lost while one feature is silent; with both active each output loses
min(u_1, u_2)², whose mean over the unit square is 1/6.
Source: Elhage et al. 2022, the toy model of the toy model in "Phase change".
"""

from functools import cache

import numpy as np
import sympy
from numpy.typing import ArrayLike, NDArray

from superposition.theory import dropped_feature
from superposition.theory.domain import check_density, check_relative_cost
from superposition.theory.features.feature_law import FeatureLaw
from superposition.theory.relu_output_model.active_set_expansion import expected_loss
from superposition.theory.statement import Argument, Statement
from superposition.theory.symbols import lam, p, q

I_1, I_2 = sympy.symbols("I_1 I_2", nonnegative=True)
SOURCE = "Elhage et al. 2022, Phase change (antipodal pair)"


@cache
def loss() -> sympy.Expr:
    """L of the pair, densities p and q.

    >>> loss()
    p*q*(I_1 + I_2)/6
    """
    law = FeatureLaw.independent([p, q])
    return sympy.factor(expected_loss([[1, -1]], [0, 0], [I_1, I_2], law))


@cache
def relative_cost() -> sympy.Expr:
    """λ(p): what one member pays, over what dropping it would cost, at equal densities.

    >>> relative_cost()
    2*p/(4 - 3*p)
    """
    member = loss().subs({q: p, I_2: 0}) / I_1
    dropped = dropped_feature.loss() / dropped_feature.importance
    numerator, denominator = sympy.fraction(sympy.cancel(member / dropped))
    return (-numerator) / (-denominator)


@cache
def density_at_relative_cost() -> sympy.Expr:
    """p(λ), the inverse of λ(p).

    >>> density_at_relative_cost()
    4*lambda/(3*lambda + 2)
    """
    return sympy.factor(sympy.solve(sympy.Eq(relative_cost(), lam), p)[0])


@cache
def triple_density() -> sympy.Expr:
    """The density p_1 at which dropping either feature, or pairing both, cost the same.

    p: density of the second feature. Solves I_1 v_1 = I_2 v_2 = L_pair; equal densities
    give 4/7 at equal importances, the triple point of the paper's phase diagram.

    >>> sympy.solve(sympy.Eq(triple_density(), p), p)
    [4/7]
    """
    first, second = (
        (dropped_feature.loss() / dropped_feature.importance).subs(p, density) for density in (q, p)
    )
    # Importances inversely proportional to the variances make dropping either cost 1.
    tie = sympy.Eq(loss().subs({I_1: 1 / first, I_2: 1 / second}), 1)
    roots = sympy.solve(tie, q)
    inside = next(root for root in roots if 0 < root.subs(p, sympy.Rational(4, 7)) <= 1)
    return sympy.expand(inside)


class UnitPair:
    """The paper's pair as a ``PairCost``: unit norm, zero bias."""

    name = "unit"

    @property
    def largest(self) -> float:
        """λ at density 1."""
        return float(relative_cost().subs(p, 1))

    def relative_cost(self, density: ArrayLike) -> NDArray[np.float64]:
        """λ at density p, vectorised."""
        check_density(density)
        function = _numpy(p, relative_cost())
        return np.asarray(function(np.asarray(density, dtype=float)), dtype=float)

    def density(self, cost: ArrayLike) -> NDArray[np.float64]:
        """p at relative cost λ, vectorised."""
        check_relative_cost(cost, self.largest)
        function = _numpy(lam, density_at_relative_cost())
        return np.asarray(function(np.asarray(cost, dtype=float)), dtype=float)

    def density_expression(self) -> sympy.Expr | None:
        """p(λ) in closed form."""
        return density_at_relative_cost()


def statements() -> tuple[Statement, ...]:
    """The pair's loss, its cost relative to dropping, and the triple point."""
    density = Argument(p, 0, 1, corners=(1e-12, 1))
    other = Argument(q, 0, 1, corners=(1e-12, 1, p))
    (meeting,) = sympy.solve(sympy.Eq(triple_density(), p), p)
    return (
        Statement(
            id="antipodal-pair/loss",
            claim="Two features of densities p and q as an antipodal pair.",
            name=sympy.Function("L_pair")(I_1, I_2, p, q),
            expression=loss(),
            arguments=(
                Argument(I_1, 0, 5, corners=(0, 1)),
                Argument(I_2, 0, 5, corners=(0, 1, I_1)),
                density,
                other,
            ),
            source=SOURCE,
        ),
        Statement(
            id="antipodal-pair/relative-cost",
            claim="A member of the pair pays λ times what dropping it would cost.",
            name=sympy.Function("lambda")(p),
            expression=relative_cost(),
            arguments=(density,),
            source="derived here from both losses",
        ),
        Statement(
            id="antipodal-pair/triple-point",
            claim="Dropping either feature and pairing both cost the same at this density of "
            f"one, given density p of the other; equal densities meet at {meeting}.",
            name=sympy.Function("p_triple")(p),
            expression=triple_density(),
            arguments=(Argument(p, 0.25, 0.99, corners=(meeting,)),),
            source="derived here; at p = 4/7 the triple point of Elhage et al. 2022, Phase change",
        ),
    )


@cache
def _numpy(symbol: sympy.Symbol, expression: sympy.Expr) -> "np.ufunc":
    function: np.ufunc = sympy.lambdify(symbol, expression, "numpy")
    return function
