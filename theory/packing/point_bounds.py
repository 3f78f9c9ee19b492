r"""Bounds on the largest cosine s of N points on the sphere, by polynomials and by triangles.

.. math:: N ≤ \frac{f(1)}{f_0}, \qquad f(t) ≤ 0 \text{ on } [-1, s], \quad
          f_0 = \int f \, dμ_d > 0

for polynomials f with zonal coefficients ≥ 0: f = t - s is Rankin's simplex bound, (t + 1)(t - s)
the second degree, q(t)² (t - s) with the best linear q the third. On the ordinary sphere the
faces between N points are at most 2N - 4 triangles, and none smaller than the equilateral one of
that side: Fejes Tóth's bound. More than d + 1 points have a largest cosine of at least 0 (Rankin).
Source: Rankin 1955; Delsarte, Goethals and Seidel 1977; Levenshtein 1979; Fejes Tóth 1943.
"""

from __future__ import annotations

import sympy

from superposition.theory.packing.design_equations import coordinate_mean, t
from superposition.theory.statement import Argument, Statement

N, d = sympy.symbols("N d", integer=True, positive=True)
s = sympy.Symbol("s", real=True)


def simplex_bound() -> sympy.Expr:
    """The least largest cosine, from N + N(N-1)s ≥ |Σ x_i|² ≥ 0.

    >>> simplex_bound()
    -1/(N - 1)
    """
    (least,) = sympy.solve(N + N * (N - 1) * s, s)
    return sympy.factor(least)


def second_degree() -> sympy.Expr:
    """The most points by f = (t + 1)(t - s).

    >>> second_degree()
    2*d*(s - 1)/(d*s - 1)
    """
    polynomial = sympy.expand((t + 1) * (t - s))
    return sympy.factor(polynomial.subs(t, 1) / coordinate_mean(polynomial, d))


def third_degree() -> sympy.Expr:
    """The most points by f = q² (t - s), q linear with q(1) = 1 and f_0 as large as can be.

    >>> third_degree()
    d*(s - 1)*(d*s + s + 2)/(d*s**2 - 1)
    """
    slope = sympy.Symbol("u", real=True)
    polynomial = sympy.expand((1 + slope * (t - 1)) ** 2 * (t - s))
    mean = coordinate_mean(polynomial, d)
    (best,) = sympy.solve(sympy.diff(mean, slope), slope)
    return sympy.factor((1 - s) / mean.subs(slope, best))


def fejes_toth() -> sympy.Expr:
    """cos a of the equilateral triangle of angle A whose area 3A - π is 4π/(2N - 4).

    >>> fejes_toth().subs(N, 12).simplify()
    sqrt(5)/5
    """
    angle = sympy.factor((4 * sympy.pi / (2 * N - 4) + sympy.pi) / 3)
    return sympy.cos(angle) / (1 - sympy.cos(angle))  # cos A = cos a - cos a cos A


def statements() -> tuple[Statement, ...]:
    """The simplex bound, Levenshtein's second and third, and Fejes Tóth's."""
    most = sympy.Symbol("N_max")
    size = Argument(d, 2, 24, integer=True)
    return (
        Statement(
            id="packing/simplex-bound",
            claim="The largest cosine of N points is at least that of a simplex.",
            name=s,
            expression=simplex_bound(),
            arguments=(Argument(N, 2, 250, integer=True),),
            source="Rankin 1955, The closest packing of spherical caps in n dimensions",
        ),
        Statement(
            id="packing/levenshtein-degree-2",
            claim="The most points with cosines up to s (small, negative), by the second degree.",
            name=most,
            expression=second_degree(),
            arguments=(size, Argument(s, -1 / 24, 0, corners=(0,))),
            source="Levenshtein 1979; derived here",
        ),
        Statement(
            id="packing/levenshtein-degree-3",
            claim="The most points with cosines up to s (small, positive), by the third degree.",
            name=most,
            expression=third_degree(),
            arguments=(size, Argument(s, 0, 0.15, corners=(0,))),
            source="Levenshtein 1979; derived here",
        ),
        Statement(
            id="packing/fejes-toth",
            claim="The largest cosine of N points on the ordinary sphere is at least that of a "
            "triangulation by equilateral triangles.",
            name=s,
            expression=fejes_toth(),
            arguments=(Argument(N, 4, 250, integer=True),),
            source="Fejes Tóth 1943; equality for 4, 6 and 12 (and 3)",
        ),
    )
