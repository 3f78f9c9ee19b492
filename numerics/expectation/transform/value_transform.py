r"""The moment-generating integrals of an active feature's value.

.. math:: \varphi_r(y) = E\big[u^r e^{y u}\big], \qquad
          \varphi(y) = \frac{e^{h y} - e^{l y}}{(h - l)\, y}

the latter for u uniform on [l, h]; y: complex; r ≥ 0. Near y = 0 the quotient loses
digits; the Taylor series does not. Source: derived here.
"""

from __future__ import annotations

from math import factorial
from typing import Any

from array_api_compat import array_namespace

from superposition.theory.features.values import Binary, GivenValues, Uniform, ValueLaw

TAYLOR_RADIUS, TAYLOR_TERMS = 1.0, 19  # 1/19! < 1e-17; outside, at most a digit or two is lost


def value_transform(values: ValueLaw, y: Any, order: int) -> Any:
    """φ_order(y), shape of y. Raises ``ValueError`` for a law that has no transform."""
    xp = array_namespace(y)
    if isinstance(values, Binary):
        return xp.exp(y)
    if isinstance(values, GivenValues):
        return values.transform(y, order)
    if isinstance(values, Uniform):
        # From the end at which e^{yu} is largest, u = end ∓ length v: no exponential overflows.
        low, high, length = values.low, values.high, values.high - values.low
        from_high = xp.real(y) > 0
        inward = xp.where(from_high, -length * y, length * y)
        total = 0 * y
        for power in range(order + 1):
            binomial = factorial(order) // factorial(power) // factorial(order - power)
            weights = (
                high ** (order - power) * (-length) ** power,
                low ** (order - power) * length**power,
            )
            if any(weights):
                weight = xp.where(from_high, *(binomial * w + 0 * y for w in weights))
                total = total + weight * _unit(inward, power)
        return total * xp.exp(xp.where(from_high, high * y, low * y))
    raise ValueError(f"values is {values!r}; it must be Uniform, Binary or GivenValues.")


def _unit(y: Any, order: int) -> Any:
    """∫_0^1 v^order e^{yv} dv: φ_r = (e^y - r φ_{r-1})/y, or its series Σ y^k/(k! (k+r+1))."""
    xp = array_namespace(y)
    near = xp.abs(y) < TAYLOR_RADIUS + order
    safe = xp.where(near, xp.ones_like(y), y)
    exponential = xp.exp(safe)
    far = (exponential - 1) / safe
    for r in range(1, order + 1):
        far = (exponential - r * far) / safe
    if not bool(xp.any(near)):
        return far
    small = xp.where(near, y, xp.zeros_like(y))
    terms = TAYLOR_TERMS + 5 * order
    series = xp.zeros_like(y)
    for k in range(terms, -1, -1):
        series = series * small + 1 / (factorial(k) * (k + order + 1))
    return xp.where(near, series, far)
