r"""The design equations: what a code's strength says about how often each inner product occurs.

.. math:: 1 + \sum_j m_j t_j^k = N \int t^k \, dμ_d(t), \qquad 0 ≤ k ≤ τ

for a spherical τ-design of N points in d dimensions whose points see the others at inner
products t_1 … t_s, each t_j so many times as m_j says; μ_d is the law of one coordinate of a
uniform point on the sphere. For s ≤ τ + 1 the first s equations, a Vandermonde system, determine
every m_j = N ∫ L_j dμ - L_j(1) with the Lagrange polynomials L_j of the inner products.
Source: Delsarte, Goethals and Seidel 1977, "Spherical codes and designs", Theorem 7.4.
"""

from __future__ import annotations

from functools import cache

import sympy

from superposition.theory.domain import check_count

t = sympy.Symbol("t", real=True)


@cache
def coordinate_moment(power: int, dimension: sympy.Expr | int) -> sympy.Expr:
    """∫ t^k dμ_d: 0 for odd k, else 1·3·…·(k-1) / (d(d+2)…(d+k-2)).

    Raises ``ValueError`` where ``power`` is no whole number of at least 0.

    >>> coordinate_moment(4, sympy.Symbol("d"))
    3/(d*(d + 2))
    """
    check_count(power, "power", at_least=0)
    if power % 2:
        return sympy.Integer(0)
    factors = [sympy.sympify(2 * step + 1) / (dimension + 2 * step) for step in range(power // 2)]
    return sympy.Mul(*factors)


def coordinate_mean(polynomial: sympy.Expr, dimension: sympy.Expr | int) -> sympy.Expr:
    """∫ h(t) dμ_d of a polynomial in ``t``.

    >>> coordinate_mean((1 + t) ** 2, 4)
    5/4
    """
    terms = sympy.Poly(polynomial, t).terms()
    return sympy.Add(*(c * coordinate_moment(k, dimension) for (k,), c in terms))


@cache
def multiplicities(
    dimension: int, points: int, inner_products: tuple[sympy.Expr, ...], strength: int
) -> tuple[sympy.Integer, ...]:
    """How often a point sees each inner product, from the design equations alone.

    Raises ``ValueError`` where the equations do not determine that, or contradict each other.

    >>> multiplicities(8, 240, tuple(map(sympy.Rational, ("-1", "-1/2", "0", "1/2"))), 7)
    (1, 56, 126, 56)
    """
    if len(inner_products) > strength + 1:
        raise ValueError(
            f"inner_products has {len(inner_products)} entries; a design of strength {strength} "
            f"determines the multiplicities of at most {strength + 1}."
        )
    found = []
    for value in inner_products:
        others = [other for other in inner_products if other != value]
        lagrange = sympy.Mul(*((t - other) / (value - other) for other in others))
        mean = coordinate_mean(sympy.expand(lagrange), dimension)
        found.append(_exact(points * mean - lagrange.subs(t, 1)))
    for power in range(strength + 1):
        seen = 1 + sum(m * v**power for m, v in zip(found, inner_products, strict=True))
        if _exact(seen - points * coordinate_moment(power, dimension)) != 0:
            raise ValueError(
                f"inner_products is {inner_products}; no design of strength {strength} with "
                f"{points} points in {dimension} dimensions has these (moment {power})."
            )
    return tuple(found)


def _exact(number: sympy.Expr) -> sympy.Expr:
    """A number of a quadratic field in its simplest form."""
    return sympy.expand(sympy.radsimp(sympy.expand(number)))
