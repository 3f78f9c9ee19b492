r"""The toy model of the toy model: compositions of three configurations, for any n and m.

Every feature is dropped, has a dedicated dimension, or is half of an antipodal pair. The
losses add up, and each dedicated feature and each pair takes one hidden dimension:

.. math:: L = \sum_{\text{dropped}} I_i v_i + \sum_{\text{pairs}} (I_i + I_j) \frac{p_i p_j}{6},
          \qquad \#\text{dedicated} + \#\text{pairs} \le m

I: importances; p: densities; v_i = p_i/3 - p_i²/4. The best composition is a minimum-cost
matching: exact by enumeration of counts where all densities are equal (the more important,
the cheaper the place), and by integer programming where they differ.
Source: Elhage et al. 2022, the toy model of the toy model (there n = 2, m = 1 and n = 3,
m = 2); the general case derived here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray

from superposition.theory import antipodal_pair, dropped_feature
from superposition.theory.domain import (
    check_count,
    check_density,
    check_importance,
    check_vector,
)
from superposition.theory.statement import Argument, Statement
from superposition.theory.symbols import I, densities, p, q


@dataclass(frozen=True)
class Composition:
    """Which features are dropped, dedicated, paired; features are numbered from 0.

    >>> Composition(dropped=(), dedicated=(0,), pairs=((1, 2),)).loss([1, 1, 1], [0.1] * 3)
    0.0033333333333333335
    """

    dropped: tuple[int, ...]
    dedicated: tuple[int, ...]
    pairs: tuple[tuple[int, int], ...]

    @property
    def hidden(self) -> int:
        """The number of hidden dimensions in use."""
        return len(self.dedicated) + len(self.pairs)

    def loss(self, importance: Sequence[Any], density: Sequence[Any]) -> Any:
        """The expected loss at the given importances and densities, one per feature."""
        drop, pair = _drop_cost(), _pair_cost()
        return sum(drop(importance[i], density[i]) for i in self.dropped) + sum(
            pair(importance[i], importance[j], density[i], density[j]) for i, j in self.pairs
        )

    def loss_expression(
        self, importance: Sequence[sympy.Expr], density: Sequence[sympy.Expr]
    ) -> sympy.Expr:
        """The same as a sympy expression in the given symbols, with exact coefficients."""
        pair = antipodal_pair
        dropped = (
            dropped_feature.loss().subs({dropped_feature.importance: importance[i], p: density[i]})
            for i in self.dropped
        )
        paired = (
            pair.loss().subs(
                {pair.I_1: importance[i], pair.I_2: importance[j], p: density[i], q: density[j]}
            )
            for i, j in self.pairs
        )
        return sympy.Add(*dropped, *paired)

    def weights(self) -> NDArray[np.float64]:
        """The composition as weights W, (hidden, n): unit vectors, pairs of opposite sign."""
        features = len(self.dropped) + len(self.dedicated) + 2 * len(self.pairs)
        W = np.zeros((self.hidden, features))
        for row, feature in enumerate(self.dedicated):
            W[row, feature] = 1
        for row, (first, second) in enumerate(self.pairs, start=len(self.dedicated)):
            W[row, first], W[row, second] = 1, -1
        return W

    def __str__(self) -> str:
        """For instance ``dedicated 1; pair 2–3; dropped 4`` (features numbered from 1)."""
        parts = [
            " ".join(("dedicated", *(str(i + 1) for i in self.dedicated))) * bool(self.dedicated),
            " ".join(("pair", *(f"{i + 1}–{j + 1}" for i, j in self.pairs))) * bool(self.pairs),
            " ".join(("dropped", *(str(i + 1) for i in self.dropped))) * bool(self.dropped),
        ]
        return "; ".join(part for part in parts if part)


@dataclass(frozen=True)
class BestComposition:
    """The best composition and its expected loss."""

    composition: Composition
    loss: float


def best_composition(
    importance: Sequence[float], density: Sequence[float] | float, hidden: int
) -> BestComposition:
    """The composition of least loss among all that fit into ``hidden`` dimensions.

    density: one number for all features, or one per feature.
    Exact where densities are equal; else found by integer programming (HiGHS), to within
    1e-12 of the total cost of dropping everything.
    Raises ``ValueError`` for bad importances, densities or ``hidden`` < 1.

    >>> str(best_composition([1, 1, 1], 0.1, hidden=2).composition)
    'dedicated 1; pair 2–3'
    """
    check_vector(importance, None, "importance")
    check_importance(importance)
    features = check_count(len(importance), "the number of features")
    hidden = check_count(hidden, "hidden")
    if np.ndim(density) > 0:
        check_vector(density, features, "density")
    check_density(density)
    importances = np.asarray(importance, dtype=float).tolist()
    each = np.broadcast_to(np.asarray(density, dtype=float), (features,)).tolist()
    by_rank = sorted(range(features), key=lambda i: (-importances[i], i))
    candidates = compositions_by_rank(by_rank, hidden)
    if hidden >= features or not any(importances):
        best = next(candidates)  # nothing is lost by dedicated dimensions alone
    elif len(set(each)) == 1:
        best = min(candidates, key=lambda candidate: candidate.loss(importances, each))
    else:
        best = _matched(importances, each, hidden)
    return BestComposition(best, float(best.loss(importances, each)))


def compositions_by_rank(by_rank: Sequence[int], hidden: int) -> Iterator[Composition]:
    """All that can be best at equal densities: cheaper places to more important features.

    by_rank: the features, most important first.
    """
    features = len(by_rank)
    for pairs in range(min(hidden, features // 2) + 1):
        dedicated = min(hidden - pairs, features - 2 * pairs)
        paired = by_rank[dedicated : dedicated + 2 * pairs]
        yield Composition(
            dropped=tuple(sorted(by_rank[dedicated + 2 * pairs :])),
            dedicated=tuple(sorted(by_rank[:dedicated])),
            pairs=tuple((paired[2 * i], paired[2 * i + 1]) for i in range(pairs)),
        )


def _matched(importance: Sequence[float], density: Sequence[float], hidden: int) -> Composition:
    """The best composition for unequal densities, as a minimum-cost matching."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    features, largest = len(importance), max(importance)
    importance = [value / largest for value in importance]
    drop, pair = _drop_cost(), _pair_cost()
    couples = list(combinations(range(features), 2))
    costs = np.array(
        [drop(importance[i], density[i]) for i in range(features)]
        + [0.0] * features
        + [pair(importance[i], importance[j], density[i], density[j]) for i, j in couples]
    )
    # One place per feature, then one dimension per dedicated feature and per pair.
    places = np.zeros((features + 1, len(costs)))
    for i in range(features):
        places[i, [i, features + i]] = 1
        places[features, features + i] = 1
    for column, (i, j) in enumerate(couples, start=2 * features):
        places[[i, j, features], column] = 1
    # HiGHS stops at an absolute gap of 1e-6: the scale makes that 1e-12 of the total.
    scale = 1e6 / costs[:features].sum()
    solution = milp(
        costs * scale,
        integrality=np.ones_like(costs),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(
            places, [1] * features + [0], [1] * features + [min(hidden, features)]
        ),
        options={"mip_rel_gap": 0.0},
    )
    if not solution.success:
        raise RuntimeError(f"HiGHS found no best composition: {solution.message}")
    chosen = solution.x > 0.5
    return Composition(
        dropped=tuple(i for i in range(features) if chosen[i]),
        dedicated=tuple(i for i in range(features) if chosen[features + i]),
        pairs=tuple(
            couple for couple, taken in zip(couples, chosen[2 * features :], strict=True) if taken
        ),
    )


def statements() -> tuple[Statement, ...]:
    """Losses compose: a dropped feature beside a pair, three densities, three importances."""
    example = Composition(dropped=(0,), dedicated=(), pairs=((1, 2),))
    features = range(3)
    return (
        Statement(
            id="composition/loss",
            claim="Losses compose: feature 0 is dropped, features 1 and 2 are an antipodal pair.",
            name=sympy.Function("L")(I, densities),
            expression=example.loss_expression(
                [I[i] for i in features], [densities[i] for i in features]
            ),
            arguments=(
                Argument(I, 0, 3, corners=(0, 1), shape=(3,)),
                Argument(densities, 0, 1, corners=(1e-12, 1), shape=(3,)),
            ),
            source="Elhage et al. 2022, Phase change (n = 3, m = 2 there); derived here",
        ),
    )


@cache
def _drop_cost() -> Any:
    return sympy.lambdify((dropped_feature.importance, p), dropped_feature.loss(), "numpy")


@cache
def _pair_cost() -> Any:
    pair = antipodal_pair
    return sympy.lambdify((pair.I_1, pair.I_2, p, q), pair.loss(), "numpy")
