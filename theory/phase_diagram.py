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
from functools import cached_property
from itertools import combinations, pairwise

import numpy as np
import sympy
from numpy.typing import ArrayLike, NDArray

from superposition.theory.boundary import Boundary, Curve, curves_between
from superposition.theory.domain import (
    check_count,
    check_density,
    check_importance,
    check_length,
)
from superposition.theory.pair_cost import PairCost, pair_cost
from superposition.theory.phase import Phase, phases_of
from superposition.theory.symbols import lam, r


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
        """The expected loss of the best phase over the variance v = p/3 - p²/4, vectorised."""
        return self._best(importance, density)[1]

    def _best(
        self, importance: ArrayLike, density: ArrayLike
    ) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
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
        pieces = []
        for one, other in combinations(self.phases, 2):
            for curve in curves_between(one, other):
                for start, stop in self._optimal_ranges((one, other), curve):
                    pieces.append(Boundary((one, other), curve, start, stop, self.pair))
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

    def _optimal_ranges(
        self, sides: tuple[Phase, Phase], curve: Curve
    ) -> list[tuple[sympy.Expr, sympy.Expr]]:
        """The ranges of the curve's parameter on which it separates both phases."""
        largest = sympy.nsimplify(self.pair.largest)
        parameter, limit = (r, sympy.oo) if curve.cost is not None else (lam, largest)
        marks = {sympy.S.Zero, limit}
        events = [
            sympy.together(phase.loss_over_variance(lam) - sides[0].loss_over_variance(lam))
            for phase in self.phases
        ]
        if curve.cost is not None:
            events += [lam, lam - largest, sympy.denom(sympy.together(curve.cost))]
        place = {lam: curve.cost} if curve.cost is not None else {r: curve.importance}
        for event in events:
            numerator = sympy.numer(sympy.together(event.subs(place)))
            if numerator.has(parameter):
                roots = sympy.roots(numerator, parameter)
                marks |= {root for root in roots if root.is_real and 0 < root < limit}
        ends = sorted(marks, key=float)
        ranges: list[tuple[sympy.Expr, sympy.Expr]] = []
        for start, stop in pairwise(ends):
            if self._separates(sides, curve, _between(start, stop)):
                joined = ranges and ranges[-1][1] == start
                ranges[-1:] = [(ranges[-1][0], stop)] if joined else [*ranges[-1:], (start, stop)]
        return ranges

    def _separates(self, sides: tuple[Phase, Phase], curve: Curve, parameter: sympy.Expr) -> bool:
        """Whether the curve at ``parameter`` has one of ``sides`` as best phase on each side.

        Losses are affine across the curve, so among the phases tied on it the steepest is
        best on one side and the flattest on the other; a phase between is best nowhere.
        """
        extra, cost = curve.point(parameter)
        if not 0 < cost <= self.pair.largest:
            return False
        across = lam if curve.cost is not None else r
        point = {r: extra, lam: cost}
        losses = {phase: phase.loss_over_variance(lam) for phase in self.phases}
        least = losses[sides[0]].subs(point)
        heights = {phase: loss.subs(point) for phase, loss in losses.items()}
        if any(height < least for height in heights.values()):
            return False
        slopes = {
            phase: sympy.diff(losses[phase], across).subs(point)
            for phase, height in heights.items()
            if height == least
        }
        ends = {min(slopes.values()), max(slopes.values())}
        return {slopes[sides[0]], slopes[sides[1]]} == ends


def phases(
    features: int,
    hidden: int,
    ordinary: float | Sequence[float] = 1,
    pair: str = "unit",
) -> PhaseDiagram:
    """The predicted phase diagram of ``features`` features in ``hidden`` dimensions.

    ordinary: the importance of the ordinary features, one number or one for each of the
    features - 1. pair: ``"unit"`` for the paper's antipodal pair (unit norm, zero bias),
    ``"best"`` for the pair at its own best norm and bias.
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
    importances = [ordinary] * (features - 1) if isinstance(ordinary, int | float) else ordinary
    check_length(importances, features - 1, "ordinary", per="ordinary feature")
    exact = tuple(sympy.Rational(str(value)) for value in importances)
    return PhaseDiagram(features, hidden, exact, pair_cost(pair), phases_of(exact, hidden))


def _between(start: sympy.Expr, stop: sympy.Expr) -> sympy.Rational:
    """A rational number strictly between both ends."""
    if stop == sympy.oo:
        return sympy.Integer(sympy.floor(start)) + 1
    return sympy.nsimplify((sympy.N(start, 30) + sympy.N(stop, 30)) / 2, rational=True)
