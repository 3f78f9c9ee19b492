"""The transform: its compiled twin, its contour, its rate, and what a value law must give."""

from __future__ import annotations

from math import factorial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.polynomial.legendre import leggauss

from superposition.numerics import Enumeration, Transform, expected_loss
from superposition.numerics.expectation.activity.few_active import none_and_one_active
from superposition.numerics.expectation.problem import Rows
from superposition.numerics.expectation.transform import many_active as array_twin
from superposition.numerics.expectation.transform import many_active_kernel as compiled_twin
from superposition.numerics.expectation.transform.contour import choose_contour, independent
from superposition.numerics.expectation.transform.many_active import Goal, seen_features
from superposition.numerics.expectation.transform.value_transform import value_transform
from superposition.theory import Values
from superposition.theory.features.values import Uniform

seeds = st.integers(0, 10**6)


def rows_of(seed: int) -> Any:
    """Random rows with some slopes zero or tiny."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 7))
    A = rng.normal(size=(n, n)) * rng.choice([1.0, 1e-3, 0.0], size=(n, n), p=[0.8, 0.1, 0.1])
    density = rng.choice([1e-6, 0.01, 0.3, 1.0], n)
    return seen_features(Rows.of(A, rng.normal(size=n) / 4, density), Values.UNIT)


@settings(max_examples=40)
@given(seeds)
def test_twins_agree_node_by_node(seed: int) -> None:
    seen = rows_of(seed)
    contour = choose_contour(seen.slopes, seen.offset, seen.values, independent(seen.density))
    never = Goal(-np.ones(len(seen.offset)), 1.0)  # so that both take all nodes
    one = array_twin.many_active(seen, contour, never, 300, True)
    other = compiled_twin.many_active(seen, contour, never, 300, True)
    for name in ("value", "error", "d_offset", "d_slopes"):
        first, second = getattr(one, name), getattr(other, name)
        own = np.ones_like(first, dtype=bool)
        if name == "d_slopes":  # an unseen feature's derivative is filled in later
            own[1:] = seen.slopes[1:] != 0
        size = np.abs(first[own]).max() + one.size.max()
        assert np.allclose(first[own], second[own], rtol=0, atol=1e-10 * size + 1e-16)


@given(seeds, st.integers(0, 3), st.floats(-3, 3), st.floats(-40, 40))
def test_value_transform_is_its_integral(seed: int, order: int, real: float, imag: float) -> None:
    rng = np.random.default_rng(seed)
    low = float(rng.choice([0.0, -1.0, 0.3]))
    law = Uniform(low, low + float(rng.uniform(0.5, 2)))
    y = np.array([complex(real, imag) * rng.choice([1.0, 1e-2, 1e-6])])
    u, w = leggauss(60)
    u = law.low + (law.high - law.low) * (u + 1) / 2
    expected = (w / 2 * u**order * np.exp(y * u)).sum()
    found = value_transform(law, y, order)[0]
    assert abs(found - expected) <= 1e-12 * (1 + abs(np.exp(y * law.high)[0])) * 4**order


def test_value_transform_at_zero_is_the_moment() -> None:
    for law in (Values.UNIT, Values.SIGNED, Values.BINARY):
        for order in range(4):
            found = value_transform(law, np.zeros(1, complex), order)[0]
            assert found == pytest.approx(float(law.moment(order)))


@pytest.mark.parametrize("power", [1, 2])
@pytest.mark.parametrize("z", [-0.5, 0.3, 1.0, 2.0])
def test_contour_inverts_the_positive_part(z: float, power: int) -> None:
    """A form that is z for sure: r! h/π Σ Re e^{sz}/s^{r+1} is (z)_+^r."""
    from superposition.numerics.expectation.transform.contour import nodes

    slopes, offset, density = np.array([[2.0]]), np.array([0.0]), np.array([[1.0]])
    contour = choose_contour(slopes, offset, Values.UNIT, independent(density))
    s = nodes(contour, 0, 400_000)
    total = (np.exp(s * z) / s ** (power + 1)).real.sum() * contour.step[0] / np.pi
    assert factorial(power) * total == pytest.approx(max(z, 0) ** power, abs=3e-6)


LAWS = [Values.UNIT, Values.SIGNED, Values.BINARY, Uniform(0.5, 2), Uniform(-2, -1)]


def log_growth(values: Any, slopes: Any, offset: float, density: Any, theta: float) -> float:
    """log E e^{θz} by the definition: quadrature over u, in logarithms."""
    u, w = leggauss(400)
    low, high = values.support
    u = low + (high - low) * (u + 1) / 2
    total = theta * offset
    for a, p in zip(slopes, density, strict=True):
        active = np.logaddexp.reduce(theta * a * u + np.log(w / 2)) + np.log(p)
        silent = np.log1p(-p) if p < 1 else -np.inf
        total += float(np.logaddexp(active, silent))
    return total


@settings(max_examples=40)
@given(seeds, st.sampled_from(LAWS), st.sampled_from([1.0, 0.5, 1e-3, 1e-6]))
def test_contour_keeps_its_promises(seed: int, values: Any, density: float) -> None:
    """Copies of the law lie beyond its reach, or are improbable; E e^{γz} stays moderate."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 9))
    slopes = rng.normal(size=(n, 1)) * rng.choice([1.0, 0.1, 3.0], size=(n, 1))
    offset, p = rng.normal(size=1) * rng.choice([0.0, 0.3]), np.full((n, 1), density)
    contour = choose_contour(slopes, offset, values, independent(p))
    low, high = values.support
    gains = np.maximum(slopes * low, slopes * high)
    reach = float(offset[0] + np.maximum(gains, 0).sum())
    assert bool(contour.active[0]) is (reach > 0)
    if reach <= 0:
        return
    gamma, period = float(contour.gamma[0]), 2 * np.pi / float(contour.step[0])
    growth = [
        log_growth(values, slopes[:, 0], float(offset[0]), p[:, 0], theta)
        for theta in gamma * np.geomspace(1.05, 100, 60)
    ]
    improbable = min(
        log - (theta - gamma) * period
        for log, theta in zip(growth, gamma * np.geomspace(1.05, 100, 60), strict=True)
    )
    assert period >= reach * (1 - 1e-12) or improbable <= -39
    assert log_growth(values, slopes[:, 0], float(offset[0]), p[:, 0], gamma) <= 5.01 or (
        gamma * reach <= 1.01
    )


