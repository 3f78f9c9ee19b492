r"""What a pair costs, relative to dropping its members: all that a phase diagram depends on.

At equal densities a composition loses A v + B κ, with A the dropped and B the paired
importance, v the variance and κ a member's loss in a pair. Divided by v,

.. math:: L / v = A + B λ, \qquad λ(p) = κ(p) / v(p)

so the whole diagram is drawn once over (importance, λ), and a pair of another kind, with
another λ(p), only relabels the density axis.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    import sympy
    from numpy.typing import ArrayLike, NDArray


class PairCost(Protocol):
    """The relative cost λ of one kind of pair as a function of the density, and back."""

    @property
    def name(self) -> str:
        """The word for this kind of pair on the command line."""

    @property
    def largest(self) -> float:
        """λ at density 1."""

    def relative_cost(self, density: ArrayLike) -> NDArray[np.float64]:
        """λ(p), vectorised."""

    def density(self, cost: ArrayLike) -> NDArray[np.float64]:
        """p(λ), vectorised, for λ between 0 and ``largest``."""

    def density_expression(self) -> sympy.Expr | None:
        """p(λ) as an expression in λ, or None where there is no closed form."""


def named_pair(pair: str) -> PairCost:
    """The pair called ``"unit"`` (the paper's) or ``"balanced"`` (best common norm and bias)."""
    from superposition.theory.antipodal_pair import UnitPair
    from superposition.theory.balanced_antipodal_pair import BalancedPair

    kinds: dict[str, PairCost] = {"unit": UnitPair(), "balanced": BalancedPair()}
    if pair not in list(kinds):  # a list: what cannot be hashed is refused too
        raise ValueError(f"pair is {pair!r}; it must be one of {', '.join(map(repr, kinds))}.")
    return kinds[pair]
