r"""Where one arrangement of equally important features gives way to another: equal losses.

.. math:: L(p) = 2 k_2\, ℓ_{\text{digon}}(p) + \sum_s s\, ℓ_{s\text{-gon}}(p)
          + \sum_d (d + 1)\, ℓ_{d\text{-simplex}}(p) + k_0\, v(p)

Factors of a tegum product do not interfere, so their losses add up; a dedicated feature costs
nothing and a dropped one v = p/3 - p²/4. Each ℓ is the loss of one output at the best common
norm and bias, defined by its bias polynomial (``one_output``). The densities at which two such
sums are equal are the first-order transitions between them, wherever both are optimal.
Source: derived here; that they are optimal is found by minimising the exact loss.
"""

from __future__ import annotations

from dataclasses import dataclass

from scipy.optimize import brentq

from superposition.theory.domain import check_count, check_density, check_scalar
from superposition.theory.symmetric_arrangements.optimum import polygon_optimum, simplex_optimum


@dataclass(frozen=True)
class Arrangement:
    """A tegum product of symmetric factors, and what is dropped.

    digons, dedicated, dropped: how many; polygons: the sides of each polygon; simplices: the
    dimension of each simplex, 2 for a triangle.
    Raises ``ValueError`` for a negative count, a polygon below 5 sides (a square is two digons,
    a triangle a simplex) or a simplex below dimension 2.
    """

    digons: int = 0
    dedicated: int = 0
    dropped: int = 0
    polygons: tuple[int, ...] = ()
    simplices: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for name in ("digons", "dedicated", "dropped"):
            check_count(getattr(self, name), name, at_least=0)
        for sides in self.polygons:
            check_count(sides, "sides of a polygon", at_least=5)
        for dimension in self.simplices:
            check_count(dimension, "dimension of a simplex", at_least=2)

    @property
    def features(self) -> int:
        """n.

        >>> Arrangement(digons=1, simplices=(2,)).features
        5
        """
        simplices = sum(dimension + 1 for dimension in self.simplices)
        return 2 * self.digons + self.dedicated + self.dropped + sum(self.polygons) + simplices

    @property
    def dimensions(self) -> int:
        """m.

        >>> Arrangement(digons=1, simplices=(2,)).dimensions
        3
        """
        return self.digons + self.dedicated + 2 * len(self.polygons) + sum(self.simplices)

    def loss(self, density: float) -> float:
        """L at importance 1, every factor at its best norm and bias.

        Raises ``ValueError`` for a density outside (0, 1].

        >>> print(f"{Arrangement(dropped=1).loss(0.1):.6f}")  # v
        0.030833
        """
        check_density(density)
        check_scalar(density, "density")
        total = self.dropped * (density / 3 - density**2 / 4)
        if self.digons:
            total += 2 * self.digons * simplex_optimum(2, density).loss
        for sides in self.polygons:
            total += sides * polygon_optimum(sides, density).loss
        for dimension in self.simplices:
            total += (dimension + 1) * simplex_optimum(dimension + 1, density).loss
        return total


def crossing_density(
    sparse: Arrangement, dense: Arrangement, between: tuple[float, float] = (0.01, 0.99)
) -> float:
    """The density at which ``dense`` becomes cheaper than ``sparse``.

    Both must hold the same features in the same dimensions at most; the difference of their
    losses must change sign once ``between`` two densities.
    Raises ``ValueError`` where that is not so.

    >>> digon, triangle = Arrangement(digons=1, dedicated=1), Arrangement(simplices=(2,))
    >>> print(f"{crossing_density(digon, triangle):.9f}")
    0.521837659
    """
    if sparse.features != dense.features:
        raise ValueError(
            f"sparse has {sparse.features} features and dense {dense.features}; they must have "
            "the same number."
        )
    low, high = between

    def excess(density: float) -> float:
        return sparse.loss(density) - dense.loss(density)

    if not excess(low) < 0 < excess(high):
        raise ValueError(
            f"between is {between!r}; sparse must be cheaper at the first density and dense at "
            "the second."
        )
    return float(brentq(excess, low, high, xtol=1e-13))
