"""The Hessian of many small models: against products, differences, batches and kinks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from superposition.numerics import expected_loss_gradient, second_order_product
from superposition.numerics.expectation.hessian import loss_hessian
from superposition.numerics.expectation.problem import Features
from superposition.numerics.optimum.landscape import Landscape
from superposition.theory import Values

seeds = st.integers(0, 10**6)
LAWS = [Values.UNIT, Values.SIGNED]
KINKED = {
    "dedicated": (np.eye(3)[:2], np.array([0.0, 0.0, 0.2])),
    "dropped": (np.array([[1.0, -1.0, 0.0], [0.0, 0.0, 0.0]]), np.array([0.0, 0.0, 0.2])),
    "digon and dedicated": (np.array([[1.0, -1.0, 0.0], [0.0, 0.0, 1.0]]), np.zeros(3)),
    "cross-polytope": (np.array([[1.0, -1.0, 0.0, 0.0], [0.0, 0.0, 1.0, -1.0]]), np.zeros(4)),
}


def drawn(seed: int, count: int = 1) -> tuple[Landscape, Any]:
    """Random settings of 1 to 4 features, and a point of each away from kinks."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 5))
    m = int(rng.integers(1, n + 1))
    landscape = Landscape(
        m,
        rng.uniform(0.1, 2, (count, n)),
        rng.choice([1e-3, 0.1, 0.5, 1.0], (count, n)),
        values=LAWS[int(rng.integers(2))],
    )
    W = rng.normal(size=(count, m, n))
    b = rng.choice([-1, 1], (count, n)) * rng.uniform(0.05, 0.5, (count, n))
    return landscape, landscape.joined(W, b)


def product(landscape: Landscape, point: Any, along: Any) -> Any:
    """H(d) d of one setting by ``second_order_product``, as one vector."""
    (W,), (b,) = landscape.split(point[None])
    (d_W,), (d_b,) = landscape.split(along[None])
    found = second_order_product(
        W,
        b,
        d_W,
        d_b,
        importance=landscape.importance[0],
        density=landscape.density[0],
        values=landscape.values,
    )
    return landscape.joined(found.W[None], found.b[None])[0]


@given(seeds)
def test_loss_and_gradient_are_those_of_the_front_door(seed: int) -> None:
    landscape, points = drawn(seed)
    found = landscape.evaluate(points)
    (W,), (b,) = landscape.split(points)
    told = expected_loss_gradient(
        W,
        b,
        importance=landscape.importance[0],
        density=landscape.density[0],
        values=landscape.values,
    )
    size = 1 + float(np.abs(found.gradient).max())
    assert found.loss[0] == pytest.approx(told.loss.value, abs=1e-13 * size)
    gradient = landscape.joined(told.W[None], told.b[None])[0]
    assert np.allclose(found.gradient[0], gradient, rtol=0, atol=1e-12 * size)


@given(seeds)
def test_smooth_points_against_products_in_every_direction(seed: int) -> None:
    landscape, points = drawn(seed)
    found = landscape.evaluate(points)
    assert not found.one_sided[0]
    size = 1 + float(np.abs(found.hessian).max())
    assert np.allclose(found.hessian[0], found.hessian[0].T, rtol=0, atol=1e-12 * size)
    for along in np.eye(landscape.size):
        exact = product(landscape, points[0], along)
        assert np.allclose(found.hessian[0] @ along, exact, rtol=0, atol=1e-10 * size)


@given(seeds)
def test_smooth_points_against_differences_of_the_gradient(seed: int) -> None:
    """Central differences at h and h/2, the error of order h² extrapolated away."""
    landscape, points = drawn(seed)
    hessian = landscape.evaluate(points).hessian[0]
    every = landscape.rows(np.zeros(landscape.size, dtype=np.intp))

    def central(h: float) -> Any:
        ahead, behind = (
            every.evaluate(points + side * h * np.eye(landscape.size)).gradient for side in (1, -1)
        )
        return (ahead - behind) / (2 * h)

    change = (4 * central(5e-4) - central(1e-3)) / 3
    size = 1 + float(np.abs(hessian).max())
    # Third derivatives jump where a corner of the cube is crossed.
    assert np.allclose(hessian, change, rtol=0, atol=2e-4 * size)


@pytest.mark.parametrize("values", LAWS)
@pytest.mark.parametrize("kinked", KINKED)
def test_kinks_against_one_sided_products(kinked: str, values: Any) -> None:
    """H(d) d is the sided product along d; the d of the other side has a Hessian of its own."""
    W, b = KINKED[kinked]
    m, n = W.shape
    landscape = Landscape(m, np.linspace(1, 0.5, n)[None], np.full((1, n), 0.3), values=values)
    point = landscape.joined(W[None], b[None])
    rng = np.random.default_rng(5)
    differ = False
    for _ in range(5):
        d = rng.normal(size=landscape.size)
        ahead, behind = (
            landscape.evaluate(point, side[None]).hessian[0] @ side for side in (d, -d)
        )
        assert landscape.evaluate(point, d[None]).one_sided[0]
        assert np.allclose(ahead, product(landscape, point[0], d), rtol=0, atol=1e-12)
        assert np.allclose(behind, product(landscape, point[0], -d), rtol=0, atol=1e-12)
        differ |= not np.allclose(ahead, -behind)
    assert differ


