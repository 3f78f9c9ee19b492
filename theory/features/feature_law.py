r"""The law of the features: independent sets side by side, and its first two moments.

.. math:: E x_i = P(i)\, E u, \quad E x_i^2 = P(i)\, E u^2, \quad
          E x_i x_j = P(i, j)\, (E u)^2 \; (i \ne j)

P(i): density of feature i; P(i, j): joint density (the product across sets);
u: value of an active feature. Source: derived here from the paper's definitions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, permutations, product
from typing import Any

import numpy as np

from superposition.theory.domain import check_vector
from superposition.theory.features.feature_sets import ActiveSets, FeatureSet, Independent
from superposition.theory.features.values import ValueLaw, Values

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class FeatureLaw:
    """Sets of features, independent of each other; features are numbered through.

    sets: the sets in order; values: the law of an active feature's value.

    >>> law = FeatureLaw.independent([0.5, 0.2])
    >>> law.mean()
    array([0.25, 0.1 ])
    >>> from sympy.abc import p
    >>> FeatureLaw.independent([p, p]).covariance()[0, 0]
    -p**2/4 + p/3
    """

    sets: tuple[FeatureSet, ...]
    values: ValueLaw = Values.UNIT

    def __post_init__(self) -> None:
        object.__setattr__(self, "sets", tuple(self.sets))
        if not self.sets:
            raise ValueError("sets is empty; a feature law needs at least one set of features.")
        for block in self.sets:
            if not isinstance(block, FeatureSet):
                raise ValueError(
                    f"sets contains {block!r}; it must hold sets: Independent, Correlated or "
                    "Anticorrelated."
                )
        if not isinstance(self.values, ValueLaw):
            raise ValueError(
                f"values is {self.values!r}; it must be a value law: Values.UNIT, Values.SIGNED, "
                "Values.BINARY, Uniform(low, high) or GivenValues(…)."
            )

    @classmethod
    def independent(cls, density: Sequence[Any], values: ValueLaw = Values.UNIT) -> FeatureLaw:
        """Independent features, one density each."""
        check_vector(density, None, "density")
        return cls((Independent(tuple(density)),), values)

    @property
    def size(self) -> int:
        """The number of features n."""
        return sum(block.size for block in self.sets)

    def mean(self) -> Array:
        """E x, shape (n,): floats, or sympy expressions where densities are symbols."""
        return np.asarray(self._densities() * self._moment(1))

    def second_moments(self) -> Array:
        """E x xᵀ, shape (n, n)."""
        densities = self._densities()
        moments: Array = np.outer(densities, densities)
        for start, block in zip(self._starts(), self.sets, strict=True):
            for first, second in permutations(range(block.size), 2):
                moments[start + first, start + second] = block.joint_density_of(first, second)
        moments = moments * self._moment(1) ** 2
        np.fill_diagonal(moments, densities * self._moment(2))
        return moments

    def covariance(self) -> Array:
        """E x xᵀ - E x (E x)ᵀ, shape (n, n)."""
        mean = self.mean()
        return np.asarray(self.second_moments() - np.outer(mean, mean))

    def active_sets(self) -> ActiveSets:
        """Every active set A of positive probability, with its probability."""
        for choice in product(*(list(block.active_sets()) for block in self.sets)):
            active: tuple[int, ...] = ()
            probability: Any = 1
            for start, (members, weight) in zip(self._starts(), choice, strict=True):
                active += tuple(start + member for member in members)
                probability = probability * weight
            yield active, probability

    def _starts(self) -> list[int]:
        """The number of every set's first feature."""
        return [0, *accumulate(block.size for block in self.sets[:-1])]

    def _densities(self) -> Array:
        entries = [block.density_of(member) for block in self.sets for member in range(block.size)]
        symbolic = any(getattr(entry, "free_symbols", None) for entry in entries)
        return np.array(entries, dtype=object if symbolic else float)

    def _moment(self, order: int) -> Any:
        """E u^order: exact beside symbols, a float beside numbers."""
        moment = self.values.moment(order)
        return moment if self._densities().dtype == object else float(moment)
