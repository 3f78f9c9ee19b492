"""What the arguments shared by every model may be, and the sentence said when they are not.

Symbols pass unchecked: a sympy expression stands for any allowed value.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from numbers import Real
from typing import Any


def check_density(density: Any, name: str = "density") -> None:
    """Raise ``ValueError`` unless every number in ``density`` lies in (0, 1]."""
    for value in _numbers(density, name):
        if not 0 < value <= 1:
            raise ValueError(f"{name} is {value:g}; a density p = 1 - S must lie in (0, 1].")


def check_importance(importance: Any, name: str = "importance") -> None:
    """Raise ``ValueError`` unless every number in ``importance`` is finite and ≥ 0."""
    for value in _numbers(importance, name):
        if not (math.isfinite(value) and value >= 0):
            raise ValueError(f"{name} is {value:g}; an importance must be finite and not negative.")


def check_finite(values: Any, name: str) -> None:
    """Raise ``ValueError`` unless every number in ``values`` is finite."""
    for value in _numbers(values, name):
        if not math.isfinite(value):
            raise ValueError(f"{name} contains {value}; every entry must be a finite number.")


def check_count(count: Any, name: str, at_least: int = 1) -> int:
    """The whole number ``count``; ``ValueError`` unless it is one and ≥ ``at_least``."""
    whole = isinstance(count, Real) and math.isfinite(count) and int(count) == count
    if isinstance(count, bool) or not whole or count < at_least:
        raise ValueError(f"{name} is {count!r}; it must be a whole number of at least {at_least}.")
    return int(count)


def check_length(values: Any, length: int, name: str, per: str = "feature") -> None:
    """Raise ``ValueError`` unless ``values`` has ``length`` entries, one per ``per``."""
    if len(values) != length:
        raise ValueError(
            f"{name} has {len(values)} entries; it must have one per {per}, that is {length}."
        )


def _numbers(values: Any, name: str) -> Iterable[float]:
    """Every number inside ``values``, however nested; symbols are passed over."""
    if isinstance(values, str) or values is None:
        raise ValueError(f"{name} is {values!r}; it must be a number or an array of numbers.")
    if getattr(values, "free_symbols", None):
        return
    if hasattr(values, "flat"):
        values = list(values.flat)
    if isinstance(values, Iterable):
        for value in values:
            yield from _numbers(value, name)
        return
    try:
        yield float(values)
    except (TypeError, ValueError):
        raise ValueError(
            f"{name} contains {values!r}; it must be a number or an array of numbers."
        ) from None
