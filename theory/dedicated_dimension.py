r"""Dedicated dimension: one feature alone on one hidden dimension.

.. math:: L = I \, \frac p3 \, (1 - s^2)^2, \qquad \min_s L = 0 \text{ at } s = 1

I: importance; p: density; s = ‖W_i‖ ≥ 0 the norm; the bias is 0. Unit norm and zero bias
are the configuration's own best.
Source: Elhage et al. 2022, the toy model of the toy model in "Phase change".
"""

from functools import cache

import sympy

from superposition.theory.dropped_feature import DENSITY, IMPORTANCE, importance
from superposition.theory.features.feature_law import FeatureLaw
from superposition.theory.relu_output_model.active_set_expansion import expected_loss
from superposition.theory.statement import Argument, Statement
from superposition.theory.symbols import p

norm = sympy.Symbol("s", positive=True)


@cache
def loss_at_norm() -> sympy.Expr:
    """L of a feature of norm s alone on its dimension.

    >>> loss_at_norm()
    I*p*(s - 1)**2*(s + 1)**2/3
    """
    law = FeatureLaw.independent([p])
    return sympy.factor(expected_loss([[norm]], [0], [importance], law))


def loss() -> sympy.Expr:
    """L at the best norm, 1.

    >>> loss()
    0
    """
    return loss_at_norm().subs(norm, 1)


def statements() -> tuple[Statement, ...]:
    """The loss at any norm; it vanishes at norm 1."""
    return (
        Statement(
            id="dedicated-dimension/loss-at-norm",
            claim="A feature of norm s alone on its dimension, without bias: nothing is lost "
            "at norm 1.",
            name=sympy.Function("L_dedicated")(importance, p, norm),
            expression=loss_at_norm(),
            arguments=(IMPORTANCE, DENSITY, Argument(norm, 0, 2, corners=(1, 1e-9))),
            source="Elhage et al. 2022, Phase change (dedicated dimension)",
        ),
    )
