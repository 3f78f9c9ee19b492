"""Mutants of an expression: every term in turn, its coefficient off by one part in 10⁶."""

from __future__ import annotations

from collections.abc import Iterator

import sympy

from superposition.theory.sums import Distinct

SLIGHTLY = 1 + sympy.Rational(1, 10**6)


def mutants(expression: sympy.Expr) -> Iterator[sympy.Expr]:
    """Every expression that differs from ``expression`` in one coefficient."""
    if isinstance(expression, sympy.Piecewise):
        for place, (value, condition) in enumerate(expression.args):
            for mutant in mutants(value):
                yield sympy.Piecewise(
                    *_replaced(expression.args, place, (mutant, condition)), evaluate=False
                )
    elif isinstance(expression, sympy.Sum):
        for mutant in mutants(expression.function):
            yield sympy.Sum(mutant, *expression.limits)
    elif expression.is_Add:
        for place, term in enumerate(expression.args):
            for mutant in mutants(term):
                yield sympy.Add(*_replaced(expression.args, place, mutant))
    elif isinstance(expression, sympy.Function) and not isinstance(expression, Distinct):
        yield expression * SLIGHTLY
        for place, argument in enumerate(expression.args):
            if not argument.is_Integer:
                for mutant in mutants(argument):
                    yield expression.func(*_replaced(expression.args, place, mutant))
    elif expression != 0:
        yield expression * SLIGHTLY
        if expression.is_Mul or expression.is_Pow:
            for place, factor in enumerate(expression.args):
                if factor.has(sympy.Add, sympy.Sum, sympy.Function):
                    for mutant in mutants(factor):
                        yield expression.func(*_replaced(expression.args, place, mutant))


def _replaced(arguments: tuple[object, ...], place: int, new: object) -> list[object]:
    return [new if index == place else old for index, old in enumerate(arguments)]
