r"""L_1: the loss when exactly one feature is active.

.. math:: L_1 = \sum_i I_i \Big[ J(G_{ii}, b_i) + \sum_{j \ne i} K(G_{ij}, b_i) \Big]

the feature benefit of output i when feature i is active, and its interference when
another one is,

.. math:: J(g, b) = \int_0^1 \big(u - (g u + b)_+\big)^2 du, \qquad
          K(h, b) = \int_0^1 (h u + b)_+^2 \, du = \frac{(b+h)_+^3 - (b)_+^3}{3h}

G = WᵀW: (n, n); I: importances (n,); b: biases (n,); at h = 0, K = (b)_+².
Source: Elhage et al. 2022 (feature benefit and interference integrals of "Mathematical
understanding", there at first order without bias); with bias Chen et al. 2023, Lemma 3.1;
rederived here.
"""

import sympy

from superposition.theory.relu_output_model.no_active_feature import BIAS, IMPORTANCE
from superposition.theory.statement import Argument, Statement
from superposition.theory.sums import over_features, over_other_features
from superposition.theory.symbols import G, I, b, b_i, g, h, i, j, n, u
from superposition.theory.truncated_power import TruncatedPower, with_degenerate_slope

J, K, L_1 = sympy.symbols("J K L_1", cls=sympy.Function)
SOURCE = "Elhage et al. 2022, Mathematical understanding; with bias Chen et al. 2023, Lemma 3.1"
OWN_SLOPE = Argument(g, -0.5, 2, corners=(0, 1, 1e-9, -1e-9))
SCALAR_BIAS_CORNERS = (0, 1e-9, -1e-9)
GRAM = Argument(G, -1.5, 1.5, corners=(0, 1, -1, 1e-9), shape=(n, n))


def feature_benefit_term() -> Statement:
    """J(g, b): what output i loses while its own feature alone is active."""
    integrand = (u - TruncatedPower(g * u + b_i, 1)) ** 2
    return Statement(
        id="relu-output-model/feature-benefit",
        claim="One output whose own feature alone is active: the feature benefit term.",
        name=J(g, b_i),
        definition=sympy.Integral(integrand, (u, 0, 1)),
        expression=with_degenerate_slope(integrand, u, g),
        arguments=(OWN_SLOPE, Argument(b_i, -1, 1, corners=(*SCALAR_BIAS_CORNERS, -g))),
        source=SOURCE,
    )


def interference_term() -> Statement:
    """K(h, b): what output i loses while another feature alone is active."""
    integrand = TruncatedPower(h * u + b_i, 2)
    return Statement(
        id="relu-output-model/interference",
        claim="One output while another feature alone is active: the interference term.",
        name=K(h, b_i),
        definition=sympy.Integral(integrand, (u, 0, 1)),
        expression=with_degenerate_slope(integrand, u, h),
        arguments=(
            Argument(h, -2, 2, corners=(0, 1, -1, 1e-9, -1e-9)),
            Argument(b_i, -1, 1, corners=(*SCALAR_BIAS_CORNERS, -h)),
        ),
        source=SOURCE,
    )


def statements() -> tuple[Statement, ...]:
    """J, K and L_1 for any n."""
    benefit, disturbed = feature_benefit_term(), interference_term()
    one_output = J(G[i, i], b[i]) + over_other_features(K(G[i, j], b[i]), j, i)
    return (
        benefit,
        disturbed,
        Statement(
            id="relu-output-model/one-active-feature",
            claim="With one feature active: feature benefit on its own output, interference "
            "on every other.",
            name=L_1(G, I, b),
            expression=over_features(I[i] * one_output, i),
            arguments=(Argument(n, 1, 4, integer=True), GRAM, IMPORTANCE, BIAS),
            source=SOURCE,
            given=(benefit, disturbed),
        ),
    )
