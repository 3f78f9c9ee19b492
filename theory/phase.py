r"""A phase: one composition of a diagram with one extra feature, by what happens to that one.

n - 1 ordinary features of given importances, and an extra one of relative importance r;
all of density p. The loss is A v + B κ, where A and B are affine in r: the importances
dropped and paired.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sympy

from superposition.theory.composition import Composition, compositions_by_rank

Place = Literal["dropped", "dedicated", "paired"]
Affine = tuple[sympy.Rational, sympy.Rational]  # (constant, coefficient of r)


@dataclass(frozen=True)
class Phase:
    """One composition, the extra feature last.

    extra: the place of the extra feature; dropped, paired: A and B as pairs
    (constant, coefficient of r).
    """

    composition: Composition
    extra: Place
    dropped: Affine
    paired: Affine

    def loss_over_variance(self, importance: Any, cost: Any) -> Any:
        """L / v = A + B λ at importance r and relative cost λ: numbers, arrays or symbols."""
        (a0, a1), (b0, b1) = self.dropped, self.paired
        return a0 + a1 * importance + (b0 + b1 * importance) * cost

    def __str__(self) -> str:
        """For instance ``extra paired (dedicated 1; pair 2–3)``."""
        return f"extra {self.extra} ({self.composition})"


def phases_of(ordinary: Sequence[sympy.Rational], hidden: int) -> tuple[Phase, ...]:
    """Every phase that no other one beats everywhere, for the given ordinary importances.

    Ordinary features take the cheaper places by rank; the extra one is tried in each.
    """
    candidates = [
        _phase(composition, extra, ordinary)
        for composition, extra in _compositions(ordinary, hidden)
    ]
    return tuple(
        phase
        for position, phase in enumerate(candidates)
        if not any(
            _dominates(other, phase) and not (rank > position and _dominates(phase, other))
            for rank, other in enumerate(candidates)
            if rank != position
        )
    )


def _compositions(
    ordinary: Sequence[sympy.Rational], hidden: int
) -> list[tuple[Composition, Place]]:
    """All compositions by rank, with the extra feature put at every rank."""
    last = len(ordinary)
    by_importance = sorted(range(last), key=lambda i: (-ordinary[i], i))
    found: dict[Composition, Place] = {}
    for rank in range(last, -1, -1):
        by_rank = [*by_importance[:rank], last, *by_importance[rank:]]
        for composition in compositions_by_rank(by_rank, hidden):
            places: dict[Place, bool] = {
                "dropped": last in composition.dropped,
                "dedicated": last in composition.dedicated,
                "paired": any(last in pair for pair in composition.pairs),
            }
            found[composition] = next(place for place, taken in places.items() if taken)
    return list(found.items())


def _phase(composition: Composition, extra: Place, ordinary: Sequence[sympy.Rational]) -> Phase:
    last = len(ordinary)

    def total(features: Sequence[int]) -> Affine:
        constant = sum((ordinary[i] for i in features if i != last), sympy.S.Zero)
        return constant, sympy.Integer(last in features)

    members = [feature for pair in composition.pairs for feature in pair]
    return Phase(composition, extra, total(composition.dropped), total(members))


def _dominates(one: Phase, other: Phase) -> bool:
    """Whether ``one`` costs no more than ``other`` for every r > 0 and λ > 0."""
    return all(
        mine <= theirs
        for mine, theirs in zip(
            (*one.dropped, *one.paired), (*other.dropped, *other.paired), strict=True
        )
    )
