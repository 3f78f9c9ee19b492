r"""Two features in one dimension without biases: the antipodal pair and the confused state.

W = √g (1, -1) or √g (1, 1), b = 0, equal importance, density p:

.. math:: L_- = 2 \Big( \frac p3 - \frac{p(8 - 5p)}{12} g + \frac{p(4 - 3p)}{12} g^2 \Big), \qquad
          L_+ = 2 \Big( \frac p3 - \frac{p(4 + 3p)}{6} g + \frac{p(4 + 3p)}{6} g^2 \Big)

* the aligned pair's outputs are never silent: it is the linear model, confused about which of
  the two features it saw. Its best norm is g = 1/2 at every density, its loss v = p/3 - p²/4:
  exactly what dropping one of the two costs where biases are free;
* the antipodal pair's best norm is g = (8 - 5p)/(8 - 6p) > 1;
* they cross at p = (40 - 4√14)/43 = 0.582171, where W_1·W_2 jumps from -g to 1/2: first order;
* nothing is ever dropped: from W = (1, 0) the loss falls at once, with slope -r p²/2, as the
  second weight grows on the first one's side. The dropped phase is a matter of biases.

Source: the confused state is McGrath's, in the comments of Elhage et al. 2022; derived here.
"""

from __future__ import annotations

from functools import cache

import sympy

from superposition.theory.relu_output_model.active_set_expansion import output_loss
from superposition.theory.statement import Argument, Statement
from superposition.theory.symbols import g, p, r
from superposition.theory.truncated_power import TruncatedPower

t = sympy.Symbol("t", positive=True)
positive_g = sympy.Symbol("g", positive=True)


@cache
def loss(side: int) -> sympy.Expr:
    """L of both outputs at importance 1; side: 1 for the aligned pair, -1 for the antipodal one.

    >>> loss(1)
    g**2*p**2 + 4*g**2*p/3 - g*p**2 - 4*g*p/3 + 2*p/3
    """
    one = _mixture([positive_g, side * positive_g], 0)
    return sympy.expand(2 * one).subs(positive_g, g)


@cache
def best_squared_norm(side: int) -> sympy.Expr:
    """g, where the loss is least.

    >>> best_squared_norm(1), best_squared_norm(-1)
    (1/2, (5*p - 8)/(2*(3*p - 4)))
    """
    return sympy.factor(sympy.solve(sympy.diff(loss(side), g), g)[0])


@cache
def least_loss(side: int) -> sympy.Expr:
    """The loss at the best norm."""
    return sympy.factor(loss(side).subs(g, best_squared_norm(side)))


@cache
def crossing_density() -> sympy.Expr:
    """The density from which the confused state is better.

    >>> crossing_density(), round(float(crossing_density()), 9)
    (40/43 - 4*sqrt(14)/43, 0.582171406)
    """
    roots = sympy.solve(sympy.numer(sympy.together(least_loss(1) - least_loss(-1))), p)
    return next(root for root in roots if 0 < root.n() < 1)


@cache
def slope_of_dropping() -> sympy.Expr:
    """dL/dW_2 at W = (1, 0) on the first feature's side, importances 1 and r.

    >>> slope_of_dropping()
    -p**2*r/2
    """
    both = _mixture([1, t], 0) + r * _mixture([t**2, t], 0)
    return sympy.factor(sympy.diff(both, t).subs(t, 0))


def _mixture(row: list[sympy.Expr], bias: int) -> sympy.Expr:
    """E(x_0 - (row·x + b)_+)² of one output, two features of density p, its own first."""
    total = sympy.Add(
        *(
            p ** len(active) * (1 - p) ** (2 - len(active)) * output_loss(0, active, row, bias)
            for active in ((), (0,), (1,), (0, 1))
        )
    )
    signs = {positive_g: 1, t: sympy.Rational(1, 9)}
    return sympy.expand(
        total.replace(
            TruncatedPower, lambda z, power: z**power if z.subs(signs) > 0 else sympy.S.Zero
        )
    )


def statements() -> tuple[Statement, ...]:
    """Both losses, both at their best norm, and the slope that forbids dropping."""
    density = Argument(p, 0, 1, corners=(1e-9, 1))
    norm = Argument(g, 0.01, 2, corners=(1, 0.5))
    words = {1: ("aligned", "+"), -1: ("antipodal", "-")}
    found = []
    for side, (word, sign) in words.items():
        found += [
            Statement(
                id=f"pair-without-biases/{word}-loss",
                claim=f"Two features on one line, {word}, without biases, importance 1.",
                name=sympy.Function(f"L_{sign}")(g, p),
                expression=loss(side),
                arguments=(norm, density),
                source="derived here",
            ),
            Statement(
                id=f"pair-without-biases/{word}-least-loss",
                claim="The confused state costs as much as dropping a feature would with biases."
                if side == 1
                else "The antipodal pair at its best norm: the confused state is better from "
                f"density {float(crossing_density()):.6f}.",
                name=sympy.Function(f"M_{sign}")(p),
                expression=least_loss(side),
                arguments=(density,),
                source="derived here; the confused state: McGrath in Elhage et al. 2022",
            ),
        ]
    return (
        *found,
        Statement(
            id="pair-without-biases/slope-of-dropping",
            claim="Without biases no feature is ever dropped: the loss falls as it is stored on "
            "the other's side.",
            name=sympy.Function("S")(p, r),
            expression=slope_of_dropping(),
            arguments=(density, Argument(r, 0, 2, corners=(1,))),
            source="derived here",
        ),
    )
