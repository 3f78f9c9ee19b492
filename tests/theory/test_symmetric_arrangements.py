"""Simplex, polygon and cross-polytope at any density, against exact losses and minimisation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from superposition.numerics import expected_loss
from superposition.theory import balanced_antipodal_pair, polytopes
from superposition.theory.balanced_antipodal_pair import best_bias
from superposition.theory.polygon_critical_point import polygon_critical_point
from superposition.theory.registry import statements
from superposition.theory.relu_output_model.active_set_expansion import moment_with_own_value
from superposition.theory.relu_output_model.cube_integral import vertex_sum
from superposition.theory.symbols import beta as positive_beta
from superposition.theory.symbols import g, p
from superposition.theory.symmetric_arrangements import cross_polytope, polygon, simplex
from superposition.theory.symmetric_arrangements.one_output import (
    Slopes,
    beta,
    bias_polynomial,
    loss,
    overlap,
    power,
)
from superposition.theory.symmetric_arrangements.optimum import (
    SymmetricOptimum,
    cross_polytope_optimum,
    polygon_optimum,
    simplex_optimum,
)

densities = st.floats(0.01, 1)
HALVING = np.array([0.004, 0.002, 0.001])


def weights(polytope: polytopes.Polytope) -> Any:
    return np.array(polytope.vertices.evalf(30), dtype=float)


def check_best(vertices: Any, found: SymmetricOptimum, density: float) -> None:
    """The loss is the exact one, and no norm and bias near or far do better."""

    def output(x: Any) -> float:
        W = np.sqrt(abs(x[0])) * vertices
        loss_of_all = float(expected_loss(W, x[1], density=density).value)
        return loss_of_all / found.features

    assert vertices.shape[1] == found.features
    best = (found.squared_norm, found.bias)
    assert output(best) == pytest.approx(found.loss, rel=1e-11)
    for start in (best, (0.8, 0.3), (1.2, -0.2)):
        fit = minimize(output, start, method="Nelder-Mead", options={"xatol": 1e-6, "maxiter": 40})
        assert fit.fun >= found.loss * (1 - 1e-11)


@settings(max_examples=5)
@given(st.integers(2, 5), densities)
def test_the_simplex_is_at_its_best(features: int, density: float) -> None:
    if features == 2:
        vertices: Any = np.array([[1.0, -1.0]])
    else:
        vertices = weights(polytopes.simplex(features - 1))
    check_best(vertices, simplex_optimum(features, density), density)


@settings(max_examples=6)
@given(st.integers(3, 7), densities)
def test_the_polygon_is_at_its_best(sides: int, density: float) -> None:
    vertices = weights(polytopes.polygon(sides))
    check_best(vertices, polygon_optimum(sides, density), density)


@settings(max_examples=5)
@given(st.integers(2, 3), densities)
def test_the_cross_polytope_is_at_its_best(dimension: int, density: float) -> None:
    vertices = weights(polytopes.cross_polytope(dimension))
    check_best(vertices, cross_polytope_optimum(dimension, density), density)


@settings(max_examples=20)
@given(st.floats(1e-6, 0.999))
def test_the_cross_polytope_is_the_balanced_pair(density: float) -> None:
    found = cross_polytope_optimum(3, density)
    assert found.bias == pytest.approx(
        float(best_bias(density)) * found.squared_norm, rel=1e-9, abs=1e-14
    )
    assert found.loss == simplex_optimum(2, density).loss == polygon_optimum(4, density).loss
    assert cross_polytope.slopes(3) == simplex.slopes(1) == polygon.slopes(4)


def test_the_digon_s_polynomials_are_the_balanced_pair_s() -> None:
    digon, half = simplex.slopes(1), sympy.Rational(1, 2)
    C, Q = (part(digon, half).as_expr().subs(beta, positive_beta) for part in (overlap, power))
    assert sympy.expand(C - balanced_antipodal_pair.overlap()) == 0
    assert sympy.expand(Q - balanced_antipodal_pair.power()) == 0
    theirs = balanced_antipodal_pair.bias_polynomial().as_expr()
    ours = bias_polynomial(digon, half).as_expr().subs(beta, positive_beta)
    assert sympy.cancel(ours / theirs).is_number


@pytest.mark.parametrize("sides", [3, 5, 6])
def test_averaging_feature_by_feature_is_the_sum_over_active_sets(sides: int) -> None:
    """C and Q once more from the vertex sums of the expansion, at a rational point."""
    groups = tuple(
        (sympy.Rational(str(round(float(c), 3))), m) for c, m in polygon.slopes(sides).groups
    )
    cosines = [cosine for cosine, members in groups for _ in range(members)]
    at, density = sympy.Rational(-1, 10), sympy.Rational(1, 3)
    C = Q = sympy.S.Zero
    for mask in range(2 ** len(cosines)):
        active = [c for place, c in enumerate(cosines) if mask >> place & 1]
        mass = density ** len(active) * (1 - density) ** (len(cosines) - len(active))
        C += mass * density * moment_with_own_value(1, active, at)
        own, silent = vertex_sum(at, [1, *active], 2), vertex_sum(at, active, 2)
        Q += mass * (density * own + (1 - density) * silent)
    ours = [part(Slopes(groups), at).eval({beta: at, p: density}) for part in (overlap, power)]
    assert ours == [C, Q]


def test_degrees_of_the_bias_polynomials() -> None:
    for dimension, degree in ((1, 7), (2, 9), (3, 11), (4, 13)):
        polynomial = bias_polynomial(simplex.slopes(dimension), sympy.Rational(1, 2 * dimension))
        assert polynomial.degree(beta) == degree
    pentagon = bias_polynomial(polygon.slopes(5), sympy.Rational(-1, 4))
    assert pentagon.degree(beta) == 13
    bias = polygon_optimum(5, 0.02)
    value = pentagon.as_expr().subs({p: 0.02, beta: bias.bias / bias.squared_norm})
    assert abs(float(value)) < 1e-13


@pytest.mark.parametrize("order", [2, 3, 4])
@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_the_series_of_the_simplex_converges_at_its_order(dimension: int, order: int) -> None:
    series = simplex.simplex_series(dimension, order)
    optima = [simplex_optimum(dimension + 1, density) for density in 10 * HALVING]
    check_rates(series, optima, 10 * HALVING, order)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("sides", [5, 6])
def test_the_series_of_the_polygon_converges_at_its_order(sides: int, order: int) -> None:
    series = polygon.polygon_series(sides, order)
    optima = [polygon_optimum(sides, density) for density in HALVING / 2]
    check_rates(series, optima, HALVING / 2, order)


def check_rates(series: Any, optima: list[SymmetricOptimum], at: Any, order: int) -> None:
    """Halving the density divides the errors by 2^(order + 1), that of the loss by one 2 more."""
    told = (
        (series.relative_bias, [x.bias / x.squared_norm for x in optima], order + 1),
        (series.squared_norm, [x.squared_norm for x in optima], order + 1),
        (series.loss, [x.loss for x in optima], order + 2),
    )
    for polynomial, values, rate in told:
        errors = np.abs([float(polynomial.eval(x)) - y for x, y in zip(at, values, strict=True)])
        np.testing.assert_allclose(np.log2(errors[:-1] / errors[1:]), rate, atol=0.35)


def test_the_start_of_the_series_holds_for_every_dimension() -> None:
    growth, shift, leading = simplex.sparse_start()
    for dimension in (1, 2, 3, 5):
        series = simplex.simplex_series(dimension, 2)
        at = {simplex.d: dimension}
        assert series.squared_norm.coeff_monomial(p) == growth.subs(at)
        assert series.relative_bias.coeff_monomial(p**2) == shift.subs(at)
        assert series.loss.coeff_monomial(p**2) == leading.subs(at)
    pair = balanced_antipodal_pair.sparse_series(3)
    series = simplex.simplex_series(1, 3)
    assert (series.relative_bias.as_expr(), series.squared_norm.as_expr()) == pair


@pytest.mark.parametrize("sides", [5, 6, 8])
def test_sparse_polygons_tend_to_the_one_active_limit(sides: int) -> None:
    found, limit = polygon_optimum(sides, 1e-9), polygon_critical_point(sides)
    assert found.squared_norm == pytest.approx(limit.squared_norm, rel=1e-5)
    assert found.bias == pytest.approx(limit.bias, rel=1e-5)
    assert found.loss / 1e-9 == pytest.approx(limit.output_loss, rel=1e-6)


@settings(max_examples=20)
@given(st.integers(2, 6), densities)
def test_the_simplex_beats_dropping_one_feature(features: int, density: float) -> None:
    variance = density / 3 - density**2 / 4
    least = features * simplex_optimum(features, density).loss
    assert least <= variance * (1 + 1e-14)
    assert least < variance or features == 2


@settings(max_examples=10)
@given(st.integers(3, 8), densities)
def test_the_polygon_beats_storing_two_features_alone(sides: int, density: float) -> None:
    variance = density / 3 - density**2 / 4
    least = sides * polygon_optimum(sides, density).loss
    assert least <= (sides - 2) * variance * (1 + 1e-14)


@pytest.mark.parametrize("dimension", [1, 2, 4])
def test_an_affine_simplex_costs_what_dropping_does(dimension: int) -> None:
    """At g = d/(d+1) and bias p/2, before the ReLU, the outputs lose v in all."""
    size = dimension + 1
    gram = sympy.Matrix(size, size, lambda i, j: sympy.Rational(size * (i == j) - 1, size))
    error = sympy.eye(size) - gram
    variance = p / 3 - p**2 / 4
    mean = p / 2 * (error * sympy.ones(size, 1)) - sympy.ones(size, 1) * p / 2
    assert mean.applyfunc(sympy.expand) == sympy.zeros(size, 1)
    assert sympy.expand((error * error.T).trace() * variance - variance) == 0


def test_the_sparsest_densities_are_exact() -> None:
    found = simplex_optimum(3, 1e-100)
    assert found.bias == pytest.approx(float(sympy.Rational(31, 192)) * 1e-200, rel=1e-14)
    assert found.loss == pytest.approx(1.25e-201, rel=1e-14)


def test_losses_are_those_of_the_moments() -> None:
    quarter = sympy.Rational(1, 4)
    C, Q = (part(simplex.slopes(2), quarter).as_expr() for part in (overlap, power))
    at = {p: sympy.Rational(1, 2), beta: quarter, g: 1}
    exact = loss(C, Q).subs(at)
    told = statements()["simplex/loss"].evaluate({"d": 2, "g": 1, "beta": 0.25, "p": 0.5})
    assert float(told) == pytest.approx(float(exact), rel=1e-14)


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="features is 1; it must be a whole number of at least 2"):
        simplex_optimum(1, 0.5)
    with pytest.raises(ValueError, match="sides is 2; it must be a whole number of at least 3"):
        polygon_optimum(2, 0.5)
    with pytest.raises(ValueError, match="sides is 13; it must be at most 12"):
        polygon_optimum(13, 0.5)
    with pytest.raises(ValueError, match="dimension is 1; it must be a whole number of at least 2"):
        cross_polytope_optimum(1, 0.5)
    with pytest.raises(ValueError, match="density is 0; a density p = 1 - S must lie in"):
        simplex_optimum(3, 0)
    with pytest.raises(ValueError, match="density has shape"):
        simplex_optimum(3, [0.1, 0.2])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="sides is 4; it must be a whole number of at least 5"):
        polygon.polygon_series(4, 1)
