r"""The exact expected loss of the linear model x' = WᵀW x + b.

.. math:: L = \sum_i I_i \Big[ R_i \Sigma R_i^T + (R_i \mu - b_i)^2 \Big], \qquad R = 1 - W^T W

I: importances (n,); μ, Σ: mean (n,) and covariance (n, n) of the features; R_i: row i.
The bias enters only through the second term, so the optimal bias b = R μ removes it.
What remains for independent features is *feature benefit* and *interference*, both
weighted by the variance v_j = p_j/3 - p_j²/4 of the feature that causes them:

.. math:: L = \sum_i I_i v_i (1 - G_{ii})^2 + \sum_i \sum_{j \ne i} I_i v_j G_{ij}^2

Source: Elhage et al. 2022, "Mathematical understanding", linear case (there for unit
variance); with densities, bias and correlations derived here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy

from superposition.theory.domain import (
    check_finite,
    check_importance,
    check_vector,
    check_weights,
)
from superposition.theory.features import moments
from superposition.theory.features.feature_law import FeatureLaw
from superposition.theory.statement import Argument, Statement
from superposition.theory.sums import over_features, over_other_features
from superposition.theory.symbols import G, I, b, densities, i, j, n, p

Array = np.ndarray[Any, np.dtype[Any]]

SIZE = Argument(n, 1, 4, integer=True)
ARGUMENTS = (
    SIZE,
    Argument(G, -1.5, 1.5, corners=(0, 1, 1e-9), shape=(n, n)),
    Argument(I, 0, 3, corners=(0, 1), shape=(n,)),
    Argument(densities, 0, 1, corners=(1e-9, 1), shape=(n,)),
)


def expected_loss(W: Any, b: Any, importance: Any, law: FeatureLaw) -> Any:
    """L of the linear model, for any law of the features.

    W: (m, n); b: (n,); importance: (n,), not negative. Entries may be sympy
    expressions. Raises ``ValueError`` when shapes disagree or an entry is not finite.

    >>> law = FeatureLaw.independent([0.5, 0.5])
    >>> round(float(expected_loss([[1, 0]], optimal_bias([[1, 0]], law), [1, 1], law)), 12)
    0.104166666667
    """
    R = residual(W, law)
    check_vector(b, law.size, "b")
    check_finite(b, "b", symbols=True)
    check_vector(importance, law.size, "importance")
    check_importance(importance, symbols=True)
    offset = R @ law.mean() - np.asarray(b)
    per_feature = ((R @ law.covariance()) * R).sum(axis=1) + offset**2
    return (np.asarray(importance) * per_feature).sum()


def optimal_bias(W: Any, law: FeatureLaw) -> Array:
    """b = (1 - WᵀW) E x: a stored feature needs none, a dropped one its mean.

    >>> optimal_bias([[1, 0]], FeatureLaw.independent([0.5, 0.5]))
    array([0.  , 0.25])
    """
    bias: Array = residual(W, law) @ law.mean()
    return bias


def residual(W: Any, law: FeatureLaw) -> Array:
    """R = 1 - WᵀW, the part of the features that the model does not return."""
    check_weights(W, law.size, symbols=True)
    weights = np.asarray(W)
    rest: Array = np.eye(law.size, dtype=int) - weights.T @ weights
    return rest


def variance_of(feature: sympy.Symbol) -> sympy.Expr:
    """v_j = p_j/3 - p_j²/4."""
    return moments.variance().subs(p, densities[feature])


def mean_of(feature: sympy.Symbol) -> sympy.Expr:
    """μ_j = p_j/2."""
    return moments.mean().subs(p, densities[feature])


def statements() -> tuple[Statement, ...]:
    """The loss with a given bias, with the optimal bias, and without bias."""
    benefit = over_features(I[i] * variance_of(i) * (1 - G[i, i]) ** 2, i)
    interference = over_features(over_other_features(I[i] * variance_of(j) * G[i, j] ** 2, j, i), i)
    unexplained = mean_of(i) * (1 - G[i, i]) - over_other_features(mean_of(j) * G[i, j], j, i)
    source = "Elhage et al. 2022, Mathematical understanding (linear case); densities derived here"
    loss = sympy.Function("L")

    def statement(slug: str, claim: str, mismatch: sympy.Expr, *more: Argument) -> Statement:
        arguments = (*ARGUMENTS, *more)
        return Statement(
            id=f"linear-model/{slug}",
            claim=claim,
            name=loss(*(argument.symbol for argument in arguments[1:])),
            expression=benefit + interference + mismatch,
            arguments=arguments,
            source=source,
        )

    return (
        statement(
            "loss-with-optimal-bias",
            "With the optimal bias the loss is feature benefit plus interference, "
            "both weighted by the variance of the feature that causes them.",
            sympy.S.Zero,
        ),
        statement(
            "loss-without-bias",
            "Without bias the unexplained mean adds its square.",
            over_features(I[i] * unexplained**2, i),
        ),
        statement(
            "loss",
            "With any bias, what the bias leaves of the mean adds its square.",
            over_features(I[i] * (unexplained - b[i]) ** 2, i),
            Argument(b, -1, 1, corners=(0,), shape=(n,)),
        ),
    )
