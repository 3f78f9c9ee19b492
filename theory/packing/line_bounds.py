r"""Bounds on the coherence of N lines in d dimensions, real or complex, by positive definiteness.

.. math:: \sum_{i,j} h(|\langle x_i, x_j \rangle|^2) ≥ N^2 \int h\, dμ

for every polynomial h(x) whose zonal coefficients but the constant are ≥ 0. With h(x) = x this is
the frame potential; with h(x) = x (x - μ²), where μ² is the largest |⟨x_i, x_j⟩|² of two lines,
every pair contributes ≤ 0 and every line 1 - μ². Linear in μ², the inequality is solved for it.
Equality in the first exactly for tight frames, in Welch's exactly for equiangular tight frames.
Source: Welch 1974; Benedetto and Fickus 2003 (frame potential); Levenshtein 1982; Delsarte,
Goethals and Seidel 1975, "Bounds for systems of lines, and Jacobi polynomials".
"""

from __future__ import annotations

import sympy

from superposition.theory.packing.design_equations import coordinate_moment
from superposition.theory.statement import Argument, Statement

N, d = sympy.symbols("N d", integer=True, positive=True)
mu = sympy.Symbol("mu", positive=True)


def line_moment(power: int, complex_lines: bool) -> sympy.Expr:
    """∫ x^k dμ for x = |⟨u, v⟩|² of uniform lines, k = 1 or 2.

    A complex coordinate is two real ones of twice as many dimensions.

    >>> line_moment(2, complex_lines=False), line_moment(2, complex_lines=True)
    (3/(d*(d + 2)), 2/(d*(d + 1)))
    """
    if not complex_lines:
        return coordinate_moment(2 * power, d)
    if power == 1:
        return sympy.factor(2 * coordinate_moment(2, 2 * d))
    fourth = coordinate_moment(4, 2 * d)
    mixed = (coordinate_moment(2, 2 * d) - fourth) / (2 * d - 1)  # x₁² times Σ xᵢ² = 1
    return sympy.factor(2 * fourth + 2 * mixed)


def frame_potential() -> sympy.Expr:
    """The least Σ_{i,j} |⟨x_i, x_j⟩|², the same for real and complex lines.

    >>> frame_potential()
    N**2/d
    """
    return N**2 * line_moment(1, complex_lines=False)


def welch() -> sympy.Expr:
    """The least mean of |⟨x_i, x_j⟩|² over pairs: the frame potential without its diagonal.

    >>> welch()
    (N - d)/(d*(N - 1))
    """
    return _growing(sympy.factor((frame_potential() - N) / (N * (N - 1))))


def levenshtein(complex_lines: bool) -> sympy.Expr:
    """The least μ² by h(x) = x (x - μ²).

    >>> levenshtein(complex_lines=False), levenshtein(complex_lines=True)
    ((3*N - d**2 - 2*d)/((N - d)*(d + 2)), (2*N - d**2 - d)/((N - d)*(d + 1)))
    """
    square = sympy.Symbol("x", positive=True)
    mean = line_moment(2, complex_lines) - square * line_moment(1, complex_lines)
    (least,) = sympy.solve(N * mean - (1 - square), square)
    return _growing(sympy.factor(least))


def orthoplex() -> sympy.Expr:
    """μ² at which the traceless parts of two projectors are orthogonal: tr PQ = 1/d.

    More of these than twice their dimension cannot all be at obtuse or right angles.

    >>> orthoplex()
    1/d
    """
    square = sympy.Symbol("x")
    (found,) = sympy.solve(square - 2 / d + d / d**2, square)  # tr (P - 1/d)(Q - 1/d)
    return found


def _growing(product: sympy.Expr) -> sympy.Expr:
    """The same product with factors that grow with N, as the literature writes them."""
    sign, factors = sympy.Integer(1), []
    for base, power in product.as_powers_dict().items():
        falling = base.is_Add and base.coeff(N).could_extract_minus_sign()
        sign *= (-1) ** power if falling else 1
        factors.append((-base if falling else base) ** power)
    return sign * sympy.Mul(*factors)


def statements() -> tuple[Statement, ...]:
    """The frame potential, Welch's, the orthoplex and Levenshtein's bounds."""
    size = Argument(d, 1, 20, integer=True)
    more = Argument(N, d + 1, 40, integer=True)
    small = Argument(d, 2, 20, integer=True)
    real = Argument(N, d * (d + 1) / 2, d * (d + 1) * (d + 2) / 6, integer=True)
    hermitian = Argument(N, d**2, d**2 * (d + 1) / 2, integer=True)
    return (
        Statement(
            id="packing/frame-potential",
            claim="The least sum of all squared inner products of N unit vectors, own included: "
            "that of a tight frame.",
            name=sympy.Symbol("FP"),
            expression=frame_potential(),
            arguments=(size, more),
            source="Benedetto and Fickus 2003, Finite normalized tight frames",
        ),
        Statement(
            id="packing/welch",
            claim="The coherence of N lines in d dimensions is at least Welch's: equality exactly "
            "for equiangular tight frames.",
            name=mu**2,
            expression=welch(),
            arguments=(size, more),
            source="Welch 1974, Lower bounds on the maximum cross correlation of signals",
        ),
        Statement(
            id="packing/orthoplex-lines",
            claim="More than d(d+1)/2 real lines, or d² complex ones, have at least the coherence "
            "of mutually unbiased bases.",
            name=mu**2,
            expression=orthoplex(),
            arguments=(Argument(d, 2, 250, integer=True),),
            source="Conway, Hardin and Sloane 1996, Packing lines, planes, etc.; Rankin 1955",
        ),
        Statement(
            id="packing/levenshtein-real-lines",
            claim="The coherence of many real lines is at least Levenshtein's.",
            name=mu**2,
            expression=levenshtein(complex_lines=False),
            arguments=(small, real),
            source="Levenshtein 1982; Delsarte, Goethals and Seidel 1975; derived here",
        ),
        Statement(
            id="packing/levenshtein-complex-lines",
            claim="The coherence of many complex lines is at least Levenshtein's.",
            name=mu**2,
            expression=levenshtein(complex_lines=True),
            arguments=(small, hermitian),
            source="Levenshtein 1982; Delsarte, Goethals and Seidel 1975; derived here",
        ),
    )
