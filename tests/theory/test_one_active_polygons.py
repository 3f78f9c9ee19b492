"""The k-gons of the one-active limit: both equations, one root each, what they are minima of."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from superposition.numerics.kink_split_quadrature import cube_nodes, integral_over_cube
from superposition.theory.one_active_polygons import (
    POWER_SUMS,
    excess_with_positive_bias,
    neighbour_term,
    overlap,
    own_power,
    quartic,
    t,
    threshold_in_radicals,
)
from superposition.theory.one_active_polygons import cosine as c
from superposition.theory.polygon_critical_point import (
    best_polygon,
    polygon_critical_point,
    seen_whole,
)
from superposition.theory.symbols import beta, g, h

S_0, S_1, S_2, S_INVERSE = POWER_SUMS
COEFFICIENTS = sympy.lambdify(POWER_SUMS, quartic().all_coeffs())


def one_active_loss(W: Any, b: Any) -> float:
    """H, by quadrature: every feature alone, every output."""
    n = W.shape[1]
    nodes = cube_nodes(np.broadcast_to(b[:, None], (n, n)), (W.T @ W)[..., None], degree=2)

    def squared_error(u: Any, z: Any) -> Any:
        return (np.eye(n)[..., None] * u[..., 0] - np.maximum(z, 0)) ** 2

    return float(integral_over_cube(squared_error, nodes).sum() / n)


def polygon(sides: int, features: int, squared_norm: float) -> Any:
    angles = 2 * np.pi * np.arange(sides) / sides
    W = np.zeros((2, features))
    W[:, :sides] = np.sqrt(squared_norm) * np.array([np.cos(angles), np.sin(angles)])
    return W


def test_the_two_equations_of_chen_et_al_are_the_stationarity_in_bias_and_norm() -> None:
    """x⁶𝒢 + x²y²ℋ + 2x⁴yM + y² - x⁴ and 2x⁸F + 3x⁶y𝒢 - x²y³ℋ - 2x⁶ - 2y³, x² = g, y = -g t."""
    power = (S_2 - 3 * t * S_1 + 3 * t**2 * S_0 - t**3 * S_INVERSE) / 3
    loss = sympy.Rational(1, 3) - 2 * g * overlap() + g**2 * power
    y = -g * t
    first = g**3 * S_1 + g * y**2 * S_INVERSE + 2 * g**2 * y * S_0 + y**2 - g**2
    second = 2 * g**4 * S_2 + 3 * g**3 * y * S_1 - g * y**3 * S_INVERSE - 2 * g**3 - 2 * y**3
    assert sympy.expand(first + g * sympy.diff(loss, t)) == 0
    assert sympy.expand(second - 3 * g**3 * sympy.diff(loss, g) + 3 * y * first) == 0
    # Their resultant in g is the quartic, but for powers of the variables.
    norm = overlap() / power
    left = sympy.cancel((first / g**2).subs(g, norm) * 2 * power / overlap() / (1 - t))
    assert sympy.rem(sympy.numer(left), quartic().as_expr(), t) == 0


def quartic_roots(sides: int, seen: int) -> Any:
    """The real roots between the two kinks at which ``seen`` neighbours are seen."""
    cosines = np.cos(2 * np.pi * np.arange(-seen, seen + 1) / sides)
    sums = [np.sum(cosines**power) for power in (0, 1, 2, -1)]
    roots = np.roots(COEFFICIENTS(*sums))
    high = cosines[0]
    low = max(0.0, float(np.cos(2 * np.pi * (seen + 1) / sides)))
    return [z.real for z in roots if abs(z.imag) < 1e-9 and low < z.real <= high]


@pytest.mark.parametrize("sides", [*range(5, 60), 100, 200])
def test_there_is_one_root(sides: int) -> None:
    cells = {seen: quartic_roots(sides, seen) for seen in range(1, (sides - 1) // 4 + 1)}
    ((seen, root),) = ((seen, root) for seen, roots in cells.items() for root in roots)
    found = polygon_critical_point(sides)
    assert found.seen == seen
    assert -found.bias / found.squared_norm == pytest.approx(root, rel=1e-9)


def test_radicals_give_the_threshold_always_on_the_same_branch() -> None:
    root = sympy.lambdify(POWER_SUMS, threshold_in_radicals(), "mpmath")
    for sides in range(5, 200):
        found = polygon_critical_point(sides)
        with mpmath.workdps(40):
            seen = range(-found.seen, found.seen + 1)
            cosines = [mpmath.cos(2 * mpmath.pi * place / sides) for place in seen]
            sums = [sum(cosine**m for cosine in cosines) for m in (0, 1, 2, -1)]
            threshold = float(root(*sums))
        assert threshold == pytest.approx(-found.bias / found.squared_norm, rel=1e-13)


def test_there_is_one_root_because_every_neighbour_only_takes_up_to_eleven_sides() -> None:
    """d/dt of a neighbour's part of P/(t(1-t)³) has the sign of -M, affine in the cosine."""
    part = -neighbour_term() / (t * (1 - t) ** 3)
    M = t + 3 * t**2 + 2 * t**3 - c * (4 * t + 3 * t**2 - 1)
    change = -2 * (c - t) * (1 - c) * M / (c * t**2 * (1 - t) ** 4)
    assert sympy.cancel(sympy.diff(part, t) - change) == 0
    at = sympy.Rational(848, 1000)
    assert sympy.Poly(M.subs(c, at), t).count_roots(0, 1) == 0  # and M = t(...)² > 0 at c = 0
    assert M.subs({c: at, t: 0}) > 0
    assert np.cos(2 * np.pi / 11) < 0.848 < np.cos(2 * np.pi / 12)


