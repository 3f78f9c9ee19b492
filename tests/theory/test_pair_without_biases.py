"""The pair without biases: exactly, beside its crossing, and that nothing is ever dropped."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from superposition.theory.pair_without_biases import (
    best_squared_norm,
    crossing_density,
    least_loss,
    loss,
    slope_of_dropping,
)
from superposition.theory.symbols import g, p, r


@settings(max_examples=20)
@given(
    st.sampled_from([1, -1]),
    st.fractions("1/10", 2, max_denominator=30),
    st.fractions("1/30", 1, max_denominator=30),
)
def test_losses_are_exact(side: int, norm: Any, density: Any) -> None:
    """Equal to rational arithmetic, not close."""
    flint = pytest.importorskip("flint")
    from superposition.numerics.expectation import exact

    square, q = exact.rational(norm), exact.rational(density)
    rows = [[square, side * square], [side * square, square]]
    found = exact.expected_loss(rows, [flint.fmpq(0)] * 2, [flint.fmpq(1)] * 2, [q, q])
    told = loss(side).subs(
        {
            g: sympy.Rational(norm.numerator, norm.denominator),
            p: sympy.Rational(density.numerator, density.denominator),
        }
    )
    assert sympy.Rational(int(found.p), int(found.q)) == told


@pytest.mark.parametrize("side", [1, -1])
def test_the_best_norm_is_best(side: int) -> None:
    """A parabola in g, open above."""
    curve = sympy.Poly(loss(side), g)
    assert curve.degree() == 2
    assert all(curve.LC().subs(p, q) > 0 for q in (sympy.Rational(1, 100), 1))
    assert sympy.simplify(sympy.diff(loss(side), g).subs(g, best_squared_norm(side))) == 0


def test_what_the_docstring_says() -> None:
    assert best_squared_norm(1) == sympy.Rational(1, 2)
    assert sympy.simplify(best_squared_norm(-1) - (8 - 5 * p) / (8 - 6 * p)) == 0
    assert sympy.simplify(least_loss(1) - (p / 3 - p**2 / 4)) == 0
    assert sympy.simplify(crossing_density() - (40 - 4 * sympy.sqrt(14)) / 43) == 0
    losses = [least_loss(side).subs(p, crossing_density()) for side in (1, -1)]
    assert sympy.simplify(losses[0] - losses[1]) == 0
    for q, better in ((sympy.Rational(1, 2), -1), (sympy.Rational(3, 5), 1)):
        assert least_loss(better).subs(p, q) < least_loss(-better).subs(p, q)


def test_dropping_is_never_even_stationary() -> None:
    """The exact slope at W = (1, 0) by small steps on the first feature's side."""
    flint = pytest.importorskip("flint")
    from superposition.numerics.expectation import exact

    q, weight, step = flint.fmpq(3, 10), flint.fmpq(2, 5), flint.fmpq(1, 10**9)

    def total(second: Any) -> Any:
        W = [flint.fmpq(1), second]
        rows = [[x * y for y in W] for x in W]
        return exact.expected_loss(rows, [flint.fmpq(0)] * 2, [flint.fmpq(1), weight], [q, q])

    slope = float((total(step) - total(flint.fmpq(0))) / step)
    assert slope == pytest.approx(float(slope_of_dropping().subs({p: 0.3, r: 0.4})), abs=1e-8)
    assert slope < 0


@pytest.mark.parametrize(("importance", "density"), [(0.05, 0.3), (0.5, 0.9), (0.01, 1.0)])
def test_minimising_never_drops(importance: float, density: float) -> None:
    from superposition.numerics import global_minimum

    found = global_minimum(2, 1, [1, importance], density, biases=False, starts=16)
    assert found.geometry.dropped == ()
    assert found.loss < importance * density / 3
    assert np.abs(found.W).min() > 1e-3
