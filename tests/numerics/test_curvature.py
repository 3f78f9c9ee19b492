"""The least one-sided curvature: against eigenvalues, sampled directions and closed forms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from superposition.numerics import second_order_product
from superposition.numerics.optimum.curvature import curvature_bound, least_curvature
from superposition.numerics.optimum.landscape import Landscape
from superposition.numerics.optimum.minimum import checked_landscape
from superposition.numerics.optimum.search import global_minima
from superposition.theory.stability_of_dropping import least_stable_importance

seeds = st.integers(0, 10**6)


def form(landscape: Landscape, point: Any, direction: Any) -> float:
    """κ(d) of one setting by ``second_order_product``, a unit direction."""
    (W,), (b,) = landscape.split(point[None])
    (d_W,), (d_b,) = landscape.split(direction[None])
    found = second_order_product(
        W, b, d_W, d_b, importance=landscape.importance[0], density=landscape.density[0]
    )
    return float(found.curvature)


def sampled_least(landscape: Landscape, point: Any, count: int, seed: int) -> float:
    """The least κ(d) by random directions, the best of them refined by ever smaller changes."""
    rng = np.random.default_rng(seed)
    (modes,) = landscape.zero_modes(point[None])

    def unit(d: Any) -> Any:
        d = d - (d @ modes.T) @ modes
        return d / np.linalg.norm(d, axis=-1, keepdims=True)

    def values(d: Any) -> Any:
        W, b = landscape.split(np.broadcast_to(point, d.shape))
        d_W, d_b = landscape.split(d)
        found = second_order_product(
            W, b, d_W, d_b, importance=landscape.importance[0], density=landscape.density[0]
        )
        return np.asarray(found.curvature)

    tried = unit(rng.standard_normal((count, landscape.size)))
    best = tried[np.argsort(values(tried))[:5]]
    for size in np.geomspace(0.5, 1e-4, 40):
        near = best[:, None] + size * rng.standard_normal((5, 60, landscape.size)) / np.sqrt(8)
        tried = np.concatenate([best, unit(near.reshape(-1, landscape.size))])
        best = tried[np.argsort(values(tried))[:5]]
    return float(values(best).min())


STATIONARY = {
    "dropped, stable": (2, 1, [1, 0.4], 0.5),
    "dropped, half-saddle": (2, 1, [1, 0.9], 0.6),
    "dedicated": (2, 2, [1, 0.7], 0.4),
}


def stationary(name: str) -> tuple[Landscape, Any]:
    """A stationary point on a kink: features dropped at the bias p/2, or dedicated."""
    n, m, importance, density = STATIONARY[name]
    landscape = checked_landscape(n, m, importance, density)
    W, b = np.eye(m, n), np.where(np.arange(n) < m, 0.0, density / 2)
    point = landscape.joined(W[None], b[None])
    assert np.linalg.norm(landscape.evaluate(point).gradient) < 1e-15
    return landscape, point


@pytest.mark.parametrize("name", STATIONARY)
def test_the_least_form_against_sampled_directions(name: str) -> None:
    landscape, point = stationary(name)
    found = least_curvature(landscape, point)
    assert found.one_sided[0]
    sampled = sampled_least(landscape, point[0], 4000, 0)
    assert found.value[0] <= sampled + 1e-10
    assert found.value[0] == pytest.approx(sampled, abs=2e-5)
    # The direction attains it, has unit length and does not rotate W.
    (direction,) = found.direction
    assert form(landscape, point[0], direction) == pytest.approx(found.value[0], abs=1e-12)
    assert np.linalg.norm(direction) == pytest.approx(1)
    assert np.allclose(landscape.zero_modes(point)[0] @ direction, 0, atol=1e-9)
    assert found.bound[0] <= found.value[0] + 1e-13


@settings(max_examples=8)
@given(seeds)
def test_minima_against_sampled_directions(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 4))
    m = int(rng.integers(1, n))
    importance, density = rng.uniform(0.3, 1, n), float(rng.uniform(0.05, 0.9))
    landscape = checked_landscape(n, m, importance, density)
    points = global_minima(landscape, starts=8).points
    found = least_curvature(landscape, points)
    assert found.value[0] >= -1e-9
    assert found.bound[0] <= found.value[0] + 1e-13
    # The form cannot be less anywhere than what was found.
    sampled = sampled_least(landscape, points[0], 300, seed)
    assert found.value[0] <= sampled + 1e-9
    quick = least_curvature(landscape, points, exact=False)
    assert quick.bound[0] == found.bound[0]
    assert quick.value[0] in (found.value[0], found.bound[0])


@settings(max_examples=20)
@given(seeds)
def test_smooth_points_have_an_eigenvalue(seed: int) -> None:
    """Where the loss is C², as with triangles: the least eigenvalue across the rotations."""
    rng = np.random.default_rng(seed)
    landscape = Landscape(2, rng.uniform(0.9, 1, (1, 3)), rng.uniform(0.6, 0.9, (1, 3)))
    point = global_minima(landscape, starts=8).points
    found = least_curvature(landscape, point)
    assume(not found.one_sided[0])
    (modes,) = landscape.zero_modes(point)
    _, _, basis = np.linalg.svd(modes, full_matrices=True)
    across = basis[len(modes) :]
    exact = np.linalg.eigvalsh(across @ landscape.evaluate(point).hessian[0] @ across.T)[0]
    assert found.value[0] == pytest.approx(exact, abs=1e-12)
    bound, direction = curvature_bound(landscape, point)
    assert bound[0] == found.value[0]
    assert form(landscape, point[0], direction[0]) == pytest.approx(exact, abs=1e-11)


@pytest.mark.parametrize("density", [0.05, 0.3, 0.5202, 0.65, 0.83, 0.99])
def test_dropping_is_stable_exactly_up_to_the_closed_form(density: float) -> None:
    limit = float(least_stable_importance(density))
    shares = np.array([1 - 1e-6, 1, 1 + 1e-6, 0.9, 1.02])
    landscape = Landscape(
        1, np.stack([np.ones(5), limit * shares], axis=1), np.full((5, 2), density)
    )
    points = np.tile([1, 0, 0, density / 2], (5, 1))
    value = least_curvature(landscape, points).value / landscape.scale
    assert value[0] > 0 > value[2]
    assert abs(value[1]) <= 1e-12
    assert value[3] > 1e-3
    assert value[4] < -1e-4
    # It falls with one slope through zero.
    assert value[0] == pytest.approx(-value[2], rel=1e-4)


def test_rotations_are_no_direction_of_fall() -> None:
    """Half a rotation mixed in would give κ = 0 at every minimum with m > 1."""
    landscape = checked_landscape(3, 2, 1.0, 0.3)
    points = global_minima(landscape, starts=12).points
    assert least_curvature(landscape, points).value[0] > 1e-4 * landscape.scale[0]
    turned = landscape.zero_modes(points)[0, 0]
    assert form(landscape, points[0], turned) == pytest.approx(0, abs=1e-7)


def test_rows_do_not_know_of_each_other() -> None:
    parts = [stationary(name) for name in ("dropped, stable", "dropped, half-saddle")]
    both = Landscape(
        1,
        np.concatenate([landscape.importance for landscape, _ in parts]),
        np.concatenate([landscape.density for landscape, _ in parts]),
    )
    together = least_curvature(both, np.concatenate([point for _, point in parts])).value
    alone = [least_curvature(landscape, point).value[0] for landscape, point in parts]
    assert np.allclose(together, alone, atol=1e-10)
    assert alone[0] > 0 > alone[1]
    nothing = least_curvature(both.rows(slice(0)), np.zeros((0, 4)))
    assert nothing.value.shape == (0,)
