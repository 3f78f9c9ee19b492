r"""A configuration that beats dropping: found with floats, its loss a fraction.

.. math:: L = F(W_1^2, W_1 W_2, b_1) + r F(W_2^2, W_1 W_2, b_2), \qquad
          F = \frac p3 - 2 E\,x z_+ + E\,z_+^2

W, b: weights and biases, for two features in one dimension; r: importance of the second
feature; p: density. The search may miss and its floats may be wrong; the loss of what it
offers is computed once more, as a fraction, by code that shares nothing with the search
(``numerics.expectation.exact``). Source: derived here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from flint import fmpq
from numpy.typing import NDArray

from superposition.numerics.certificate.positive_part_moments import moments
from superposition.numerics.expectation.exact import expected_loss, rational

Point = tuple[Fraction, Fraction, Fraction, Fraction]  # W_1, W_2, b_1, b_2

# Starts in the scaled variables ((W_1 - 1)/√p, W_2, b_1/p, b_2/p).
STARTS = tuple(
    (first, second, *biases)
    for first, second in ((0.0, -0.1), (0.0, -0.3), (0.0, -0.6), (0.0, -0.9), (-0.1, -0.9))
    for biases in ((0.02, 0.4), (0.3, 0.3))
)
DIGITS = 23  # binary, of a witness at density 1
NARROWEST = 0.02  # |W_2| below which floats lose the loss to cancellation


def exact_loss(importance: Fraction, density: Fraction, point: Point) -> Fraction:
    """L at one point, as a fraction.

    >>> half = Fraction(1, 2)
    >>> exact_loss(Fraction(1), half, (Fraction(1), Fraction(-1), Fraction(0), Fraction(0)))
    Fraction(1, 12)
    """
    first, second, *biases = (rational(number) for number in point)
    rows = [[first * first, first * second], [first * second, second * second]]
    loss = expected_loss(rows, biases, [fmpq(1), rational(importance)], [rational(density)] * 2)
    return Fraction(int(loss.p), int(loss.q))


def float_loss(
    importance: float, density: float, point: Sequence[float] | NDArray[np.float64]
) -> tuple[tuple[float, float], NDArray[np.float64]]:
    """F of both outputs, and the gradient of L, in floats."""
    w, u, *biases = (float(number) for number in point)
    losses, gradient = [], np.zeros(4)
    for k, (own, other, weight) in enumerate(((w, u, 1.0), (u, w, importance))):
        at = moments(own * own, own * other, biases[k], density)
        by_own = 2 * own * (at.xz - at.xx1) + other * (at.yz - at.xy1)
        losses.append(density / 3 - 2 * at.xz + at.zz)
        gradient[k] += 2 * weight * by_own
        gradient[1 - k] += 2 * weight * own * (at.yz - at.xy1)
        gradient[2 + k] = 2 * weight * (at.z - at.x1)
    return (losses[0], losses[1]), gradient


def descended(importance: float, density: float, start: Sequence[float]) -> NDArray[np.float64]:
    """The end of a descent from a scaled start, W_2 kept at most -``NARROWEST``."""
    from scipy.optimize import minimize

    scales = np.array([math.sqrt(density), 1.0, density, density])
    corner = np.array([1.0, 0.0, 0.0, 0.0])

    def scaled(position: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        losses, gradient = float_loss(importance, density, corner + scales * position)
        total = losses[0] + importance * losses[1]
        return total / density**2, gradient * scales / density**2

    # W_1 stays positive: the other sign is the same model.
    lowest = (0.05 - 1) / scales[0]
    bounds = [(lowest, 3 / scales[0]), (-5, -NARROWEST), (-3, 3), (-3, 3)]
    found = minimize(
        scaled,
        np.array(start),
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"ftol": 1e-15, "gtol": 1e-11},
    )
    return np.asarray(corner + scales * found.x)


def witness(importance: Fraction, density: Fraction) -> Point | None:
    """A point with a loss below r v, r ≤ 1: the best of several descents.

    None where no descent ends in one: which proves nothing.
    """
    least = importance * density * (4 - 3 * density) / 12
    best: Point | None = None
    for start in STARTS:
        point = rounded(descended(float(importance), float(density), start), density)
        loss = exact_loss(importance, density, point)
        if loss < least:
            best, least = point, loss
    return best


def rounded(point: Any, density: Fraction) -> Point:
    """A point on a binary grid, finer for small densities as the biases are.

    >>> rounded([0.5, -1, 0, 1e-9], Fraction(1, 2))
    (Fraction(1, 2), Fraction(-1, 1), Fraction(0, 1), Fraction(0, 1))
    """
    grid = 2 ** (DIGITS + math.ceil(1 / density).bit_length())
    first, second, *biases = (Fraction(round(Fraction(float(x)) * grid), grid) for x in point)
    return first, second, biases[0], biases[1]
