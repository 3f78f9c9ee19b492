r"""Feature dropped: W_i = 0, and the bias alone guesses the feature.

.. math:: L = I \Big( \frac p3 - b p + b^2 \Big) \quad (b \ge 0), \qquad
          \min_b L = I v = I \Big( \frac p3 - \frac{p^2}{4} \Big) \text{ at } b = \frac p2

I: importance; p: density; b: bias. This is the configuration's own best bias already.
Source: Elhage et al. 2022, the toy model of the toy model in "Phase change".
"""

from functools import cache

import sympy

from superposition.theory.features.feature_law import FeatureLaw
from superposition.theory.relu_output_model.active_set_expansion import expected_loss
from superposition.theory.statement import Argument, Statement
from superposition.theory.symbols import p

importance = sympy.Symbol("I", nonnegative=True)
bias = sympy.Symbol("b", nonnegative=True)
IMPORTANCE = Argument(importance, 0, 5, corners=(0, 1))
DENSITY = Argument(p, 0, 1, corners=(1e-12, 1))


@cache
def loss_at_bias() -> sympy.Expr:
    """L of a dropped feature with bias b ≥ 0."""
    law = FeatureLaw.independent([p])
    exact = expected_loss([[0]], [bias], [importance], law)
    return importance * sympy.expand(exact / importance)


@cache
def best_bias() -> sympy.Expr:
    """The bias at which the loss is stationary.

    >>> best_bias()
    p/2
    """
    return sympy.solve(sympy.diff(loss_at_bias(), bias), bias)[0]


@cache
def loss() -> sympy.Expr:
    """L of a dropped feature at its best bias, I v.

    >>> loss()
    I*(-p**2/4 + p/3)
    """
    return importance * sympy.expand(loss_at_bias().subs(bias, best_bias()) / importance)


def statements() -> tuple[Statement, ...]:
    """The loss at any bias, and at the best one."""
    L = sympy.Function("L_dropped")
    source = "Elhage et al. 2022, Phase change (loss of a feature that is not represented)"
    return (
        Statement(
            id="dropped-feature/loss-at-bias",
            claim="A dropped feature with a bias that is not negative.",
            name=L(importance, p, bias),
            expression=loss_at_bias(),
            arguments=(IMPORTANCE, DENSITY, Argument(bias, 0, 1, corners=(0, p / 2))),
            source=source,
        ),
        Statement(
            id="dropped-feature/loss",
            claim="A dropped feature costs its variance; its best bias is its mean p/2.",
            name=L(importance, p),
            expression=loss(),
            arguments=(IMPORTANCE, DENSITY),
            source=source,
        ),
    )
