r"""The cube integral behind every exact loss of the ReLU output model.

.. math:: I_s(c; a) = \int_{[0,1]^k} (c + a \cdot u)_+^s \, du
          = \frac{s!}{(s+k)! \prod_i a_i}
            \sum_{v \in \{0,1\}^k} (-1)^{k-|v|} (c + a \cdot v)_+^{s+k}

c: offset; a: k non-zero slopes (a zero slope drops its variable); s: power ≥ 1.
Source: derived here, by integrating one variable after the other
(``theory/truncated_power.py``); it is a divided difference of a truncated power.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import product
from typing import Any

import sympy

from superposition.theory.statement import Argument, Statement
from superposition.theory.symbols import a_1, a_2, a_3, c, u_1, u_2, u_3
from superposition.theory.truncated_power import TruncatedPower, integral_over_unit_cube

SLOPES, VARIABLES = (a_1, a_2, a_3), (u_1, u_2, u_3)


def vertex_sum(offset: Any, slopes: Sequence[Any], power: int) -> Any:
    """I_s(c; a) by the sum over the vertices of the cube; zero slopes are dropped.

    >>> vertex_sum(sympy.Rational(-1, 2), [1], power=1)
    1/8
    >>> vertex_sum(sympy.Rational(1, 2), [0, 0], power=2)
    1/4
    """
    slopes = [slope for slope in slopes if slope != 0]
    k = len(slopes)
    total = sympy.Add(
        *(
            (-1) ** (k - sum(vertex))
            * TruncatedPower(
                sympy.sympify(offset) + sum(a * v for a, v in zip(slopes, vertex, strict=True)),
                power + k,
            )
            for vertex in product((0, 1), repeat=k)
        )
    )
    return total * sympy.factorial(power) / (sympy.factorial(power + k) * sympy.prod(slopes))


def statements() -> tuple[Statement, ...]:
    """I_{k,s} on the interval, the square and the cube, degenerate slopes included."""
    return tuple(cube_integral_statement(k, power) for k in (1, 2, 3) for power in (1, 2))


@cache
def cube_integral_statement(k: int, power: int) -> Statement:
    """I_{k,s}: where a slope vanishes, the integral over the cube of one dimension less."""
    slopes, variables = SLOPES[:k], VARIABLES[:k]
    form = c + sum(a * u for a, u in zip(slopes, variables, strict=True))
    integrand = TruncatedPower(form, power)
    lower = cube_integral_statement(k - 1, power) if k > 1 else None
    cases = [
        (
            lower.name.func(c, *(a for a in slopes if a != flat))
            if lower
            else TruncatedPower(c, power),
            sympy.Eq(flat, 0),
        )
        for flat in slopes
    ]
    generic = integral_over_unit_cube(integrand, variables)
    kinks = [-sum(slopes[:count], sympy.S.Zero) for count in range(k + 1)]
    return Statement(
        id=f"cube-integral/{k}-active/power-{power}",
        claim=f"The integral of (c + a·u)_+^{power} over the unit cube of dimension {k}.",
        name=sympy.Function(f"I_{k}_{power}")(c, *slopes),
        definition=sympy.Integral(integrand, *((u, 0, 1) for u in variables)),
        expression=sympy.Piecewise(*cases, (generic, True)),
        arguments=(
            *(Argument(a, -2, 2, corners=(0, 1e-9, -1e-9, 1, -1)) for a in slopes),
            Argument(c, -2, 2, corners=(0, *kinks)),
        ),
        source="derived here (divided difference of a truncated power)",
        given=(lower,) if lower else (),
    )
