"""The one-active energies: against quadrature, finite differences, theory and the exact loss."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.integrate import quad

from superposition.numerics.expectation.question import expected_loss
from superposition.numerics.packing.energy.one_active_terms import benefit, interference
from superposition.numerics.packing.energy.pair_energy import PairEnergy
from superposition.numerics.packing.energy.toy_model import (
    OneActive,
    OneActiveOnSphere,
    OneActivePotential,
)
from superposition.theory.polygon_critical_point import polygon_critical_point

Array = NDArray[np.float64]
slopes = st.floats(-2, 2) | st.sampled_from([0.0, 1e-9, -1e-9, 1e-300, 1.0, -1.0])
biases = st.floats(-1.5, 1.5) | st.sampled_from([0.0, 1e-9, -1e-9])
seeds = st.integers(0, 2**32 - 1)


def by_quadrature(h: float, b: float, own: bool) -> float:
    kink = [-b / h] if h != 0 and 0 < -b / h < 1 else None
    found = quad(
        lambda u: ((u if own else 0.0) - max(h * u + b, 0.0)) ** 2,
        0,
        1,
        points=kink,
        epsabs=1e-14,
    )
    return float(found[0])


def model(seed: int, n: int = 5, m: int = 3, batch: tuple[int, ...] = ()) -> Array:
    """Weights and biases with some exact zeros among the biases."""
    generator = np.random.default_rng(seed)
    points = generator.normal(0, 0.7, (*batch, n, m + 1))
    points[..., -1] *= generator.integers(0, 2, (*batch, n))
    return points


@given(slopes, biases)
def test_terms_are_their_integrals(h: float, b: float) -> None:
    K, J = (f(np.array(h), np.array(b)).value for f in (interference, benefit))
    assert float(K) == pytest.approx(by_quadrature(h, b, own=False), abs=1e-13, rel=1e-12)
    assert float(J) == pytest.approx(by_quadrature(h, b, own=True), abs=1e-13, rel=1e-12)


@given(slopes, biases)
def test_derivatives_of_the_terms(h: float, b: float) -> None:
    """Complex steps do not see kinks: central differences, away from them."""
    e = 1e-5
    ends = [abs(b), abs(b + h), abs(h)]
    for f in (interference, benefit):
        here = f(np.array(h), np.array(b))
        if min(ends) < 20 * e:
            assert all(np.isfinite(getattr(here, part)) for part in ("h", "b", "hh", "hb", "bb"))
            continue
        up, down = f(np.array(h + e), np.array(b)), f(np.array(h - e), np.array(b))
        over, under = f(np.array(h), np.array(b + e)), f(np.array(h), np.array(b - e))
        for part, change in (
            ("h", up.value - down.value),
            ("b", over.value - under.value),
            ("hh", up.h - down.h),
            ("hb", over.h - under.h),
            ("bb", over.b - under.b),
        ):
            assert float(getattr(here, part)) == pytest.approx(change / (2 * e), abs=2e-4, rel=1e-3)


def test_small_slopes_and_small_ranges_keep_their_digits() -> None:
    """The formula's difference of cubes would have none left."""
    assert float(interference(np.array(1e-12), np.array(0.5)).value) == pytest.approx(
        0.25 + 0.5e-12, rel=1e-15
    )
    barely = interference(np.array(1.0), np.array(-1 + 2**-40)).value
    assert float(barely) == pytest.approx(2**-120 / 3, rel=1e-15)


def test_the_kink_of_what_vanishes_follows_its_side() -> None:
    """At h = b = 0 the form is that of (dh u + db)_+²."""
    zero = np.array(0.0)
    for dh, db in ((1.0, 0.0), (-1.0, 0.0), (1.0, -0.5), (-1.0, 0.25), (0.0, 1.0)):
        found = interference(zero, zero, (np.array(dh), np.array(db)))
        form = found.hh * dh**2 + 2 * found.hb * dh * db + found.bb * db**2
        assert float(form) == pytest.approx(2 * by_quadrature(dh, db, own=False), abs=1e-14)


@given(seeds)
def test_gradient_and_hessian_product(seed: int) -> None:
    importance = np.random.default_rng(seed).uniform(0, 2, 5)
    points, direction = model(seed, batch=(3,)), model(seed + 1, batch=(3,))
    energy, e = OneActive(importance), 1e-6
    value, gradient = energy.gradient(points)
    assert value == pytest.approx(energy.value(points), rel=1e-14)
    up, down = (energy.gradient(points + sign * e * direction) for sign in (1, -1))
    along = np.sum(gradient * direction, axis=(-1, -2))
    assert along == pytest.approx((up[0] - down[0]) / (2 * e), abs=1e-6, rel=1e-6)
    # Second derivatives jump nowhere here, but those of J turn steep at small norms and biases.
    smooth = np.where(points[..., -1:] == 0, 0.05, points)
    up, down = (energy.gradient(smooth + sign * e * direction) for sign in (1, -1))
    product = energy.hessian_product(smooth, direction)
    assert np.abs(product - (up[1] - down[1]) / (2 * e)).max() < 1e-3 * (1 + np.abs(product).max())


