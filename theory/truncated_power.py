r"""The truncated power (z)_+^s = max(z, 0)^s, and its exact integrals.

.. math:: (z)_+^s = z^s \text{ for } z > 0, \quad 0 \text{ otherwise}, \qquad s \ge 1

Every expectation of a ReLU output over active features is an integral of truncated
powers of an affine form, and those integrals are truncated powers again.
"""

from __future__ import annotations

from typing import Any

import sympy
from sympy.core.function import ArgumentIndexError


class TruncatedPower(sympy.Function):  # type: ignore[misc]  # sympy is untyped
    """``TruncatedPower(z, s)``: z**s where z > 0, else 0 (s a positive integer)."""

    nargs = 2
    is_extended_real = True

    @classmethod
    def eval(cls, z: sympy.Expr, s: sympy.Expr) -> sympy.Expr | None:
        """Evaluate where the sign of z is known."""
        if z.is_extended_nonnegative:
            return z**s
        if z.is_extended_nonpositive:
            return sympy.S.Zero
        return None

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """d/dz (z)_+^s = s (z)_+^(s-1); at s = 1 the step function."""
        z, s = self.args
        if argindex != 1:
            raise ArgumentIndexError(self, argindex)
        return sympy.Heaviside(z, 0) if s == 1 else s * TruncatedPower(z, s - 1)

    def _eval_rewrite_as_Piecewise(  # noqa: N802 - sympy's name
        self, z: sympy.Expr, s: sympy.Expr, **_: Any
    ) -> sympy.Expr:
        return sympy.Piecewise((z**s, z > 0), (0, True))

    def _eval_power(self, exponent: sympy.Expr) -> sympy.Expr | None:
        z, s = self.args
        positive = exponent.is_integer and exponent.is_positive
        return TruncatedPower(z, s * exponent) if positive else None

    def _numpycode(self, printer: Any) -> str:
        z, s = self.args
        return f"numpy.maximum({printer._print(z)}, 0)**({printer._print(s)})"

    def _mpmathcode(self, printer: Any) -> str:
        z, s = self.args
        return f"max({printer._print(z)}, 0)**({printer._print(s)})"


def antiderivative(power: int, z: TruncatedPower, u: sympy.Symbol) -> sympy.Expr:
    r"""An antiderivative in u of u^power (z)_+^s, where z is affine in u.

    Integrating by parts, with slope a = dz/du ≠ 0 and t = power,

    .. math:: \sum_{j=0}^{t} (-1)^j \frac{t!}{(t-j)!} u^{t-j}
              \frac{s!}{(s+1+j)!} \frac{(z)_+^{s+1+j}}{a^{j+1}}
    """
    form, s = z.args
    a = sympy.diff(form, u)
    return sympy.Add(
        *(
            (-1) ** j
            * sympy.ff(power, j)
            * u ** (power - j)
            * TruncatedPower(form, s + 1 + j)
            / (sympy.rf(s + 1, j + 1) * a ** (j + 1))
            for j in range(power + 1)
        )
    )


def integral_over_unit_interval(integrand: sympy.Expr, u: sympy.Symbol) -> sympy.Expr:
    """∫_0^1 integrand du, for a sum of terms (polynomial in u) × (one truncated power).

    Slopes in u that are symbols count as non-zero: substitute 0 for a slope *before*
    integrating to get the degenerate case (see ``with_degenerate_slope``).
    Raises ``ValueError`` for a term of another form.
    """
    total = sympy.S.Zero
    for term in sympy.Add.make_args(sympy.expand(integrand)):
        powers = [factor for factor in term.atoms(TruncatedPower) if factor.has(u)]
        if not powers:
            total += sympy.integrate(term, (u, 0, 1))
            continue
        rest = sympy.Poly(term / powers[0], u) if len(powers) == 1 else None
        if rest is None or rest.as_expr().has(powers[0]):
            raise ValueError(
                f"integrand has the term {term}; allowed are polynomials in {u} "
                f"times one truncated power."
            )
        for (power,), coefficient in rest.terms():
            primitive = coefficient * antiderivative(power, powers[0], u)
            total += primitive.subs(u, 1) - primitive.subs(u, 0)
    return total


def integral_over_unit_cube(
    integrand: sympy.Expr, variables: tuple[sympy.Symbol, ...]
) -> sympy.Expr:
    """∫ over [0,1]^k: one variable after the other, no slope zero."""
    for u in variables:
        integrand = integral_over_unit_interval(integrand, u)
    return integrand


def with_degenerate_slope(
    integrand: sympy.Expr, u: sympy.Symbol, slope: sympy.Symbol
) -> sympy.Expr:
    """∫_0^1 integrand du as a ``Piecewise`` that also holds where the slope in u vanishes.

    A slope of zero makes the closed form 0/0, so that case is integrated on its own.
    """
    flat = sympy.integrate(sympy.expand(integrand.subs(slope, 0)), (u, 0, 1))
    generic = integral_over_unit_interval(integrand, u)
    return sympy.Piecewise((flat, sympy.Eq(slope, 0)), (generic, True))


def without_kinks(
    expression: sympy.Expr, variable: sympy.Symbol, inside: sympy.Rational
) -> sympy.Expr:
    """The polynomial that ``expression`` is on a range of ``variable`` that holds no kink.

    inside: any point of that range; it decides the sign of every truncated power.
    """
    return expression.replace(
        TruncatedPower, lambda z, s: z**s if z.subs(variable, inside) > 0 else sympy.S.Zero
    )
