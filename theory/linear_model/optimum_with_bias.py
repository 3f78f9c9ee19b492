r"""The optimum of the linear model with the optimal bias: the m features of largest stake.

.. math:: \min_W L = \sum_{i \notin \text{top } m} I_i v_i

I_i: importance; v_i: variance of feature i; their product is the feature's *stake*.
Proof: L = ‖D_I^{1/2} (1 - G) D_v^{1/2}‖², and G runs over matrices of rank ≤ m, so by
Eckart–Young L ≥ the sum of the n - m smallest squares of diag(√(I_i v_i)). The
projection on the m largest attains the bound. W may be rotated, W → OW. Inside a tie of
stakes any projection does as well *if the tied features agree in both importance and
variance*; where only the products agree, G would have to be asymmetric, so just the
coordinate projections remain (``tests/theory`` shows a pair where mixing costs loss).

Source: Elhage et al. 2022 (linear model = PCA); with stakes and ties derived here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy

from superposition.theory.domain import check_count, check_importance, check_vector
from superposition.theory.features.feature_law import FeatureLaw
from superposition.theory.statement import Argument, Statement
from superposition.theory.symbols import densities, i, m, n

stakes = sympy.IndexedBase("s", real=True)


@dataclass(frozen=True)
class LinearOptimum:
    """The optimum of the linear model with the optimal bias.

    loss: the least expected loss; stored: the features kept, first come first on ties;
    tied: all features whose stake equals the smallest stored one, when the choice among
    them is free (else empty); features: n.
    """

    loss: float
    stored: tuple[int, ...]
    tied: tuple[int, ...]
    features: int

    def weights(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        """One optimal W, (m, n): a row per stored feature. Any rotation OW is as good."""
        return np.eye(self.features)[list(self.stored)]


def optimum(importance: Sequence[float], law: FeatureLaw, hidden: int) -> LinearOptimum:
    """The best linear model with ``hidden`` dimensions and optimal bias.

    Raises ``ValueError`` for bad importances, for ``hidden`` < 1, and for correlated
    features, to which the formula does not apply.

    >>> optimum([1, 0.5, 0.7], FeatureLaw.independent([0.1] * 3), hidden=2).stored
    (0, 2)
    """
    check_vector(importance, law.size, "importance")
    check_importance(importance)
    hidden = min(check_count(hidden, "hidden"), law.size)
    covariance = law.covariance()
    if np.any(covariance != np.diag(np.diag(covariance))):
        raise ValueError(
            "law has correlated features; the optimum in closed form needs independent ones."
        )
    stakes = np.asarray(importance, dtype=float) * np.diag(covariance)
    order = np.argsort(-stakes, kind="stable")
    stored = tuple(sorted(int(feature) for feature in order[:hidden]))
    threshold = stakes[order[hidden - 1]]
    level = tuple(int(feature) for feature in np.flatnonzero(stakes == threshold))
    free = any(feature not in stored for feature in level)
    return LinearOptimum(
        loss=float(stakes[order[hidden:]].sum()),
        stored=stored,
        tied=level if free else (),
        features=law.size,
    )


def statements() -> tuple[Statement, ...]:
    """The least loss of the linear model, features sorted by stake."""
    minimum = sympy.Function("L_min")
    return (
        Statement(
            id="linear-model/optimum",
            claim="With the optimal bias the linear model stores the m features of largest stake "
            "s_i = I_i Var x_i (sorted, largest first) and pays the stakes of the others.",
            name=minimum(stakes),
            expression=sympy.Sum(stakes[i], (i, m, n - 1)),
            arguments=(
                Argument(n, 2, 4, integer=True),
                Argument(m, 1, n - 1, integer=True),
                Argument(stakes, 0, 3, corners=(0.01, 1), shape=(n,), descending=True),
                Argument(densities, 0.01, 1, corners=(0.01, 1), shape=(n,)),
            ),
            source="Elhage et al. 2022, Mathematical understanding; Eckart and Young 1936",
        ),
    )
