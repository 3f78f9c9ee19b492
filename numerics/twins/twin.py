"""How a twin registers, and the few exact tools that twins share among themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Twin = Callable[..., Any]
TWINS: dict[str, Twin] = {}


def twin(*ids: str) -> Callable[[Twin], Twin]:
    """Register a function as the twin of the statements called ``ids``."""

    def register(function: Twin) -> Twin:
        for id in ids:
            if id in TWINS:
                raise ValueError(f"Two twins have the id {id!r}.")
            TWINS[id] = function
        return function

    return register


def numbers(values: Any) -> np.ndarray[Any, np.dtype[Any]]:
    """An object array of mpmath numbers."""
    import mpmath

    array = np.asarray(values, dtype=object)
    return np.asarray(np.vectorize(mpmath.mpf, otypes=[object])(array))


def vertex_of_parabola(function: Callable[[Any], Any]) -> tuple[Any, Any]:
    """Where a parabola is least, and its value there, from its values at 0, 1 and 2."""
    import mpmath

    at_zero, at_one, at_two = (function(mpmath.mpf(x)) for x in (0, 1, 2))
    curvature = (at_two - 2 * at_one + at_zero) / 2
    slope = at_one - at_zero - curvature
    return -slope / (2 * curvature), at_zero - slope**2 / (4 * curvature)


def root_between(function: Callable[[Any], Any], low: Any, high: Any) -> Any:
    """The root of a function that changes sign between ``low`` and ``high`` (both positive).

    Bisection on the logarithm, then secant steps: nothing is assumed of the function.
    """
    import mpmath

    low, high = mpmath.log(low), mpmath.log(high)
    sign = mpmath.sign(function(mpmath.exp(low)))
    if sign == 0 or mpmath.sign(function(mpmath.exp(high))) == 0:
        return mpmath.exp(low if sign == 0 else high)
    for _ in range(12):
        middle = (low + high) / 2
        if mpmath.sign(function(mpmath.exp(middle))) == sign:
            low = middle
        else:
            high = middle
    root = mpmath.findroot(
        lambda x: function(mpmath.exp(x)), (low, high), solver="anderson", verify=False
    )
    return mpmath.exp(root)
