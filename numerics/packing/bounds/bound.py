r"""A proven lower bound on an energy, and the spaces on which such bounds are known.

.. math:: E(x_1, …, x_N) ≥ B \qquad \text{for all points of the space}

The space is the sphere, or the real or complex lines; its points are seen through one number,
the inner product t in [-1, 1], or x = |⟨·,·⟩|² in [0, 1] for lines. The law of that number for a
uniform point is a Jacobi weight. Source: Levenshtein 1998, "Universal bounds for codes and
designs"; Hoggar 1982.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray
from scipy.special import roots_jacobi

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Bound:
    """A number that no arrangement can go below; name: whose bound; source: where it is proven."""

    value: float
    name: str
    source: str


@dataclass(frozen=True)
class Space:
    """The sphere in d ≥ 2 dimensions (``kind`` "points"), or its real or complex lines."""

    dimension: int
    kind: str = "points"

    @property
    def least(self) -> float:
        """The least value of the inner product (points) or its squared modulus (lines)."""
        return -1.0 if self.kind == "points" else 0.0

    @property
    def exponents(self) -> tuple[float, float]:
        """The Jacobi weight (1 - u)^a (1 + u)^b of u = t, or u = 2x - 1."""
        d = self.dimension
        if self.kind == "points":
            return (d - 3) / 2, (d - 3) / 2
        return ((d - 3) / 2, -0.5) if self.kind == "real lines" else (d - 2, 0.0)

    def quadrature(self, nodes: int) -> tuple[Array, Array]:
        """Gauss points in the space's variable and weights of sum 1.

        >>> points, weights = Space(3).quadrature(2)
        >>> float(weights @ points**2)
        0.3333333333333333
        """
        u, weights = roots_jacobi(nodes, *self.exponents)
        values = u if self.kind == "points" else (1 + u) / 2
        return values, weights / weights.sum()

    def design_size(self, strength: int) -> int:
        """The least number of points that a design of this strength can have (linear bound).

        Delsarte, Goethals and Seidel 1977 for points; Hoggar 1982 for lines.

        >>> [Space(3).design_size(t) for t in (1, 2, 3, 4, 5)]
        [2, 4, 6, 9, 12]
        """
        d, (half, odd) = self.dimension, divmod(strength, 2)
        if self.kind == "points":
            if odd:
                return 2 * comb(d + half - 1, d - 1)
            return comb(d + half - 1, d - 1) + comb(d + half - 2, d - 1)
        if self.kind == "real lines":
            return comb(d + strength - 1, strength)
        return comb(d + half - 1 + odd, half + odd) * comb(d + half - 1, half)
