r"""A spherical code as a toy model: all features of one norm and one bias, both at their best.

.. math:: \ell(g, β) = \frac13 - 2 g\, C(β) + g^2 Q(β), \qquad b = g β, \qquad
          C = \int_0^1 u (u + β)_+ du, \quad
          Q = \frac1N \sum_{i,j} \int_0^1 (c_{ij} u + β)_+^2 du

C, Q: overlap and power of one output while one feature is active; c_ij: the cosines of the N
points, 1 on the diagonal; g: the squared norm; L_1 = N ℓ. The best g is C/Q, and leaves 1/3 - C²/Q;
β is then a root of P = 2 C' Q - C Q', a polynomial of degree at most 5 between two neighbouring
kinks -c_ij. All its roots are found, cell by cell.
Source: ``theory.one_active_polygons`` for polygons; for any code derived here.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.polynomial import Chebyshev
from numpy.typing import ArrayLike, NDArray

from superposition.numerics.packing.energy.one_active_terms import interference
from superposition.theory.domain import check_finite

Array = NDArray[np.float64]
DEGREE = 5
SAME = 1e-9  # cosines that differ by less are one
UNIT = 1e-9  # how far a norm may be from 1
NEWTON = 3


@dataclass(frozen=True)
class NormAndBias:
    """A stationary common norm and bias: squared_norm: g; bias: b; loss: L_1 = N ℓ.

    minimum: whether ℓ at its best norm has a minimum here, else a maximum or an inflection.
    """

    squared_norm: float
    bias: float
    loss: float
    minimum: bool


def equal_norm_and_bias(code: ArrayLike) -> tuple[NormAndBias, ...]:
    """Every stationary common norm and bias of a code (N, d) of unit vectors, the best first.

    Raises ``ValueError`` where code is no finite array of unit vectors in rows.

    >>> angles = 2 * np.pi * np.arange(5) / 5
    >>> best, *others = equal_norm_and_bias(np.stack([np.cos(angles), np.sin(angles)], axis=1))
    >>> print(f"{best.squared_norm:.6f} {best.bias:.6f} {best.loss:.6f}", others)
    1.369976 -0.282297 0.079128 []
    """
    moments = _Moments.of(checked_code(code))
    roots = sorted(moments.roots(), key=lambda one: one.loss)
    return tuple(roots)


def best_norm_and_bias(code: ArrayLike) -> NormAndBias:
    """The first of ``equal_norm_and_bias``, which is never empty.

    C²/Q is 0 at β = -1 and sinks to 1/(4N) as β → ∞, because the mean of a row of cosines is
    below 4/3: somewhere between it is largest. Raises ``ValueError`` as the other does.

    >>> best_norm_and_bias([[1.0], [-1.0]]).squared_norm
    1.0
    """
    return equal_norm_and_bias(code)[0]


def checked_code(code: ArrayLike) -> Array:
    """The code as an array; ``ValueError`` unless its rows are at least two unit vectors."""
    check_finite(code, "code")
    points = np.asarray(code, dtype=float)
    if points.ndim != 2 or len(points) < 2:
        raise ValueError(f"code has shape {points.shape}; it must be (N, d) with N at least 2.")
    worst = float(np.abs(np.linalg.norm(points, axis=1) - 1).max())
    if worst > UNIT:
        raise ValueError(f"code has a row whose norm is {worst:.1e} from 1; all must be unit.")
    return points


@dataclass(frozen=True, eq=False)
class _Moments:
    """C and Q of a code: the distinct cosines, and how many of each there are per point."""

    points: int
    cosines: Array
    share: Array

    @staticmethod
    def of(code: Array) -> _Moments:
        gram = np.sort((code @ code.T)[~np.eye(len(code), dtype=bool)])
        first = np.flatnonzero(np.diff(gram, prepend=-np.inf) > SAME)
        count = np.diff(np.append(first, len(gram)))
        means = np.add.reduceat(gram, first) / count
        means[np.abs(means) < SAME] = 0.0
        return _Moments(len(code), means, count / len(code))

    def at(self, beta: Array) -> tuple[Array, Array, Array, Array]:
        """C, C', Q, Q' at every β."""
        own = interference(np.ones_like(beta), beta)
        others = interference(self.cosines, beta[..., None])
        power = own.value + np.sum(self.share * others.value, axis=-1)
        rise = own.b + np.sum(self.share * others.b, axis=-1)
        return own.h / 2, own.hb / 2, power, rise

    def rise(self, beta: Array) -> Array:
        """P: whether C²/Q grows with β."""
        C, C_slope, Q, Q_slope = self.at(beta)
        return 2 * C_slope * Q - C * Q_slope

    def roots(self) -> list[NormAndBias]:
        """Where P vanishes, for β > -1: below, the output is always silent."""
        kinks = np.unique(np.concatenate([-self.cosines, [-1.0, 0.0, 1.0]]))
        kinks = kinks[kinks >= -1]
        cells = [*pairwise(map(float, kinks)), (1.0, 2.0)]
        found: list[float] = []
        for low, high in cells:
            polynomial = Chebyshev.interpolate(self.rise, DEGREE, domain=[low, high])
            size = float(np.abs(polynomial.coef).max())
            if size == 0:
                continue
            candidates = polynomial.trim(1e-13 * size).roots()
            real = candidates.real[np.abs(candidates.imag) < 1e-7]
            # Beyond 1 no kink comes any more: the last cell's polynomial holds for all β.
            end = np.inf if high == 2.0 else high
            reach = 1e-7 * (high - low)
            found += [
                self._polished(float(beta), polynomial)
                for beta in np.clip(real, low, end)[(real >= low - reach) & (real <= end + reach)]
                if beta > -1 + 1e-9
            ]
        apart: list[float] = []
        for beta in sorted(found):
            if not apart or beta - apart[-1] > 1e-7:
                apart.append(beta)
        return [self._stationary(beta) for beta in apart if self._vanishes(beta)]

    def _polished(self, beta: float, polynomial: Chebyshev) -> float:
        """Newton's method on P itself, whose terms do not cancel as its interpolant's do."""
        slope = polynomial.deriv()
        for _ in range(NEWTON):
            steep = float(slope(beta))
            step = float(self.rise(np.array(beta))) / steep if steep else 0.0
            if abs(step) > 1e-6:
                break
            beta -= step
        return 0.0 if abs(beta) < 1e-12 else beta

    def _vanishes(self, beta: float) -> bool:
        C, C_slope, Q, Q_slope = (float(part) for part in self.at(np.array(beta)))
        return abs(2 * C_slope * Q - C * Q_slope) <= 1e-10 * (C_slope * Q + C * Q_slope)

    def _stationary(self, beta: float) -> NormAndBias:
        C, _, Q, _ = (float(part) for part in self.at(np.array(beta)))
        around = self.rise(np.array([beta - 1e-6, beta + 1e-6]))
        minimum = bool(around[0] > 0 > around[1])
        g = C / Q
        # 1/3 - gC by the moments themselves: nothing is left of it where nothing is lost.
        loss = self.points * max(1 / 3 - g * C, 0.0)
        return NormAndBias(g, g * beta, loss, minimum)
