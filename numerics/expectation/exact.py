r"""Exact expected losses of the ReLU output model, in rational or ball arithmetic.

.. math:: E\,e^{s z_i} = e^{s b_i} \prod_j \Big(q_j - \frac{p_j}{s a_j}
          + \frac{p_j}{s a_j} e^{s a_j}\Big), \qquad
          \frac{e^{s e}}{s^{k}} \leftrightarrow \frac{(e)_+^{k-1}}{(k-1)!}

The product is expanded term by term: a polynomial in 1/s for every exponent e. Features with
equal slopes meet in the same exponents, so slopes on a lattice stay cheap for any n; without
coincidences there are 2^n exponents. With rational input the answer is rational; with balls
(python-flint's arb) it is an enclosure that is proven to hold the answer.

a = A_i: row of the output, x' = ReLU(A x + b), A = WᵀW for a tied model; q = 1 - p.
Independent features, uniform on [0, 1]. Source: derived here. This is the twin of the
float methods: it shares no code with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from flint import arb, fmpq

Terms = dict[Any, list[Any]]  # exponent e ↦ coefficients of 1, 1/s, 1/s², …


def rational(value: Any) -> fmpq:
    """A number as the fraction it is: floats are binary fractions.

    >>> rational(0.75)
    3/4
    """
    if isinstance(value, fmpq):
        return value
    exact = Fraction(float(value)) if not isinstance(value, int | Fraction) else Fraction(value)
    return fmpq(exact.numerator, exact.denominator)


def gram(W: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """G = WᵀW, (n, n), of W (m, n)."""
    columns = list(zip(*W, strict=True))
    return [[sum(x * y for x, y in zip(a, b, strict=True)) for b in columns] for a in columns]


def expected_loss(
    rows: Sequence[Sequence[Any]],
    b: Sequence[Any],
    importance: Sequence[Any],
    density: Sequence[Any],
) -> Any:
    """L = Σ_i I_i E(x_i - ReLU(A_i x + b_i))², of fmpq numbers or of arb balls.

    rows: (n, n) A; b, importance, density: (n,).

    >>> half = fmpq(1, 2)
    >>> A = [[fmpq(1), fmpq(-1)], [fmpq(-1), fmpq(1)]]
    >>> expected_loss(A, [fmpq(0)] * 2, [fmpq(1)] * 2, [half] * 2)  # antipodal pair: p²/3
    1/12
    """
    return sum(
        weight * output_loss(i, rows[i], b[i], density) for i, weight in enumerate(importance)
    )


def output_loss(output: int, row: Sequence[Any], bias: Any, density: Sequence[Any]) -> Any:
    """E(x_i - z_+)² = p_i/3 - 2 E[x_i z_+] + E z_+² of one output i."""
    others: Terms = {bias: [1 + 0 * bias]}
    for j, (slope, p) in enumerate(zip(row, density, strict=True)):
        if j != output:
            others = _times(others, slope, [1 - p, _negative_ratio(p, slope)], p)
    slope, p = row[output], density[output]
    square = _times(others, slope, [1 - p, _negative_ratio(p, slope)], p)
    return (
        p / 3
        - 2 * p * _positive_part_power(_times_own_value(others, slope), 1)
        + _positive_part_power(square, 2)
    )


def _negative_ratio(p: Any, slope: Any) -> Any:
    return -p / slope if slope != 0 else p


def _times(terms: Terms, slope: Any, at_zero: list[Any], p: Any) -> Terms:
    """Multiply by q + p φ(s a): two exponents, or the constant 1 where a = 0."""
    if slope == 0:
        return terms
    result: Terms = {}
    for exponent, coefficients in terms.items():
        _add(result, exponent, coefficients, at_zero)
        _add(result, exponent + slope, coefficients, [0 * p, p / slope])
    return result


def _times_own_value(terms: Terms, slope: Any) -> Terms:
    """Multiply by φ'(s a) = e^{sa} (1/(sa) - 1/(sa)²) + 1/(sa)², or by 1/2 where a = 0."""
    if slope == 0:
        return {e: [c / 2 for c in coefficients] for e, coefficients in terms.items()}
    result: Terms = {}
    zero, square = 0 * slope, slope * slope
    for exponent, coefficients in terms.items():
        _add(result, exponent, coefficients, [zero, zero, 1 / square])
        _add(result, exponent + slope, coefficients, [zero, 1 / slope, -1 / square])
    return result


def _add(terms: Terms, exponent: Any, coefficients: list[Any], factor: list[Any]) -> None:
    target = terms.setdefault(exponent, [])
    target += [0 * exponent] * (len(coefficients) + len(factor) - 1 - len(target))
    for k, c in enumerate(coefficients):
        if c != 0:
            for l, f in enumerate(factor):
                target[k + l] += c * f


def _positive_part_power(terms: Terms, r: int) -> Any:
    """E (z)_+^r: the terms with r!/s^{r+1} put in front, transformed back."""
    total: Any = 0
    for exponent, coefficients in terms.items():
        base = _positive(exponent)
        power, factorial = base**r, 1
        for k, c in enumerate(coefficients):
            if k:
                power, factorial = power * base, factorial * (r + k)
            total += c * power / factorial
    return total


def _positive(value: Any) -> Any:
    if isinstance(value, arb):
        return value.max(arb(0))
    return value if value > 0 else 0 * value
