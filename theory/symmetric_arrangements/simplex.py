r"""The simplex: d + 1 features in d dimensions, all inner products -g/d. Any density.

.. math:: \frac{L}{d+1} = \frac p3 - 2 g\, C + g^2 Q, \quad
          (C, Q) = \sum_{k=0}^{d} \sum_{j=0}^{k} \binom dk \binom kj (-1)^j
                   (dp)^k (1-p)^{d-k} \, (c_k, q_k)\Big(β - \frac jd\Big)

c_k, q_k: the own feature's share (``one_output``); g: squared norm; β = b/g; p: density.

* for each d the best bias is the root of a polynomial in β: of degree 7 for the digon
  (d = 1, the balanced pair), 9 for the triangle and 11 for the tetrahedron, on 0 ≤ β ≤ 1/d,
  where the bias is for sparse features (``bias_slope``);
* for sparse features, and every d (``sparse_start``)

  .. math:: g = 1 + \frac{6d^2 - 8d + 3}{8d^2} p + …, \quad
            β = \frac{6d^2 + 8d - 9}{48 d^2} p^2 + …, \quad
            \frac{L}{d+1} = \frac{2d - 1}{6d^2} p^2 + …

* at every density the simplex beats dropping one of its features and giving the others a
  dimension each: with g = d/(d+1) and bias p/2 the affine output loses v in all, as much as
  dropping one does, and the ReLU only improves it, as no feature is negative. At d = 1 and
  p = 1 nothing is left to improve, and both tie.

Source: derived here.
"""

from __future__ import annotations

from functools import cache

import sympy

from superposition.theory.domain import check_count
from superposition.theory.relu_output_model.active_set_expansion import output_loss
from superposition.theory.statement import Argument, Statement
from superposition.theory.symbols import g, j, k, p
from superposition.theory.symmetric_arrangements import one_output
from superposition.theory.symmetric_arrangements.one_output import (
    C_own,
    Q_own,
    Slopes,
    SparseSeries,
    beta,
    bias_polynomial,
    loss,
    overlap,
    power,
    sparse_series,
)
from superposition.theory.truncated_power import TruncatedPower

SOURCE = "derived here"
d = sympy.Symbol("d", integer=True, positive=True)
MODERATE = sympy.Rational(5, 8)
NAMES = {2: "triangle", 3: "tetrahedron"}


def slopes(dimension: int) -> Slopes:
    """d other features at cosine -1/d."""
    dimension = check_count(dimension, "dimension")
    return Slopes(((-sympy.Rational(1, dimension), dimension),))


@cache
def average(share: sympy.Function) -> sympy.Expr:
    """The own feature's share averaged over the d others, for any d."""
    # ``one_output.weight`` at cosine -1/d, whose signs (-1)^(k-j) (-1)^k are (-1)^j.
    chosen = sympy.binomial(d, k) * sympy.binomial(k, j) * (-1) ** j
    chosen *= (d * p) ** k * (1 - p) ** (d - k)
    # Over d: j/d of two whole numbers would be rounded where the formula is computed.
    return sympy.Sum(chosen * share((d * beta - j) / d, k, p), (j, 0, k), (k, 0, d))


@cache
def bias_slope(dimension: int) -> sympy.Expr:
    """∂/∂β of p/3 - C²/Q on 0 ≤ β ≤ 1/d: the bias polynomial and positive factors."""
    others, inside = slopes(dimension), sympy.Rational(1, 2 * dimension)
    C, Q = (sympy.factor(part(others, inside).as_expr()) for part in (overlap, power))
    lowest = sympy.cancel(
        (2 * sympy.diff(C, beta) * Q - C * sympy.diff(Q, beta))
        / bias_polynomial(others, inside).as_expr()
    )
    return -C * lowest * bias_polynomial(others, inside).as_expr() / Q**2


@cache
def sparse_start() -> tuple[sympy.Expr, sympy.Expr, sympy.Expr]:
    """The leading coefficients of g - 1 (in p), β and L/(d+1) (in p²), for every d.

    One active feature costs p J(g, b), one in p² disturbs it, none active costs b²: more than
    that enters later. With g = 1 + a p and b = g f p² the coefficient of p³ fixes a, that of
    p⁴ fixes f.

    >>> sparse_start()[1].subs(d, 1)  # the balanced pair
    5/48
    """
    norm, bias, a, f = sympy.symbols("g b a f", positive=True)
    alone = _near_unit_norm(output_loss(0, (0,), [norm], bias), norm, bias)
    disturbed = _near_unit_norm(output_loss(0, (0, 1), [norm, -norm / d], bias), norm, bias)
    total = p * (1 - p) ** d * alone + d * p**2 * disturbed + bias**2
    grown = total.subs({bias: norm * f * p**2}).subs(norm, 1 + a * p)
    series = sympy.expand(sympy.series(grown, p, 0, 5).removeO())
    (growth,) = sympy.solve(sympy.diff(series.coeff(p, 3), a), a)
    (shift,) = sympy.solve(sympy.diff(series.coeff(p, 4), f), f)
    return tuple(sympy.factor(part) for part in (growth, shift.subs(a, growth), series.coeff(p, 2)))


