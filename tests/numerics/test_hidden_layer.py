"""The hidden-layer models: against sampling, nested quadrature, closed cases and symmetries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise, permutations, product
from math import factorial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from superposition.numerics.expectation.activity import patterns as activity_patterns
from superposition.numerics.expectation.hidden_layer import patterns as hidden_patterns
from superposition.numerics.expectation.hidden_layer.patterns import (
    enumeration,
    pattern_losses,
    strata,
)
from superposition.numerics.expectation.hidden_layer.problem import HiddenProblem
from superposition.numerics.expectation.hidden_layer.simplex_cells import (
    Simplices,
    box_simplices,
    kuhn_simplices,
    mean_product,
    refined,
)
from superposition.numerics.expectation.problem import Features, OutputProblem
from superposition.theory.features.feature_sets import Anticorrelated, Correlated, Independent
from superposition.theory.features.values import GivenValues, Uniform, ValueLaw, Values

Array = np.ndarray[Any, np.dtype[Any]]

LAWS = (Values.UNIT, Values.SIGNED, Values.BINARY, Uniform(-0.3, 1.2), Uniform(0.5, 2))
CONTINUOUS = (Values.UNIT, Values.SIGNED, Uniform(-0.3, 1.2), Uniform(-1.5, 0), Uniform(-2, -1))


def random_problem(
    seed: int, n: int, m: int, values: ValueLaw, absolute: bool = False, tied: bool = False
) -> HiddenProblem:
    rng = np.random.default_rng(seed)
    W, W_out = rng.normal(size=(m, n)), rng.normal(size=(n, m))
    features = Features(rng.uniform(0.1, 0.9, n), values)
    bias, importance = 0.3 * rng.normal(size=n), rng.uniform(0.5, 2, n)
    return HiddenProblem(W, None if tied else W_out, bias, importance, features, absolute)


entries = st.one_of(st.floats(-2, 2, allow_subnormal=False), st.sampled_from((-1.0, 0.0, 1.0)))


@st.composite
def problems(draw: st.DrawFn, n: int = 3, m: int = 2) -> HiddenProblem:
    """Problems with many zeros and ties among their weights."""

    def matrix(*shape: int) -> Array:
        size = int(np.prod(shape))
        return np.array(draw(st.lists(entries, min_size=size, max_size=size))).reshape(shape)

    density = np.array(draw(st.lists(st.floats(0.01, 1), min_size=n, max_size=n)))
    return HiddenProblem(
        matrix(m, n),
        matrix(n, m) if draw(st.booleans()) else None,
        matrix(n),
        1 + np.abs(matrix(n)),
        Features(density, draw(st.sampled_from(LAWS))),
        draw(st.booleans()),
    )


def squared_errors(problem: HiddenProblem, x: Array) -> Array:
    """(t - (z)_+)² by the definition of the model, (…, n)."""
    z = np.maximum(x @ problem.W.T, 0) @ problem.readout.T + problem.bias
    target = np.abs(x) if problem.absolute else x
    return np.asarray((target - np.maximum(z, 0)) ** 2)


def total_loss(problem: HiddenProblem) -> float:
    return float(problem.importance @ enumeration(problem, gradient=False).losses)


# ── against integrators that know nothing of cells ───────────────────────────────────────────


@pytest.mark.parametrize("values", LAWS, ids=str)
@pytest.mark.parametrize("absolute", [False, True])
@pytest.mark.parametrize("tied", [False, True])
def test_stratified_sampling_agrees(values: ValueLaw, absolute: bool, tied: bool) -> None:
    problem = random_problem(1, 4, 3, values, absolute, tied)
    rng, samples = np.random.default_rng(2), 20_000
    mean, variance = np.zeros(4), np.zeros(4)
    for active in product((0, 1), repeat=4):
        on = np.array(active, dtype=bool)
        density = problem.features.density
        probability = np.where(on, density, 1 - density).prod()
        drawn = squared_errors(problem, on * rng.uniform(*values.support, size=(samples, 4)))
        mean += probability * drawn.mean(axis=0)
        variance += probability**2 * drawn.var(axis=0) / samples
    ours = enumeration(problem, gradient=False)
    assert np.all(np.abs(ours.losses - mean) <= 5 * np.sqrt(variance) + 1e-12)


def test_sampling_agrees_for_sets_of_features() -> None:
    sets = (Correlated(2, 0.4), Anticorrelated(2, 0.7), Independent((0.3,)))
    features = Features(np.array([0.4, 0.4, 0.35, 0.35, 0.3]), Values.SIGNED, sets)
    problem = replace(random_problem(3, 5, 2, Values.SIGNED), features=features)
    rng, mean, variance = np.random.default_rng(4), np.zeros(5), np.zeros(5)
    for active, probability in features.law().active_sets():
        x = rng.uniform(-1, 1, size=(40_000, 5)) * np.isin(np.arange(5), active)
        drawn = squared_errors(problem, x)
        mean += probability * drawn.mean(axis=0)
        variance += probability**2 * drawn.var(axis=0) / len(x)
    ours = enumeration(problem, gradient=False)
    assert np.all(np.abs(ours.losses - mean) <= 5 * np.sqrt(variance) + 1e-12)


def kinks(function: Callable[[Array], Array], low: float, high: float, at: list[float]) -> Array:
    """Breakpoints of a function that is affine between ``at``, and its zeros."""
    ends = np.unique(np.clip([low, high, *at], low, high))
    found = list(ends)
    for a, b in pairwise(ends):
        for fa, fb in zip(function(a), function(b), strict=True):
            if fa * fb < 0:
                found.append(a + (b - a) * fa / (fa - fb))
    return np.unique(found)


def inner_integral(problem: HiddenProblem, first: float) -> Array:
    """E over the second of two active features, exactly: Gauss-Legendre between the kinks."""
    low, high = problem.features.values.support
    W = problem.W
    roots = [-W[row, 0] * first / W[row, 1] for row in range(len(W))]

    def forms(second: Array) -> Array:
        hidden = np.maximum(W @ np.array([first, float(second)]), 0)
        return np.asarray(problem.readout @ hidden + problem.bias)

    nodes, weights = np.polynomial.legendre.leggauss(3)
    total = np.zeros(2)
    for a, b in pairwise(kinks(forms, low, high, [0.0, *roots])):
        second = (a + b) / 2 + (b - a) / 2 * nodes
        x = np.stack([np.full(3, first), second], axis=1)
        total += (b - a) / 2 * weights @ squared_errors(problem, x)
    return total / (high - low)


@pytest.mark.parametrize("values", CONTINUOUS, ids=str)
@pytest.mark.parametrize("absolute", [False, True])
def test_nested_quadrature_agrees(values: Uniform, absolute: bool) -> None:
    problem = random_problem(5, 2, 3, values, absolute)
    ours = pattern_losses(problem, [((0, 1), 1.0)], gradient=False)
    low, high = values.support
    breaks = np.linspace(low, high, 13)
    for output in range(2):

        def outer(first: float, output: int = output) -> float:
            return float(inner_integral(problem, first)[output])

        theirs = sum(quad(outer, a, b, epsabs=1e-9, limit=60)[0] for a, b in pairwise(breaks))
        assert ours.losses[output] == pytest.approx(theirs / (high - low), rel=1e-7)


def test_binary_features_are_a_finite_sum() -> None:
    problem = random_problem(6, 4, 3, Values.BINARY, absolute=True)
    density, expected = problem.features.density, np.zeros(4)
    for active in product((0, 1), repeat=4):
        x = np.array(active, dtype=float)
        expected += np.where(x > 0, density, 1 - density).prod() * squared_errors(problem, x)
    np.testing.assert_allclose(enumeration(problem, False).losses, expected, rtol=1e-13)


# ── cases with a known answer ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("values", [Values.UNIT, Values.BINARY, Uniform(0.2, 3)], ids=str)
def test_a_hidden_layer_that_never_is_silent_is_linear(tied: bool, values: ValueLaw) -> None:
    drawn = random_problem(7, 4, 2, values, tied=tied)
    problem = replace(drawn, W=np.abs(drawn.W))
    ours = enumeration(problem, gradient=True)
    rows = problem.readout @ problem.W
    theirs = activity_patterns.losses(
        OutputProblem(rows, problem.bias, problem.importance, problem.features, relu=True), True
    )
    np.testing.assert_allclose(ours.losses, theirs.losses, rtol=1e-12)
    assert np.all(np.abs(ours.losses - theirs.losses) <= 2 * ours.errors)
    assert np.all(ours.errors <= 1e-12)
    np.testing.assert_allclose(ours.d_bias, problem.importance * theirs.d_bias, rtol=1e-11)
    d_rows = problem.importance[:, None] * theirs.d_rows
    d_W, d_W_out = problem.readout.T @ d_rows, d_rows @ problem.W.T
    if tied:
        assert ours.d_W_out is None
        d_W = d_W + d_W_out.T
    else:
        np.testing.assert_allclose(ours.d_W_out, d_W_out, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(ours.d_W, d_W, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("values", [Values.SIGNED, Uniform(-0.3, 1.2), Uniform(0.2, 3)], ids=str)
def test_neurons_of_both_signs_make_a_linear_layer(values: ValueLaw) -> None:
    drawn = random_problem(15, 4, 2, values)
    U, V = drawn.readout, drawn.W  # U V x = U (V x)_+ - U (-V x)_+, cut at V x = 0 all the same
    problem = replace(drawn, W=np.vstack([V, -V]), W_out=np.hstack([U, -U]))
    ours = enumeration(problem, gradient=True)
    theirs = activity_patterns.losses(
        OutputProblem(U @ V, problem.bias, problem.importance, problem.features, relu=True), True
    )
    np.testing.assert_allclose(ours.losses, theirs.losses, rtol=1e-12)
    assert np.all(np.abs(ours.losses - theirs.losses) <= 2 * ours.errors)
    d_rows = problem.importance[:, None] * theirs.d_rows
    d_U = ours.d_W_out[:, :2] - ours.d_W_out[:, 2:]
    np.testing.assert_allclose(d_U, d_rows @ V.T, rtol=1e-11, atol=1e-13)
    d_V = ours.d_W[:2] - ours.d_W[2:]
    np.testing.assert_allclose(d_V, U.T @ d_rows, rtol=1e-11, atol=1e-13)


def test_two_neurons_a_feature_compute_the_absolute_value() -> None:
    one = np.eye(3)
    problem = HiddenProblem(
        np.vstack([one, -one]),
        np.hstack([one, one]),
        np.zeros(3),
        np.ones(3),
        Features(np.array([0.2, 0.5, 1.0]), Uniform(-0.7, 1.3)),
        absolute=True,
    )
    found = enumeration(problem, gradient=True)
    assert np.all(found.losses <= 1e-30)
    for gradient in (found.d_W, found.d_W_out, found.d_bias):
        np.testing.assert_allclose(gradient, 0, atol=1e-15)


def test_outputs_that_see_their_bias_only() -> None:
    drawn = random_problem(8, 3, 2, Values.UNIT)
    bias, density = np.array([0.4, -0.3, 0.0]), drawn.features.density
    problem = replace(drawn, W_out=np.zeros((3, 2)), bias=bias)
    found = enumeration(problem, gradient=True)
    constant = np.maximum(bias, 0)
    expected = density / 3 - density * constant + constant**2
    np.testing.assert_allclose(found.losses, expected, rtol=1e-14)
    slope = problem.importance * (2 * constant - density) * (bias > 0)
    np.testing.assert_allclose(found.d_bias, slope, rtol=1e-13)


def test_silent_neurons_and_forms_that_vanish_have_no_gradient() -> None:
    W = np.array([[-1.0, -2.0], [0.0, 0.0], [1.0, 0.5]])
    W_out = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, -1.0]])
    features = Features(np.array([0.5, 0.5]), Values.UNIT)
    problem = HiddenProblem(W, W_out, np.zeros(2), np.ones(2), features, absolute=False)
    found = enumeration(problem, gradient=True)
    np.testing.assert_allclose(found.losses, features.density / 3, rtol=1e-14)
    for gradient in (found.d_W, found.d_W_out, found.d_bias):
        np.testing.assert_array_equal(gradient, np.zeros_like(gradient))


def test_forms_that_vanish_up_to_rounding_are_silent() -> None:
    W = np.array([[0.1, 0.7, -0.4], [0.3, 2.1, -1.2]])  # one neuron three times the other
    W_out = np.array([[0.3, -0.1], [0.9, -0.3], [1.0, 0.0]])
    features = Features(np.full(3, 0.5), Values.SIGNED)
    problem = HiddenProblem(W, W_out, np.zeros(3), np.ones(3), features, absolute=False)
    found = enumeration(problem, gradient=True)
    np.testing.assert_array_equal(found.d_bias[:2], 0)
    np.testing.assert_allclose(found.losses[:2], 0.5 / 3, rtol=1e-14)


# ── gradients and symmetries ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("values", LAWS, ids=str)
@pytest.mark.parametrize("absolute", [False, True])
@pytest.mark.parametrize("tied", [False, True])
def test_gradient_is_the_slope_of_the_loss(values: ValueLaw, absolute: bool, tied: bool) -> None:
    problem = random_problem(9, 3, 2, values, absolute, tied)
    found = enumeration(problem, gradient=True)
    gradients = {"W": found.d_W, "W_out": found.d_W_out, "bias": found.d_bias}
    for name, gradient in gradients.items():
        if gradient is None:
            assert (tied, name) == (True, "W_out")
            continue
        place = getattr(problem, name)
        for index in np.ndindex(place.shape):
            step = np.zeros_like(place)
            step[index] = 1e-5
            ahead, behind = (
                total_loss(replace(problem, **{name: place + sign * step})) for sign in (1, -1)
            )
            slope = (ahead - behind) / 2e-5
            assert gradient[index] == pytest.approx(slope, rel=1e-7, abs=1e-8)


@settings(max_examples=25)
@given(problems(), st.permutations(range(3)), st.permutations(range(2)))
def test_order_is_immaterial(problem: HiddenProblem, features: list[int], rows: list[int]) -> None:
    W = problem.W[np.ix_(rows, features)]
    W_out = None if problem.W_out is None else problem.W_out[np.ix_(features, rows)]
    law = replace(problem.features, density=problem.features.density[features])
    permuted = HiddenProblem(
        W, W_out, problem.bias[features], problem.importance[features], law, problem.absolute
    )
    ours, theirs = enumeration(problem, True), enumeration(permuted, True)
    scale = 1e-12 * max(1.0, float(ours.losses.max()))
    np.testing.assert_allclose(theirs.losses, ours.losses[features], rtol=1e-12, atol=scale)
    np.testing.assert_allclose(theirs.d_bias, ours.d_bias[features], rtol=1e-9, atol=scale)
    np.testing.assert_allclose(
        theirs.d_W, ours.d_W[np.ix_(rows, features)], rtol=1e-9, atol=10 * scale
    )


@settings(max_examples=25)
@given(problems(), st.floats(0.1, 10))
def test_a_neuron_s_scale_is_immaterial(problem: HiddenProblem, factor: float) -> None:
    scales = np.array([factor, 1.0])
    untied = replace(problem, W_out=problem.readout)
    scaled = replace(problem, W=scales[:, None] * problem.W, W_out=problem.readout / scales)
    ours, theirs = enumeration(untied, True), enumeration(scaled, True)
    scale = 1e-12 * max(1.0, float(ours.losses.max()))
    np.testing.assert_allclose(theirs.losses, ours.losses, rtol=1e-12, atol=scale)
    np.testing.assert_allclose(scales[:, None] * theirs.d_W, ours.d_W, rtol=1e-9, atol=10 * scale)
    np.testing.assert_allclose(theirs.d_W_out / scales, ours.d_W_out, rtol=1e-9, atol=10 * scale)


@settings(max_examples=25)
@given(problems())
def test_gradient_does_not_change_the_losses(problem: HiddenProblem) -> None:
    with_gradient, without = enumeration(problem, True), enumeration(problem, False)
    np.testing.assert_allclose(with_gradient.losses, without.losses, rtol=1e-14, atol=1e-300)
    assert np.all(without.losses >= 0)
    assert without.d_W is None
    assert without.d_bias is None
    tied = problem.W_out is None
    assert (with_gradient.d_W_out is None) == tied


def test_portions_are_immaterial(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = random_problem(13, 4, 3, Values.SIGNED)
    at_once = enumeration(problem, gradient=True)
    monkeypatch.setattr(hidden_patterns, "NUMBERS_PER_BLOCK", 200)
    piecemeal = enumeration(problem, gradient=True)
    for name in ("losses", "errors", "d_W", "d_W_out", "d_bias"):
        ours, theirs = getattr(at_once, name), getattr(piecemeal, name)
        np.testing.assert_allclose(theirs, ours, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("density", [0.0, 1.0])
def test_features_that_always_or_never_are_active(density: float) -> None:
    problem = random_problem(14, 3, 2, Values.UNIT)
    features = replace(problem.features, density=np.full(3, density))
    found = enumeration(replace(problem, features=features), gradient=True)
    only = ((), 1.0) if density == 0 else ((0, 1, 2), 1.0)
    expected = pattern_losses(problem, [only], gradient=True)
    np.testing.assert_array_equal(found.losses, expected.losses)
    np.testing.assert_array_equal(found.d_W, expected.d_W)


# ── strata ───────────────────────────────────────────────────────────────────────────────────


@given(problems())
def test_strata_and_the_rest_are_everything(problem: HiddenProblem) -> None:
    drawn = list(problem.features.law().active_sets())
    for most_active in range(4):
        found, rest = strata(problem, most_active, gradient=False)
        few = [(active, p) for active, p in drawn if len(active) <= most_active]
        expected = pattern_losses(problem, few, gradient=False).losses
        np.testing.assert_allclose(found.losses, expected, rtol=1e-12, atol=1e-300)
        others = sum(p for active, p in drawn if len(active) > most_active)
        assert rest == pytest.approx(others, rel=1e-12, abs=1e-300)


def test_strata_of_many_features() -> None:
    problem = random_problem(10, 30, 8, Values.SIGNED)
    law = Features(np.full(30, 1e-4), Values.SIGNED)
    problem = replace(problem, features=law, bias=-np.abs(problem.bias))
    found, rest = strata(problem, 2, gradient=True)
    assert rest == pytest.approx(30 * 29 * 28 / 6 * 1e-12, rel=0.01)
    assert np.all(np.isfinite(found.d_W))
    # With p → 0 only what single features lose is left; biases ≤ 0 lose nothing of their own.
    single = strata(problem, 1, gradient=False)[0].losses
    np.testing.assert_allclose(found.losses, single, rtol=0.1, atol=1e-6)


def test_strata_of_sets_are_refused() -> None:
    features = Features(np.full(2, 0.5), Values.UNIT, (Correlated(2, 0.5),))
    problem = replace(random_problem(11, 2, 2, Values.UNIT), features=features)
    with pytest.raises(ValueError, match="strata need independent ones"):
        strata(problem, 1, gradient=False)


def test_other_value_laws_are_refused() -> None:
    values = GivenValues(lambda y, order: 0.5**order * np.exp(0.5 * y), 0.5, 0.5)
    with pytest.raises(ValueError, match=r"must be Uniform\(low, high\) or Binary"):
        enumeration(random_problem(12, 2, 2, values), gradient=False)


# ── the geometry ─────────────────────────────────────────────────────────────────────────────


def determinants(simplices: Simplices) -> Array:
    """Volumes of simplices whose values are their coordinates (Leibniz: slivers divide by 0)."""
    edges = simplices.values[:, 1:] - simplices.values[:, :1]
    k = edges.shape[1]
    total = np.zeros(len(edges))
    for order in permutations(range(k)):
        sign = np.linalg.det(np.eye(k)[list(order)])
        total += sign * edges[:, np.arange(k), list(order)].prod(axis=1)
    return np.asarray(np.abs(total) / factorial(k))


@pytest.mark.parametrize("k", [1, 2, 3, 4])
@pytest.mark.parametrize("ends", [(0.0, 1.0), (-1.0, 1.0), (-0.5, 2.0), (1.0, 3.0), (-2.0, 0.0)])
def test_a_box_is_its_simplices(k: int, ends: tuple[float, float]) -> None:
    vertices, shares = box_simplices(*ends, k)
    simplices = Simplices(vertices, shares * (ends[1] - ends[0]) ** k, np.zeros(len(shares), int))
    np.testing.assert_allclose(determinants(simplices), simplices.measure, rtol=1e-12, atol=1e-15)
    assert shares.sum() == pytest.approx(1, rel=1e-14)
    if ends[0] <= 0 <= ends[1]:
        assert np.all(vertices[:, 0] == 0)
    mean = (shares[:, None] * vertices.mean(axis=1)).sum(axis=0)
    np.testing.assert_allclose(mean, (ends[0] + ends[1]) / 2, atol=1e-14)


def test_kuhn_simplices_are_chains_of_corners() -> None:
    vertices = kuhn_simplices(3)
    assert vertices.shape == (6, 4, 3)
    np.testing.assert_array_equal(vertices.sum(axis=2), np.tile(np.arange(4), (6, 1)))
    assert np.all(np.diff(vertices, axis=1) >= 0)


@given(st.lists(st.lists(entries, min_size=4, max_size=4), min_size=1, max_size=3))
def test_cuts_keep_volumes_and_leave_one_sign(forms: list[list[float]]) -> None:
    cube = kuhn_simplices(3)
    values = np.stack([form[0] + cube @ np.array(form[1:]) for form in forms], axis=2)
    whole = Simplices(np.concatenate([cube, values], axis=2), np.full(6, 1 / 6), np.arange(6))
    for most in (10_000, 3):
        parts = list(refined(whole, range(3, 3 + len(forms)), most))
        for part in parts:
            found = part.values[:, :, 3:]
            assert np.all((found.max(axis=1) <= 0) | (found.min(axis=1) >= 0))
            corners = replace(part, values=part.values[:, :, :3])
            np.testing.assert_allclose(determinants(corners), part.measure, atol=1e-15)
        by_owner = sum(np.bincount(part.owner, part.measure, 6) for part in parts)
        np.testing.assert_allclose(by_owner, 1 / 6, rtol=1e-13)


@given(st.lists(entries, min_size=3, max_size=3), st.floats(-3, 3))
def test_a_cut_cube_has_the_volume_of_the_truncated_power(a: list[float], offset: float) -> None:
    slopes = np.array(a)
    if np.abs(slopes).min() < 0.05:  # the reference divides by the slopes
        slopes = np.where(np.abs(slopes) < 0.05, 0.5, slopes)
    cube = kuhn_simplices(3)
    form = offset + cube @ slopes
    pieces = Simplices(form[:, :, None], np.full(6, 1 / 6), np.zeros(6, int)).cut(0)
    volume = pieces.measure[pieces.values[:, :, 0].max(axis=1) > 0].sum()
    corners = np.array(list(product((0, 1), repeat=3)))
    signs = (-1.0) ** (3 - corners.sum(axis=1))
    powers = np.maximum(offset + corners @ slopes, 0) ** 3
    assert volume == pytest.approx(float(signs @ powers / (6 * slopes.prod())), abs=1e-9)


def test_moments_of_simplices_are_exact() -> None:
    triangle = np.array([[[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]])
    x, y = triangle[:, :, 0], triangle[:, :, 1]
    assert mean_product(x, x)[0] == pytest.approx(1 / 6, rel=1e-15)
    assert mean_product(x, y)[0] == pytest.approx(1 / 12, rel=1e-15)
    assert mean_product(x, np.ones((1, 3)))[0] == pytest.approx(1 / 3, rel=1e-15)
    assert mean_product(np.array([[3.0]]), np.array([[2.0]]))[0] == 6
