"""What every method of computing an expected loss can be asked."""

from __future__ import annotations

from abc import ABC, abstractmethod

from superposition.numerics.expectation.problem import OutputProblem, Path
from superposition.numerics.expectation.result import OutputChange, OutputLosses


class Method(ABC):
    """A way to the expected losses of all outputs, that knows how wrong it may be."""

    @property
    @abstractmethod
    def name(self) -> str:
        """One word."""

    @abstractmethod
    def refusal(self, problem: OutputProblem) -> str | None:
        """Why the method cannot be used on the problem: a sentence, or None if it can."""

    @abstractmethod
    def losses(self, problem: OutputProblem, tolerance: float, gradient: bool) -> OutputLosses:
        """E(x_i - x'_i)² of every output, to ``tolerance`` relative to the loss if it can."""

    @abstractmethod
    def gradient_change(self, problem: OutputProblem, path: Path) -> OutputChange:
        """The change of the derivatives along a path, on the side the path leads to.

        Raises ``ValueError`` where the method has no second-order products.
        """
