"""The compiled interior points do what numpy's do, in a step and in the end."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from superposition.numerics.packing.interior_point import MOST_STEPS, minimise_largest
from superposition.numerics.packing.largest_method import LargestMethod
from superposition.numerics.packing.pairs import Pairs, real_coordinates
from superposition.numerics.packing.start import Space, drawn_starts
from tests.numerics.packing.arrangements import KINDS, Array, Points, drawn, typed
from tests.numerics.packing.test_interior_point import PROVEN

kernel = pytest.importorskip("superposition.numerics.packing.compiled_interior_point")
cholesky = pytest.importorskip("superposition.numerics.packing.compiled_cholesky")
seeds, kinds = st.integers(0, 2**32 - 1), st.sampled_from(KINDS)


def descended(
    points: Points, kind: str, width: float, most_steps: int = MOST_STEPS
) -> tuple[Pairs, float, Array, float, int]:
    """The arrangement, c_max, λ, the residual and the steps, by the kernel."""
    columns = np.ascontiguousarray(real_coordinates(points).T)
    *found, _ = kernel.descend_to_packing(columns, KINDS.index(kind), width, most_steps, np.inf)
    return Pairs(columns.T, typed(points, kind).forms), *found


@given(seeds, kinds, st.integers(2, 6), st.integers(2, 4))
def test_the_weights_of_a_step_are_numpys(seed: int, kind: str, more: int, dim: int) -> None:
    """They do not see the motions that change no cosine, along which rounding alone decides."""
    points = drawn(seed, dim + more, dim, kind)
    by_numpy = minimise_largest(typed(points, kind), 0.3, 1)
    _, _, weights, _, taken = descended(points, kind, 0.3, 1)
    assert taken == by_numpy.steps == 1
    np.testing.assert_allclose(weights, by_numpy.weights, rtol=1e-6, atol=1e-8)


@given(seeds, kinds, st.integers(2, 8), st.integers(2, 4))
def test_the_hessian_is_numpys(seed: int, kind: str, count: int, dim: int) -> None:
    """In another order, and only its lower triangle."""
    points = drawn(seed, count, dim, kind)
    pairs, forms = typed(points, kind), KINDS.index(kind)
    columns = np.ascontiguousarray(pairs.points.T)
    k, kinds = len(columns) - 1, max(forms, 1)
    square = (count, count)
    seen = (np.empty_like(columns), np.empty((kinds, *square)), np.empty((kinds, k, *square)),
            np.empty((kinds, k, *square)), np.empty((k, *square)), np.empty((k, *square)),
            np.empty(square))  # fmt: skip
    kernel._see(columns, forms, seen)
    rng = np.random.default_rng(seed)
    slopes, curvatures = (np.tril(rng.random(square), -1) for _ in range(2))
    slopes, curvatures = slopes + slopes.T, curvatures + curvatures.T
    matrix = np.zeros((k * count, k * count))
    kernel._hessian(forms, seen, slopes, curvatures, matrix)
    blocks = pairs.hessian(slopes, curvatures).reshape(count, k, count, k)
    expected = blocks.transpose(1, 0, 3, 2).reshape(matrix.shape)
    np.testing.assert_allclose(np.tril(matrix), np.tril(expected), atol=1e-12)


@given(seeds, st.integers(1, 130))
def test_the_factor_is_choleskys(seed: int, size: int) -> None:
    """Over several blocks; what is not positive definite has none."""
    drawn_matrix = np.random.default_rng(seed).normal(size=(size, size))
    matrix = drawn_matrix @ drawn_matrix.T + np.eye(size)
    factor = matrix.copy()
    assert cholesky.factored(factor)
    np.testing.assert_allclose(np.tril(factor), np.linalg.cholesky(matrix), atol=1e-8)
    assert not cholesky.factored(matrix - 2 * np.linalg.eigvalsh(matrix)[-1] * np.eye(size))


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_what_ends_below_is_hardly_ever_given_up(kind: str, compiled: bool) -> None:
    """And what ends well above nearly always is. A start that explored badly may fool it."""
    forms, kept, left, starts = KINDS.index(kind), 0, 0, 40
    for seed in range(starts):
        dim = 2 + seed % 3
        space = Space(dim + 2 + seed % 7, dim * max(forms, 1), forms)
        method = LargestMethod(space, compiled)
        explored = method.explore(drawn_starts(space, seed, range(1), None)[0])
        end = method.finish(explored)
        assert not end.given_up
        found = method.finish(explored, end.value + 1e-10)
        kept += not found.given_up
        assert found.value >= end.value - 1e-12
        other = method.finish(explored, end.value - 1e-4)
        assert other.value >= end.value - 1e-12
        left += other.given_up
    assert kept >= 0.9 * starts
    assert left >= 0.9 * starts


@pytest.mark.parametrize(("count", "dim", "kind"), PROVEN)
def test_proven_packings_are_reached(count: int, dim: int, kind: str) -> None:
    found = []
    for seed in range(40):
        pairs, largest, weights, residual, _ = descended(drawn(seed, count, dim, kind), kind, 0.3)
        found.append(largest)
        if largest < PROVEN[count, dim, kind] + 1e-9:
            break
    near = 1e-12 if (count, dim, kind) != (9, 3, "complex lines") else 1e-8
    assert min(found) == pytest.approx(PROVEN[count, dim, kind], abs=near)
    np.testing.assert_allclose(np.linalg.norm(pairs.points, axis=1), 1, atol=1e-14)
    assert weights.min() >= 0
    if kind != "complex lines":  # whose phases are free, so that the weights stay rough
        assert residual < 1e-8
        assert weights.sum() / 2 == pytest.approx(1, abs=1e-12)
