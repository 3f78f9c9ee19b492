r"""Points of the phase diagram of two features in one dimension, dense about its boundary.

.. math:: r^*(p) = \min\Big( \min_{\alpha, \beta} \frac{Q_-(\alpha, \beta)}{v},\;
          \inf_{F_2 < v} \frac{F_1}{v - F_2} \Big), \qquad r \le 1

Dropping the second feature is optimal iff F_1 + r F_2 ≥ r v everywhere, that is for r ≤ r*.
The first term is the limit of local stability (Q_-: ``dropped_point``), the second is found by
Dinkelbach's iteration: descend at r, take the ratio there as the next r. By exchange of the
features 1/r* is the boundary for r ≥ 1. Only floats: what is claimed here, ``certify`` proves.
F_i: loss of output i; v = p/3 - p²/4; p: density; r: importance. Source: derived here.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from superposition.numerics.certificate.dropped_point import excess
from superposition.numerics.certificate.witness import STARTS, descended, float_loss

STEPS = range(-10, 11)  # importances 10^(k/10)
DENSITIES = (
    *("0.01", "0.0133", "0.0178", "0.0237", "0.0316", "0.0422", "0.0562", "0.075", "0.1"),
    *("0.133", "0.178", "0.237", "0.316", "0.422", "0.562", "0.75", "0.87", "0.95", "1"),
)
FACTORS = ("0.981", "0.99", "1.01", "1.019")  # of the boundary's importance

Place = tuple[Fraction, Fraction]  # importance, density


def dropping_limit(density: float) -> float:
    """r*(p), up to which dropping the second feature is optimal.

    >>> round(dropping_limit(0.01), 6), round(dropping_limit(0.6), 6), round(dropping_limit(1), 6)
    (0.004321, 0.665399, 0.988846)
    """
    v = density / 3 - density**2 / 4
    limit = _stability(density) / v
    while True:
        ratios = [limit]
        for start in STARTS:
            first, second = float_loss(limit, density, descended(limit, density, start))[0]
            if second < v * (1 - 1e-9):
                ratios.append(first / (v - second))
        if min(ratios) >= limit * (1 - 1e-10):
            return limit
        limit = min(ratios)


def diagram_points() -> tuple[Place, ...]:
    """A grid of importances 0.1 to 10 and densities 0.01 to 1, and points about the boundary.

    >>> len(diagram_points())
    551
    """
    places: dict[Place, None] = {}
    for density in DENSITIES:
        p = Fraction(density)
        boundary = Fraction(f"{dropping_limit(float(p)):.8g}")
        powers = [Fraction(f"{10 ** (-abs(k) / 10):.4g}") for k in STEPS]
        row = [1 / r if k > 0 else r for k, r in zip(STEPS, powers, strict=True)]
        for factor in FACTORS:
            near = Fraction(f"{float(boundary * Fraction(factor)):.6g}")
            row += [near, 1 / near]
        places |= {(r, p): None for r in sorted(row)}
    return tuple(places)


def _stability(density: float) -> float:
    """The least value of Q_-, a convex function of (α, β)."""
    from scipy.optimize import minimize

    def form(scaled: Any) -> tuple[float, Any]:
        alpha, beta = map(float, scaled)
        value, by_alpha, by_beta, _ = excess(0.0, density, -1, alpha, beta, 0.0)
        return value / density, np.array([by_alpha, by_beta]) / density

    found = minimize(form, [0.0, 0.1], jac=True, method="BFGS", options={"gtol": 1e-12})
    return float(found.fun) * density if math.isfinite(found.fun) else math.inf
