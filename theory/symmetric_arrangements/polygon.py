r"""The regular k-gon at any density: inner products g cos(2πj/k), one norm, one bias.

.. math:: \frac Lk = \frac p3 - 2 g\, C(β) + g^2 Q(β), \quad b = g β

with C and Q of ``one_output``: features at equal cosines are averaged over together. g: squared
norm; β: relative bias; p: density; L/k: loss of one output.

* k = 3 is the simplex of two dimensions, k = 4 the cross-polytope: two digons.
* From k = 5 on the bias of sparse features is negative and of order 1: β → -t, g and L/(k p)
  tend to those of the one-active limit (``one_active_polygons``), and the next orders follow
  from the bias polynomial (``polygon_series``). The pentagon's is of degree 13 in β.
* With g = 2/k and bias p/2 the affine output loses (k - 2) v in all, as much as storing two
  features alone; as no feature is negative, the ReLU only improves it.

Source: derived here; the limit p → 0 Chen et al. 2023.
"""

from __future__ import annotations

import mpmath
import sympy

from superposition.theory.domain import check_count
from superposition.theory.polygon_critical_point import polygon_critical_point
from superposition.theory.statement import Argument, Statement
from superposition.theory.symbols import p
from superposition.theory.symmetric_arrangements import one_output
from superposition.theory.symmetric_arrangements.one_output import (
    C_own,
    Q_own,
    Slopes,
    SparseSeries,
    beta,
    bias_polynomial,
    sparse_series,
)

PENTAGON = 5
DIGITS = 60
near, far = sympy.symbols("c_1 c_2", positive=True)  # of two pairs of neighbours, signs apart
INDICES = tuple(sympy.symbols(f"k_{pair} j_{pair}", integer=True) for pair in (1, 2))


def slopes(sides: int) -> Slopes:
    """The other k - 1 features: pairs at cos(2πj/k), and the opposite one where k is even.

    >>> slopes(6).groups
    ((1/2, 2), (-1/2, 2), (-1, 1))
    """
    sides = check_count(sides, "sides", at_least=3)
    cosines = [sympy.cos(2 * sympy.pi * place / sides) for place in range(1, sides // 2 + 1)]
    counts = [1 if 2 * place == sides else 2 for place in range(1, sides // 2 + 1)]
    groups = zip(cosines, counts, strict=True)
    return Slopes(tuple((cosine, count) for cosine, count in groups if cosine != 0))


def polygon_series(sides: int, order: int) -> SparseSeries:
    """The series of a polygon of five sides or more; its coefficients are good to 30 digits.

    The cosines enter as fractions of 60 digits, so that the algebra stays rational.
    Raises ``ValueError`` for fewer than five sides: see ``simplex_series``.

    >>> series = polygon_series(5, 1)
    >>> print(series.relative_bias.as_expr().evalf(6), "|", series.squared_norm.as_expr().evalf(6))
    0.267199*p - 0.20606 | 1.36998 - 1.73427*p
    >>> print(series.loss.as_expr().evalf(6))
    0.426936*p**2 + 0.0158256*p
    """
    sides = check_count(sides, "sides", at_least=5)
    order = check_count(order, "order")
    others = Slopes(
        tuple((sympy.Rational(str(c.evalf(DIGITS))), count) for c, count in slopes(sides).groups)
    )
    limit = polygon_critical_point(sides)
    near = sympy.Rational(limit.bias / limit.squared_norm)
    sparse = sympy.Poly(bias_polynomial(others, near).eval(p, 0).as_expr(), beta)
    with mpmath.workdps(DIGITS):
        start = min(sparse.nroots(n=DIGITS, maxsteps=200), key=lambda root: abs(root - near))
    return sparse_series(others, sympy.Rational(str(sympy.re(start))), near, order)


def two_pairs(share: sympy.Function) -> sympy.Expr:
    """The own feature's share averaged over two pairs: k of a pair active, j at an end.

    The end is the one at which the pair disturbs least: that leaves (-1)^j as the only sign.
    """
    (k_1, j_1), (k_2, j_2) = INDICES
    shift = (k_1 - j_1) * near - j_2 * far
    inner = _signed_weight(k_2, j_2, far) * share(beta + shift, k_1 + k_2, p)
    over_far = sympy.Sum(inner, (j_2, 0, k_2), (k_2, 0, 2))
    return sympy.Sum(_signed_weight(k_1, j_1, near) * over_far, (j_1, 0, k_1), (k_1, 0, 2))


def _signed_weight(k: sympy.Symbol, j: sympy.Symbol, size: sympy.Expr) -> sympy.Expr:
    """``one_output.weight`` of a pair at cosine ±size, j counted so that the sign is (-1)^j."""
    chosen = sympy.binomial(2, k) * sympy.binomial(k, j) * (-1) ** j
    return chosen * (1 - p) ** (2 - k) * (p / size) ** k


def statements() -> tuple[Statement, ...]:
    """C and Q of the pentagon at any bias and density."""
    sizes = [abs(cosine) for cosine, _ in slopes(PENTAGON).groups]
    told = (("overlap", "C", "E x_0 (z)_+", C_own), ("power", "Q", "E (z)_+²", Q_own))
    return tuple(
        Statement(
            id=f"polygon/pentagon-{what}",
            claim=f"{letter} = {meaning} of an output that sees two pairs of features, at cosines "
            f"c_1 and -c_2: of a pentagon at cos 72° = {float(sizes[0]):.4f} and "
            f"cos 36° = {float(sizes[1]):.4f}.",
            name=sympy.Function(letter)(beta, p, near, far),
            expression=two_pairs(share),
            arguments=(
                *(
                    Argument(symbol, 0.2, 1, corners=(size,))
                    for symbol, size in zip((near, far), sizes, strict=True)
                ),
                Argument(beta, -0.9, 1.7, corners=(0, -0.25)),
                Argument(p, 0, 1, corners=(1e-9, 1)),
            ),
            source="derived here",
            given=one_output.statements(),
        )
        for what, letter, meaning, share in told
    )
