r"""How long dropping the less important of two features stays a minimum, and how it ends.

n = 2, m = 1, importances 1 and r, density p. Beside the dropped optimum, W = (1, 0),
b = (0, p/2), loss r v, lies the path

.. math:: W = (1 + s t,\, -t), \quad b_1 = e t, \quad b_2 \text{ at its best}, \quad t \downarrow 0

with 0 ≤ e ≤ 1, on which the loss is

.. math:: L = r v + t^2 \big(Q(s, e) - r v\big) + t^3 C(s, e) + O(t^4)

(one-sided: the loss is C¹ and not C² at t = 0). Everything follows in closed form:

* the least Q is at s = 3(p - 2e)/8 and e the root of p(1-p) e² + (2 - 7p/2 + 2p²) e = p²/4;
* dropping is a local minimum up to r* = Q/v and not beyond;
* where C > 0 at r*, the second feature comes in continuously, with norm t ∝ r - r*
  (exponent 1, not 1/2: the form is cubic); where C < 0 it jumps. C changes sign at two
  densities, roots of a polynomial of degree 9: 0.52025 and 0.83732, the tricritical points.

So the change is not first-order everywhere. Source: the question is Elhage et al. 2022,
"Phase change", which calls it first-order; the answer is derived here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import sympy
from numpy.typing import ArrayLike, NDArray

from superposition.theory import dropped_feature
from superposition.theory.domain import check_density
from superposition.theory.relu_output_model.active_set_expansion import output_loss
from superposition.theory.statement import Argument, Statement
from superposition.theory.symbols import p, r
from superposition.theory.truncated_power import TruncatedPower

s, e = sympy.symbols("s e", real=True)
t = sympy.Symbol("t", positive=True)
INSIDE = {t: sympy.Rational(1, 1000), s: sympy.Rational(1, 10), e: sympy.Rational(1, 3)}


@cache
def loss_along_path() -> sympy.Expr:
    """L on the path, exactly, for small t: sums over the active sets of both outputs."""
    row_1 = [(1 + s * t) ** 2, -t * (1 + s * t)]
    row_2 = [row_1[1], t**2]
    # The best bias of an output that is never silent removes the mean of its error.
    b_2 = p / 2 * (1 - row_2[0] - row_2[1])
    return sympy.Add(
        *(
            importance
            * p ** len(active)
            * (1 - p) ** (2 - len(active))
            * sympy.cancel(_beside_the_dropped_optimum(output_loss(output, active, row, bias)))
            for importance, output, row, bias in ((1, 0, row_1, e * t), (r, 1, row_2, b_2))
            for active in ((), (0,), (1,), (0, 1))
        )
    )


@cache
def expansion() -> tuple[sympy.Expr, sympy.Expr]:
    """Q(s, e) and C(s, e): the coefficients of t² (less - r v) and of t³.

    >>> sympy.degree(expansion()[0], s), sympy.degree(expansion()[0], e)
    (2, 3)
    """
    variance = dropped_feature.loss() / dropped_feature.importance
    second, third = (
        sympy.expand(sympy.diff(loss_along_path(), t, order).subs(t, 0) / sympy.factorial(order))
        for order in (2, 3)
    )
    return sympy.expand(second + r * variance), third


@cache
def best_norm_change() -> sympy.Expr:
    """s, where ∂Q/∂s = 0.

    >>> best_norm_change()
    -3*e/4 + 3*p/8
    """
    return sympy.expand(sympy.solve(sympy.diff(expansion()[0], s), s)[0])


@cache
def bias_equation() -> sympy.Expr:
    """The quadratic in e that vanishes where ∂Q/∂e = 0, s at its best.

    >>> sympy.collect(sympy.expand(bias_equation()), e)
    e**2*(-p**2 + p) + e*(2*p**2 - 7*p/2 + 2) - p**2/4
    """
    slope = sympy.diff(expansion()[0], e).subs(s, best_norm_change())
    return sympy.expand(slope)


@cache
def best_bias() -> sympy.Expr:
    """e, the positive root, in the form that loses no digits as p → 0 or p → 1."""
    quadratic = sympy.Poly(bias_equation(), e)
    square, linear, constant = quadratic.all_coeffs()
    root = sympy.sqrt(sympy.factor(linear**2 - 4 * square * constant))
    return -2 * constant / (linear + root)


@cache
def stability_importance() -> sympy.Expr:
    """r*(e, p) = Q/v at the best s."""
    variance = dropped_feature.loss() / dropped_feature.importance
    return sympy.factor(expansion()[0].subs(s, best_norm_change()) / variance)


@cache
def cubic() -> sympy.Expr:
    """C(e, p) at the best s and at r = r*: its sign decides the order of the transition."""
    third = expansion()[1].subs(r, stability_importance()).subs(s, best_norm_change())
    return sympy.factor(third)


@cache
def tricritical_polynomial() -> sympy.Poly:
    """The factor of the resultant of C and the bias equation that has the tricritical roots.

    >>> tricritical_polynomial().degree()
    9
    """
    resultant = sympy.resultant(cubic(), bias_equation(), e)
    _, factors = sympy.factor_list(resultant, p)
    return sympy.Poly(max(factors, key=lambda factor: sympy.degree(factor[0], p))[0], p)


@cache
def tricritical_densities() -> tuple[sympy.Expr, ...]:
    """The densities between which the second feature comes in continuously.

    >>> [str(density.n(10)) for density in tricritical_densities()]
    ['0.5202477368', '0.8373195801']
    """
    roots = [root for root in tricritical_polynomial().real_roots() if 0 < root.n() < 1]
    sign = sympy.lambdify(p, cubic().subs(e, best_bias()), "mpmath")
    step = sympy.Rational(1, 10**6)
    # The resultant also vanishes for the other root of the bias equation: those are left out.
    return tuple(root for root in roots if sign(root.n(30) - step) * sign(root.n(30) + step) < 0)


def least_stable_importance(density: ArrayLike) -> NDArray[np.float64]:
    """r*(p), vectorised: the relative importance up to which dropping is a local minimum.

    Raises ``ValueError`` for a density outside (0, 1].

    >>> print(f"{least_stable_importance(0.6):.6f}")
    0.665399
    """
    check_density(density)
    return np.asarray(_compiled()(np.asarray(density, dtype=float)))


@cache
def _compiled() -> Callable[..., Any]:
    function: Callable[..., Any] = sympy.lambdify(
        p, stability_importance().subs(e, best_bias()), "numpy"
    )
    return function


def _beside_the_dropped_optimum(expression: sympy.Expr) -> sympy.Expr:
    """Truncated powers as the polynomials they are for small t and 0 < e < 1."""

    def resolved(base: sympy.Expr, power: sympy.Expr) -> sympy.Expr:
        return base**power if base.subs(INSIDE).subs(p, sympy.Rational(1, 2)) > 0 else sympy.S.Zero

    return expression.replace(TruncatedPower, resolved)


def statements() -> tuple[Statement, ...]:
    """The second-order form, the best bias, the stability limit and the cubic coefficient."""
    density = Argument(p, 1e-6, 1, corners=(1e-6, 1))
    bias = Argument(e, 0, 1, corners=(1e-9, 1))
    return (
        Statement(
            id="stability-of-dropping/second-order",
            claim="Storing the dropped feature at norm t, the other at 1 + st with bias et: the "
            "loss rises by t² times this, less r v.",
            name=sympy.Function("Q")(s, e, p),
            expression=expansion()[0],
            arguments=(Argument(s, -1, 1, corners=(0,)), bias, density),
            source="derived here",
        ),
        Statement(
            id="stability-of-dropping/bias",
            claim="The relative bias at which that rise is least.",
            name=sympy.Function("e_star")(p),
            expression=best_bias(),
            arguments=(density,),
            source="derived here",
        ),
        Statement(
            id="stability-of-dropping/importance",
            claim="Dropping is a local minimum up to this relative importance, at the best bias.",
            name=sympy.Function("r_star")(e, p),
            expression=stability_importance(),
            arguments=(bias, density),
            source="derived here",
        ),
        Statement(
            id="stability-of-dropping/third-order",
            claim="The coefficient of t³ where t² has none: at the best bias the second feature "
            "comes in continuously where it is positive, and jumps where it is negative.",
            name=sympy.Function("C_star")(e, p),
            expression=cubic(),
            arguments=(bias, density),
            source="derived here; Elhage et al. 2022 call the change first-order everywhere",
        ),
    )
