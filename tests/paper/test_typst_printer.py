"""The printer: every statement compiles, signs and sums read as on paper, nothing is guessed."""

from __future__ import annotations

import pytest
import sympy
import typst as compiler
from sympy.abc import p, x, y

from superposition.paper.companion import equation
from superposition.paper.typst_printer import typst
from superposition.theory.registry import statements
from superposition.theory.sums import (
    over_features,
    over_other_features,
    over_pairs_of_other_features,
)
from superposition.theory.symbols import G, I, i, j, k, lam, m, n, r, rho
from superposition.theory.truncated_power import TruncatedPower


@pytest.mark.parametrize("id", statements())
def test_every_statement_compiles(id: str) -> None:
    document = f"#set page(width: auto)\n$ {equation(statements()[id])} $"
    svg = compiler.compile(document.encode(), format="svg", ignore_system_fonts=True)
    assert isinstance(svg, bytes)
    assert len(svg) > 1000


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (p / 3 - p**2 / 4, "frac(p, 3) - frac(p^2, 4)"),
        (4 * r / (2 + 5 * r), "frac(4 r, 5 r + 2)"),
        (-(x - 1) * y, "y lr((1 - x))"),
        (-x * y, "-x y"),
        (-x / y, "-frac(x, y)"),
        (x**-2, "frac(1, x^2)"),
        (sympy.sqrt(x + 1), "sqrt(x + 1)"),
        (sympy.factorial(k + 2), "lr((k + 2))!"),
        (sympy.binomial(n, k), "binom(n, k)"),
        (TruncatedPower(x, k + 2), "lr((x))_+^(k + 2)"),
        ((x + y) ** 3, "lr((x + y))^(3)"),
        (lam * rho, "lambda rho"),
        (sympy.Symbol("I_1"), "I_(1)"),
        (sympy.Symbol("mu_max"), 'upright("mu")_("max")'),
        (sympy.Function("p_star")(r), "p^* lr((r))"),
        (sympy.Function("Var")(x), 'upright("Var") lr([x])'),
        (TruncatedPower(x + y, 2), "lr((x + y))_+^2"),
        (TruncatedPower(x, 1), "lr((x))_+"),
        (G[i, j], "G_(i j)"),
        (over_features(I[i], i), "sum_(i) I_(i)"),
        (over_other_features(G[i, j], j, i), "sum_(j != i) G_(i j)"),
        (
            over_pairs_of_other_features(G[j, k], j, k, i),
            "sum_(k) sum_(j < k\\; thin j, k != i) G_(j k)",
        ),
        (sympy.Sum(I[i], (i, m, n - 1)), "sum_(i > m) I_(i)"),
        (sympy.Integral(x**2, (x, 0, 1)), "integral_0^1 x^2 thin dif x"),
        (
            sympy.Piecewise((x, sympy.Eq(y, 0)), (y, True)),
            'cases(x & "if " y = 0, y &  "otherwise")',
        ),
        (sympy.Derivative(sympy.Function("f")(x), x), "frac(partial, partial x) f lr((x))"),
        (sympy.cos(x) ** 2, "cos lr((x))^2"),
        (sympy.oo, "infinity"),
    ],
    ids=str,
)
def test_notation(expression: sympy.Expr, text: str) -> None:
    assert typst(expression) == text


@pytest.mark.parametrize("expression", [sympy.gamma(x), sympy.Matrix([[x]]), sympy.tan(x)], ids=str)
def test_what_has_no_rule_is_refused(expression: sympy.Expr) -> None:
    with pytest.raises(TypeError, match="There is no Typst rule for"):
        typst(expression)
