r"""Exact expected losses of the ReLU output model, in rational or ball arithmetic.

.. math:: E\,e^{s z_i} = e^{s b_i} \prod_j \Big(q_j
          + p_j \frac{e^{s a_j h} - e^{s a_j l}}{(h - l)\, s a_j}\Big), \qquad
          \frac{e^{s e}}{s^{k}} \leftrightarrow \frac{(e)_+^{k-1}}{(k-1)!}

The product is expanded term by term: a polynomial in 1/s for every exponent e. Features with
equal slopes meet in the same exponents, so slopes on a lattice stay cheap for any n; without
coincidences there are up to 3^n exponents. With rational input the answer is rational; with
balls (python-flint's arb) it is an enclosure that is proven to hold the answer.

a = A_i: row of the output, x' = ReLU(A x + b), A = WᵀW for a tied model; q = 1 - p; values
uniform on [l, h] (e^{s a} instead of the quotient where they are binary). Source: derived
here. This is the twin of the float methods: it shares no code with them. Needs python-flint.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

from flint import arb, fmpq

from superposition.theory.features.values import Binary, Uniform, ValueLaw, Values

Terms = dict[Any, tuple[Any, list[Any]]]  # key ↦ exponent e, coefficients of 1, 1/s, 1/s², …


def rational(value: Any) -> fmpq:
    """A number as the fraction it is: floats are binary fractions.

    >>> rational(0.75)
    3/4
    """
    if isinstance(value, fmpq):
        return value
    exact = Fraction(value if isinstance(value, int | Fraction) else float(value))
    return fmpq(exact.numerator, exact.denominator)


def rationals(values: Any) -> Any:
    """Nested lists or arrays of numbers as nested lists of fractions."""
    if hasattr(values, "__len__"):
        return [rationals(value) for value in values]
    return rational(values)


def product(left: Sequence[Sequence[Any]], right: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """The matrix product, for A = WᵀW or W_out W."""
    columns = list(zip(*right, strict=True))
    return [
        [sum((x * y for x, y in zip(row, column, strict=True)), 0 * row[0]) for column in columns]
        for row in left
    ]


def expected_loss(
    rows: Sequence[Sequence[Any]],
    b: Sequence[Any],
    importance: Sequence[Any],
    density: Sequence[Any],
    values: ValueLaw = Values.UNIT,
) -> Any:
    """L = Σ_i I_i E(x_i - ReLU(A_i x + b_i))² of independent features, fmpq or arb.

    rows: (n, n) A; b, importance, density: (n,).

    >>> half = fmpq(1, 2)
    >>> A = [[fmpq(1), fmpq(-1)], [fmpq(-1), fmpq(1)]]
    >>> expected_loss(A, [fmpq(0)] * 2, [fmpq(1)] * 2, [half] * 2)  # antipodal pair: p²/3
    1/12
    """
    return sum(
        weight * output_loss(i, rows[i], b[i], density, values)
        for i, weight in enumerate(importance)
    )


def expected_loss_of_sets(
    rows: Sequence[Sequence[Any]],
    b: Sequence[Any],
    importance: Sequence[Any],
    active_sets: Iterable[tuple[tuple[int, ...], Any]],
    values: ValueLaw = Values.UNIT,
) -> Any:
    """L of any law of the features, given by its active sets and their probabilities."""
    zero = 0 * b[0]
    return sum(
        probability
        * expected_loss(rows, b, importance, [zero + (i in active) for i in range(len(b))], values)
        for active, probability in active_sets
    )


def output_loss(
    output: int,
    row: Sequence[Any],
    bias: Any,
    density: Sequence[Any],
    values: ValueLaw = Values.UNIT,
) -> Any:
    """E(x_i - z_+)² = E x_i² - 2 E[x_i z_+] + E z_+² of one output i."""
    others = _term(bias, [1 + 0 * bias])
    for j, (slope, p) in enumerate(zip(row, density, strict=True)):
        if j != output and slope != 0 and p != 0:
            others = _times(others, _factor(slope, p, values))
    slope, p = row[output], density[output]
    everything = _times(others, _factor(slope, p, values)) if slope != 0 and p != 0 else others
    own = _times(others, _own_factor(slope, values))
    return (
        p * _moment(values, 2)
        - 2 * p * _positive_part_power(own, 1)
        + _positive_part_power(everything, 2)
    )


def _factor(slope: Any, p: Any, values: ValueLaw) -> Terms:
    """q + p E e^{s a u}, a ≠ 0."""
    one = 1 + 0 * slope
    if isinstance(values, Binary):
        terms = _term(0 * slope, [(1 - p) * one])
        _add(terms, slope, [p * one])
        return terms
    low, high = _ends(values)
    weight = p / ((high - low) * slope)
    terms = _term(0 * slope, [(1 - p) * one])
    _add(terms, high * slope, [0 * one, weight])
    _add(terms, low * slope, [0 * one, -weight])
    return terms


def _own_factor(slope: Any, values: ValueLaw) -> Terms:
    """E[u e^{yu}] = (h e^{yh} - l e^{yl})/((h - l) y) - (e^{yh} - e^{yl})/((h - l) y²), y = s a."""
    one = 1 + 0 * slope
    if isinstance(values, Binary):
        return _term(slope, [one])
    if slope == 0:
        return _term(slope, [_moment(values, 1) * one])
    low, high = _ends(values)
    first, second = 1 / ((high - low) * slope), 1 / ((high - low) * slope * slope)
    terms: Terms = {}
    _add(terms, high * slope, [0 * one, high * first, -second])
    _add(terms, low * slope, [0 * one, -low * first, second])
    return terms


def _ends(values: ValueLaw) -> tuple[fmpq, fmpq]:
    if not isinstance(values, Uniform):
        raise ValueError(f"values is {values!r}; exact losses need Uniform(low, high) or Binary().")
    return rational(values.low), rational(values.high)


def _moment(values: ValueLaw, order: int) -> fmpq:
    """E u^order."""
    if isinstance(values, Binary):
        return fmpq(1)
    low, high = _ends(values)
    return (high ** (order + 1) - low ** (order + 1)) / ((high - low) * (order + 1))


def _times(terms: Terms, factor: Terms) -> Terms:
    """The product of two sums of e^{se} times polynomials in 1/s."""
    result: Terms = {}
    for exponent, coefficients in terms.values():
        for more, others in factor.values():
            degree = len(coefficients) + len(others) - 1
            found = [0 * exponent] * degree
            for k, c in enumerate(coefficients):
                for later, f in enumerate(others):
                    found[k + later] += c * f
            _add(result, exponent + more, found)
    return result


def _term(exponent: Any, coefficients: list[Any]) -> Terms:
    terms: Terms = {}
    _add(terms, exponent, coefficients)
    return terms


def _add(terms: Terms, exponent: Any, coefficients: list[Any]) -> None:
    """Add to the term of the same exponent; two balls are never known to be the same number."""
    key = object() if isinstance(exponent, arb) else exponent
    _, target = terms.setdefault(key, (exponent, []))
    target += [0 * exponent] * (len(coefficients) - len(target))
    for k, c in enumerate(coefficients):
        target[k] += c


def _positive_part_power(terms: Terms, r: int) -> Any:
    """E (z)_+^r: the terms with r!/s^{r+1} put in front, transformed back."""
    total: Any = 0
    for exponent, coefficients in terms.values():
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
