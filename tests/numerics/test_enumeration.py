"""Enumeration: the expected loss by its definition, against samples and its symmetries."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from superposition.numerics.enumeration import active_set_losses, linear_loss, relu_output_loss

seeds = st.integers(0, 10**6)


def drawn(seed: int, n: int = 3) -> tuple[Any, ...]:
    rng = np.random.default_rng(seed)
    W = rng.normal(size=(2, n))
    return W.T @ W, rng.normal(size=n) * 0.3, rng.uniform(0, 2, n), rng.uniform(0.05, 1, n)


def samples(density: Any, count: int, seed: int) -> Any:
    rng = np.random.default_rng(seed)
    shape = (count, len(density))
    return np.where(rng.random(shape) < density, rng.random(shape), 0)


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("relu", [True, False])
def test_agrees_with_samples(seed: int, relu: bool) -> None:
    gram, b, importance, density = drawn(seed)
    x = samples(density, 300_000, seed)
    z = x @ gram + b
    errors = (x - (np.maximum(z, 0) if relu else z)) ** 2 @ importance
    exact = (relu_output_loss if relu else linear_loss)(gram, b, importance, density)
    assert float(exact) == pytest.approx(errors.mean(), abs=5 * errors.std() / np.sqrt(len(x)))


@given(seeds)
def test_permuting_features_changes_nothing(seed: int) -> None:
    gram, b, importance, density = drawn(seed)
    order = np.random.default_rng(seed).permutation(3)
    permuted = relu_output_loss(
        gram[np.ix_(order, order)], b[order], importance[order], density[order]
    )
    original = relu_output_loss(gram, b, importance, density)
    assert float(permuted) == pytest.approx(float(original), rel=1e-12)


@given(seeds)
def test_a_large_bias_makes_the_model_linear_around_it(seed: int) -> None:
    gram, _, importance, density = drawn(seed)
    b = np.abs(gram).sum(axis=1)
    assert float(relu_output_loss(gram, b, importance, density)) == pytest.approx(
        float(linear_loss(gram, b, importance, density)), rel=1e-12
    )


def test_active_set_losses_sum_to_the_loss() -> None:
    gram, b, importance, _ = drawn(5)
    p = 0.3
    total = sum(
        p**k * (1 - p) ** (3 - k) * active_set_losses(gram, b, importance, k) for k in range(4)
    )
    assert float(total) == pytest.approx(
        float(relu_output_loss(gram, b, importance, np.full(3, p))), rel=1e-13
    )


def test_models_stand_on_leading_axes() -> None:
    models = [drawn(seed) for seed in range(4)]
    gram, b, importance, density = (np.stack(parts) for parts in zip(*models, strict=True))
    together = relu_output_loss(gram, b, importance, density)
    np.testing.assert_allclose(together, [float(relu_output_loss(*model)) for model in models])
