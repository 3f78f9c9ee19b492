"""Neurons and the asymmetric motif: invariant, and the same as by looking at every one."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from superposition.validate.analysis import (
    asymmetric_motifs,
    canonical_rescaling,
    features_served,
    monosemanticity,
    neuron_order,
)

seeds = st.integers(0, 10**6)


def shown(W: Any, W_out: Any, b: Any, x: Any) -> Any:
    """The absolute value model, written once more."""
    return np.maximum(W_out @ np.maximum(W @ x, 0) + b, 0)


def drawn(rng: np.random.Generator) -> tuple[Any, Any, Any]:
    """A model whose weights are small whole numbers and halves: motifs are common."""
    m, n = int(rng.integers(1, 6)), int(rng.integers(1, 5))
    W = rng.choice([-2, -1, -0.5, 0, 0, 0.5, 1, 2], (m, n))
    W_out = rng.choice([-5, -2, -1, 0, 0.5, 1, 2, 4], (n, m))
    return W, W_out, rng.choice([0.0, -0.1], n)


@given(seeds)
def test_rescaling_a_neuron_changes_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    W, W_out, b = drawn(rng)
    scale = 2.0 ** rng.integers(-3, 4, len(W))
    moved, moved_out = W * scale[:, None], W_out / scale
    x = rng.uniform(-1, 1, W.shape[1])
    np.testing.assert_allclose(shown(moved, moved_out, b, x), shown(W, W_out, b, x), atol=1e-12)
    np.testing.assert_allclose(monosemanticity(moved), monosemanticity(W))
    np.testing.assert_array_equal(features_served(moved), features_served(W))
    np.testing.assert_array_equal(neuron_order(moved), neuron_order(W))
    assert asymmetric_motifs(moved, moved_out, b) == asymmetric_motifs(W, W_out, b)
    one, other = canonical_rescaling(moved, moved_out), canonical_rescaling(W, W_out)
    used = np.abs(W).max(axis=1) > 0
    for found, expected in zip(one, other, strict=True):
        part = (used, slice(None)) if found.shape == W.shape else (slice(None), used)
        np.testing.assert_allclose(found[part], expected[part])
    assert np.all(np.abs(one[0]).max(axis=1)[used] == 1)
    np.testing.assert_allclose(shown(*one, b, x), shown(W, W_out, b, x), atol=1e-12)


def test_monosemantic_is_one_feature_only() -> None:
    W = [[0.0, -3.0, 0.0], [1.0, 1.0, 2.0], [0.0, 0.0, 0.0]]
    np.testing.assert_array_equal(monosemanticity(W), [1.0, 0.5, 0.0])
    np.testing.assert_array_equal(features_served(W), [1, 3, 0])
    np.testing.assert_array_equal(features_served(W, 0.6), [1, 1, 0])
    np.testing.assert_array_equal(monosemanticity(np.array([W, W]))[1], [1.0, 0.5, 0.0])


def test_neurons_are_sorted_by_the_importance_of_their_largest_feature() -> None:
    W = np.array([[0, 0, 0], [0, 0, 1], [0.5, 1, 0], [0, -1, 0], [2, 1, 1]], dtype=float)
    assert neuron_order(W, [1.0, 0.5, 0.7]).tolist() == [4, 1, 3, 2, 0]
    assert neuron_order(W).tolist() == [4, 3, 2, 1, 0]


def by_looking(W: Any, W_out: Any, signed: bool) -> set[tuple[int, int, int, int]]:
    """Every neuron alone, every pair of features and sides, forward passes only."""
    m, n = W.shape
    found = set()

    def alone(neuron: int, feature: int, side: float) -> Any:
        """What one neuron adds to every output when one feature is active."""
        x = np.zeros(n)
        x[feature] = side
        hidden = np.zeros(m)
        hidden[neuron] = max(float(W[neuron] @ x), 0.0)
        return W_out @ hidden, hidden[neuron]

    sides = (1.0, -1.0) if signed else (1.0,)
    for k in range(m):
        for A in range(n):
            for B in range(n):
                for s in sides:
                    for t in sides:
                        (of_A, driven_A), (of_B, driven_B) = alone(k, A, s), alone(k, B, t)
                        if A == B or of_A[A] < 0.25 or of_B[B] < 0.25:
                            continue
                        if driven_A < 2 * driven_B or W_out[B, k] < 2 * W_out[A, k]:
                            continue
                        for other in range(m):
                            taken = -alone(other, A, s)[0][B]
                            if other != k and taken >= 0.75 * of_A[B]:
                                found.add((k, other, A, B))
    return found


@given(seeds, st.booleans())
def test_motifs_against_looking_at_every_neuron(seed: int, signed: bool) -> None:
    W, W_out, b = drawn(np.random.default_rng(seed))
    found = asymmetric_motifs(W, W_out, b, signed=signed)
    told = [(one.neuron, one.inhibitor, one.strong, one.weak) for one in found]
    assert len(told) == len(set(told))
    assert set(told) == by_looking(W, W_out, signed)
    for one in found:
        x = np.zeros(W.shape[1])
        x[one.strong] = one.strong_side
        value = (W_out @ np.maximum(W @ x, 0) + b)[one.weak]
        np.testing.assert_allclose(one.remaining, value, atol=1e-12)


def test_the_papers_numbers() -> None:
    """W = [2, -1/2] in, [1/2, 2] out; the other sides of both have neurons of their own."""
    W = np.array([[2.0, -0.5], [-1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    W_out = np.array([[0.5, 1.0, 0.0, 0.0], [2.0, 0.0, 1.0, -4.5]])
    (found,) = asymmetric_motifs(W, W_out)
    assert (found.neuron, found.inhibitor, found.strong, found.weak) == (0, 3, 0, 1)
    assert (found.strong_side, found.weak_side) == (1, -1)
    assert (found.input_ratio, found.output_ratio) == (4.0, 4.0)
    assert (found.interference, found.inhibition, found.remaining) == (4.0, 4.5, -0.5)
    # It computes both absolute values; what is left is a quarter of B in A.
    for x, y in (((1, 0), (1, 0)), ((-1, 0), (1, 0)), ((0, 1), (0, 1)), ((0, -1), (0.25, 1))):
        np.testing.assert_allclose(shown(W, W_out, 0.0, np.array(x)), y)
    assert asymmetric_motifs(W[:3], W_out[:, :3]) == ()  # nobody inhibits


def test_a_trained_model_has_the_motif() -> None:
    """The best of twenty absolute value models (n = 3, m = 5, I = 0.8^i, p = 0.1) after 4000 steps
    of Adam, to two digits: the weak feature is stored at a ratio near the paper's 4.
    """
    W = np.array(
        [
            [-1.00, -0.14, 0.21],
            [-0.11, 1.00, -0.11],
            [-0.77, -1.00, 0.00],
            [0.78, 1.00, -0.48],
            [1.00, 0.00, -0.12],
        ]
    )
    W_out = np.array(
        [
            [1.09, 0.34, -0.03, -0.27, 1.34],
            [-1.04, 1.67, 1.16, -0.65, 0.52],
            [4.48, -3.99, -5.61, 3.87, -3.32],
        ]
    )
    (found,) = asymmetric_motifs(W, W_out, [-0.094, -0.011, 0.001])
    assert (found.neuron, found.inhibitor, found.strong, found.weak) == (0, 2, 0, 2)
    assert (found.strong_side, found.weak_side) == (-1, 1)
    assert 3.5 < found.output_ratio < found.input_ratio < 5
    assert found.remaining < 0  # negative, where the output's ReLU forgives it


NULLS: dict[str, tuple[Any, Any]] = {
    "two monosemantic neurons a feature": (
        np.concatenate([np.eye(3), -np.eye(3)]),
        np.concatenate([np.eye(3), np.eye(3)], axis=1),
    ),
    "equal weights in, equal weights out": (
        np.array([[1.0, -1.0], [-1.0, 1.0]]),
        np.ones((2, 2)),
    ),
    "equal weights with inhibition": (
        np.array([[1.0, -1.0], [1.0, 0.0]]),
        np.array([[1.0, 0.0], [1.0, -2.0]]),
    ),
    "unequal in, equal out": (
        np.array([[2.0, -0.5], [1.0, 0.0]]),
        np.array([[1.0, 0.0], [1.0, -4.0]]),
    ),
    "inhibited on the other side": (
        np.array([[2.0, -0.5], [-1.0, 0.0]]),
        np.array([[0.5, 0.0], [2.0, -5.0]]),
    ),
    "nothing": (np.zeros((2, 2)), np.zeros((2, 2))),
}


@pytest.mark.parametrize("name", NULLS)
def test_null_models_have_no_motif(name: str) -> None:
    assert asymmetric_motifs(*NULLS[name]) == ()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"W": [[1.0]], "W_out": [[1.0, 2.0]]}, "W and W_out have shapes (1, 1) and (1, 2)"),
        ({"W": [[1.0]], "W_out": [[np.inf]]}, "W_out contains inf"),
        ({"W": [[1.0]], "W_out": [[1.0]], "b": [1.0, 2.0]}, "b has shape (2,)"),
        ({"W": [[1.0]], "W_out": [[1.0]], "ratio": 1.0}, "ratio is 1.0; it must be above 1."),
    ],
)
def test_bad_input_is_refused(arguments: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        asymmetric_motifs(**arguments)
    with pytest.raises(ValueError, match="threshold is 0"):
        features_served([[1.0]], 0.0)
    with pytest.raises(ValueError, match="importance has shape"):
        neuron_order([[1.0]], [1.0, 1.0])
    with pytest.raises(ValueError, match="W_out has shape"):
        canonical_rescaling([[1.0]], [[1.0, 1.0]])
