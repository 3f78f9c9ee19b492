r"""The value of an active feature: uniform on an interval, one, or a law of the user's own.

.. math:: E\,u^k = \int u^k \, du / \text{length}

Source: Elhage et al. 2022, "Demonstrating Superposition" (unit interval) and
"Computation in superposition" (signed interval, for the absolute value model); binary
features as in the notes on sparse binary data that followed.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from superposition.theory.domain import check_finite

if TYPE_CHECKING:
    import numpy as np


class ValueLaw(ABC):
    """The law of an active feature's value u; values of different features are independent."""

    @property
    @abstractmethod
    def support(self) -> tuple[float, float]:
        """The least interval [low, high] that holds u."""

    @abstractmethod
    def moment(self, order: int) -> Any:
        """E u^order of an active feature."""


@dataclass(frozen=True)
class Uniform(ValueLaw):
    """u uniform on [low, high].

    >>> Values.UNIT.moment(2), Values.SIGNED.moment(1)
    (1/3, 0)
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        check_finite((self.low, self.high), "the interval of a uniform value law")
        if not self.low < self.high:
            raise ValueError(
                f"high is {self.high:g}; a uniform value law needs it above low, {self.low:g}."
            )

    @property
    def support(self) -> tuple[float, float]:
        """[low, high]."""
        return self.low, self.high

    def moment(self, order: int) -> Any:
        """∫ u^order du / length, exactly."""
        return _uniform_moment(self.low, self.high, order)


@dataclass(frozen=True)
class Binary(ValueLaw):
    """u = 1: an active feature has one value only.

    >>> Binary().moment(2)
    1
    """

    @property
    def support(self) -> tuple[float, float]:
        """The point 1."""
        return 1.0, 1.0

    def moment(self, order: int) -> Any:
        """1, whatever the order."""
        import sympy

        return sympy.Integer(1) ** order


@dataclass(frozen=True)
class GivenValues(ValueLaw):
    r"""A law of one's own, by its moment-generating integrals.

    transform: (y, order) ↦ E[u^order e^{yu}] for an array y of complex numbers and the
        orders 0, 1, 2;
    low, high: the support of u, finite;
    sample: (generator, shape) ↦ draws of u, needed only by sampling.

    >>> import numpy as np
    >>> point = GivenValues(lambda y, order: 0.5**order * np.exp(0.5 * y), 0.5, 0.5)
    >>> point.moment(2)
    0.25
    """

    transform: Callable[[Any, int], Any]
    low: float
    high: float
    sample: Callable[[np.random.Generator, tuple[int, ...]], Any] | None = None

    def __post_init__(self) -> None:
        import numpy as np

        check_finite((self.low, self.high), "the support of a value law")
        if self.low > self.high:
            raise ValueError(f"high is {self.high:g}; it must not lie below low, {self.low:g}.")
        mass = complex(np.asarray(self.transform(np.zeros(1, complex), 0))[0])
        if not abs(mass - 1) < 1e-12:
            raise ValueError(
                f"transform(0, 0) is {mass:g}; the total probability E[e^0] must be 1."
            )

    @property
    def support(self) -> tuple[float, float]:
        """[low, high]."""
        return self.low, self.high

    def moment(self, order: int) -> float:
        """E u^order, the transform at 0."""
        import numpy as np

        return float(np.real(np.asarray(self.transform(np.zeros(1, complex), order))[0]))


class Values:
    """The value laws with names: the paper's two, and binary features."""

    UNIT: Final = Uniform(0, 1)
    SIGNED: Final = Uniform(-1, 1)
    BINARY: Final = Binary()


@cache
def _uniform_moment(low: float, high: float, order: int) -> Any:
    """∫_l^h u^k du / (h - l) = Σ_i l^i h^{k-i} / (k + 1): no difference of near numbers."""
    import sympy

    ends = sympy.sympify(low), sympy.sympify(high)
    return sum((ends[0] ** i * ends[1] ** (order - i) for i in range(order + 1)), sympy.S.Zero) / (
        order + 1
    )
