"""Polytopes and feature dimensionality."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from superposition.theory.feature_dimensionality import dimensionality, interference
from superposition.theory.polytopes import (
    Polytope,
    cross_polytope,
    digon,
    polygon,
    simplex,
    square_antiprism,
)

TIGHT = [
    digon(),
    polygon(3),
    polygon(5),
    simplex(3),
    simplex(4),
    cross_polytope(3),
    square_antiprism(),
]
seeds = st.integers(0, 10**6)


@pytest.mark.parametrize("polytope", TIGHT, ids=lambda polytope: polytope.name)
def test_tight_frames_have_dimensionality_d_over_n(polytope: Polytope) -> None:
    d, N = polytope.vertices.shape
    frame = polytope.vertices * polytope.vertices.T - sympy.Rational(N, d) * sympy.eye(d)
    assert frame.applyfunc(sympy.simplify) == sympy.zeros(d)
    assert polytope.dimensionality() == sympy.Rational(d, N)
    assert polytope.gram().rank() == d
    assert all(entry == 1 for entry in polytope.gram().diagonal())


def test_another_height_is_no_tight_frame() -> None:
    assert square_antiprism(sympy.Rational(1, 4)).dimensionality() < sympy.Rational(3, 8)


@given(seeds)
def test_dimensionality_is_at_most_the_leverage(seed: int) -> None:
    rng = np.random.default_rng(seed)
    W = rng.normal(size=(3, 6))
    leverage = np.einsum("ij,jk,ki->i", W.T, np.linalg.inv(W @ W.T), W)
    D = dimensionality(W)
    assert np.all((D >= 0) & (leverage + 1e-12 >= D))
    assert D.sum() <= 3 + 1e-12


@given(seeds)
def test_scaling_and_rotation(seed: int) -> None:
    rng = np.random.default_rng(seed)
    W = rng.normal(size=(2, 5))
    turn = np.linalg.qr(rng.normal(size=(2, 2)))[0]
    np.testing.assert_allclose(dimensionality(3 * turn @ W), dimensionality(W), rtol=1e-12)
    np.testing.assert_allclose(interference(2 * turn @ W), 4 * interference(W), rtol=1e-12)


def test_extreme_weights_stay_numbers() -> None:
    for size in (1e-200, 1e-90, 1e100, 1e150):
        np.testing.assert_allclose(dimensionality([[size, -size]]), [0.5, 0.5])
    np.testing.assert_allclose(interference([[1, 1e-8]]), [1e-16, 1], rtol=1e-12)
    np.testing.assert_array_equal(dimensionality(np.zeros((2, 3))), np.zeros(3))


def test_silent_features_and_batches() -> None:
    W = np.array([[1.0, 0.0, -1.0]])
    np.testing.assert_array_equal(dimensionality(W), [0.5, 0, 0.5])
    np.testing.assert_array_equal(interference(W), [1, 0, 1])
    batch = np.stack([W, 2 * W])
    np.testing.assert_array_equal(dimensionality(batch), np.stack([dimensionality(W)] * 2))
    with pytest.raises(ValueError, match=r"W has shape \(3,\); it must be \(…, m, n\)."):
        dimensionality([1.0, 2.0, 3.0])
