"""One step past the paper: the pair's own best norm and bias, its limits and its proofs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from superposition.numerics.enumeration import relu_output_loss
from superposition.theory import antipodal_pair, balanced_antipodal_pair
from superposition.theory.balanced_antipodal_pair import BalancedPair, best_bias, sparse_series
from superposition.theory.symbols import beta, g, p

densities = st.floats(0.02, 0.98)


def brute_force_loss(pair: Any, density: float) -> float:
    """A member's loss over the density at squared norm and bias ``pair``."""
    squared_norm, bias = pair
    gram = squared_norm * np.array([[1, -1], [-1, 1]])
    loss = relu_output_loss(gram, np.full(2, bias), np.array([1, 0]), np.full(2, density))
    return float(loss) / density


@settings(max_examples=15)
@given(densities)
def test_best_norm_and_bias_are_the_best_of_all(density: float) -> None:
    """Free minimisation over norm and bias, negative biases and the linear regime included."""
    fits = [
        minimize(
            brute_force_loss,
            start,
            args=(density,),
            method="Nelder-Mead",
            options={"xatol": 1e-9, "fatol": 1e-15},
        )
        for start in ((1.0, 0.01), (0.6, 0.4), (1.0, -0.3), (0.5, 0.7))
    ]
    variance = 1 / 3 - density / 4
    found = min(fit.fun for fit in fits) / variance
    assert float(BalancedPair().relative_cost(density)) == pytest.approx(found, rel=1e-7)


@given(st.floats(1e-6, 1))
def test_bias_is_a_root_between_zero_and_one(density: float) -> None:
    root = float(best_bias(density))
    assert 0 <= root <= 1
    polynomial = balanced_antipodal_pair.bias_polynomial().as_expr()
    slope = float(sympy.diff(polynomial, beta).subs({p: density, beta: root}))
    assert abs(float(polynomial.subs({p: density, beta: root}))) <= 1e-13 * max(abs(slope), 1)


@given(densities)
def test_the_pair_beats_dropping_at_every_density_below_one(density: float) -> None:
    assert float(BalancedPair().relative_cost(density)) < 0.5


def test_at_density_one_pairing_and_dropping_tie() -> None:
    assert float(BalancedPair().relative_cost(1.0)) == pytest.approx(0.5, abs=1e-15)
    at_one = balanced_antipodal_pair.loss().subs({p: 1, beta: 1, g: sympy.Rational(1, 2)})
    assert at_one == sympy.Rational(1, 24)  # half of v = 1/12


@given(densities)
def test_own_norm_and_bias_never_cost_more_than_the_unit_pair(density: float) -> None:
    assert float(BalancedPair().relative_cost(density)) <= 2 * density / (4 - 3 * density) + 1e-15


@pytest.mark.parametrize("order", [2, 3, 4])
def test_the_sparse_series_converges_at_its_order(order: int) -> None:
    """Halving the density divides the error by 2^(order + 1)."""
    series = sympy.lambdify(p, sparse_series(order)[0])
    halving = np.array([0.02, 0.01, 0.005])
    errors = np.abs(series(halving) - best_bias(halving))
    rates = np.log2(errors[:-1] / errors[1:])
    np.testing.assert_allclose(rates, order + 1, atol=0.25)


def test_no_radicals_solve_the_bias() -> None:
    prime, degrees = balanced_antipodal_pair.unsolvable_at(sympy.Rational(1, 2)) or (0, ())
    assert sum(degrees) == 7
    polynomial = balanced_antipodal_pair.bias_polynomial().as_expr().subs(p, sympy.Rational(1, 2))
    whole = sympy.Poly(polynomial * 8, beta, modulus=prime)
    product = sympy.Poly(whole.LC(), beta, modulus=prime)
    for factor, power in whole.factor_list()[1]:
        product *= factor**power
    assert product == whole
    # AGL(1, 7), the largest solvable transitive group of degree 7, has order 42 and the
    # cycle types of x ↦ ax + b.
    types = set()
    for a in range(1, 7):
        for b in range(7):
            seen: set[int] = set()
            cycles = []
            for start in range(7):
                length, x = 0, start
                while x not in seen:
                    seen.add(x)
                    x, length = (a * x + b) % 7, length + 1
                cycles += [length] * bool(length)
            types.add(tuple(sorted(cycles)))
    assert degrees not in types


def test_the_gain_over_dropping_is_negative_below_one() -> None:
    gain = balanced_antipodal_pair.gain_over_dropping()
    assert sympy.factor(gain + p * (1 - p) ** 4 * (4 + 3 * p) / 48) == 0


def test_two_free_norms_do_better_still() -> None:
    """Even at equal importance: at p = 0.8 the best pair is not balanced."""
    density, ones = 0.8, np.ones(2)

    def loss(x: Any) -> float:
        W = np.array([x[0], -x[1]])
        return float(relu_output_loss(np.outer(W, W), x[2:], ones, np.full(2, density)))

    free = min(
        minimize(loss, start, method="BFGS").fun
        for start in ((1, 0.5, 0.2, 0.4), (0.7, 0.7, 0.4, 0.4))
    )
    variance = density / 3 - density**2 / 4
    assert free < 2 * variance * float(BalancedPair().relative_cost(density)) - 1e-4


def test_boundaries_move_up() -> None:
    """How far: at importance 1 from 4/7 to 1; nothing at leading order when sparse."""
    ratio = BalancedPair().relative_cost(1e-4) / (2e-4 / (4 - 3e-4))
    assert float(ratio) == pytest.approx(1, abs=1e-4)
    gap = BalancedPair().density(0.45) - antipodal_pair.UnitPair().density(0.45)
    assert 0.05 < float(gap) < 0.2
