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

    def function(self, backend: str = "numpy") -> Callable[..., Number]:
        """The closed form as a function of the arguments, in their order.

        backend: ``"numpy"`` (vectorised over scalar arguments) or ``"mpmath"`` (any precision).
        """
        return self.compiled(self.expression, backend)

    def compiled(self, expression: sympy.Expr, backend: str) -> Callable[..., Number]:
        """``expression`` in this statement's arguments, its given names bound, as a function."""
        names = {str(used.name.func): used.by_name(backend) for used in self.given}
        function: Callable[..., Number] = sympy.lambdify(
            [argument.symbol for argument in self.arguments], expression, modules=[names, backend]
        )
        return function

    def by_name(self, backend: str) -> Callable[..., Number]:
        """The closed form called as its name is written: sizes are read off the arrays."""
        function = self.function(backend)
        shaped = {argument.symbol: argument.shape for argument in self.arguments if argument.shape}

        def call(*values: Number) -> Number:
            known = dict(zip(self.name.args, values, strict=True))
            for symbol, shape in shaped.items():
                known[shape[0]] = len(known[symbol])
            return function(*(known[argument.symbol] for argument in self.arguments))

        return call

    def evaluate(self, values: Mapping[str, Number], digits: int = 60) -> Number:
        """The closed form at ``values``, computed with ``digits`` decimal digits.

        The digits pay for cancellation near the removable singularities of the
        closed forms (slopes of 1e-9, say), where float64 would return noise.
        """
        import mpmath

        with mpmath.workdps(digits):
            return self.function("mpmath")(*self.precise(values))

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
