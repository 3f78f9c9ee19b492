r"""The mean norm of the input, exactly: what an adversary's budget is measured by.

.. math:: E \|x\| = \frac{1}{\sqrt π} \int_0^\infty \frac{1 - E e^{-s^2 \|x\|^2}}{s^2} \, ds

x: n features; the expectation inside is a product over what switches on its own, of
1 - p (1 - φ(s)^k) for k features behind one switch and 1 - p (1 - φ(s)) for one of them at a
time, with φ(s) = E e^{-s² u²} of an active feature's value u.
Source: √S = (1/(2√π)) ∫ (1 - e^{-tS}) t^{-3/2} dt at t = s²; derived here.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.integrate import quad
from scipy.special import erf

from superposition.numerics.expectation.problem import Features
from superposition.numerics.expectation.sampling import Unit, units_of
from superposition.theory.domain import check_density, check_vector
from superposition.theory.features.feature_law import FeatureLaw
from superposition.theory.features.values import Binary, Uniform, ValueLaw, Values

NODES, WEIGHTS = np.polynomial.legendre.leggauss(24)


def mean_input_norm(density: ArrayLike | FeatureLaw, values: ValueLaw = Values.UNIT) -> float:
    """E‖x‖ of features of these densities, (n,), or of a law, to about 1e-12 relative.

    Raises ``ValueError`` for densities out of range or values neither uniform nor binary.

    >>> print(f"{mean_input_norm([0.5]):.12f}")  # p E u
    0.250000000000
    """
    features = features_of(density, values)
    if not isinstance(features.values, Uniform | Binary):
        raise ValueError(
            f"values is {features.values!r}; the mean norm is known for Uniform and Binary values."
        )
    units, law = units_of(features), features.values
    # Where the integrand turns: s² ‖x‖² is about one for an x that is not zero.
    mass = sum(unit.probability * (len(unit.members) if unit.together else 1) for unit in units)
    turn = 1 / math.sqrt(max(mass, 1.0) * features.moment(2))

    def near(s: float) -> float:
        return _missing(units, law, s) / s**2 if s > 0 else 0.0

    def far(r: float) -> float:
        return _missing(units, law, 1 / r) if r > 0 else 1.0

    # From 0 to the turn, and from there to infinity by r = 1/s.
    parts = [
        quad(function, 0, end, epsabs=0, epsrel=1e-12, limit=200)[0]
        for function, end in ((near, turn), (far, 1 / turn))
    ]
    return float(sum(parts) / math.sqrt(math.pi))


def features_of(density: ArrayLike | FeatureLaw, values: ValueLaw = Values.UNIT) -> Features:
    """The law of the features as ``numerics.expectation`` takes it; raises as the norm does."""
    if isinstance(density, FeatureLaw):
        marginal = [float(block.density_of(i)) for block in density.sets for i in range(block.size)]
        return Features(np.array(marginal), density.values, density.sets)
    check_vector(density, None, "density")
    check_density(density)
    return Features(np.asarray(density, dtype=float), values)


def _missing(units: tuple[Unit, ...], law: Uniform | Binary, s: float) -> float:
    """1 - E e^{-s² ‖x‖²}, without a difference of near numbers."""
    lost = _lost(law, s)
    logarithm = 0.0
    for unit in units:
        gone = lost
        if unit.together and len(unit.members) > 1:
            gone = -math.expm1(len(unit.members) * math.log1p(-lost)) if lost < 1 else 1.0
        if unit.probability * gone >= 1:
            return 1.0
        logarithm += math.log1p(-unit.probability * gone)
    return -math.expm1(logarithm)


def _lost(law: Uniform | Binary, s: float) -> float:
    """1 - E e^{-s² u²} of an active feature."""
    low, high = law.support
    if isinstance(law, Binary):
        return -math.expm1(-(s**2))
    if s * max(abs(low), abs(high)) < 2:  # by quadrature: nothing cancels
        u = (low + high) / 2 + (high - low) / 2 * NODES
        return float(-np.expm1(-((s * u) ** 2)) @ WEIGHTS / 2)
    area = math.sqrt(math.pi) * (erf(s * high) - erf(s * low)) / (2 * s)
    return float(1 - area / (high - low))