def test_without_a_direction_what_vanishes_counts_as_negative() -> None:
    """A dropped feature without bias: silent; along +b it wakes, along -b it does not."""
    W, b = np.array([[[1.0, 0.0]]]), np.array([[0.1, 0.0]])
    features = Features(np.full((1, 2), 0.3), Values.UNIT)
    importance = np.ones((1, 2))
    silent = loss_hessian(W, b, importance, features)
    up, down = (np.array([[0.0, 0, 0, side]]) for side in (1, -1))
    none = np.zeros_like(W)
    awake = loss_hessian(W, b, importance, features, (none, up[:, 2:]))
    asleep = loss_hessian(W, b, importance, features, (none, down[:, 2:]))
    assert silent.hessian[0, 3, 3] == asleep.hessian[0, 3, 3] == 0
    assert awake.hessian[0, 3, 3] == pytest.approx(2.0)


@settings(max_examples=20)
@given(seeds)
def test_rows_do_not_know_of_each_other(seed: int) -> None:
    landscape, points = drawn(seed, count=6)
    whole = landscape.evaluate(points)
    for k in range(6):
        alone = landscape.rows(slice(k, k + 1)).evaluate(points[k : k + 1])
        for name in ("loss", "gradient", "hessian", "one_sided"):
            assert np.allclose(
                getattr(whole, name)[k], getattr(alone, name)[0], rtol=1e-13, atol=1e-14
            )


@given(seeds)
def test_turning_and_exchanging_move_the_hessian_along(seed: int) -> None:
    """L(θ) = L(Tθ) for a turn, an exchange of features: ∇L(Tθ) = T ∇L, H(Tθ) = T H Tᵀ."""
    landscape, points = drawn(seed)
    rng = np.random.default_rng(seed)
    n, m = landscape.features, landscape.hidden
    turn, _ = np.linalg.qr(rng.normal(size=(m, m)))
    order = rng.permutation(n)

    def moved(theta: Any) -> Any:
        W, b = landscape.split(theta)
        return landscape.joined((turn @ W)[:, :, order], b[:, order])

    T = moved(np.eye(landscape.size)).T
    there = Landscape(
        m, landscape.importance[:, order], landscape.density[:, order], values=landscape.values
    )
    found, other = landscape.evaluate(points), there.evaluate(moved(points))
    size = 1 + float(np.abs(found.hessian).max())
    assert other.loss[0] == pytest.approx(found.loss[0], rel=1e-12)
    assert np.allclose(other.gradient[0], T @ found.gradient[0], rtol=0, atol=1e-12 * size)
    assert np.allclose(other.hessian[0], T @ found.hessian[0] @ T.T, rtol=0, atol=1e-11 * size)


@given(seeds)
def test_rotations_are_zero_modes(seed: int) -> None:
    """Along them the gradient vanishes; the modes are orthonormal (or zero, where rank lacks)."""
    landscape, points = drawn(seed)
    (modes,) = landscape.zero_modes(points)
    slope = modes @ landscape.evaluate(points).gradient[0]
    assert np.allclose(slope, 0, atol=1e-12)
    overlap = modes @ modes.T
    kept = np.diag(overlap) > 0.5
    assert np.allclose(overlap, np.diag(kept.astype(float)), atol=1e-12)
    # W of rank k in m dimensions: the turns of what it does not reach are none.
    m = landscape.hidden
    k = np.linalg.matrix_rank(landscape.split(points)[0][0])
    assert kept.sum() == m * (m - 1) // 2 - (m - k) * (m - k - 1) // 2


def test_without_biases_theta_ends_after_the_columns() -> None:
    rng = np.random.default_rng(0)
    free, fixed = (
        Landscape(2, np.ones((1, 3)), np.full((1, 3), 0.3), biases=biases)
        for biases in (True, False)
    )
    W = rng.normal(size=(1, 2, 3))
    theta = free.joined(W, np.zeros((1, 3)))
    assert fixed.size == 6
    assert np.array_equal(fixed.joined(W, np.zeros((1, 3))), theta[:, :6])
    whole, part = free.evaluate(theta), fixed.evaluate(theta[:, :6])
    assert np.array_equal(whole.hessian[:, :6, :6], part.hessian)
    assert np.array_equal(whole.gradient[:, :6], part.gradient)
    assert part.loss == whole.loss
    assert len(fixed.evaluate(np.zeros((0, 6))).loss) == 0


def test_scale_is_what_storing_nothing_costs() -> None:
    """W = 0 with the best bias, the mean."""
    for values in (Values.UNIT, Values.SIGNED, Values.BINARY):
        landscape = Landscape(1, np.array([[1.0, 0.3]]), np.array([[0.2, 0.7]]), values=values)
        mean = landscape.density * Features(landscape.density, values).moment(1)
        point = landscape.joined(np.zeros((1, 1, 2)), mean)
        assert landscape.evaluate(point).loss[0] == pytest.approx(float(landscape.scale[0]))
