"""The canonical pose: the same for all models that are one up to symmetry."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from superposition.numerics.geometry.gram_automorphisms import automorphisms
from superposition.validate.analysis import canonical_pose, distance_up_to_rotation, pose

seeds = st.integers(0, 10**6)


def turned(rng: np.random.Generator, m: int) -> Any:
    """A random rotation or reflection."""
    return np.linalg.qr(rng.normal(size=(m, m)))[0] * rng.choice([-1.0, 1.0], m)


def within_kinds(rng: np.random.Generator, kind: Any) -> Any:
    """A random permutation that keeps every kind in its places."""
    order = np.arange(len(kind))
    for number in np.unique(kind):
        members = np.flatnonzero(kind == number)
        order[members] = rng.permutation(members)
    return order


def polygon(sides: int, start: float = 0.3) -> Any:
    angles = start + 2 * np.pi * np.arange(sides) / sides
    return np.array([np.cos(angles), np.sin(angles)])


def simplex(dimension: int) -> Any:
    points = np.eye(dimension + 1) - 1 / (dimension + 1)
    return np.linalg.svd(points)[2][:dimension] @ points / np.linalg.norm(points[0])


def beside(*parts: Any) -> Any:
    """Matrices in dimensions of their own."""
    rows, columns = (sum(part.shape[axis] for part in parts) for axis in (0, 1))
    whole, i, j = np.zeros((rows, columns)), 0, 0
    for part in parts:
        whole[i : i + part.shape[0], j : j + part.shape[1]] = part
        i, j = i + part.shape[0], j + part.shape[1]
    return whole


PAIR = np.array([[1.0, -1.0]])
PRODUCTS = {
    "triangular bipyramid": beside(polygon(3), PAIR),
    "pentagonal bipyramid": beside(polygon(5), PAIR),
    "tetrahedron and digon": beside(simplex(3), PAIR),
    "4-simplex and digon": beside(simplex(4), PAIR),
    "two pentagons": beside(polygon(5), polygon(5)),
    "six triangles": beside(*[polygon(3)] * 6),
    "5 + 5 + 2 + 2": beside(polygon(5), polygon(5), PAIR, PAIR),
    "three triangles, four digons": beside(*[polygon(3)] * 3, *[PAIR] * 4),
    "ten digons": beside(*[PAIR] * 10),
    "a pentagon with dimensions to spare": np.concatenate([polygon(5), np.zeros((2, 5))]),
    "digons and dropped": beside(*[PAIR] * 3, np.zeros((0, 4))),
}


@given(seeds)
def test_generic_models_have_one_pose(seed: int) -> None:
    rng = np.random.default_rng(seed)
    m, n = int(rng.integers(1, 5)), int(rng.integers(1, 9))
    W = rng.normal(size=(m, n))
    importance = rng.choice([1.0, 0.5], n)
    density = rng.choice([0.1, 0.2], n)
    order = within_kinds(rng, importance + density)
    one = canonical_pose(W, importance, density)
    other = canonical_pose(turned(rng, m) @ W[:, order], importance, density)
    np.testing.assert_allclose(one.W, other.W, atol=1e-9)
    np.testing.assert_array_equal(importance[one.order], importance)
    np.testing.assert_array_equal(density[one.order], density)


@given(seeds)
def test_a_pose_is_a_turn_and_a_permutation(seed: int) -> None:
    rng = np.random.default_rng(seed)
    m, n = int(rng.integers(1, 5)), int(rng.integers(1, 9))
    W = rng.normal(size=(m, n)) * rng.choice([0.0, 1.0], (1, n))
    pose = canonical_pose(W)
    assert sorted(pose.order.tolist()) == list(range(n))
    np.testing.assert_allclose(pose.rotation.T @ pose.rotation, np.eye(m), atol=1e-12)
    np.testing.assert_allclose(pose.rotation @ W[:, pose.order], pose.W, atol=1e-11)
    gram = (W.T @ W)[np.ix_(pose.order, pose.order)]
    np.testing.assert_allclose(pose.W.T @ pose.W, gram, atol=1e-11)


@given(seeds, st.sampled_from(["3", "4", "5", "6", "8", "5+2", "4+4", "cube", "simplex", "drop"]))
def test_symmetric_models_have_one_gram_matrix(seed: int, what: str) -> None:
    """The pose is determined up to the symmetries of WᵀW, which change nothing that is seen."""
    rng = np.random.default_rng(seed)
    cube = np.array(np.meshgrid([1, -1], [1, -1], [1, -1])).reshape(3, 8) / np.sqrt(3)
    pair = np.array([[1.0, -1.0]])
    shapes: dict[str, Any] = {
        "5+2": np.block([[polygon(5), np.zeros((2, 2))], [np.zeros((1, 5)), pair]]),
        "4+4": np.block([[polygon(4), np.zeros((2, 4))], [np.zeros((2, 4)), 0.9 * polygon(4)]]),
        "cube": cube,
        "simplex": np.eye(6) - 1 / 6,
        "drop": np.concatenate([polygon(3), np.zeros((2, 5))], axis=1),
    }
    W = shapes.get(what)
    W = polygon(int(what)) if W is None else W
    m, n = W.shape
    one = canonical_pose(W)
    other = canonical_pose(turned(rng, m) @ W[:, rng.permutation(n)])
    np.testing.assert_allclose(one.W.T @ one.W, other.W.T @ other.W, atol=1e-9)
    np.testing.assert_allclose(one.W, other.W, atol=1e-7)


@given(seeds)
def test_noisy_pentagons_are_walked_through_alike(seed: int) -> None:
    """With a tolerance the noise does not decide who stands where, and there is still one pose."""
    rng = np.random.default_rng(seed)
    W = polygon(5) + 0.003 * rng.normal(size=(2, 5))
    pose = canonical_pose(W, tolerance=0.05)
    assert np.abs(pose.W - canonical_pose(polygon(5)).W).max() < 0.05
    again = canonical_pose(turned(rng, 2) @ W[:, rng.permutation(5)], tolerance=0.05)
    np.testing.assert_allclose(pose.W, again.W, atol=1e-9)


@pytest.mark.parametrize("name", PRODUCTS)
@settings(max_examples=8)
@given(seeds, st.sampled_from([1e-6, 1e-4, 1e-3, 4e-3]))
def test_noise_does_not_decide_the_pose_of_a_product(name: str, seed: int, noise: float) -> None:
    """Two copies, each with noise of its own, end where the exact product does."""
    rng, W = np.random.default_rng(seed), PRODUCTS[name]
    m, n = W.shape
    exact = canonical_pose(W, tolerance=0.07).W
    for _ in range(2):
        copy = turned(rng, m) @ (W + noise * rng.normal(size=W.shape))[:, rng.permutation(n)]
        pose = canonical_pose(copy, tolerance=0.07)
        assert np.abs(pose.W - exact).max() < 10 * noise
        np.testing.assert_allclose(pose.rotation @ copy[:, pose.order], pose.W, atol=1e-11)


@given(seeds)
def test_the_first_feature_along_every_axis_is_positive(seed: int) -> None:
    """The digon of a noisy bipyramid as much as the pentagon."""
    noise = 0.003 * np.random.default_rng(seed).normal(size=(3, 7))
    pose = canonical_pose(PRODUCTS["pentagonal bipyramid"] + noise, tolerance=0.07).W
    for row in pose:
        assert row[np.abs(row) > 0.1][0] > 0


def test_a_puckered_pentagon_keeps_its_sign() -> None:
    """What is below the tolerance opens an axis before noise that is still less does."""
    out = 0.1 * np.array([[0.0, 0.0, 1.0, 0.0, -1.0]])
    W = np.concatenate([polygon(5) * [1.2, 1, 1, 1, 1], out])
    rng = np.random.default_rng(0)
    poses = [
        canonical_pose(turned(rng, 3) @ (W + 1e-4 * rng.normal(size=W.shape)), tolerance=0.07).W
        for _ in range(10)
    ]
    assert np.ptp(poses, axis=0).max() < 0.005


def test_what_sees_nobody_is_left_out_of_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of dropped features come last, and by size."""
    seen = set[int]()

    def counted(gram: Any, *arguments: Any) -> Any:
        seen.add(len(gram))
        return automorphisms(gram, *arguments)

    monkeypatch.setattr(pose, "automorphisms", counted)
    noise = 0.001 * np.random.default_rng(0).normal(size=(3, 300))
    W = np.concatenate([beside(PAIR, PAIR, PAIR), noise], axis=1)
    order = canonical_pose(W, tolerance=0.07).order
    assert seen <= {6}
    assert sorted(order[:6].tolist()) == [*range(6)]
    sizes = np.linalg.norm(W[:, order[6:]], axis=0)
    assert np.all(np.diff(sizes) <= 0)