@given(seeds)
def test_hessian_products_are_symmetric(seed: int) -> None:
    points = model(seed)
    one, other = model(seed + 1), model(seed + 2)
    for energy in (OneActive(np.arange(5.0)), OneActiveOnSphere(0.9, -0.1, np.arange(5.0))):
        x = unit(points) if energy.on_sphere else points
        a, c = (v[:, : x.shape[1]] for v in (one, other))
        left = np.sum(energy.hessian_product(x, a) * c)
        assert left == pytest.approx(np.sum(energy.hessian_product(x, c) * a), rel=1e-10, abs=1e-10)


def unit(points: Array) -> Array:
    rows = points[..., :-1]
    return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True))


@given(seeds)
def test_rotations_and_permutations_change_nothing(seed: int) -> None:
    generator = np.random.default_rng(seed)
    importance = generator.uniform(0, 2, 5)
    points, order = model(seed), generator.permutation(5)
    turn = np.linalg.qr(generator.normal(size=(3, 3)))[0]
    turned = np.concatenate([points[:, :-1] @ turn, points[:, -1:]], axis=1)
    here = OneActive(importance).value(points)
    assert here == pytest.approx(OneActive(importance).value(turned), rel=1e-12)
    assert here == pytest.approx(OneActive(importance[order]).value(points[order]), rel=1e-12)


@given(seeds, st.floats(0.1, 2), st.floats(-1, 1))
def test_on_the_sphere_it_is_the_same_loss(seed: int, g: float, b: float) -> None:
    """And, for equal importances, a pair energy plus what norms and biases alone decide."""
    importance = np.random.default_rng(seed).uniform(0, 2, 5)
    x = unit(model(seed))
    whole = np.concatenate([np.sqrt(g) * x, np.full((5, 1), b)], axis=1)
    sphere = OneActiveOnSphere(g, b, importance)
    assert sphere.value(x) == pytest.approx(OneActive(importance).value(whole), rel=1e-12)
    alike, pairs = OneActiveOnSphere(g, b), PairEnergy(OneActivePotential(g, b))
    own = 5 * float(benefit(np.array(g), np.array(b)).value)
    assert alike.value(x) == pytest.approx(own + pairs.value(x), rel=1e-12, abs=1e-14)
    assert alike.gradient(x)[1] == pytest.approx(pairs.gradient(x)[1], abs=1e-12)
    direction = model(seed + 1)[:, :-1]
    assert alike.hessian_product(x, direction) == pytest.approx(
        pairs.hessian_product(x, direction), abs=1e-11
    )


@given(seeds)
def test_it_is_the_sparse_limit_of_the_exact_loss(seed: int) -> None:
    """(L - the silent stratum)/(p (1 - p)^(n-1)) → L_1, with an error of order p."""
    points, p = model(seed), 1e-5
    W, b = points[:, :-1].T, points[:, -1]
    silent = (1 - p) ** 5 * np.sum(np.maximum(b, 0) ** 2)
    stratum = (expected_loss(W, b, density=p).value - silent) / (p * (1 - p) ** 4)
    assert stratum == pytest.approx(float(OneActive().value(points)), abs=2e-3, rel=2e-3)


@pytest.mark.parametrize("sides", range(3, 14))
def test_polygons_are_critical_and_lose_what_the_theory_says(sides: int) -> None:
    known = polygon_critical_point(sides)
    angles = 2 * np.pi * np.arange(sides) / sides
    x = np.sqrt(known.squared_norm) * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    points = np.concatenate([x, np.full((sides, 1), known.bias)], axis=1)
    value, gradient = OneActive().gradient(points)
    assert float(value) == pytest.approx(sides * known.loss, rel=1e-12, abs=1e-14)
    assert np.abs(gradient).max() < 1e-13


def test_what_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="importance is -1"):
        OneActive(-1.0)
    with pytest.raises(ValueError, match="squared_norm is 0"):
        OneActivePotential(0.0, 0.0)
    with pytest.raises(ValueError, match="bias contains nan"):
        OneActiveOnSphere(1.0, float("nan"))
