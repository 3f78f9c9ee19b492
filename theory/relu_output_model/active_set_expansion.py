r"""The expected loss as a sum over the sets A of active features.

.. math:: L = \sum_A P(A) \, L_A, \qquad
          L_A = \sum_i I_i \int_{[0,1]^{|A|}} \big([i \in A]\, u_i - (z_i)_+\big)^2 du,
          \qquad z_i = b_i + \sum_{j \in A} G_{ij} u_j

P(A): probability of exactly A, Π_{i∈A} p_i Π_{i∉A} (1 - p_i) for independent features;
for equal densities Σ_k p^k (1-p)^{n-k} L_k, with L_k the sum of L_A over |A| = k.
Exact for every n, at the cost of 2^n sets. Source: derived here; the paper keeps k = 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import sympy

from superposition.theory.domain import (
    check_finite,
    check_importance,
    check_vector,
    check_weights,
)
from superposition.theory.features.feature_law import FeatureLaw
from superposition.theory.features.values import Values
from superposition.theory.relu_output_model import (
    no_active_feature,
    one_active_feature,
    two_active_features,
)
from superposition.theory.relu_output_model.cube_integral import vertex_sum
from superposition.theory.relu_output_model.one_active_feature import J, K
from superposition.theory.relu_output_model.two_active_features import J_2
from superposition.theory.statement import Argument, Statement
from superposition.theory.sums import over_features
from superposition.theory.symbols import G, I, b, densities, i, n, p
from superposition.theory.truncated_power import TruncatedPower


def expected_loss(W: Any, b: Any, importance: Any, law: FeatureLaw) -> sympy.Expr:
    """L of the ReLU output model, exactly: rational input gives a rational answer.

    W: (m, n); b: (n,); importance: (n,). Floats count as the binary fractions they are.
    Raises ``ValueError`` when shapes disagree, an entry is not finite, or the features
    are not uniform on [0, 1].

    >>> half = sympy.Rational(1, 2)
    >>> law = FeatureLaw.independent([half, half])
    >>> expected_loss([[1, -1]], [0, 0], [1, 1], law)  # the antipodal pair: p²/3
    1/12
    """
    _check(W, b, importance, law)
    weights = sympy.Matrix([[_exact(entry) for entry in row] for row in W])
    gram = weights.T * weights
    biases, importances = ([_exact(entry) for entry in vector] for vector in (b, importance))
    return sympy.Add(
        *(
            _exact(probability)
            * importances[output]
            * output_loss(output, active, gram.row(output), biases[output])
            for active, probability in law.active_sets()
            for output in range(law.size)
        )
    )


def output_loss(output: int, active: Sequence[int], slopes: Sequence[Any], bias: Any) -> sympy.Expr:
    r"""∫ ([i ∈ A] u_i - z_+)² du = [i ∈ A] (1/3 - 2 ∫ u_i z_+) + ∫ z_+², z = b_i + Σ_A G_ij u_j."""
    present = [slopes[feature] for feature in active]
    loss = vertex_sum(bias, present, power=2)
    if output in active:
        own, others = slopes[output], [slopes[feature] for feature in active if feature != output]
        loss += sympy.Rational(1, 3) - 2 * moment_with_own_value(own, others, bias)
    return loss


def moment_with_own_value(own: Any, others: Sequence[Any], bias: Any) -> sympy.Expr:
    """∫ u (bias + own u + others·v)_+ du dv, by parts in u."""
    if own == 0:
        return vertex_sum(bias, others, power=1) / 2
    at_one = vertex_sum(bias + own, others, power=2)
    return (at_one - vertex_sum(bias, [own, *others], power=2)) / (2 * own)


def _exact(value: Any) -> sympy.Expr:
    """A float as the fraction it is; anything else as sympy reads numbers."""
    return (
        sympy.Rational(float(value))
        if isinstance(value, float | np.floating)
        else value + sympy.S.Zero
    )


def _check(W: Any, b: Any, importance: Any, law: FeatureLaw) -> None:
    if law.values != Values.UNIT:
        raise ValueError(
            f"law has values {law.values!r}; the expansion is derived for Values.UNIT."
        )
    check_weights(W, law.size, symbols=True)
    check_vector(b, law.size, "b")
    check_vector(importance, law.size, "importance")
    check_finite(b, "b", symbols=True)
    check_importance(importance, symbols=True)


def statements() -> tuple[Statement, ...]:
    """The expansion at n = 2, where it ends: equal densities, and one density each."""
    zero, one, two = (
        module.statements()[-1]
        for module in (no_active_feature, one_active_feature, two_active_features)
    )
    L = sympy.Function("L")
    size, gram = Argument(n, 2, 2, integer=True), one_active_feature.GRAM
    importance, bias = no_active_feature.IMPORTANCE, no_active_feature.BIAS
    other = 1 - i
    one_output = (
        (1 - densities[i]) * (1 - densities[other]) * TruncatedPower(b[i], 2)
        + densities[i] * (1 - densities[other]) * J(G[i, i], b[i])
        + (1 - densities[i]) * densities[other] * K(G[i, other], b[i])
        + densities[i] * densities[other] * J_2(G[i, i], G[i, other], b[i])
    )
    return (
        Statement(
            id="relu-output-model/expansion",
            claim="Two features of density p: the expected loss, exactly, by the number of "
            "active features.",
            name=L(G, I, b, p),
            expression=(1 - p) ** 2 * zero.name + p * (1 - p) * one.name + p**2 * two.name,
            arguments=(size, gram, importance, bias, Argument(p, 0, 1, corners=(1e-12, 1))),
            source="derived here",
            given=(zero, one, two),
        ),
        Statement(
            id="relu-output-model/expansion-with-unequal-densities",
            claim="Two features of densities p_i: the expected loss, exactly, by the set of "
            "active features.",
            name=L(G, I, b, densities),
            expression=over_features(I[i] * one_output, i),
            arguments=(
                size,
                gram,
                importance,
                bias,
                Argument(densities, 0, 1, corners=(1e-12, 1), shape=(n,)),
            ),
            source="derived here",
            given=(
                one_active_feature.feature_benefit_term(),
                one_active_feature.interference_term(),
                two_active_features.feature_benefit_disturbed_term(),
            ),
        ),
    )
