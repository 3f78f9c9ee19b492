r"""The value of an active feature: uniform on [0, 1], or uniform on [-1, 1].

.. math:: E\,u^k = \int u^k \, du / \text{length}

Source: Elhage et al. 2022, "Demonstrating Superposition" (unit interval) and
"Computation in superposition" (signed interval, for the absolute value model).
"""

from __future__ import annotations

from enum import Enum
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sympy


class Values(Enum):
    """The law of an active feature's value, by the interval it is uniform on."""

    UNIT = (0, 1)
    SIGNED = (-1, 1)

    def moment(self, order: int) -> sympy.Rational:
        """E u^order of an active feature.

        >>> Values.UNIT.moment(2), Values.SIGNED.moment(1)
        (1/3, 0)
        """
        return _moment(self, order)


@cache
def _moment(values: Values, order: int) -> sympy.Rational:
    import sympy

    u = sympy.Symbol("u")
    low, high = values.value
    moment: sympy.Rational = sympy.integrate(u**order, (u, low, high)) / (high - low)
    return moment
