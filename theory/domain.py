"""What the arguments shared by every model may be, and the sentence said when they are not.

With ``symbols=True`` sympy expressions pass unchecked: a symbol stands for any allowed value.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray


def check_density(density: Any, name: str = "density", symbols: bool = False) -> None:
    """Raise ``ValueError`` unless every number in ``density`` lies in (0, 1]."""
    values = _numbers(density, name, symbols)
    for value in values[~((values > 0) & (values <= 1))]:
        raise ValueError(f"{name} is {value:g}; a density p = 1 - S must lie in (0, 1].")


def check_importance(importance: Any, name: str = "importance", symbols: bool = False) -> None:
    """Raise ``ValueError`` unless every number in ``importance`` is finite and ≥ 0."""
    values = _numbers(importance, name, symbols)
    for value in values[~(np.isfinite(values) & (values >= 0))]:
        raise ValueError(f"{name} is {value:g}; an importance must be finite and not negative.")


def check_relative_cost(cost: Any, largest: float) -> None:
    """Raise ``ValueError`` unless every number in ``cost`` lies in [0, ``largest``]."""
    values = _numbers(cost, "relative cost", symbols=False)
    for value in values[~((values >= 0) & (values <= largest))]:
        raise ValueError(f"relative cost is {value:g}; it must lie in [0, {largest:g}].")


def check_finite(values: Any, name: str, symbols: bool = False) -> None:
    """Raise ``ValueError`` unless every number in ``values`` is finite."""
    numbers = _numbers(values, name, symbols)
    for value in numbers[~np.isfinite(numbers)]:
        raise ValueError(f"{name} contains {value}; every entry must be a finite number.")


def check_count(count: Any, name: str, at_least: int = 1) -> int:
    """The whole number ``count``; ``ValueError`` unless it is one and ≥ ``at_least``."""
    whole = isinstance(count, int | float | np.integer | np.floating)
    number = float(count) if whole and not isinstance(count, bool) else math.nan
    if not number.is_integer() or number < at_least:
        raise ValueError(f"{name} is {count!r}; it must be a whole number of at least {at_least}.")
    return int(number)


def check_scalar(value: Any, name: str) -> None:
    """Raise ``ValueError`` if ``value`` is an array."""
    if np.ndim(value) != 0:
        raise ValueError(f"{name} has shape {np.shape(value)}; it must be a single number.")


def check_vector(values: Any, length: int | None, name: str, per: str = "feature") -> None:
    """Raise ``ValueError`` unless ``values`` is a list with one entry per ``per``."""
    shape = _shape(values)
    if len(shape) != 1:
        raise ValueError(f"{name} has shape {shape}; it must be a list with one entry per {per}.")
    if length is not None and shape[0] != length:
        raise ValueError(
            f"{name} has {shape[0]} entries; it must have one per {per}, that is {length}."
        )


def check_weights(W: Any, features: int, symbols: bool = False) -> None:
    """Raise ``ValueError`` unless W is a finite matrix with ``features`` columns."""
    shape = _shape(W)
    if len(shape) != 2 or shape[1] != features:
        raise ValueError(f"W has shape {shape}; it must be (m, n) with n = {features} features.")
    check_finite(W, "W", symbols)


def _shape(values: Any) -> tuple[int, ...]:
    """The shape of an array or of nested lists; rows of different lengths have none."""
    try:
        return np.shape(values)
    except ValueError:
        return (len(values), -1)


def _numbers(values: Any, name: str, symbols: bool) -> NDArray[np.float64]:
    """Every number inside ``values``, however nested, as a flat array."""
    try:
        array = np.asarray(values)
        if array.dtype.kind in "fiu":
            return array.ravel().astype(float)
        entries = np.asarray(values, dtype=object).ravel()
        if any(isinstance(entry, str | bool) for entry in entries):
            raise TypeError
        numeric = [e for e in entries if not (symbols and getattr(e, "free_symbols", None))]
        return np.array([float(entry) for entry in numeric])
    except (TypeError, ValueError):
        raise ValueError(
            f"{name} is {values!r}; it must be a number or an array of numbers."
        ) from None
