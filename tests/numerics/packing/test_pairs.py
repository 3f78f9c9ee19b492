"""All pairs to second order: plain loops, and differences along geodesics."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from superposition.numerics.packing.pairs import (
    Pairs,
    complex_coordinates,
    real_coordinates,
)
from tests.numerics.packing.arrangements import KINDS, Array, drawn, every_pair, typed

seeds = st.integers(0, 2**32 - 1)
counts, dims, kinds = st.integers(2, 6), st.integers(2, 4), st.sampled_from(KINDS)


def symmetric(rng: np.random.Generator, n: int) -> Array:
    """Random weights of pairs, with a zero diagonal."""
    upper = np.triu(rng.normal(size=(n, n)), 1)
    return np.asarray(upper + upper.T)


def geodesic(pairs: Pairs, tangent: Array) -> Callable[[float], Pairs]:
    """The great circles through the points, along ``tangent``, as a function of the arc."""
    motion = np.einsum("iab,ib->ia", pairs.basis, tangent)
    speed = np.linalg.norm(motion, axis=1, keepdims=True)

    def at(arc: float) -> Pairs:
        turned = np.cos(arc * speed) * pairs.points + np.sin(arc * speed) * motion / speed
        return Pairs(turned, pairs.forms)

    return at


@given(kinds, seeds, counts, dims)
def test_cosines_are_those_of_every_pair(kind: str, seed: int, n: int, d: int) -> None:
    points = drawn(seed, n, d, kind)
    pairs = typed(points, kind)
    for i, j, c in every_pair(points, kind):
        assert pairs.cosines[i, j] == pytest.approx(c, abs=1e-14)
        assert pairs.cosines[j, i] == pytest.approx(c, abs=1e-14)


@given(kinds, seeds, counts, dims)
def test_bases_are_orthonormal_and_tangent(kind: str, seed: int, n: int, d: int) -> None:
    pairs = typed(drawn(seed, n, d, kind), kind)
    for point, basis in zip(pairs.points, pairs.basis, strict=True):
        frame = np.column_stack([point, basis])
        np.testing.assert_allclose(frame.T @ frame, np.eye(len(point)), atol=1e-14)


def test_bases_at_the_ends_of_the_first_axis() -> None:
    for sign in (1.0, -1.0):
        basis = Pairs(np.array([[sign, 0.0, 0.0]])).basis[0]
        np.testing.assert_allclose(basis.T @ basis, np.eye(2), atol=1e-15)
        np.testing.assert_allclose(basis[0], 0, atol=1e-15)


@given(kinds, seeds, counts, dims)
def test_change_is_the_derivative_of_the_cosines(kind: str, seed: int, n: int, d: int) -> None:
    pairs, e = typed(drawn(seed, n, d, kind), kind), 1e-5
    tangent = np.random.default_rng(seed).normal(size=pairs.basis.shape[::2])
    at = geodesic(pairs, tangent)
    off = ~np.eye(n, dtype=bool)
    expected = (at(e).cosines - at(-e).cosines) / (2 * e)
    np.testing.assert_allclose(pairs.change(tangent)[off], expected[off], atol=1e-7)
    steps = (pairs.moved(e * tangent).cosines - pairs.moved(-e * tangent).cosines) / (2 * e)
    np.testing.assert_allclose(steps[off], expected[off], atol=1e-7)


@given(kinds, seeds, counts, dims)
def test_gradient_and_hessian_by_differences(kind: str, seed: int, n: int, d: int) -> None:
    """Of Σ w c + v/2 (c - c(0))², whose slopes are w and whose curvatures are v."""
    pairs, rng, e = typed(drawn(seed, n, d, kind), kind), np.random.default_rng(seed), 1e-4
    slopes, curvatures = symmetric(rng, n), symmetric(rng, n)
    tangent = rng.normal(size=pairs.basis.shape[::2])
    at = geodesic(pairs, tangent)

    def energy(arc: float) -> float:
        moved = at(arc).cosines
        excess = moved - pairs.cosines
        return float((slopes * moved + 0.5 * curvatures * excess**2).sum() / 2)

    first = (energy(e) - energy(-e)) / (2 * e)
    assert (pairs.gradient(slopes) * tangent).sum() == pytest.approx(first, abs=1e-5)
    hessian = pairs.hessian(slopes, curvatures)
    np.testing.assert_allclose(hessian, hessian.T, atol=1e-12)
    second = (energy(e) - 2 * energy(0) + energy(-e)) / e**2
    size = float((tangent**2).sum())
    assert tangent.ravel() @ hessian @ tangent.ravel() == pytest.approx(second, abs=1e-5 * size)


@given(seeds, counts, dims)
def test_phases_of_complex_lines_are_free(seed: int, n: int, d: int) -> None:
    """Turning every line by a phase changes no cosine, to any order."""
    pairs = typed(drawn(seed, n, d, "complex lines"), "complex lines")
    turn = (pairs.points @ pairs.forms[1].T)[:, :, None]
    tangent = (pairs.basis * turn).sum(1) * np.arange(1, n + 1)[:, None]
    off = ~np.eye(n, dtype=bool)
    np.testing.assert_allclose(pairs.change(tangent)[off], 0, atol=1e-13)
    slopes = symmetric(np.random.default_rng(seed), n)
    balanced = pairs.hessian(slopes, np.zeros_like(slopes)) @ tangent.ravel()
    e = 1e-6
    motion = np.einsum("iab,ib->ia", pairs.basis, tangent)
    ahead, behind = (Pairs(pairs.points + sign * e * motion, pairs.forms) for sign in (1, -1))
    forces = [_force(moved, slopes) for moved in (ahead, behind)]
    rate = (forces[0] - forces[1]) / (2 * e)
    radial = 2 * (slopes * pairs.cosines).sum(1)[:, None] * motion
    expected = np.einsum("iab,ia->ib", pairs.basis, rate - radial)
    np.testing.assert_allclose(balanced, expected.ravel(), atol=1e-6)


def _force(pairs: Pairs, slopes: Array) -> Array:
    """Σ_j w_ij ∂|⟨x_i, x_j⟩|²/∂x_i by complex numbers."""
    rows = complex_coordinates(pairs.points)
    gram = rows @ rows.conj().T
    return real_coordinates(2 * (slopes * gram) @ rows)


@given(seeds, counts, dims)
def test_real_coordinates_and_back(seed: int, n: int, d: int) -> None:
    points = drawn(seed, n, d, "complex lines")
    np.testing.assert_array_equal(complex_coordinates(real_coordinates(points)), points)
    np.testing.assert_array_equal(real_coordinates(points.real), points.real)
