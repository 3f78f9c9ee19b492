"""The confrontation: a statement and its twin at the same drawn parameters.

Half of the draws of every argument sit on one of its corners (limits, kinks, equal
slopes), the rest are spread over its range; near zero they are spread over magnitudes.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np
import sympy

from superposition.numerics.twins import twins
from superposition.theory.statement import Argument, Statement

DRAWS = 200
TOLERANCE = 1e-10
DIGITS = 50  # of the twins; the closed forms get more, for their cancellation


@dataclass(frozen=True)
class Verdict:
    """What the confrontation of one statement with its twin found.

    draws: parameter sets compared; worst: the largest relative error among them;
    worst_at: the parameters of it, as text.
    """

    id: str
    draws: int
    worst: float
    worst_at: str

    @property
    def holds(self) -> bool:
        """Whether every draw agreed to the tolerance, 1e-10 relative."""
        return self.worst <= TOLERANCE


def confront(statement: Statement, draws: int = DRAWS, seed: int = 0) -> Verdict:
    """Compare ``statement`` with its twin at ``draws`` parameter sets.

    Raises ``KeyError`` if the statement has no twin.
    """
    worst, worst_at = 0.0, ""
    for values, expected in twin_values(statement, draws, seed):
        error = relative_error(statement.evaluate(values, digits=DIGITS // 2), expected)
        if error > worst or not worst_at:
            worst, worst_at = max(error, worst), _told(values)
    return Verdict(statement.id, draws, worst, worst_at)


def twin_values(
    statement: Statement, draws: int = DRAWS, seed: int = 0
) -> Iterator[tuple[dict[str, Any], Any]]:
    """Drawn parameters of ``statement``, and its twin's value at each."""
    twin = twins()[statement.id]
    for values in parameters(statement, draws, seed):
        with mpmath.workdps(DIGITS):
            yield values, mpmath.mpf(_scalar(twin(*values.values())))


def parameters(statement: Statement, draws: int, seed: int = 0) -> Iterator[dict[str, Any]]:
    """``draws`` different parameter sets in the statement's domain, the same for the same seed.

    Raises ``ValueError`` if the domain does not hold that many.
    """
    rng = np.random.default_rng([seed, zlib.crc32(statement.id.encode())])
    seen: set[str] = set()
    for _ in range(1000 * draws):
        if len(seen) == draws:
            return
        with mpmath.workdps(DIGITS):
            values: dict[str, Any] = {}
            for argument in statement.arguments:
                values[argument.name] = _draw(argument, values, rng)
        if repr(values) not in seen:
            seen.add(repr(values))
            yield values
    raise ValueError(f"draws is {draws}; {statement.id} has only {len(seen)} distinct parameters.")


def relative_error(value: Any, expected: Any) -> float:
    """|value - expected| / |expected|; exact zeros must be zero to 1e-40."""
    with mpmath.workdps(DIGITS):
        difference = abs(mpmath.mpf(_scalar(value)) - expected)
        # Where the truth is zero the twin's 50 digits leave rounding noise of terms of order one.
        return float(difference / max(abs(expected), mpmath.mpf(10) ** -30))


def _told(values: Mapping[str, Any]) -> str:
    """Parameters as short text: ``p = 0.25, r = 1.0``."""
    numbers = {name: np.vectorize(float)(value).tolist() for name, value in values.items()}
    return ", ".join(f"{name} = {value}" for name, value in numbers.items())


def _draw(argument: Argument, before: Mapping[str, Any], rng: np.random.Generator) -> Any:
    if argument.integer:
        low, high = (_bound(end, before) for end in (argument.low, argument.high))
        return int(rng.integers(math.ceil(low), int(high) + 1))  # the whole numbers between
    if not argument.shape:
        return _draw_number(argument, before, rng)
    shape = tuple(
        before[str(size)] if isinstance(size, sympy.Symbol) else size for size in argument.shape
    )
    array = np.empty(shape, dtype=object)
    for index in np.ndindex(shape):
        array[index] = _draw_number(argument, before, rng)
    return np.sort(array)[::-1].copy() if argument.descending else array


def _draw_number(argument: Argument, before: Mapping[str, Any], rng: np.random.Generator) -> Any:
    if argument.corners and rng.random() < 0.5:
        corner = argument.corners[rng.integers(len(argument.corners))]
        value = _bound(corner, before)
        if argument.low <= value <= argument.high:
            return value
    low, high = float(argument.low), float(argument.high)
    # Uniform on the range would never be small; a third of the draws look near low or zero.
    if low >= 0 and rng.random() < 1 / 3:
        return mpmath.mpf(low + (high - low) * 10.0 ** rng.uniform(-6, 0))
    return mpmath.mpf(rng.uniform(low, high))


def _bound(end: Any, before: Mapping[str, Any]) -> Any:
    """A number, or an expression in the arguments drawn before, as an mpmath number."""
    if not isinstance(end, sympy.Expr):
        return mpmath.mpf(end)
    names = sorted(end.free_symbols, key=str)
    function: Callable[..., Any] = sympy.lambdify(names, end, "mpmath")
    return mpmath.mpf(function(*(before[str(name)] for name in names)))


def _scalar(value: Any) -> Any:
    return value.item() if isinstance(value, np.ndarray) else value
