r"""Sets of features that switch on and off together, apart, or independently.

A set is a law over its active subsets; given that a feature is active, its value is
uniform and independent of everything else. So only two numbers a pair matter,

.. math:: P(i) = P(\text{i active}), \qquad P(i, j) = P(\text{i and j active})

independent    P(i) = p_i     P(i, j) = p_i p_j
correlated     P(i) = p       P(i, j) = p        one switch for the whole set
anticorrelated P(i) = p/k     P(i, j) = 0        on with probability p, then one member

Source: Elhage et al. 2022, "Correlated features" (definitions in its appendix).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from superposition.theory.domain import check_count, check_density, check_vector

ActiveSets = Iterator[tuple[tuple[int, ...], Any]]


class FeatureSet(ABC):
    """A law over the active subsets of ``size`` features. Scalars may be symbols."""

    @property
    @abstractmethod
    def size(self) -> int:
        """The number of features in the set."""

    @abstractmethod
    def density_of(self, feature: int) -> Any:
        """P(i): the probability that ``feature`` is active."""

    @abstractmethod
    def joint_density_of(self, first: int, second: int) -> Any:
        """P(i, j): the probability that two different features are active together."""

    @abstractmethod
    def active_sets(self) -> ActiveSets:
        """Every active subset of positive probability, with that probability."""


@dataclass(frozen=True)
class Independent(FeatureSet):
    """Independent features; ``density`` has one entry per feature."""

    density: tuple[Any, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "density", tuple(self.density))
        check_count(len(self.density), "the number of features")
        check_vector(self.density, None, "density")
        check_density(self.density, symbols=True)

    @property
    def size(self) -> int:
        """The number of features."""
        return len(self.density)

    def density_of(self, feature: int) -> Any:
        """p_i."""
        return self.density[feature]

    def joint_density_of(self, first: int, second: int) -> Any:
        """p_i p_j."""
        return self.density[first] * self.density[second]

    def active_sets(self) -> ActiveSets:
        """All 2^k subsets A, with Π_{i∈A} p_i Π_{i∉A} (1 - p_i)."""
        for count in range(self.size + 1):
            for active in combinations(range(self.size), count):
                probability: Any = 1
                for feature, p in enumerate(self.density):
                    probability = probability * (p if feature in active else 1 - p)
                yield active, probability


@dataclass(frozen=True)
class Correlated(FeatureSet):
    """``members`` features behind one switch that is on with probability ``density``."""

    members: int
    density: Any

    def __post_init__(self) -> None:
        members = check_count(self.members, "members of a correlated set")
        object.__setattr__(self, "members", members)
        check_density(self.density, symbols=True)

    @property
    def size(self) -> int:
        """The number of features."""
        return self.members

    def density_of(self, feature: int) -> Any:
        """p."""
        return self.density

    def joint_density_of(self, first: int, second: int) -> Any:
        """p."""
        return self.density

    def active_sets(self) -> ActiveSets:
        """Nothing, or everything."""
        yield (), 1 - self.density
        yield tuple(range(self.size)), self.density


@dataclass(frozen=True)
class Anticorrelated(FeatureSet):
    """``members`` features of which one, uniformly chosen, is active when the set is on.

    density: the probability that the set is on, so a member's density is density/k
        (the paper's convention). ``Anticorrelated.with_marginal`` takes the
        member's density instead, as some re-implementations do.
    """

    members: int
    density: Any

    def __post_init__(self) -> None:
        members = check_count(self.members, "members of an anticorrelated set")
        object.__setattr__(self, "members", members)
        check_density(self.density, symbols=True)

    @classmethod
    def with_marginal(cls, members: int, marginal: Any) -> Anticorrelated:
        """The set whose members each have density ``marginal`` ≤ 1/members."""
        check_count(members, "members of an anticorrelated set")
        check_density(marginal, "marginal density", symbols=True)
        if not getattr(marginal, "free_symbols", None) and members * marginal > 1:
            raise ValueError(
                f"marginal density is {marginal:g}; members that exclude each other "
                f"share a total of 1, so it must be at most 1/{members}."
            )
        return cls(members, members * marginal)

    @property
    def size(self) -> int:
        """The number of features."""
        return self.members

    def density_of(self, feature: int) -> Any:
        """p / k."""
        return self.density / self.members

    def joint_density_of(self, first: int, second: int) -> Any:
        """0: two members are never active together."""
        return 0 * self.density

    def active_sets(self) -> ActiveSets:
        """Nothing, or exactly one member."""
        yield (), 1 - self.density
        for feature in range(self.size):
            yield (feature,), self.density / self.members
