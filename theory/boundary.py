r"""The boundary between two phases, as the paper draws it: density over importance.

.. math:: p^*(r) = p(λ(r))

λ(r): the curve on which both phases cost the same (``arrangement``); p(λ): the density at
which a pair has that relative cost (``pair_cost``). Some boundaries are vertical lines.
Source: Elhage et al. 2022, "Phase change"; derived here for any n and m.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import sympy
from numpy.typing import ArrayLike, NDArray

from superposition.theory.arrangement import Curve
from superposition.theory.domain import check_finite
from superposition.theory.pair_cost import PairCost
from superposition.theory.phase import Phase
from superposition.theory.symbols import lam, r


@dataclass(frozen=True)
class Boundary:
    """A piece of the boundary between two phases, on which both are optimal.

    phases: the phase on either side; curve: its equation; start, stop: the ends in r
    (``stop`` may be infinite), or in λ on a vertical line; pair: the kind of pair.
    """

    phases: tuple[Phase, Phase]
    curve: Curve
    start: sympy.Expr
    stop: sympy.Expr
    pair: PairCost

    @property
    def vertical(self) -> bool:
        """Whether the boundary is a line of constant importance."""
        return self.curve.importance is not None

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
        """The piece within ``low`` ≤ r ≤ ``high`` as points (r, p), shape (count, 2) or (0, 2).

        Raises ``ValueError`` unless 0 < low < high: points are spread over magnitudes.
        """
        if not 0 < low < high < np.inf:
            raise ValueError(f"low is {low:g} and high {high:g}; they must be 0 < low < high < ∞.")
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
        if self.vertical:
            low, high = (float(self.pair.density(float(end))) for end in (self.start, self.stop))
            return f"r = {self.curve.importance} for {low:.6g} ≤ p ≤ {high:.6g}"
        formula = f"p = {self.density}" if self.density is not None else f"λ(p) = {self.curve.cost}"
        stop = "∞" if self.stop == sympy.oo else self.stop
        return f"{formula} for {self.start} ≤ r ≤ {stop}"
