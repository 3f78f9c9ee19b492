r"""The phase diagram of the toy model of the toy model: importance of one feature × density.

n features, m hidden dimensions; n - 1 ordinary features and an extra one of relative
importance r, all of density p. A point's phase is its composition of least loss.

n = 2, m = 1 gives the paper's p* = 4r/(2 + 5r) for r ≤ 1, 4/(5 + 2r) for r ≥ 1, and the
triple point (1, 4/7), all solved by sympy from the losses.
Source: Elhage et al. 2022, "Phase change"; any n, m and ordinary importances: derived here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, cached_property
from itertools import combinations
from typing import Any

import numpy as np
import sympy
from numpy.typing import ArrayLike, NDArray

from superposition.theory import dropped_feature
from superposition.theory.arrangement import curves_between, separating_ranges
from superposition.theory.boundary import Boundary
from superposition.theory.domain import (
    check_count,
    check_density,
    check_importance,
    check_vector,
)
from superposition.theory.pair_cost import PairCost, named_pair
from superposition.theory.phase import Phase, phases_of
from superposition.theory.symbols import lam, p


@dataclass(frozen=True)
class TriplePoint:
    """A point where three (or more) phases meet: importance r, relative cost λ, density p.

    density: exact where p(λ) has a closed form, else a float.
    """

    importance: sympy.Expr
    cost: sympy.Expr
    density: sympy.Expr | float
    phases: tuple[Phase, ...]


@dataclass(frozen=True)
class PhaseDiagram:
    """Phases, boundaries and triple points, and the phase of any (importance, density)."""

    features: int
    hidden: int
    ordinary: tuple[sympy.Rational, ...]
    pair: PairCost
    phases: tuple[Phase, ...]

    def phase(self, importance: ArrayLike, density: ArrayLike) -> NDArray[np.intp]:
        """The number of the best phase (an index into ``phases``), vectorised.

        importance, density: broadcast against each other.
        Raises ``ValueError`` for a density outside (0, 1] or a bad importance.

        >>> phases(features=2, hidden=1).phase([0.1, 1, 10], 0.3)
        array([0, 1, 2])
        """
        return self._best(importance, density)[0]

    def loss(self, importance: ArrayLike, density: ArrayLike) -> NDArray[np.float64]:
        """The expected loss of the best phase, vectorised; raises as ``phase`` does."""
        return self._best(importance, density)[1] * variance(density)

    def _best(
        self, importance: ArrayLike, density: ArrayLike
    ) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """The best phase, and its loss over the variance."""
        check_importance(importance)
        check_density(density)
        extra = np.asarray(importance, dtype=float)
        cost = self.pair.relative_cost(density)
        shape = np.broadcast_shapes(extra.shape, cost.shape)
        best, least = np.zeros(shape, dtype=np.intp), np.full(shape, np.inf)
        for number, phase in enumerate(self.phases):
            (a0, a1), (b0, b1) = (map(float, part) for part in (phase.dropped, phase.paired))
            loss = (a0 + a1 * extra) + (b0 + b1 * extra) * cost
            better = loss < least
            np.copyto(best, number, where=better)
            np.copyto(least, loss, where=better)
        return best, least

    @cached_property
    def boundaries(self) -> tuple[Boundary, ...]:
        """Every piece of boundary on which both its phases are optimal."""
        pieces: list[Boundary] = []
        largest = sympy.nsimplify(self.pair.largest)
        for one, other in combinations(self.phases, 2):
            for curve in curves_between(one, other):
                ranges = separating_ranges((one, other), curve, self.phases, largest)
                pieces += [
                    Boundary((one, other), curve, start, stop, self.pair) for start, stop in ranges
                ]
        return tuple(pieces)

    @cached_property
    def regions(self) -> tuple[Phase, ...]:
        """The phases that are best somewhere: those with a boundary, or the only one."""
        bounded = {phase for boundary in self.boundaries for phase in boundary.phases}
        return tuple(phase for phase in self.phases if phase in bounded) or self.phases

    @cached_property
    def triple_points(self) -> tuple[TriplePoint, ...]:
        """Every point inside the diagram where at least three phases meet."""
        corners: dict[tuple[sympy.Expr, sympy.Expr], set[Phase]] = {}
        for boundary in self.boundaries:
            for end in (boundary.start, boundary.stop):
                if end in (0, sympy.oo):
                    continue
                point = tuple(sympy.radsimp(value) for value in boundary.curve.point(end))
                corners.setdefault(point, set()).update(boundary.phases)
        return tuple(
            TriplePoint(
                *point, self._density(point[1]), tuple(ph for ph in self.phases if ph in meeting)
            )
            for point, meeting in sorted(corners.items(), key=lambda item: float(item[0][0]))
            if len(meeting) >= 3
        )

    def _density(self, cost: sympy.Expr) -> sympy.Expr | float:
        expression = self.pair.density_expression()
        if expression is None:
            return float(self.pair.density(float(cost)))
        return sympy.radsimp(expression.subs(lam, cost))


def phases(
    features: int,
    hidden: int,
    ordinary: float | Sequence[float] = 1,
    pair: str = "unit",
) -> PhaseDiagram:
    """The predicted phase diagram of ``features`` features in ``hidden`` dimensions.

    ordinary: the importance of the ordinary features, one number or one for each of the
    features - 1. pair: ``"unit"`` for the paper's antipodal pair (unit norm, zero bias),
    ``"balanced"`` for the pair at its best common norm and bias.
    Raises ``ValueError`` for features < 2, hidden < 1, bad importances, another pair.

    >>> diagram = phases(features=2, hidden=1)
    >>> [str(boundary.density) for boundary in diagram.boundaries if not boundary.vertical]
    ['4*r/(5*r + 2)', '4/(2*r + 5)']
    >>> [(point.importance, point.density) for point in diagram.triple_points]
    [(1, 4/7)]
    """
    features = check_count(features, "features", at_least=2)
    hidden = check_count(hidden, "hidden")
    check_importance(ordinary, "ordinary importance")
    if np.ndim(ordinary) > 0:
        check_vector(ordinary, features - 1, "ordinary", per="ordinary feature")
    exact = tuple(map(_exact, np.broadcast_to(np.asarray(ordinary, dtype=float), features - 1)))
    return PhaseDiagram(features, hidden, exact, named_pair(pair), phases_of(exact, hidden))


def variance(density: ArrayLike) -> NDArray[np.float64]:
    """v = p/3 - p²/4, vectorised: what dropping a feature of importance 1 costs."""
    return np.asarray(_variance()(np.asarray(density, dtype=float)))


@cache
def _variance() -> Any:
    return sympy.lambdify(p, dropped_feature.loss() / dropped_feature.importance, "numpy")


def _exact(value: float) -> sympy.Rational:
    """The simplest fraction that is this float: 1/3 for 0.333…, 9/10 for 0.9."""
    simple = Fraction(float(value)).limit_denominator(10**6)
    return sympy.Rational(simple if float(simple) == float(value) else Fraction(float(value)))
