r"""The contour on which a law is turned into a loss.

.. math:: (z)_+^r = \frac{r!}{2\pi i} \int_{\gamma - i\infty}^{\gamma + i\infty}
          e^{sz} s^{-r-1} ds \approx \frac{r!\, h}{\pi} \sum_{k \ge 0} \mathrm{Re}\,
          \frac{e^{s_k z}}{s_k^{r+1}}, \qquad s_k = \gamma + i (k + \tfrac12) h,
          \quad h = 2\pi/T

The midpoint rule is periodic in z: what it adds are the copies e^{-mγT} (z + mT)_+^r, m ≠ 0.
Copies from the right fade by e^{-γT}; those from the left vanish if z < T, and where larger z
are merely improbable they are bounded by E e^{θz} for θ > γ. Source: derived here; the
midpoint rule for Laplace inversion is that of Dubner and Abate (1968).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device

from superposition.numerics.expectation.transform.value_transform import value_transform
from superposition.theory.features.values import Uniform, ValueLaw

FADING = 40.0  # e^-40 = 4e-18: copies of the law, a hundred times larger, count as gone
GROWTH = 5.0  # E e^{γz} may reach e^5: two digits of the sixteen
GRID = 14


@dataclass(frozen=True, eq=False)
class Contour:
    """γ (R,) and the step h (R,) of every row; active: (R,), rows whose form can be positive."""

    gamma: Any
    step: Any
    active: Any


def choose_contour(
    slopes: Any, offset: Any, values: ValueLaw, log_factors: Callable[[Any], Any]
) -> Contour:
    """The largest γ, with T = FADING/γ, that keeps both copies and rounding small.

    slopes: (n, R); offset: (R,); log_factors: from φ(θ a_j), (n, R), to
    log E e^{θ(z - c)}, (R,).
    """
    xp = array_namespace(slopes)
    low, high = values.support
    gains = xp.sum(xp.maximum(xp.maximum(slopes * low, slopes * high), 0 * slopes), axis=0)
    reach, span = offset + gains, xp.abs(offset) + gains
    active = reach > 0
    # A reach far below the span is a difference lost in rounding: a longer one does no harm.
    reach = xp.where(active, xp.maximum(reach, 1e-9 * span), xp.ones_like(reach))
    # From T = 40 times the reach, where nothing can be wrong, to 40 times less than it.
    lowest = xp.minimum(FADING / (40 * reach), 300 / xp.where(active, span, reach))
    ratio = (40 * FADING / reach / lowest) ** (1 / (GRID - 1))
    thetas = [lowest * ratio**at for at in range(GRID)]
    with np.errstate(over="ignore"):  # an infinite E e^{θz} rules θ out
        growth = [_growth(slopes, offset, values, log_factors, theta) for theta in thetas]
    gamma = thetas[0]
    for at in range(1, GRID):
        period = FADING / thetas[at]
        fades = period >= reach
        for theta, log in zip(thetas[at + 1 :], growth[at + 1 :], strict=True):
            fades = fades | (log - (theta - thetas[at]) * period <= -FADING)
        gamma = xp.where(fades & (growth[at] <= GROWTH), thetas[at], gamma)
    return Contour(gamma, 2 * np.pi * gamma / FADING, active)


def independent(density: Any) -> Callable[[Any], Any]:
    """log Π_j (q_j + p_j φ_j) of independent features, density (n, R)."""

    def log_factors(phi: Any) -> Any:
        xp = array_namespace(density)
        change = density * (phi - 1)
        # At density 1, φ itself may be far below rounding: then log1p would lose it.
        small = xp.log(xp.maximum(1 - density + density * phi, 1e-300 + 0 * phi))
        usual = change > -0.5
        return xp.sum(xp.where(usual, xp.log1p(xp.where(usual, change, 0 * change)), small), axis=0)

    return log_factors


def _growth(
    slopes: Any,
    offset: Any,
    values: ValueLaw,
    log_factors: Callable[[Any], Any],
    theta: Any,
) -> Any:
    """log E e^{θz}, (R,), or more; infinite where a single factor may be beyond e^300."""
    xp = array_namespace(slopes)
    low, high = values.support
    most = 300 / max(abs(low), abs(high), high - low)
    y = theta * slopes
    # Cutting y off may only make the growth too large: not so where e^{yu} can be large.
    beyond = xp.any((xp.abs(y) > most) & (xp.maximum(y * low, y * high) > 0), axis=0)
    # Nor may a product of many factors overflow before the offset brings it back.
    gains = xp.sum(xp.maximum(xp.maximum(y * low, y * high), 0 * y), axis=0)
    beyond = beyond | (gains > 600) | (xp.abs(theta * offset) > 600)
    y = xp.clip(y, -most, most)
    phi = (
        _unit_transform(y, xp)
        if values == Uniform(0, 1)
        else xp.real(value_transform(values, y + 0j, 0))
    )
    growth = theta * offset + log_factors(phi)
    return xp.where(beyond, xp.full_like(growth, xp.inf), growth)


def _unit_transform(y: Any, xp: Any) -> Any:
    """(e^y - 1)/y for real y."""
    safe = xp.where(y == 0, xp.ones_like(y), y)
    return xp.where(y == 0, xp.ones_like(y), xp.expm1(safe) / safe)


def nodes(contour: Contour, first: int, last: int) -> Any:
    """s_k for first ≤ k < last, (R, last - first)."""
    xp = array_namespace(contour.gamma)
    k = xp.asarray(
        np.arange(first, last) + 0.5, dtype=contour.gamma.dtype, device=device(contour.gamma)
    )
    return contour.gamma[:, None] + 1j * (k * contour.step[:, None])
