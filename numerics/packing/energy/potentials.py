r"""Potentials of the squared distance r² = 2 - 2t between unit vectors with inner product t.

.. math:: \text{Riesz: } r^{-s}, \quad \text{logarithmic: } -\log r, \quad
          \text{Gaussian: } e^{-α r^2}

All three are completely monotone functions of r², for which the universally optimal codes are
minima (Cohn and Kumar 2007, "Universally optimal distribution of points on spheres"). The
Coulomb energy is Riesz's with s = 1. For lines t is replaced by |⟨x, y⟩|², so that r is the
chordal distance times √2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from superposition.numerics.packing.energy.smooth_energy import Array
from superposition.theory.domain import check_scalar

# Two points in one place: a huge number, not an infinite one.
LEAST_SQUARED_DISTANCE, MOST_EXPONENT = 1e-24, 500.0


@dataclass(frozen=True)
class Riesz:
    """r^-s with s > 0.

    >>> Riesz(1.0).name, float(Riesz(1.0).jet(np.array(-1.0))[0])
    ('coulomb', 0.5)
    """

    s: float

    def __post_init__(self) -> None:
        """Refuse an exponent that is no positive number."""
        _check_positive(self.s, "the Riesz exponent s")

    @property
    def name(self) -> str:
        """``coulomb`` for s = 1."""
        return "coulomb" if self.s == 1 else f"riesz:{_told(self.s)}"

    def jet(self, t: Array) -> tuple[Array, Array, Array]:
        """f, f', f''."""
        squared = _squared_distance(t)
        of = np.exp(np.minimum(-self.s / 2 * np.log(squared), MOST_EXPONENT))
        slope = self.s * of / squared
        return of, slope, (self.s + 2) * slope / squared


@dataclass(frozen=True)
class Logarithmic:
    """-log r."""

    @property
    def name(self) -> str:
        """``log``."""
        return "log"

    def jet(self, t: Array) -> tuple[Array, Array, Array]:
        """f, f', f''."""
        squared = _squared_distance(t)
        return -0.5 * np.log(squared), 1 / squared, 2 / squared**2


@dataclass(frozen=True)
class Gaussian:
    """exp(-α r²), α > 0."""

    alpha: float = 1.0

    def __post_init__(self) -> None:
        """Refuse a width that is no positive number."""
        _check_positive(self.alpha, "the Gaussian's α")

    @property
    def name(self) -> str:
        """``gaussian`` with its α."""
        return f"gaussian:{_told(self.alpha)}"

    def jet(self, t: Array) -> tuple[Array, Array, Array]:
        """f, f', f''."""
        of = np.exp(-2 * self.alpha * (1 - t))
        return of, 2 * self.alpha * of, 4 * self.alpha**2 * of


@dataclass(frozen=True)
class Sharpened:
    """(scale/r²)^k with k = 2^doublings: towards the packing of the largest cosine."""

    doublings: int
    scale: float

    @property
    def name(self) -> str:
        """``sharpened`` with k."""
        return f"sharpened:{2**self.doublings}"

    def jet(self, t: Array) -> tuple[Array, Array, Array]:
        """f, f', f''."""
        k, squared = 2**self.doublings, _squared_distance(t)
        # Far apart pairs may count for nothing, but not with a warning.
        of = np.exp(np.clip(k * np.log(self.scale / squared), -700.0, MOST_EXPONENT))
        slope = 2 * k * of / squared
        return of, slope, 2 * (k + 1) * slope / squared


def _squared_distance(t: Array) -> Array:
    return np.maximum(2 - 2 * t, LEAST_SQUARED_DISTANCE)


def _told(number: float) -> str:
    """Short where that is exact: the name makes the energy again."""
    short = f"{number:g}"
    return short if float(short) == number else repr(float(number))


def _check_positive(value: float, name: str) -> None:
    check_scalar(value, name)
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"{name} is {value}; it must be a finite number above 0.")