def test_no_critical_point_has_a_positive_bias() -> None:
    """Seen whole, h = -β + x ≥ -β: affine in h² and h; cut off, h < -β: plainly positive."""
    whole, cut = excess_with_positive_bias()
    x, a = sympy.symbols("x a", nonnegative=True)
    positive = sympy.expand(whole.subs(h, a))  # 0 ≤ a ≤ 1
    assert sympy.expand(positive - a * (1 - a) / 3 - beta * (4 - 3 * a) / 6) == 0
    negative = sympy.expand(whole.subs(h, -a).subs(beta, a + x))  # -β ≤ -a ≤ 0
    assert all(coefficient > 0 for coefficient in sympy.Poly(negative, a, x).coeffs())
    assert sympy.simplify(cut.subs(h, -a) - beta**2 * (2 + beta) / (6 * a)) == 0


@settings(max_examples=12)
@given(st.integers(5, 20), st.integers(0, 4))
def test_norm_and_bias_are_the_best(sides: int, dead: int) -> None:
    features = sides + dead
    found = polygon_critical_point(sides, features)

    def loss(x: Any) -> float:
        biases = np.where(np.arange(features) < sides, x[1], 1 / (2 * features))
        return one_active_loss(polygon(sides, features, x[0]), biases)

    start = (found.squared_norm * 1.05, found.bias * 0.9)
    fit = minimize(loss, start, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-16})
    assert loss((found.squared_norm, found.bias)) == pytest.approx(found.loss, rel=1e-13)
    assert fit.fun == pytest.approx(found.loss, rel=1e-12)
    np.testing.assert_allclose(fit.x, (found.squared_norm, found.bias), rtol=1e-5)


@pytest.mark.parametrize("sides", range(5, 12))
def test_polygons_are_critical_over_all_weights_and_minima_up_to_nine_sides(sides: int) -> None:
    found = polygon_critical_point(sides)
    W = polygon(sides, sides, found.squared_norm)
    point = np.concatenate([W.ravel(), np.full(sides, found.bias)])
    step = 1e-4 * np.eye(point.size)

    def loss(x: Any) -> float:
        return one_active_loss(x[: 2 * sides].reshape(2, sides), x[2 * sides :])

    def gradient(x: Any) -> Any:
        return np.array([loss(x + e) - loss(x - e) for e in step]) / 2e-4

    assert np.abs(gradient(point)).max() < 1e-7
    if sides in {5, 9, 10}:
        hessian = np.array([gradient(point + e) - gradient(point - e) for e in step]) / 2e-4
        least = np.linalg.eigvalsh((hessian + hessian.T) / 2)
        flat = np.abs(least) < 1e-6
        assert flat.sum() == 1  # the rotation
        assert (least[~flat].min() > 0) == (sides <= 9)


def test_the_decagon_is_golden() -> None:
    sides, phi = 10, (1 + sympy.sqrt(5)) / 2
    neighbour = sympy.cos(2 * sympy.pi / sides)
    sums = [1 + 2 * neighbour**power for power in (0, 1, 2, -1)]
    exact = quartic().as_expr().subs(dict(zip(POWER_SUMS, sums, strict=True)))
    assert sympy.radsimp(sympy.expand(exact.subs(t, 1 / phi))).equals(0)
    found = polygon_critical_point(sides)
    assert found.squared_norm == pytest.approx(float(phi**2), rel=1e-14)
    assert found.bias == pytest.approx(-float(phi), rel=1e-14)
    assert found.output_loss == pytest.approx(1 / 6, rel=1e-14)


def test_all_neighbours_are_seen_by_five_polygons_only() -> None:
    assert seen_whole(range(5, 300)) == [5, 6, 7, 8, 12]


@pytest.mark.parametrize("features", [3, 4, 5, 6, 7, 8, 9, 15, 40])
def test_the_best_polygon_is_the_best(features: int) -> None:
    losses = {k: polygon_critical_point(k, features).loss for k in range(3, features + 1)}
    best = best_polygon(features)
    assert best.loss == min(losses.values())
    assert best.sides == min(features, 7)


def test_up_to_four_sides_nothing_is_lost() -> None:
    for sides in (3, 4):
        found = polygon_critical_point(sides)
        assert (found.squared_norm, found.bias, found.loss) == (1, 0, 0)
    assert own_power().subs(t, 0) == sympy.Rational(1, 3)


def test_dead_features_cost_what_they_should() -> None:
    assert polygon_critical_point(4, 5).loss == pytest.approx((1 / 3 - 1 / 20) / 5, rel=1e-15)
    assert polygon_critical_point(5, 9).output_loss == pytest.approx(
        polygon_critical_point(5).loss, rel=1e-12
    )


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="sides is 2; it must be a whole number of at least 3"):
        polygon_critical_point(2)
    with pytest.raises(ValueError, match="features is 4; it must be a whole number of at least 5"):
        polygon_critical_point(5, 4)
    with pytest.raises(ValueError, match="features is 2.5; it must be a whole number"):
        best_polygon(2.5)  # type: ignore[arg-type]
