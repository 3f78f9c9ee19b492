"""sympy → Typst mathematics: how the companion prints the very expressions that are tested.

An expression without a rule raises ``TypeError``: nothing is printed by guesswork.
"""

from __future__ import annotations

from typing import Any

import sympy
from sympy.core.function import AppliedUndef
from sympy.printing.precedence import PRECEDENCE, precedence
from sympy.printing.printer import Printer

from superposition.theory.sums import Distinct
from superposition.theory.symbols import n

GREEK = {"alpha", "beta", "gamma", "lambda", "omega", "rho", "tau", "Lambda", "ell"}
OPERATORS = {"E", "Var", "Cov"}
TERMS_ON_ONE_LINE, TERMS_PER_LINE = 12, 9


def typst(expression: Any) -> str:
    """``expression`` as Typst mathematics, without the dollar signs.

    >>> from sympy.abc import p
    >>> typst(p / 3 - p**2 / 4)
    'frac(p, 3) - frac(p^2, 4)'
    """
    return str(TypstPrinter().doprint(expression))


class TypstPrinter(Printer):  # type: ignore[misc]  # sympy is untyped
    """One method per sympy class, as in sympy's own printers."""

    printmethod = "_typst"

    def emptyPrinter(self, expr: Any) -> str:
        """Refuse what has no rule."""
        raise TypeError(f"There is no Typst rule for {type(expr).__name__}: {expr}")

    def _name(self, name: str) -> str:
        head, *subscripts = name.split("_")
        symbol = head if len(head) == 1 or head in GREEK else f'upright("{head}")'
        if not subscripts:
            return symbol
        if subscripts == ["star"]:
            return f"{symbol}^*"
        parts = (part if len(part) == 1 or part.isdigit() else f'"{part}"' for part in subscripts)
        return f"{symbol}_({', '.join(parts)})"

    def _group(self, expr: Any, level: int) -> str:
        text = self._print(expr)
        return f"lr(({text}))" if precedence(expr) < level else text

    def _print_Symbol(self, expr: sympy.Symbol) -> str:
        return self._name(expr.name)

    def _print_IndexedBase(self, expr: sympy.IndexedBase) -> str:
        return self._name(str(expr.label))

    def _print_Indexed(self, expr: sympy.Indexed) -> str:
        indices = " ".join(self._print(index) for index in expr.indices)
        return f"{self._print(expr.base)}_({indices})"

    def _print_Integer(self, expr: sympy.Integer) -> str:
        return str(expr)

    def _print_Rational(self, expr: sympy.Rational) -> str:
        sign = "-" if expr.p < 0 else ""
        return f"{sign}frac({abs(expr.p)}, {expr.q})"

    def _print_Pi(self, expr: Any) -> str:
        return "pi"

    def _print_Infinity(self, expr: Any) -> str:
        return "infinity"

    def _print_BooleanTrue(self, expr: Any) -> str:
        return '"otherwise"'

    def _print_Add(self, expr: sympy.Add) -> str:
        terms = expr.as_ordered_terms()
        # Begin with a positive term if there is one: p/3 - p²/4, not -p²/4 + p/3.
        terms.sort(key=_is_negative)
        lines, line = [], str(self._print(terms[0]))
        rows = 1 if len(terms) <= TERMS_ON_ONE_LINE else -(-len(terms) // TERMS_PER_LINE)
        length = -(-len(terms) // rows)
        for count, term in enumerate(terms[1:], start=1):
            sign, size = ("-", -term) if _is_negative(term) else ("+", term)
            if count % length == 0:
                lines.append(line)
                line = ""
            line += f" {sign} {self._print(size)}"
        if not lines:
            return line
        return f"mat(delim: #none, align: #left, {'; '.join([*lines, line])})"

    def _print_Mul(self, expr: sympy.Mul) -> str:
        if _is_negative(expr):
            turned = _with_sign_inside(expr)
            return self._print(turned) if turned else f"-{self._group(-expr, PRECEDENCE['Mul'])}"
        numerator, denominator = sympy.fraction(expr)
        if denominator != 1:
            return f"frac({self._print(numerator)}, {self._print(denominator)})"
        sums_last = sorted(sympy.Mul.make_args(numerator), key=lambda f: f.has(sympy.Sum))
        return " ".join(self._group(factor, PRECEDENCE["Mul"]) for factor in sums_last)

    def _print_Pow(self, expr: sympy.Pow) -> str:
        base, exponent = expr.as_base_exp()
        if exponent == sympy.Rational(1, 2):
            return f"sqrt({self._print(base)})"
        if exponent.could_extract_minus_sign():
            return f"frac(1, {self._print(base**-exponent)})"
        return f"{self._group(base, PRECEDENCE['Func'])}^({self._print(exponent)})".replace(
            "^(2)", "^2"
        )

    def _print_TruncatedPower(self, expr: Any) -> str:
        form, power = expr.args
        exponent = "" if power == 1 else f"^{self._print(power)}"
        if not power.is_Integer:
            exponent = f"^({self._print(power)})"
        return f"lr(({self._print(form)}))_+{exponent}"

    def _print_factorial(self, expr: sympy.factorial) -> str:
        return f"{self._group(expr.args[0], PRECEDENCE['Func'])}!"

    def _print_binomial(self, expr: sympy.binomial) -> str:
        above, below = expr.args
        return f"binom({self._print(above)}, {self._print(below)})"

    def _print_Function(self, expr: Any) -> str:
        name = expr.func.__name__
        if isinstance(expr, AppliedUndef):
            brackets = ("[", "]") if name in OPERATORS else ("(", ")")
            arguments = ", ".join(self._print(argument) for argument in expr.args)
            return f"{self._name(name)} lr({brackets[0]}{arguments}{brackets[1]})"
        if name in ("cos", "sin"):
            return f"{name} lr(({self._print(expr.args[0])}))"
        return self.emptyPrinter(expr)

    def _print_Piecewise(self, expr: sympy.Piecewise) -> str:
        rows = (
            f"{self._print(value)} & {'' if condition == True else 'upright(if)'} "  # noqa: E712
            f"{self._print(condition)}"
            for value, condition in expr.args
        )
        return f"cases({', '.join(rows)})".replace("upright(if)", '"if "')

    def _print_Equality(self, expr: sympy.Eq) -> str:
        return f"{self._print(expr.lhs)} = {self._print(expr.rhs)}"

    def _print_Integral(self, expr: sympy.Integral) -> str:
        signs = " ".join(
            f"integral_{self._print(low)}^{self._print(high)}" for _, low, high in expr.limits
        )
        differentials = " ".join(f"dif {self._print(limit[0])}" for limit in expr.limits)
        return f"{signs} {self._group(expr.function, PRECEDENCE['Mul'])} thin {differentials}"

    def _print_Sum(self, expr: sympy.Sum) -> str:
        factors = sympy.Mul.make_args(expr.function)
        distinct = [factor for factor in factors if isinstance(factor, Distinct)]
        body = sympy.Mul(*(factor for factor in factors if factor not in distinct))
        unequal = {factor.args[0]: factor.args[1:] for factor in distinct}
        signs = " ".join(self._sum_sign(limit, unequal) for limit in reversed(expr.limits))
        return f"{signs} {self._group(body, PRECEDENCE['Mul'])}"

    def _sum_sign(self, limit: Any, unequal: dict[Any, tuple[Any, ...]]) -> str:
        index, low, high = limit
        name = self._print(index)
        if low == 0 and high == n - 1:
            conditions = [name]
        elif low == 0:
            conditions = [f"{name} < {self._print(high + 1)}"]
        elif high == n - 1:
            conditions = [f"{name} > {self._print(low)}"]
        else:
            return f"sum_({name} = {self._print(low)})^({self._print(high)})"
        if index in unequal:
            (*_, output) = unequal[index]
            pair = [index, *unequal[index][:-1]]
            names = ", ".join(self._print(symbol) for symbol in pair)
            conditions = [c for c in conditions if c != name] + [
                f"{names} != {self._print(output)}"
            ]
        return f"sum_({'; thin '.join(conditions)})".replace("; thin", "\\; thin")

    def _print_Derivative(self, expr: sympy.Derivative) -> str:
        variable = self._print(expr.variables[0])
        return f"frac(partial, partial {variable}) {self._print(expr.expr)}"

    def _print_Subs(self, expr: sympy.Subs) -> str:
        (variable,), (point,) = expr.variables, expr.point
        place = f"{self._print(variable)} = {self._print(point)}"
        return f"lr({self._print(expr.expr)} |)_({place})"


def _is_negative(term: sympy.Expr) -> bool:
    return bool(term.as_coeff_Mul()[0].is_negative)


def _with_sign_inside(product: sympy.Mul) -> sympy.Expr | None:
    """-(p - 1) x as (1 - p) x: the minus sign taken into the first sum that can hold it."""
    factors = list(sympy.Mul.make_args(-product))
    for place, factor in enumerate(factors):
        base, exponent = factor.as_base_exp()
        turnable = base.is_Add and any(_is_negative(term) for term in base.args)
        if turnable and exponent.is_odd:
            factors[place] = (-base) ** exponent
            return sympy.Mul(*factors)
    return None
