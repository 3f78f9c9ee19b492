r"""The boundary between two phases: where their losses are equal.

With A v + B κ on either side, the boundary in the (r, λ) plane is bilinear,

.. math:: ΔA_0 + ΔA_1 r + (ΔB_0 + ΔB_1 r)\, λ = 0

r: relative importance of the extra feature; λ: relative cost of a pair (``pair_cost``).
It is a vertical line r = r_0, or a curve λ(r); sympy solves it, and p(λ) turns it into
the density p*(r) that the paper draws.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import sympy
from numpy.typing import ArrayLike, NDArray

from superposition.theory.domain import check_finite
from superposition.theory.pair_cost import PairCost
from superposition.theory.phase import Phase
from superposition.theory.symbols import lam, r


@dataclass(frozen=True)
class Curve:
    """One solution of ΔL = 0: ``cost`` = λ(r), or the vertical line r = ``importance``."""

    cost: sympy.Expr | None = None
    importance: sympy.Expr | None = None

    def point(self, parameter: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr]:
        """(r, λ) at the curve's parameter: r on a curve λ(r), λ on a vertical line."""
        if self.cost is None:
            return self.importance, parameter
        return parameter, self.cost.subs(r, parameter)


@dataclass(frozen=True)
class Boundary:
    """A piece of the boundary between two phases, on which both are optimal.

    phases: the phase on either side; curve: its equation; start, stop: the ends in r
    (``stop`` may be infinite), or in λ on a vertical line; cost: the kind of pair.
    """

    phases: tuple[Phase, Phase]
    curve: Curve
    start: sympy.Expr
    stop: sympy.Expr
    pair: PairCost

    @property
    def vertical(self) -> bool:
        """Whether the boundary is a line of constant importance."""
        return self.curve.cost is None

    @cached_property
    def density(self) -> sympy.Expr | None:
        """p*(r) as an expression; None on a vertical line or without a closed form."""
        expression = self.pair.density_expression()
        if self.vertical or expression is None:
            return None
        return sympy.factor(expression.subs(lam, self.curve.cost))

    def density_at(self, importance: ArrayLike) -> NDArray[np.float64]:
        """p*(r), vectorised. ``ValueError`` on a vertical line, or where there is no boundary."""
        if self.vertical:
            raise ValueError(
                f"This boundary is the line importance = {self.curve.importance}; "
                "it has no density as a function of importance."
            )
        check_finite(importance, "importance")
        values = np.asarray(importance, dtype=float)
        low, high = float(self.start), float(self.stop)
        slack = 1e-12 * (1 + np.abs(values))
        outside = values[(values < low - slack) | (values > high + slack)]
        if outside.size:
            raise ValueError(
                f"importance contains {outside.flat[0]:g}; this boundary runs from "
                f"{low:g} to {high:g}."
            )
        cost = sympy.lambdify(r, self.curve.cost, "numpy")(values)
        cost = np.broadcast_to(cost, values.shape)
        return self.pair.density(np.clip(cost, 0, self.pair.largest))

    def points(self, low: float, high: float, count: int = 200) -> NDArray[np.float64]:
        """The piece within ``low`` ≤ r ≤ ``high`` as points (r, p), shape (count, 2) or (0, 2)."""
        start, stop = float(self.start), float(self.stop)
        if self.vertical:
            (line, _) = map(float, self.curve.point(self.start))
            if not low <= line <= high:
                return np.empty((0, 2))
            density = self.pair.density(np.linspace(start, stop, count))
            return np.column_stack([np.full(count, line), density])
        start, stop = max(start, low), min(stop, high)
        if not start < stop:
            return np.empty((0, 2))
        importance = np.clip(np.geomspace(start, stop, count), start, stop)
        return np.column_stack([importance, self.density_at(importance)])

    def __str__(self) -> str:
        """The equation and its range, as text."""
        where = f"{_number(self.start)} ≤ {{}} ≤ {_number(self.stop)}"
        if self.vertical:
            densities = [
                f"{float(self.pair.density(float(end))):.6g}" for end in (self.start, self.stop)
            ]
            return f"r = {self.curve.importance} for {densities[0]} ≤ p ≤ {densities[1]}"
        formula = f"p = {self.density}" if self.density is not None else f"λ(p) = {self.curve.cost}"
        return f"{formula} for {where.format('r')}"


def _number(end: sympy.Expr) -> str:
    return "∞" if end == sympy.oo else str(end)


def curves_between(one: Phase, other: Phase) -> tuple[Curve, ...]:
    """Where both phases cost the same, for r > 0; none where they never or always do."""
    difference = sympy.expand(one.loss_over_variance(lam) - other.loss_over_variance(lam))
    if difference == 0:
        return ()
    curves: list[Curve] = []
    for factor, _ in sympy.factor_list(difference, r, lam)[1]:
        # r and λ are positive symbols: sympy drops the solutions that are not.
        if factor.has(lam):
            curves += [Curve(cost=solution) for solution in sympy.solve(factor, lam)]
        else:
            curves += [Curve(importance=solution) for solution in sympy.solve(factor, r)]
    return tuple(curves)
