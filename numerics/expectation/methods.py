"""The methods: enumeration, strata, transform, sampling, and moments for the linear model."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from superposition.numerics.expectation import sampling, second_moments
from superposition.numerics.expectation.activity import patterns, strata
from superposition.numerics.expectation.compiled import compiled
from superposition.numerics.expectation.kinks import kinked
from superposition.numerics.expectation.method import Method
from superposition.numerics.expectation.problem import OutputProblem, Path
from superposition.numerics.expectation.result import OutputChange, OutputLosses
from superposition.numerics.expectation.transform import many_active, second_order, units
from superposition.theory.domain import check_count
from superposition.theory.features.feature_law import FeatureLaw
from superposition.theory.features.values import Binary, GivenValues, Uniform

FEW_STATES = 4**7
MOST_STATES = 4**11  # of one output: some hundred MB and seconds
SECOND_ORDER_NODES = 1500
ELEMENTS = 2**31  # outputs × features × nodes of a transform: half a minute


@dataclass(frozen=True)
class Moments(Method):
    """The linear model from E x and E x xᵀ: exact for every law."""

    @property
    def name(self) -> str:
        """moments."""
        return "moments"

    def refusal(self, problem: OutputProblem) -> str | None:
        """Only a linear model is a matter of two moments."""
        return "moments alone decide the linear model only." if problem.relu else None

    def losses(self, problem: OutputProblem, tolerance: float, gradient: bool) -> OutputLosses:
        """Exact to rounding."""
        return second_moments.losses(problem, gradient)

    def gradient_change(self, problem: OutputProblem, path: Path) -> OutputChange:
        """Exact to rounding."""
        return second_moments.gradient_change(problem, path)


@dataclass(frozen=True)
class Enumeration(Method):
    """All sets of active features, each with exact cube integrals: exact to rounding."""

    @property
    def name(self) -> str:
        """enumeration."""
        return "enumeration"

    def refusal(self, problem: OutputProblem) -> str | None:
        """Uniform or binary values, and not too many faces of cubes."""
        if not problem.relu:
            return "enumeration is for models with a ReLU; the linear model takes moments."
        if isinstance(problem.features.values, GivenValues):
            return "enumeration needs uniform or binary values."
        states = self.states(problem)
        if states > MOST_STATES:
            return f"enumeration would visit {states:.2g} states, more than {MOST_STATES:.2g}."
        return None

    @staticmethod
    def states(problem: OutputProblem) -> float:
        """How many faces of cubes one output has."""
        features = problem.features
        ends = {True: 1.0, False: 3.0}[isinstance(features.values, Binary)]
        if features.sets is None:
            unit = features.values.support[0] == 0
            return float((ends + (0 if unit and ends > 1 else 1)) ** features.size)
        if sum(block.size for block in features.sets) > 40:
            return float("inf")
        law = FeatureLaw(features.sets, features.values)
        total = 0.0
        for active, _ in law.active_sets():
            total += ends ** len(active)
            if total > 2 * MOST_STATES:
                break
        return total

    def losses(self, problem: OutputProblem, tolerance: float, gradient: bool) -> OutputLosses:
        """Exact to rounding."""
        return patterns.losses(problem, gradient)

    def gradient_change(self, problem: OutputProblem, path: Path) -> OutputChange:
        """Exact to rounding."""
        return patterns.gradient_change(problem, path)


@dataclass(frozen=True)
class Strata(Method):
    """Up to two active features exactly, a proven bound on the rest: for sparse features."""

    @property
    def name(self) -> str:
        """strata."""
        return "strata"

    def refusal(self, problem: OutputProblem) -> str | None:
        """Independent features with uniform or binary values."""
        if not problem.relu:
            return "strata are for models with a ReLU; the linear model takes moments."
        if problem.features.sets is not None:
            return "strata need independent features."
        if isinstance(problem.features.values, GivenValues):
            return "strata need uniform or binary values."
        return None

    def losses(self, problem: OutputProblem, tolerance: float, gradient: bool) -> OutputLosses:
        """A lower bound; with ``bounds`` added, an upper one."""
        return strata.losses(problem, gradient)

    def gradient_change(self, problem: OutputProblem, path: Path) -> OutputChange:
        """Not by this method."""
        raise ValueError("strata has no second-order products; use Enumeration().")


@dataclass(frozen=True)
class Transform(Method):
    """A contour integral of the characteristic function of every output: for many features.

    nodes: the most nodes an output may take; None: as many as half a minute allows.
    """

    nodes: int | None = None

    def __post_init__(self) -> None:
        if self.nodes is not None:
            nodes = check_count(self.nodes, "nodes", many_active.FEWEST_NODES)
            object.__setattr__(self, "nodes", nodes)

    @property
    def name(self) -> str:
        """transform."""
        return "transform"

    def refusal(self, problem: OutputProblem) -> str | None:
        """Values of one's own come with one vector of densities."""
        if not problem.relu:
            return "transform is for models with a ReLU; the linear model takes moments."
        if isinstance(problem.features.values, GivenValues) and problem.features.density.ndim > 1:
            return "transform takes values of one's own with one vector of densities only."
        return None

    def losses(self, problem: OutputProblem, tolerance: float, gradient: bool) -> OutputLosses:
        """As many nodes as the tolerance asks for."""
        most = self.nodes or self._most_nodes(problem)
        given = isinstance(problem.features.values, GivenValues)
        if problem.features.sets is not None or given:
            return units.losses(problem, tolerance, most, gradient)
        return many_active.losses(problem, tolerance, most, gradient, _kernel(problem))

    def gradient_change(self, problem: OutputProblem, path: Path) -> OutputChange:
        """By differences of the contour sum, which is analytic; independent features."""
        if problem.features.sets is not None or not isinstance(problem.features.values, Uniform):
            raise ValueError(
                "transform has second-order products for independent features with uniform values "
                "only."
            )
        return second_order.gradient_change(
            problem, path, self.nodes or SECOND_ORDER_NODES, _kernel(problem)
        )

    @staticmethod
    def _most_nodes(problem: OutputProblem) -> int:
        n = problem.features.size
        models = int(np.prod(problem.rows.shape[:-2], dtype=int))
        return int(np.clip(ELEMENTS // (n * n * models), 256, 2**17))


def _kernel(problem: OutputProblem) -> many_active.Kernel:
    """The compiled twin where it can be used."""
    if compiled(problem.rows) and problem.features.values == Uniform(0, 1):
        from superposition.numerics.expectation.transform import many_active_kernel

        return many_active_kernel.many_active
    return many_active.many_active


@dataclass(frozen=True)
class Sampling(Method):
    """Stratified random draws with a standard error: the independent twin."""

    draws: int = 100_000
    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "draws", check_count(self.draws, "draws"))
        object.__setattr__(self, "seed", check_count(self.seed, "seed", 0))

    @property
    def name(self) -> str:
        """sampling."""
        return "sampling"

    def refusal(self, problem: OutputProblem) -> str | None:
        """Numpy arrays, values that can be drawn."""
        values = problem.features.values
        if isinstance(values, GivenValues) and values.sample is None:
            return "sampling needs values that can be drawn: GivenValues(…, sample=…)."
        if not isinstance(problem.rows, np.ndarray):
            return "sampling needs numpy arrays."
        return None

    def losses(self, problem: OutputProblem, tolerance: float, gradient: bool) -> OutputLosses:
        """``draws`` draws per model, whatever the tolerance."""
        found = sampling.losses(problem, self.draws, self.seed, gradient)
        return replace(found, one_sided=kinked(problem))

    def gradient_change(self, problem: OutputProblem, path: Path) -> OutputChange:
        """Not by this method."""
        raise ValueError("sampling has no second-order products; use Enumeration().")


def candidates(problem: OutputProblem) -> list[Method]:
    """The methods that can be used, the one to try first in front.

    Enumeration is exact, and cheap for few features; the transform is cheap for many.
    """
    if not problem.relu:
        return [Moments()]
    usual: list[Method] = [Transform(), Enumeration(), Strata(), Sampling()]
    if Enumeration.states(problem) <= FEW_STATES:
        usual.insert(0, usual.pop(1))
    return [method for method in usual if method.refusal(problem) is None]
