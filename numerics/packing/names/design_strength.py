r"""Design strength: up to which degree the points integrate polynomials exactly.

.. math:: τ = \max \{t : \sum_{i,j} P_k(x_i \cdot x_j) = 0, \; 1 ≤ k ≤ t\}

P_k: the zonal polynomials, which are positive definite, so that each sum is a squared norm: the
Jacobi polynomials P_k^{((d-3)/2, (d-3)/2)}(t) on the sphere (Gegenbauer),
P_k^{((d-3)/2, -1/2)}(2t² - 1) for real lines and P_k^{(d-2, 0)}(2|t|² - 1) for complex lines.
Source: Delsarte, Goethals and Seidel 1977; Hoggar 1982, "t-designs in projective spaces".
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import eval_jacobi

from superposition.numerics.packing.names.spectrum import cosines

Array = NDArray[np.float64]


def design_strength(points: NDArray[Any], lines: bool = False, tolerance: float = 1e-6) -> int:
    """The largest τ for which unit vectors (N, d) are a τ-design; 0 where not even balanced.

    Complex points are lines. In one dimension only the degree 1 exists (0 for lines).

    >>> design_strength(np.array([[1.0, 0.0], [-0.5, 0.75**0.5], [-0.5, -(0.75**0.5)]]))
    2
    """
    gram = np.clip(cosines(points, lines), -1, 1)
    dimension = points.shape[1]
    if dimension == 1:
        return int(not lines and bool(abs(gram.mean()) <= tolerance**2))
    strength = 0
    # The strength is bounded for any number of points, so that the loop ends: a design of
    # strength 2e has at least as many points as there are polynomials of degree e.
    while abs(zonal(strength + 1, gram, dimension, lines, np.iscomplexobj(points)).mean()) <= (
        tolerance**2
    ):
        strength += 1
    return strength


def zonal(degree: int, t: Array, dimension: int, lines: bool, complex_lines: bool) -> Array:
    """P_k(t), 1 at t = 1, for d ≥ 2.

    >>> float(zonal(2, np.array(0.0), 3, False, False))
    -0.5
    """
    first = dimension - 2 if complex_lines else (dimension - 3) / 2
    second = first if not lines else 0.0 if complex_lines else -0.5
    argument = 2 * t**2 - 1 if lines else t
    values = eval_jacobi(degree, first, second, argument)
    scaled: Array = values / eval_jacobi(degree, first, second, 1.0)
    return scaled