@pytest.mark.parametrize(("bias", "rate"), [(0.0, -4)])
def test_error_falls_like_the_fourth_power(bias: float, rate: float) -> None:
    """Two others active leave ω^-5 in the integrand at a kink: N^-4 in the sum."""
    angles = 2 * np.pi * np.arange(3) / 3
    W = np.array([np.cos(angles), np.sin(angles)])
    exact = expected_loss(W, bias, density=0.1, method=Enumeration()).value
    nodes = np.array([64, 512])
    errors = [
        abs(
            expected_loss(
                W, bias, density=0.1, method=Transform(nodes=int(n)), tolerance=1e-15
            ).value
            - exact
        )
        for n in nodes
    ]
    slope = np.log(errors[1] / errors[0]) / np.log(nodes[1] / nodes[0])
    assert slope <= rate + 0.5


def test_estimates_are_honest_over_many_problems() -> None:
    """Not one of 100 random problems, at three tolerances, has a larger error than reported."""
    rng = np.random.default_rng(5)
    for _ in range(100):
        n = int(rng.integers(2, 7))
        W = rng.normal(size=(int(rng.integers(1, n + 1)), n)) * 10 ** rng.uniform(-1, 0.5)
        if rng.random() < 0.3:
            W = np.round(W * 2) / 2
        b, p = rng.normal(size=n) * rng.choice([0, 0.01, 0.3]), 10 ** rng.uniform(-4, 0, n)
        exact = expected_loss(W, b, density=p, method=Enumeration())
        for tolerance in (1e-4, 1e-7, 1e-10):
            found = expected_loss(W, b, density=p, method=Transform(), tolerance=tolerance)
            assert abs(found.value - exact.value) <= found.error + exact.error


def test_sure_features_have_no_strata() -> None:
    """At density 1 there is never no or one other feature active (of three)."""
    slopes, offset = np.ones((3, 1)), np.zeros(1)
    few = none_and_one_active(slopes, offset, np.ones((3, 1)), Values.UNIT, gradient=True)
    assert few.value == 0
    assert not few.d_slopes.any()
