r"""A code: points on a sphere that all see the others at the same few inner products.

.. math:: E_f = \frac N2 \sum_j m_j\, f(t_j), \qquad
          f = r^{-s},\; -\log r,\; e^{-α r^2}, \quad r^2 = 2 - 2t

Everything here follows from N, d, the inner products and the strength as a design.
Source: Cohn and Kumar 2007, "Universally optimal distribution of points on spheres".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import sympy

from superposition.theory.packing.design_equations import multiplicities

Status = Literal[
    "universally optimal",
    "optimal spherical code",
    "best known",
    "conjectured universally optimal",
    "not optimal",
]


@dataclass(frozen=True)
class Code:
    """N points in d dimensions, known by their inner products, smallest first.

    strength: the largest τ for which the points are known to be a spherical τ-design; counts:
    the multiplicities, where these do not come out of the design equations; status: what is
    proven of it as an arrangement of N points, and source: by whom.

    universally optimal: of least energy for every completely monotone function of r², hence also
    of least largest cosine. optimal spherical code: the last only. best known: not proven.
    """

    name: str
    dimension: int
    points: int
    inner_products: tuple[sympy.Expr, ...]
    strength: int
    status: Status
    source: str
    counts: tuple[int, ...] | None = None

    @property
    def multiplicities(self) -> tuple[int, ...]:
        """How many points each point sees at each inner product."""
        if self.counts is not None:
            return self.counts
        found = multiplicities(self.dimension, self.points, self.inner_products, self.strength)
        return tuple(int(m) for m in found)

    @property
    def largest_cosine(self) -> sympy.Expr:
        """The last of the inner products."""
        return self.inner_products[-1]

    @property
    def is_sharp(self) -> bool:
        """Whether the strength is at least 2s - 1 for s inner products.

        Then the code is universally optimal (Cohn and Kumar 2007, Theorem 1.2).
        """
        return self.strength >= 2 * len(self.inner_products) - 1

    def energy(self, potential: Callable[[sympy.Expr], sympy.Expr]) -> sympy.Expr:
        """Σ_{i<j} f(x_i·x_j) for f a function of the inner product.

        >>> from superposition.theory.packing.catalogue import code
        >>> code("icosahedron").energy(lambda t: t**2)
        18
        """
        terms = zip(self.multiplicities, self.inner_products, strict=True)
        total = sympy.Add(*(m * potential(t) for m, t in terms))
        return sympy.expand(sympy.Rational(self.points, 2) * total)

    def riesz(self, s: sympy.Expr | int) -> sympy.Expr:
        """Σ r^-s; s = 1 is the Coulomb energy.

        >>> from superposition.theory.packing.catalogue import code
        >>> code("E8 roots").riesz(6)
        637975/72
        """
        return self.energy(lambda t: (2 - 2 * t) ** (-sympy.sympify(s) / 2))

    def logarithmic(self) -> sympy.Expr:
        """Σ -log r.

        >>> from superposition.theory.packing.catalogue import octahedron
        >>> octahedron.logarithmic()
        -9*log(2)
        """
        return self.energy(lambda t: -sympy.log(2 - 2 * t) / 2)

    def gaussian(self, alpha: sympy.Expr | int) -> sympy.Expr:
        """Σ exp(-α r²)."""
        return self.energy(lambda t: sympy.exp(-sympy.sympify(alpha) * (2 - 2 * t)))