def _near_unit_norm(expression: sympy.Expr, norm: sympy.Symbol, bias: sympy.Symbol) -> sympy.Expr:
    """The polynomial that ``expression`` is near g = 1 and b = 0 from above, for every d."""
    point = {norm: 1, bias: sympy.Rational(1, 100), d: 3}
    return expression.replace(
        TruncatedPower, lambda z, m: z**m if z.subs(point) > 0 else sympy.S.Zero
    )


def simplex_series(dimension: int, order: int) -> SparseSeries:
    """The series of the simplex in d dimensions, with rational coefficients.

    >>> simplex_series(2, 2).relative_bias.as_expr()
    31*p**2/192
    """
    inside = sympy.Rational(1, 2 * check_count(dimension, "dimension"))
    return sparse_series(slopes(dimension), sympy.S.Zero, inside, check_count(order, "order"))


def statements() -> tuple[Statement, ...]:
    """The loss and best norm for every d, the best bias of some, its start for sparse features."""
    return (
        *_statements_for_every_dimension(),
        *(_bias_statement(dimension) for dimension in NAMES),
        *_sparse_statements(),
    )


def _statements_for_every_dimension() -> tuple[Statement, ...]:
    """z, C and Q are those of ``one_output``."""
    size, density = Argument(d, 1, 4, integer=True), Argument(p, 0, 1, corners=(1e-9, 1))
    C, Q = average(C_own), average(Q_own)
    return (
        Statement(
            id="simplex/loss",
            claim="One output of a simplex of squared norm g and bias gβ in d dimensions.",
            name=sympy.Function("ell")(g, beta, p, d),
            expression=loss(C, Q),
            arguments=(
                size,
                Argument(g, 0, 2, corners=(0, 1)),
                Argument(beta, -1, 1.5, corners=(0, 1 / d, 1)),
                density,
            ),
            source=SOURCE,
            given=one_output.statements(),
        ),
        Statement(
            id="simplex/best-norm",
            claim="The best squared norm at relative bias β.",
            name=sympy.Function("g_best")(beta, p, d),
            expression=C / Q,
            arguments=(
                Argument(d, 1, 3, integer=True),
                Argument(beta, 0, 1, corners=(0, 1 / d, 1)),
                density,
            ),
            source=SOURCE,
            given=one_output.statements(),
        ),
    )


def _best_bias(dimension: int, density: sympy.Rational) -> float:
    """The root of the bias polynomial on its range: only near it does every term count."""
    polynomial = bias_polynomial(slopes(dimension), sympy.Rational(1, 2 * dimension))
    roots = sympy.Poly(polynomial.eval(p, density), beta).nroots(n=30)
    (best,) = (z for z in roots if z.is_real and 0 < z < sympy.Rational(1, dimension))
    return float(best)


def _bias_statement(dimension: int) -> Statement:
    degree = bias_polynomial(slopes(dimension), sympy.Rational(1, 2 * dimension)).degree(beta)
    end = sympy.Rational(1, dimension)
    return Statement(
        id=f"simplex/{NAMES[dimension]}-bias",
        claim=f"The slope of the {NAMES[dimension]}'s loss at the best norm: it vanishes at a "
        f"root of a polynomial of degree {degree}.",
        name=sympy.Derivative(sympy.Function("ell")(beta, p), beta),
        expression=bias_slope(dimension),
        arguments=(
            Argument(beta, 0, end, corners=(0, end, _best_bias(dimension, MODERATE))),
            Argument(p, 0, 1, corners=(1e-9, MODERATE, 1)),
        ),
        source=SOURCE,
    )


def _sparse_statements() -> tuple[Statement, ...]:
    growth, shift, leading = sparse_start()
    told = (
        ("norm", "squared norm beyond 1, over p", "g_1", growth),
        ("bias", "relative bias, over p²", "beta_2", shift),
        ("loss", "loss of an output, over p²", "ell_2", leading),
    )
    return tuple(
        Statement(
            id=f"simplex/sparse-{what}",
            claim=f"The best {words}, in the limit of sparse features.",
            name=sympy.Function(name)(d),
            expression=value,
            arguments=(Argument(d, 1, 220, integer=True),),
            source=SOURCE,
        )
        for what, words, name, value in told
    )
