r"""What one output loses while one feature is active, with first and second derivatives.

.. math:: K(h, b) = \int_0^1 (h u + b)_+^2 \, du, \qquad
          J(g, b) = \int_0^1 \big(u - (g u + b)_+\big)^2 du

h: the inner product with the active feature, g: with itself, b: the output's bias; arrays of any
one shape. Both are integrals over the range [u_0, u_1] of values at which z = h u + b is
positive. With z_0, z_1 at its ends everything is a sum of positive terms,

.. math:: K = \frac{u_1 - u_0}{3} (z_0^2 + z_0 z_1 + z_1^2)

and likewise J with u - z in the place of z, so that nothing cancels as h → 0 or at a kink.
K is C² except where h = b = 0. There z is zero for all values, and the second derivatives are
those of the side (dh, db) towards which it moves; without a side z counts as silent. J is C¹
except where g = b = 0, the kink of a dead feature.
Source: ``theory.relu_output_model.one_active_feature``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Side = tuple[Array, Array]


@dataclass(frozen=True, eq=False)
class Jet:
    """A function of (h, b) with its derivatives: by h, by b, by h twice, by both, by b twice."""

    value: Array
    h: Array
    b: Array
    hh: Array
    hb: Array
    bb: Array


def interference(h: Array, b: Array, side: Side | None = None) -> Jet:
    """K(h, b) and its derivatives; side: (dh, db), for the second ones where h = b = 0.

    >>> float(interference(np.array(0.5), np.array(0.0)).value * 12)
    1.0
    """
    seen = _Seen.of(h, b)
    length, low, high = seen.high - seen.low, seen.low, seen.high
    first, last = seen.at_low, seen.at_high
    value = length * (first**2 + first * last + last**2) / 3
    slope = length * (low * (first + last) + length * (first + 2 * last) / 3)
    if side is not None:
        flat = (np.asarray(h) == 0) & (np.asarray(b) == 0)
        beside = _Seen.of(*side)
        low, high = np.where(flat, beside.low, low), np.where(flat, beside.high, high)
        length = high - low
    return Jet(
        value,
        slope,
        length * (first + last),
        2 * length * (low**2 + low * high + high**2) / 3,
        length * (low + high),
        2 * length,
    )


def benefit(g: Array, b: Array) -> Jet:
    """J(g, b) and its derivatives.

    >>> float(benefit(np.array(1.0), np.array(0.0)).value)
    0.0
    """
    power = interference(g, b)
    seen = _Seen.of(g, b)
    first, last = seen.low - seen.at_low, seen.high - seen.at_high
    unseen = (seen.low**3 + (1 - seen.high) * (1 + seen.high + seen.high**2)) / 3
    value = (seen.high - seen.low) * (first**2 + first * last + last**2) / 3 + unseen
    # J = 1/3 - ∂K/∂h + K; ∂K/∂h again by either argument moves the kink at u = -b/g.
    kink, rate = seen.kink, 2 * seen.kink_rate
    return Jet(
        value,
        power.h - power.hh,
        power.b - power.hb,
        power.hh - rate * kink**3,
        power.hb - rate * kink**2,
        power.bb - rate * kink,
    )


@dataclass(frozen=True, eq=False)
class _Seen:
    """The range of u in [0, 1] where h u + b > 0, and h u + b at its ends.

    kink: -b/h if that lies inside (0, 1), else 0; kink_rate: 1/|h| there, else 0. Where nothing
    is seen the range is empty at 0.
    """

    low: Array
    high: Array
    at_low: Array
    at_high: Array
    kink: Array
    kink_rate: Array

    @staticmethod
    def of(h: Array, b: Array) -> _Seen:
        h, b = np.broadcast_arrays(np.asarray(h, dtype=float), np.asarray(b, dtype=float))
        end = b + h
        rises, falls = (b <= 0) & (end > 0), (b > 0) & (end <= 0)
        crossed = rises | falls
        kink_rate = np.divide(1.0, np.abs(h), out=np.zeros_like(end), where=crossed)
        # Not from 1 - b/h: near the end of the range that would cancel.
        kink = np.where(crossed, np.abs(b) * kink_rate, 0.0)
        low = np.where(rises, np.minimum(kink, 1.0), 0.0)
        high = np.where(falls, np.minimum(kink, 1.0), np.where(end > 0, 1.0, 0.0))
        return _Seen(low, high, np.maximum(b, 0.0), np.maximum(end, 0.0), kink, kink_rate)
