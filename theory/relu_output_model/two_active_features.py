r"""L_2: the loss when exactly two features are active.

.. math:: L_2 = \sum_i I_i \Big[ \sum_{j \ne i} J_2(G_{ii}, G_{ij}, b_i)
          + \sum_{j < k;\; j, k \ne i} K_2(G_{ij}, G_{ik}, b_i) \Big]

.. math:: J_2(g, h, b) = \iint \big(u_1 - (g u_1 + h u_2 + b)_+\big)^2, \qquad
          K_2(h_1, h_2, b) = \iint (h_1 u_1 + h_2 u_2 + b)_+^2

over the unit square. G = WᵀW: (n, n); I: importances (n,); b: biases (n,).
Source: derived here.
"""

import sympy

from superposition.theory.relu_output_model.cube_integral import cube_integral_statement
from superposition.theory.relu_output_model.no_active_feature import BIAS, IMPORTANCE
from superposition.theory.relu_output_model.one_active_feature import (
    GRAM,
    OWN_SLOPE,
    J,
    K,
    feature_benefit_term,
    interference_term,
)
from superposition.theory.statement import Argument, Statement
from superposition.theory.sums import (
    over_features,
    over_other_features,
    over_pairs_of_other_features,
)
from superposition.theory.symbols import G, I, b, b_i, g, h, h_1, h_2, i, j, k, n, u_1, u_2
from superposition.theory.truncated_power import TruncatedPower, integral_over_unit_cube

J_2, K_2, L_2 = sympy.symbols("J_2 K_2 L_2", cls=sympy.Function)
SLOPE_CORNERS = (0, 1, -1, 1e-9, -1e-9)


def feature_benefit_disturbed_term() -> Statement:
    """J_2(g, h, b): output i while its own feature and one other are active."""
    integrand = (u_1 - TruncatedPower(g * u_1 + h * u_2 + b_i, 1)) ** 2
    alone, other, mean_output = (
        feature_benefit_term(),
        interference_term(),
        cube_integral_statement(1, 1),
    )
    silent_slope = sympy.Rational(1, 3) - mean_output.name.func(b_i, h) + K(h, b_i)
    return Statement(
        id="relu-output-model/feature-benefit-disturbed",
        claim="One output whose own feature is active together with another one.",
        name=J_2(g, h, b_i),
        definition=sympy.Integral(integrand, (u_1, 0, 1), (u_2, 0, 1)),
        expression=sympy.Piecewise(
            (J(g, b_i), sympy.Eq(h, 0)),
            (silent_slope, sympy.Eq(g, 0)),
            (integral_over_unit_cube(integrand, (u_1, u_2)), True),
        ),
        given=(alone, other, mean_output),
        arguments=(
            OWN_SLOPE,
            Argument(h, -2, 2, corners=(*SLOPE_CORNERS, g, -g)),
            Argument(b_i, -1, 1, corners=(0, 1e-9, -g, -h, -g - h)),
        ),
        source="derived here",
    )


def double_interference_term() -> Statement:
    """K_2(h_1, h_2, b): output i while two other features are active."""
    integrand = TruncatedPower(h_1 * u_1 + h_2 * u_2 + b_i, 2)
    return Statement(
        id="relu-output-model/double-interference",
        claim="One output while two other features are active.",
        name=K_2(h_1, h_2, b_i),
        definition=sympy.Integral(integrand, (u_1, 0, 1), (u_2, 0, 1)),
        expression=sympy.Piecewise(
            (K(h_2, b_i), sympy.Eq(h_1, 0)),
            (K(h_1, b_i), sympy.Eq(h_2, 0)),
            (integral_over_unit_cube(integrand, (u_1, u_2)), True),
        ),
        given=(interference_term(),),
        arguments=(
            Argument(h_1, -2, 2, corners=SLOPE_CORNERS),
            Argument(h_2, -2, 2, corners=(*SLOPE_CORNERS, h_1, -h_1)),
            Argument(b_i, -1, 1, corners=(0, 1e-9, -h_1, -h_2, -h_1 - h_2)),
        ),
        source="derived here",
    )


def statements() -> tuple[Statement, ...]:
    """J_2, K_2 and L_2 for any n."""
    benefit, disturbed = feature_benefit_disturbed_term(), double_interference_term()
    one_output = over_other_features(
        J_2(G[i, i], G[i, j], b[i]), j, i
    ) + over_pairs_of_other_features(K_2(G[i, j], G[i, k], b[i]), j, k, i)
    return (
        benefit,
        disturbed,
        Statement(
            id="relu-output-model/two-active-features",
            claim="With two features active: each output sees its own feature disturbed by one "
            "other, or two others at once.",
            name=L_2(G, I, b),
            expression=over_features(I[i] * one_output, i),
            arguments=(Argument(n, 2, 4, integer=True), GRAM, IMPORTANCE, BIAS),
            source="derived here",
            given=(benefit, disturbed),
        ),
    )
