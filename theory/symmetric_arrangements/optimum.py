r"""The best common norm and bias of simplex, polygon and cross-polytope, in numbers.

.. math:: β: 2 C' Q - C Q' = 0 \text{ from + to -}, \quad g = C/Q, \quad b = g β, \quad
          \frac Ln = \frac p3 - \frac{C^2}{Q}

C, Q: moments of one output (``one_output``), evaluated with as many digits as the density
needs; g: squared norm; b: bias; L/n: loss of one output of importance 1. Of several such
roots the one of least loss is taken; they are looked for on a grid over all β at which the
output is neither always silent nor never.
Source: derived here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any

import mpmath
import numpy as np
import sympy

from superposition.theory.domain import check_count, check_density, check_scalar
from superposition.theory.symbols import p
from superposition.theory.symmetric_arrangements import cross_polytope, polygon, simplex
from superposition.theory.symmetric_arrangements.one_output import Slopes, group_terms

MOST_SIDES = 12  # the sums have up to 6^(k/2) terms
GRID = 40


@dataclass(frozen=True)
class SymmetricOptimum:
    """Features all alike at their best common norm and bias.

    features: how many; squared_norm: ‖W_i‖²; bias: b; loss: of one output of importance 1.
    """

    features: int
    squared_norm: float
    bias: float
    loss: float


def simplex_optimum(features: int, density: float) -> SymmetricOptimum:
    """n features on a simplex in n - 1 dimensions; n = 2 is the balanced pair.

    Raises ``ValueError`` for fewer than two features or a density outside (0, 1].

    >>> found = simplex_optimum(3, 0.1)
    >>> print(f"{found.squared_norm:.6f} {found.bias:.6f} {found.loss:.8f}")
    1.033095 0.002061 0.00124920
    """
    features = check_count(features, "features", at_least=2)
    return _optimum(simplex.slopes(features - 1), features, density)


def polygon_optimum(sides: int, density: float) -> SymmetricOptimum:
    """k features on a regular k-gon, 3 ≤ k ≤ 12.

    Raises ``ValueError`` for other numbers of sides or a density outside (0, 1].

    >>> found = polygon_optimum(5, 0.01)
    >>> print(f"{found.squared_norm:.6f} {found.bias:.6f} {found.loss:.8f}")
    1.352815 -0.275079 0.00020030
    """
    sides = check_count(sides, "sides", at_least=3)
    if sides > MOST_SIDES:
        raise ValueError(f"sides is {sides}; it must be at most {MOST_SIDES}.")
    return _optimum(polygon.slopes(sides), sides, density)


def cross_polytope_optimum(dimension: int, density: float) -> SymmetricOptimum:
    """2d features on ± the axes of d ≥ 2 dimensions: the balanced pair's norm and bias.

    Raises ``ValueError`` for fewer than two dimensions or a density outside (0, 1].

    >>> cross_polytope_optimum(2, 0.5).loss == simplex_optimum(2, 0.5).loss
    True
    """
    dimension = check_count(dimension, "dimension", at_least=2)
    return _optimum(cross_polytope.slopes(dimension), 2 * dimension, density)


def _optimum(slopes: Slopes, features: int, density: float) -> SymmetricOptimum:
    check_scalar(density, "density")
    check_density(density)
    # The loss of sparse features is p² and less, out of terms p/3; the bias p² and less.
    with mpmath.workdps(60 + 3 * features - 8 * math.floor(math.log10(density))):
        output = _Output.of(slopes, mpmath.mpf(density))
        roots = [_root(output.rise, low, high) for low, high in _brackets(output, slopes)]
        best = max(roots, key=lambda beta: output.gain(beta)[0])
        gain, norm = output.gain(best)
        return SymmetricOptimum(
            features, float(norm), float(norm * best), float(output.density / 3 - gain)
        )


@dataclass(frozen=True)
class _Output:
    """C, Q and their derivatives at any β: sums of weight · f^{(-k)}(β + shift)."""

    terms: list[tuple[Any, Any, int]]
    density: Any

    @staticmethod
    def of(slopes: Slopes, density: Any) -> _Output:
        groups = []
        for cosine, count in slopes.groups:
            rows = list(group_terms(cosine, count))
            numbers = sympy.lambdify([p], [row[:2] for row in rows], "mpmath")(density)
            groups.append([(w, v, row[2]) for (w, v), row in zip(numbers, rows, strict=True)])
        terms = [
            (
                mpmath.fprod(term[0] for term in chosen),
                mpmath.fsum(term[1] for term in chosen),
                sum(term[2] for term in chosen),
            )
            for chosen in product(*groups)
        ]
        return _Output(terms, density)

    def moments(self, beta: Any) -> tuple[Any, Any, Any, Any]:
        """C, C', Q, Q'."""
        density, totals = self.density, [mpmath.mpf(0)] * 4
        for part, shift, k in self.terms:
            silent, active = beta + shift, beta + shift + 1
            if active <= 0:
                continue
            # t_m(y) = y^m/m! for m = k+1, k+2, k+3, own feature silent and at value 1.
            zero, one = _powers(silent, k + 1), _powers(active, k + 1)
            for derivative in (0, 1):
                m = 2 - derivative
                spread = one[m] - zero[m]
                totals[derivative] += part * density * (one[m - 1] - spread)
                mixed = (1 - density) * zero[m - 1] + density * spread
                totals[2 + derivative] += 2 * part * mixed
        return totals[0], totals[1], totals[2], totals[3]

    def rise(self, beta: Any) -> Any:
        """2 C' Q - C Q': whether C²/Q grows with β."""
        C, C_slope, Q, Q_slope = self.moments(beta)
        return 2 * C_slope * Q - C * Q_slope

    def gain(self, beta: Any) -> tuple[Any, Any]:
        """C²/Q and the best squared norm, C/Q."""
        C, _, Q, _ = self.moments(beta)
        return C**2 / Q, C / Q


def _powers(y: Any, least: int) -> list[Any]:
    """(y)_+^m/m! for three m from ``least`` on."""
    if y <= 0:
        return [mpmath.mpf(0)] * 3
    first = y**least / mpmath.factorial(least)
    second = first * y / (least + 1)
    return [first, second, second * y / (least + 2)]


def _brackets(output: _Output, slopes: Slopes) -> list[tuple[Any, Any]]:
    """Neighbours on the grid between which C²/Q ceases to grow."""
    reach = [float(cosine) * count for cosine, count in slopes.groups]
    low = -1 - sum(part for part in reach if part > 0)
    high = -sum(part for part in reach if part < 0)
    # 0 is on the grid: the bias of a sparse simplex is just above it.
    below = np.linspace(low, 0, GRID, endpoint=False)[1:]
    grid = [mpmath.mpf(x) for x in (*below, *np.linspace(0, high + 0.25, GRID))]
    rises = [output.rise(beta) for beta in grid]
    pairs = zip(zip(grid, rises, strict=True), zip(grid[1:], rises[1:], strict=True), strict=False)
    return [(x, y) for (x, before), (y, after) in pairs if before >= 0 > after]


def _root(function: Callable[[Any], Any], low: Any, high: Any) -> Any:
    if function(low) == 0:
        return low
    precision = mpmath.mpf(10) ** (10 - mpmath.mp.dps)
    return mpmath.findroot(
        function, (low, high), solver="anderson", tol=precision, maxsteps=200, verify=False
    )
