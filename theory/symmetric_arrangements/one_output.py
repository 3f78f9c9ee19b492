r"""One output among features that are all alike: density p, squared norm g, bias b = g β.

W_i·W_j = g c_j for the other features j as seen from i, so with z = x_0 + Σ_j c_j x_j + β

.. math:: \frac{L}{n} = \frac p3 - 2 g\, C + g^2 Q, \quad
          C = E\, x_0 (z)_+, \quad Q = E (z)_+^2

* Averaging over a feature of slope c turns f(β) into (1-p) f(β) + p/c ∫_β^{β+c} f, and on
  t_m(y) = (y)_+^m/m! the integral is t_{m+1}(β+c) - t_{m+1}(β). So m features of slope c give

  .. math:: \sum_{k=0}^{m} \sum_{j=0}^{k} \binom mk \binom kj (-1)^{k-j}
            (1-p)^{m-k} \Big(\frac pc\Big)^k f^{(-k)}(β + j c)

  with f^{(-k)} the k-th repeated integral, and f the own feature's share: ``own_overlap``
  and ``own_power``.
* At fixed β the best norm is g = C/Q, leaving p/3 - C²/Q.
* The best bias is where 2 C' Q - C Q' changes sign from + to -. Between two neighbouring kinks
  C and Q are polynomials in β and p: ``bias_polynomial``.

Source: derived here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

import sympy

from superposition.theory.statement import Argument, Statement
from superposition.theory.symbols import g, k, p
from superposition.theory.truncated_power import TruncatedPower, without_kinks

# Of either sign here: a polygon of five sides or more wants a negative bias.
beta = sympy.Symbol("beta", real=True)
y = sympy.Symbol("y", real=True)
C_own, Q_own = sympy.symbols("C_own Q_own", cls=sympy.Function)


@dataclass(frozen=True)
class Slopes:
    """The other features as one output sees them: (cosine, how many) for each cosine not 0.

    A feature at a right angle does not enter that output at all.
    """

    groups: tuple[tuple[sympy.Expr, int], ...]

    def terms(self) -> Iterator[tuple[sympy.Expr, sympy.Expr, int]]:
        """(weight, shift, k): the average over all of them is Σ weight · f^{(-k)}(β + shift).

        >>> list(Slopes(((sympy.Integer(-1), 1),)).terms())
        [(1 - p, 0, 0), (p, 0, 1), (-p, -1, 1)]
        """
        choices = [list(group_terms(cosine, count)) for cosine, count in self.groups]
        for chosen in product(*choices):
            weight = sympy.prod([term[0] for term in chosen])
            shift = sum((term[1] for term in chosen), sympy.S.Zero)
            yield weight, shift, sum(term[2] for term in chosen)


def weight(count: Any, k: Any, j: Any, cosine: Any) -> sympy.Expr:
    """The weight of k active features among ``count`` at one cosine, j of them at value 1."""
    chosen = sympy.binomial(count, k) * sympy.binomial(k, j)
    return chosen * (-1) ** (k - j) * (1 - p) ** (count - k) * (p / cosine) ** k


def own_overlap(at: Any, k: Any) -> sympy.Expr:
    """The k-th integral from -∞ to y of E x_0 (x_0 + y)_+ = p ∫_0^1 u (u + y)_+ du.

    By parts: u (u + y)_+ has the antiderivative u t_2(u + y) - t_3(u + y).
    """
    return p * (_t(1 + at, k + 2) - _t(1 + at, k + 3) + _t(at, k + 3))


def own_power(at: Any, k: Any) -> sympy.Expr:
    """The k-th integral from -∞ to y of E (x_0 + y)_+² = (1 - p) (y)_+² + p ∫_0^1 (u + y)_+² du."""
    return 2 * (1 - p) * _t(at, k + 2) + 2 * p * (_t(1 + at, k + 3) - _t(at, k + 3))


def _t(at: Any, m: Any) -> sympy.Expr:
    return TruncatedPower(sympy.sympify(at), m) / sympy.factorial(m)


def group_terms(cosine: sympy.Expr, count: int) -> Iterator[tuple[sympy.Expr, sympy.Expr, int]]:
    """``Slopes.terms`` of the features at one cosine."""
    for active in range(count + 1):
        for j in range(active + 1):
            yield weight(count, active, j, cosine), j * cosine, active


@cache
def overlap(slopes: Slopes, inside: sympy.Rational) -> sympy.Poly:
    """C as a polynomial in β and p on the range between kinks that holds β = ``inside``.

    >>> digon = Slopes(((sympy.Integer(-1), 1),))
    >>> overlap(digon, sympy.Rational(1, 2)).coeff_monomial(beta * p)
    1/2
    """
    return _between_kinks(slopes, inside, own_overlap)


@cache
def power(slopes: Slopes, inside: sympy.Rational) -> sympy.Poly:
    """Q as a polynomial in β and p on the range between kinks that holds β = ``inside``."""
    return _between_kinks(slopes, inside, own_power)


def _between_kinks(slopes: Slopes, inside: sympy.Rational, share: Any) -> sympy.Poly:
    ring, *_ = sympy.polys.rings.ring([beta, p], _field(slopes))
    total = ring.zero
    for part, shift, times in slopes.terms():
        polynomial = without_kinks(share(beta + shift, times), beta, inside)
        # Multiplied out in the ring: sympy's own expansion of the powers is slow with roots.
        total += ring.from_expr(part) * ring.from_expr(polynomial)
    return sympy.Poly.from_dict(dict(total), beta, p, domain=ring.domain)


def _field(slopes: Slopes) -> Any:
    """The rationals, with the irrational cosines, if any, adjoined."""
    irrational = [cosine for cosine, _ in slopes.groups if not cosine.is_Rational]
    return sympy.QQ.algebraic_field(*irrational) if irrational else sympy.QQ


def loss(overlap_of: Any, power_of: Any) -> sympy.Expr:
    """L/n at squared norm g, from C and Q."""
    return p / 3 - 2 * g * overlap_of + g**2 * power_of


@cache
def bias_polynomial(slopes: Slopes, inside: sympy.Rational) -> sympy.Poly:
    """2 C' Q - C Q' in β and p, without its factors p: negative where the loss grows with β.

    Rational coefficients are cleared of denominators and common factors.

    >>> digon = Slopes(((sympy.Integer(-1), 1),))
    >>> bias_polynomial(digon, sympy.Rational(1, 2)).degree(beta)
    7
    """
    C, Q = overlap(slopes, inside), power(slopes, inside)
    change = 2 * C.diff(beta) * Q - C * Q.diff(beta)
    lowest = min(exponents[1] for exponents in change.monoms())
    change = change.quo(sympy.Poly(p**lowest, beta, p, domain=change.domain))
    return change.clear_denoms(convert=True)[1].primitive()[1] if change.domain.is_QQ else change


@dataclass(frozen=True)
class SparseSeries:
    """β, g and L/n of the best norm and bias as polynomials in p, for p → 0."""

    relative_bias: sympy.Poly
    squared_norm: sympy.Poly
    loss: sympy.Poly


def sparse_series(
    slopes: Slopes, start: sympy.Rational, inside: sympy.Rational, order: int
) -> SparseSeries:
    """β and g up to p^order and L/n up to p^(order + 1), from the root that begins at ``start``.

    start: a simple root of the bias polynomial at p = 0, an end of the range or inside it;
    inside: a point of the range between kinks into which the root moves as p grows.
    """
    polynomial = bias_polynomial(slopes, inside)
    stiffness = polynomial.diff(beta).eval({p: 0, beta: start})
    root = sympy.Poly(start, p)
    for _ in range(order):  # each step of this contraction gains an order in p
        root = _truncated(root - _at(polynomial, root, order) * (1 / stiffness), order)
    # C and Q begin at order p; Q holds β² too, without p, which begins later.
    C, Q = (
        _at(part(slopes, inside), root, order + 1).quo(sympy.Poly(p, p))
        for part in (overlap, power)
    )
    norm = _quotient(C, Q, order)
    loss_of = sympy.Poly(p / 3, p) - _truncated(C * norm, order) * sympy.Poly(p, p)
    return SparseSeries(root, norm, loss_of)


def _at(polynomial: sympy.Poly, root: sympy.Poly, order: int) -> sympy.Poly:
    """The polynomial in β and p with a polynomial in p for β, up to p^order, by Horner."""
    total = sympy.Poly(0, p)
    for coefficient in sympy.Poly(polynomial.as_expr(), beta).all_coeffs():
        total = _truncated(total * root + sympy.Poly(coefficient, p), order)
    return total


def _quotient(above: sympy.Poly, below: sympy.Poly, order: int) -> sympy.Poly:
    """above/below up to p^order; below does not vanish at p = 0."""
    lead = below.eval(0)
    quotient = sympy.Poly(0, p)
    for power_of_p in range(order + 1):
        rest = (above - quotient * below).coeff_monomial(p**power_of_p)
        quotient += sympy.Poly(rest / lead * p**power_of_p, p)
    return quotient


def _truncated(polynomial: sympy.Poly, order: int) -> sympy.Poly:
    return polynomial.rem(sympy.Poly(p ** (order + 1), p))


@cache
def statements() -> tuple[Statement, ...]:
    """The own feature's shares of C and Q, which every arrangement sums up."""
    told = (
        ("overlap", "x_0 (x_0 + y)_+", C_own, own_overlap),
        ("power", "(x_0 + y)_+²", Q_own, own_power),
    )
    return tuple(
        Statement(
            id=f"symmetric-arrangement/own-{what}",
            claim=f"E {meaning}, integrated k times from -∞ to y.",
            name=name(y, k, p),
            expression=share(y, k),
            arguments=(
                Argument(y, -1.5, 1.5, corners=(0, -1, 1)),
                Argument(k, 0, 4, integer=True),
                Argument(p, 0, 1, corners=(1e-9, 1)),
            ),
            source="derived here",
        )
        for what, meaning, name, share in told
    )
