"""How dropping ends: the expansion beside the dropped optimum, exactly, and where it turns."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from superposition.theory.stability_of_dropping import (
    best_bias,
    best_norm_change,
    bias_equation,
    cubic,
    e,
    expansion,
    least_stable_importance,
    loss_along_path,
    s,
    stability_importance,
    t,
    tricritical_densities,
    tricritical_polynomial,
)
from superposition.theory.symbols import p, r

densities = st.floats(0.01, 0.99)


def at(expression: sympy.Expr, **values: Any) -> Any:
    names = {"s": s, "e": e, "t": t, "p": p, "r": r}
    return expression.subs({names[name]: value for name, value in values.items()})


@settings(max_examples=10)
@given(
    st.fractions(-1, 1, max_denominator=20),
    st.fractions("1/10", "9/10", max_denominator=20),
    st.fractions("1/20", 1, max_denominator=20),
    st.fractions("1/10", 1, max_denominator=20),
)
def test_the_path_s_loss_is_exact(own: Any, bias: Any, density: Any, importance: Any) -> None:
    """Against rational arithmetic at t = 1/1000: equal, not close."""
    flint = pytest.importorskip("flint")
    from superposition.numerics.expectation import exact

    step = flint.fmpq(1, 1000)
    a, b_1, q, weight = (exact.rational(value) for value in (own, bias, density, importance))
    W = [1 + a * step, -step]
    rows = [[x * y for y in W] for x in W]
    biases = [b_1 * step, q / 2 * (1 - rows[1][0] - rows[1][1])]
    found = exact.expected_loss(rows, biases, [flint.fmpq(1), weight], [q, q])
    told = at(
        loss_along_path(),
        t=sympy.Rational(1, 1000),
        **{
            name: sympy.Rational(value.numerator, value.denominator)
            for name, value in (("s", own), ("e", bias), ("p", density), ("r", importance))
        },
    )
    assert sympy.Rational(int(found.p), int(found.q)) == sympy.nsimplify(told)


def test_the_expansion_is_that_of_the_path() -> None:
    """No linear term; r v at t = 0; what is left after t³ is of order t⁴."""
    values = {"s": sympy.Rational(1, 7), "e": sympy.Rational(2, 5), "p": sympy.Rational(3, 10)}
    values["r"] = sympy.Rational(1, 3)
    path = at(loss_along_path(), **values)
    second, third = (at(part, **values) for part in expansion())
    dropped = values["r"] * (values["p"] / 3 - values["p"] ** 2 / 4)
    assert path.subs(t, 0) == dropped
    assert sympy.diff(path, t).subs(t, 0) == 0
    rest = [
        float(path.subs(t, step) - dropped - step**2 * (second - dropped) - step**3 * third)
        / float(step) ** 4
        for step in (sympy.Rational(1, 1000), sympy.Rational(1, 2000))
    ]
    assert rest[0] == pytest.approx(rest[1], rel=1e-2)


@settings(max_examples=20)
@given(densities)
def test_the_best_direction_is_where_the_form_is_least(density: float) -> None:
    second = sympy.lambdify((s, e), at(expansion()[0], p=density))
    bias = float(at(best_bias(), p=density))
    change = float(at(best_norm_change(), p=density, e=bias))
    assert 0 < bias < 1
    least = second(change, bias)
    for d_s, d_e in np.random.default_rng(0).normal(size=(20, 2)) * 1e-3:
        assert second(change + d_s, bias + d_e) >= least - 1e-15
    for other in np.random.default_rng(1).uniform([-1, 0], [1, 1], (50, 2)):
        assert second(*other) >= least - 1e-15
    assert float(at(bias_equation(), p=density, e=bias)) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("density", [1e-9, 1e-4, 0.3, 0.65, 0.999999, 1.0])
def test_the_limit_keeps_its_digits(density: float) -> None:
    with mpmath.workdps(60):
        function = sympy.lambdify(p, stability_importance().subs(e, best_bias()), "mpmath")
        exact = float(function(mpmath.mpf(density)))
    assert float(least_stable_importance(density)) == pytest.approx(exact, rel=1e-13)


def test_the_limit_is_vectorised_and_grows_to_one() -> None:
    density = np.linspace(0.001, 1, 400).reshape(20, 20)
    limit = least_stable_importance(density)
    assert limit.shape == (20, 20)
    assert np.all(np.diff(limit.ravel()) > 0)
    assert limit[-1, -1] == pytest.approx(1)
    assert limit[0, 0] == float(least_stable_importance(0.001))


def test_the_cubic_changes_sign_at_the_two_tricritical_densities_only() -> None:
    third = sympy.lambdify(p, cubic().subs(e, best_bias()), "numpy")
    grid = np.linspace(0.001, 0.999, 2000)
    signs = np.sign(third(grid))
    changes = grid[:-1][np.diff(signs) != 0]
    tricritical = [float(density) for density in tricritical_densities()]
    assert tricritical == [pytest.approx(0.5202477368), pytest.approx(0.8373195801)]
    assert np.allclose(changes, tricritical, atol=1e-3)
    assert signs[0] == signs[-1] == -1
    assert third(0.65) > 0
    for density in tricritical_densities():
        assert abs(tricritical_polynomial().eval(density.n(40))) < 1e-20
        assert abs(float(at(cubic().subs(e, best_bias()), p=density.n(40)))) < 1e-20


@pytest.mark.parametrize("density", [0, -0.1, 1.1, np.nan, "a", [0.5, 2]])
def test_bad_densities_are_refused(density: Any) -> None:
    with pytest.raises(ValueError, match="density"):
        least_stable_importance(density)