@pytest.mark.parametrize("size", [1e-9, 1e9])
def test_the_scale_of_the_weights_does_not_matter(size: float) -> None:
    W = PRODUCTS["pentagonal bipyramid"]
    np.testing.assert_allclose(canonical_pose(size * W).W / size, canonical_pose(W).W, atol=1e-9)


@given(seeds)
def test_distance_counts_no_rotation(seed: int) -> None:
    rng = np.random.default_rng(seed)
    m, n = int(rng.integers(1, 4)), int(rng.integers(1, 6))
    W, V, b = rng.normal(size=(m, n)), rng.normal(size=(m, n)), rng.normal(size=n)
    assert distance_up_to_rotation(W, turned(rng, m) @ W, b, b) < 1e-7
    found = distance_up_to_rotation(W, V)
    np.testing.assert_allclose(found, distance_up_to_rotation(W, turned(rng, m) @ V), rtol=1e-9)
    # No rotation among many comes closer, and the closest of a plane's comes as close.
    if m == 2:
        angle = np.linspace(0, 2 * np.pi, 2000)
        c, s = np.cos(angle), np.sin(angle)
        turns = np.moveaxis(np.array([[c, -s], [s, c]]), -1, 0)
        every = np.concatenate([turns, turns * np.array([1.0, -1.0])])
        least = np.linalg.norm(W - every @ V, axis=(1, 2)).min()
        np.testing.assert_allclose(found, least, rtol=1e-3, atol=3e-3)
        assert found <= least + 1e-12


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"W": [1.0]}, "W has shape (1,); it must be (m, n)"),
        ({"W": [[np.nan]]}, "W contains nan"),
        ({"W": [[1.0, 0.0]], "importance": [1.0]}, "importance has shape (1,)"),
        ({"W": [[1.0]], "density": [[1.0]]}, "density has shape (1, 1)"),
        ({"W": [[1.0]], "tolerance": -1.0}, "tolerance is -1.0; it must not be negative."),
    ],
)
def test_bad_input_is_refused(arguments: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        canonical_pose(**arguments)
