"""A statement: one formula the project claims, with its domain and its source.

A statement says ``name = definition = expression``: the quantity's name, what it
means (often an integral left undone), and the closed form. The closed form is the
one object that is tested (against a numerical twin that shares no code with it),
computed with, and printed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import sympy

from superposition.theory.domain import check_finite

Number = Any  # float, mpmath number, or array of them: lambdified code takes all three


@dataclass(frozen=True)
class Argument:
    """One argument of a statement and the values it may take.

    symbol: a ``Symbol``, or an ``IndexedBase`` when ``shape`` is given.
    low, high: the closed range that values are drawn from.
    corners: values to try on purpose: numbers, or expressions in earlier arguments
        (``-a_1`` puts an offset exactly on a kink).
    shape: sizes of an indexed argument, in terms of the size symbols (n, m).
    integer: whether only whole numbers are allowed, as for sizes.
    descending: whether an indexed argument is sorted, largest first.
    """

    symbol: sympy.Symbol | sympy.IndexedBase
    low: float
    high: float
    corners: tuple[sympy.Expr | float, ...] = ()
    shape: tuple[sympy.Symbol | int, ...] = ()
    integer: bool = False
    descending: bool = False

    @property
    def name(self) -> str:
        """The argument's name, as keyword of the twin and of ``evaluate``."""
        return str(self.symbol)


@dataclass(frozen=True)
class Statement:
    """One formula, ``name = definition = expression``, on a domain, with its source.

    id: ``object/claim``, for instance ``antipodal-pair/loss``.
    claim: the formula said in one sentence.
    name: the left-hand side.
    expression: the closed form; may call the names of the statements in ``given``.
    arguments: the domain, sizes first.
    source: paper and equation, or "derived here".
    definition: what the name means, as a sympy expression left undone, if it can be.
    given: the statements whose names the expression uses.
    """

    id: str
    claim: str
    name: sympy.Expr
    expression: sympy.Expr
    arguments: tuple[Argument, ...]
    source: str
    definition: sympy.Expr | None = None
    given: tuple[Statement, ...] = field(default=(), repr=False)

    def compiled(self, expression: sympy.Expr) -> Callable[..., Number]:
        """``expression`` in this statement's arguments, its given names bound, as a function.

        The function works on mpmath numbers: near the removable singularities of the closed
        forms (slopes of 1e-9, say) float64 would return noise.
        """
        names = {str(used.name.func): used.by_name() for used in self.given}
        function: Callable[..., Number] = sympy.lambdify(
            [argument.symbol for argument in self.arguments], expression, modules=[names, "mpmath"]
        )
        return function

    def by_name(self) -> Callable[..., Number]:
        """The closed form called as its name is written: sizes are read off the arrays."""
        function = self.compiled(self.expression)
        shaped = {argument.symbol: argument.shape for argument in self.arguments if argument.shape}

        def call(*values: Number) -> Number:
            known = dict(zip(self.name.args, values, strict=True))
            for symbol, shape in shaped.items():
                known[shape[0]] = len(known[symbol])
            return function(*(known[argument.symbol] for argument in self.arguments))

        return call

    def evaluate(self, values: Mapping[str, Number], digits: int = 15) -> Number:
        """The closed form at ``values``, to ``digits`` significant digits.

        The working precision is doubled until two results agree: cancellation between the
        terms is paid for, however close to a degenerate case.
        Raises ``ValueError`` if an argument is missing or not finite, or where the closed form
        is undefined.

        >>> from superposition.theory.registry import statements
        >>> benefit = statements()["relu-output-model/feature-benefit"]
        >>> print(benefit.evaluate({"g": 1e-40, "b": 0.5}))
        0.0833333333333333
        """
        import mpmath

        missing = [argument.name for argument in self.arguments if argument.name not in values]
        if missing:
            raise ValueError(f"values lacks {', '.join(missing)}; {self.id} needs every argument.")
        for argument in self.arguments:
            check_finite(values[argument.name], argument.name)
        function = self.compiled(self.expression)
        working, previous = 4 * digits, None
        while True:
            with mpmath.workdps(working):
                try:
                    value = function(*self.precise(values))
                except ZeroDivisionError:
                    raise ValueError(f"{self.id} is undefined at these values: 0/0.") from None
                if previous is not None:
                    if abs(value - previous) <= mpmath.mpf(10) ** -digits * abs(value):
                        return value
                    # What stays at the rounding level, however fine that is, is zero.
                    noise = mpmath.mpf(10) ** (-working // 2), mpmath.mpf(10) ** (-working // 4)
                    if abs(value) < noise[0] and abs(previous) < noise[1]:
                        return 0 * value
            working, previous = 2 * working, value

    def precise(self, values: Mapping[str, Number]) -> list[Number]:
        """The values of the arguments in their order, as numbers of the working precision."""
        return [_precise(values[argument.name]) for argument in self.arguments]


def _precise(value: Number) -> Number:
    """Floats as mpmath numbers, inside arrays too; whole numbers (sizes) as they are."""
    import mpmath

    if isinstance(value, int):
        return value
    if np.ndim(value):
        return np.vectorize(mpmath.mpf, otypes=[object])(np.asarray(value, dtype=object))
    return mpmath.mpf(value)
