"""Noisy weights get the name of what they are near, and no other."""

from __future__ import annotations

import re
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from superposition.numerics import geometry_of
from superposition.numerics.geometry.gram_automorphisms import automorphisms
from superposition.validate.analysis import (
    dimensions_per_feature,
    geometry_of_trained,
    snapped_weights,
    tegum_factors_of_trained,
)
from superposition.validate.analysis.snapping import _averaged

seeds = st.integers(0, 10**6)


def plane(*degrees: float) -> Any:
    return np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))])


def polygon(sides: int) -> Any:
    return plane(*(360 * k / sides for k in range(sides)))


def beside(*parts: Any) -> Any:
    rows, columns = (sum(part.shape[axis] for part in parts) for axis in (0, 1))
    whole, i, j = np.zeros((rows, columns)), 0, 0
    for part in parts:
        whole[i : i + part.shape[0], j : j + part.shape[1]] = part
        i, j = i + part.shape[0], j + part.shape[1]
    return whole


ONE, PAIR = np.array([[1.0]]), np.array([[1.0, -1.0]])
TETRAHEDRON = np.array([[1, 1, -1, -1], [1, -1, 1, -1], [1, -1, -1, 1]]) / np.sqrt(3)
ANTIPRISM = np.concatenate(
    [plane(*range(0, 360, 90), *range(45, 405, 90)), 2**-0.5 * np.repeat([[1, -1]], 4, axis=1)]
) / np.sqrt(1.5)
NAMES = {
    "digon": PAIR,
    "2 dedicated": np.eye(2),
    "2 digon": beside(PAIR, PAIR),
    "triangle": polygon(3),
    "pentagon": 1.1 * polygon(5),
    "tetrahedron": TETRAHEDRON,
    "square antiprism": ANTIPRISM,
    "digon + triangle": beside(polygon(3), PAIR),
    "digon + pentagon": beside(polygon(5), PAIR),
    "digon + dedicated + dropped": beside(PAIR, ONE, 0 * ONE),
    "isosceles triangle": plane(0, 100, 260),
    "scalene triangle": plane(0, 100, 220),
    "triangle of shared rays (2, 2, 2)": np.concatenate([polygon(3)] * 2, axis=1),
}


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=8)
@given(seed=seeds)
def test_noise_does_not_change_a_name(name: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    W = NAMES[name]
    higher = W.shape[0] + int(rng.integers(0, 2))
    turn = np.linalg.qr(rng.normal(size=(higher, higher)))[0][:, : W.shape[0]]
    order = rng.permutation(W.shape[1])
    noisy = (turn @ W)[:, order] + 0.006 * rng.normal(size=(higher, W.shape[1]))
    assert geometry_of_trained(noisy).name == name
    snapped, _ = snapped_weights(noisy)
    assert np.abs(snapped.T @ snapped - noisy.T @ noisy).max() < 0.1
    assert np.abs(snapped - noisy).max() < 0.1  # in the pose it had


def test_without_snapping_the_names_are_lost() -> None:
    """What the thresholds of exact minima make of a trained pentagon."""
    noisy = polygon(5) + 0.01 * np.random.default_rng(0).normal(size=(2, 5))
    assert geometry_of(noisy).name == "irregular pentagon"
    assert geometry_of_trained(noisy, tolerance=0.001).name == "irregular pentagon"
    assert geometry_of_trained(noisy).name == "pentagon"


def test_what_is_near_no_symmetry_keeps_its_shape() -> None:
    W = np.random.default_rng(3).normal(size=(3, 7))
    snapped, _ = snapped_weights(W)
    np.testing.assert_allclose(snapped, W, atol=1e-12)


@given(seeds)
def test_kinds_and_biases_are_not_exchanged(seed: int) -> None:
    """Means are taken over features of one kind with one bias only."""
    rng = np.random.default_rng(seed)
    W = PAIR * [1.0, 1.02] + 0.001 * rng.normal(size=(1, 2))
    b = np.array([-0.10, -0.12])
    _, same = snapped_weights(W, b)
    np.testing.assert_allclose(same, -0.11)
    snapped, apart = snapped_weights(W, b, ["a", "b"])
    np.testing.assert_array_equal(apart, b)
    np.testing.assert_allclose(snapped, W, atol=1e-12)
    np.testing.assert_array_equal(snapped_weights(W, [-0.5, 0.5])[1], [-0.5, 0.5])


@given(seeds)
def test_the_mean_over_a_group_against_all_its_elements(seed: int) -> None:
    rng = np.random.default_rng(seed)
    exact = polygon(4) if seed % 2 else plane(0, 100, 260, 180)
    group = automorphisms(exact.T @ exact, 1e-6)
    assert group is not None
    gram = exact.T @ exact + 0.01 * rng.normal(size=(4, 4))
    gram = gram + gram.T
    fixed = exact.T @ exact
    elements = [
        np.array(order)
        for order in permutations(range(4))
        if np.allclose(fixed[np.ix_(order, order)], fixed)
    ]
    assert len(elements) == group.order
    mean = np.mean([gram[np.ix_(order, order)] for order in elements], axis=0)
    np.testing.assert_allclose(_averaged(gram, group.generators), mean, atol=1e-12)


def test_factors_know_their_features() -> None:
    noisy = beside(PAIR, polygon(3))[:, [2, 0, 3, 1, 4]]
    noisy = noisy + 0.005 * np.random.default_rng(1).normal(size=noisy.shape)
    found = tegum_factors_of_trained(noisy)
    assert [(factor.name, factor.features, factor.dimension) for factor in found] == [
        ("triangle", (0, 2, 4), 2),
        ("digon", (1, 3), 1),
    ]


@given(seeds)
def test_dimensions_per_feature_of_a_batch(seed: int) -> None:
    rng = np.random.default_rng(seed)
    W = rng.normal(size=(2, 3, 4, 7))
    found = dimensions_per_feature(W)
    assert found.shape == (2, 3)
    for index in np.ndindex(2, 3):
        np.testing.assert_allclose(found[index], 4 / np.trace(W[index].T @ W[index]))
        turn = np.linalg.qr(rng.normal(size=(4, 4)))[0]
        np.testing.assert_allclose(dimensions_per_feature(turn @ W[index]), found[index])
    assert dimensions_per_feature(np.zeros((2, 3))) == np.inf


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"W": [1.0]}, "W has shape (1,)"),
        ({"W": [[1.0]], "b": [0.0, 1.0]}, "b has shape (2,)"),
        ({"W": [[1.0]], "tolerance": 0.0}, "tolerance is 0.0; it must lie between 0 and 1."),
        ({"W": [[1.0]], "kinds": []}, "kinds has 0 labels"),
    ],
)
def test_bad_input_is_refused(arguments: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        geometry_of_trained(**arguments)
