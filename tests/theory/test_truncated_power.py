"""The truncated power: calculus, integration, and the refusal of what it cannot integrate."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from superposition.theory.truncated_power import (
    TruncatedPower,
    antiderivative,
    integral_over_unit_interval,
    with_degenerate_slope,
    without_kinks,
)

u, z = sympy.symbols("u z", real=True)
slopes = st.fractions(-3, 3, max_denominator=7).filter(bool)


def test_values_and_powers() -> None:
    assert TruncatedPower(sympy.Rational(-1, 2), 2) == 0
    assert TruncatedPower(sympy.Integer(3), 2) == 9
    assert TruncatedPower(z, 1) ** 2 == TruncatedPower(z, 2)
    piecewise = TruncatedPower(z, 2).rewrite(sympy.Piecewise)
    assert [piecewise.subs(z, value) for value in (-1, 0, 2)] == [0, 0, 4]


def test_derivative_lowers_the_power() -> None:
    assert sympy.diff(TruncatedPower(2 * u + 1, 3), u) == 6 * TruncatedPower(2 * u + 1, 2)
    assert sympy.diff(TruncatedPower(z, 1), z) == sympy.Heaviside(z, 0)
    with pytest.raises(sympy.core.function.ArgumentIndexError):
        TruncatedPower(z, 1).fdiff(2)


def test_numpy_takes_arrays() -> None:
    function = sympy.lambdify(z, TruncatedPower(z, 2), "numpy")
    np.testing.assert_array_equal(function(np.array([-1.0, 0.0, 3.0])), [0, 0, 9])


@pytest.mark.parametrize("modules", ["numpy", "mpmath"])
def test_powers_may_be_sums_of_symbols(modules: str) -> None:
    k = sympy.Symbol("k", integer=True)
    assert sympy.lambdify((z, k), TruncatedPower(z, k + 2), modules)(3, 1) == 27


@given(slopes, st.fractions(-2, 2, max_denominator=7), st.integers(0, 2), st.integers(1, 3))
def test_the_antiderivative_differentiates_back(a: object, b: object, t: int, s: int) -> None:
    power = TruncatedPower(sympy.Rational(str(a)) * u + sympy.Rational(str(b)), s)
    primitive = antiderivative(t, power, u)
    gap = sympy.diff(primitive, u) - u**t * power
    assert sympy.simplify(gap.rewrite(sympy.Piecewise).subs(u, sympy.Rational(1, 3))) == 0


@given(slopes, st.fractions(-2, 2, max_denominator=7))
def test_integral_is_sympy_s_own(a: object, b: object) -> None:
    form = sympy.Rational(str(a)) * u + sympy.Rational(str(b))
    ours = integral_over_unit_interval(u * TruncatedPower(form, 1), u)
    theirs = sympy.integrate(u * sympy.Piecewise((form, form > 0), (0, True)), (u, 0, 1))
    assert sympy.simplify(ours - theirs) == 0


@pytest.mark.parametrize(
    "integrand",
    [
        TruncatedPower(u, 1) * TruncatedPower(u + 1, 1),
        sympy.exp(u) * TruncatedPower(u - z, 1),
    ],
)
def test_other_integrands_are_refused(integrand: sympy.Expr) -> None:
    with pytest.raises(
        (ValueError, sympy.PolynomialError), match="allowed are polynomials|generator"
    ):
        integral_over_unit_interval(integrand.subs(z, sympy.Rational(1, 2)), u)


def test_a_vanishing_slope_is_a_case_of_its_own() -> None:
    whole = with_degenerate_slope(TruncatedPower(z * u + 1, 1), u, z)
    assert whole.subs(z, 0) == 1
    assert whole.subs(z, 2) == 2


def test_away_from_kinks_it_is_a_polynomial() -> None:
    expression = TruncatedPower(z - 1, 2) + TruncatedPower(z + 1, 1)
    assert without_kinks(expression, z, sympy.Rational(1, 2)) == z + 1
    assert sympy.expand(without_kinks(expression, z, sympy.Integer(2))) == z**2 - z + 2
