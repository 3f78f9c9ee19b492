"""What a matrix of weights is: names, factors, symmetry; the same however it is turned."""

from __future__ import annotations

import math
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from superposition.numerics import geometry_of, order_parameters
from superposition.numerics.geometry import geometry
from superposition.numerics.geometry.geometry import symmetry_order
from superposition.numerics.geometry.gram_automorphisms import automorphisms

seeds = st.integers(0, 10**6)


def polygon(sides: int, start: float = 0.3) -> Any:
    angles = start + 2 * np.pi * np.arange(sides) / sides
    return np.array([np.cos(angles), np.sin(angles)])


def simplex(dimension: int) -> Any:
    points = np.eye(dimension + 1) - 1 / (dimension + 1)
    axes = np.linalg.svd(points)[2][:dimension]
    return axes @ points / np.linalg.norm(points[0])


def beside(*parts: Any) -> Any:
    """Matrices in dimensions of their own."""
    rows, columns = (sum(part.shape[axis] for part in parts) for axis in (0, 1))
    whole, i, j = np.zeros((rows, columns)), 0, 0
    for part in parts:
        whole[i : i + part.shape[0], j : j + part.shape[1]] = part
        i, j = i + part.shape[0], j + part.shape[1]
    return whole


def plane(*degrees: float, norms: Any = 1.0) -> Any:
    angles = np.radians(degrees)
    return np.array([np.cos(angles), np.sin(angles)]) * norms


def squares(height: float, turn: float = np.pi / 4, norm: float = 1.0) -> Any:
    """Two squares, at ±height of unit vectors, one turned."""
    planes = [np.sqrt(1 - height**2) * polygon(4, start) for start in (0.3, 0.3 + turn)]
    levels = np.repeat([height, -height], 4)[None]
    return norm * np.concatenate([np.concatenate(planes, axis=1), levels])


ONE = np.array([[1.0]])
NAMES = {
    "dedicated": ONE,
    "digon": np.array([[1.0, -0.4]]),
    "aligned pair": np.array([[0.7, 0.7]]),
    "3 on a line": np.array([[1.0, -1.0, 0.3]]),
    "triangle": polygon(3),
    "isosceles triangle": plane(0, 110, 250),
    "scalene triangle": plane(0, 110, 230),
    "irregular square": plane(0, 80, 170, 260),
    "pentagon": polygon(5),
    "irregular pentagon": polygon(5) * [1, 1, 1, 1, 0.9],
    "hexagon": polygon(6),
    "9-gon": polygon(9),
    "tetrahedron": simplex(3),
    "irregular tetrahedron": simplex(3) * [1, 1, 1, 1.1],
    "4-simplex": simplex(4),
    "square antiprism": squares(1 / np.sqrt(3), norm=0.9),
    "5 in 3 dimensions": np.random.default_rng(0).normal(size=(3, 5)),
    "2 digon": beside(polygon(2), polygon(2))[:, [0, 2, 1, 3]],
    "digon + dedicated": beside(np.array([[1.0, -1.0]]), ONE),
    "digon + 2 dedicated + dropped": beside(np.array([[1.0, -1.0]]), ONE, ONE, 0 * ONE),
    "digon + triangle": beside(polygon(3), np.array([[1.0, -1.0]])),
    "2 in 2 dimensions": plane(0, 91),
    "3 in 3 dimensions": np.eye(3) + 0.1 * np.eye(3, k=1),
    "2 dropped": np.zeros((3, 2)),
}


@pytest.mark.parametrize("name", NAMES)
def test_names(name: str) -> None:
    W = NAMES[name]
    found = geometry_of(W)
    assert found.name == name
    assert sum(len(factor.features) for factor in found.factors) + len(found.dropped) == W.shape[1]
    assert sum(factor.dimension for factor in found.factors) == np.linalg.matrix_rank(W)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=5)
@given(seed=seeds)
def test_names_and_symmetries_do_not_change_when_turned_or_permuted(name: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    W = NAMES[name]
    higher = int(rng.integers(W.shape[0], W.shape[0] + 3))
    turn, _ = np.linalg.qr(rng.normal(size=(higher, higher)))
    order = rng.permutation(W.shape[1])
    moved = geometry_of((turn[:, : W.shape[0]] @ W)[:, order])
    assert moved.name == name
    assert moved.symmetry == geometry_of(W).symmetry
    # Noise far below the thresholds, and above what minima are known to, changes nothing.
    noisy = W + 1e-8 * rng.normal(size=W.shape)
    assert geometry_of(noisy).name == name


def test_a_square_antiprism_of_any_height_and_nothing_else() -> None:
    for height in (0.1, 0.4, 0.5237, 0.8):
        assert geometry_of(squares(height)).name == "square antiprism"
    cube = squares(1 / np.sqrt(3), turn=0.0)
    longer = squares(0.5) * np.repeat([1.0, 1.1], 4)
    for other in (cube, squares(0.5, turn=0.0), squares(0.5, turn=0.6), longer):
        assert geometry_of(other).name == "8 in 3 dimensions"


SYMMETRIES = {
    "triangle": 6,
    "isosceles triangle": 2,
    "scalene triangle": 1,
    "pentagon": 10,
    "hexagon": 12,
    "tetrahedron": 24,
    "4-simplex": 120,
    "irregular tetrahedron": 6,
    "2 digon": 8,
    "square antiprism": 16,
    "digon + triangle": 12,
    "2 dropped": 2,
}


@pytest.mark.parametrize("name", SYMMETRIES)
def test_orders_of_symmetry(name: str) -> None:
    assert geometry_of(NAMES[name]).symmetry == SYMMETRIES[name]


@given(seeds)
def test_symmetry_against_all_permutations(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 6))
    W = rng.integers(-1, 2, (2, n)).astype(float)
    b = rng.integers(0, 2, n) / 10
    kinds = tuple(rng.choice(["a", "b"], n, p=[0.8, 0.2]))
    gram = W.T @ W
    exact = sum(
        all(kinds[i] == kinds[k] for i, k in enumerate(order))
        and np.array_equal(gram[np.ix_(order, order)], gram)
        and np.array_equal(b[list(order)], b)
        for order in permutations(range(n))
    )
    assert symmetry_order(W, b, kinds) == exact


def test_many_features_are_quick() -> None:
    """All permutations of forty features could not be tried."""
    assert geometry_of(np.zeros((2, 40))).symmetry == math.factorial(40)
    assert geometry_of(polygon(30)).symmetry == 60
    assert geometry_of(np.random.default_rng(0).normal(size=(20, 60))).symmetry == 1


def test_dropped_features_need_no_search_to_be_counted() -> None:
    """Features of norm zero are exchanged within their kind and bias, and cost nothing."""
    W = np.concatenate([beside(*[np.array([[1.0, -1.0]])] * 3), np.zeros((3, 500))], axis=1)
    b = np.repeat([0.0, 0.1], [306, 200])
    with pytest.MonkeyPatch.context() as patch:
        seen = list[int]()

        def counted(gram: Any, *arguments: Any, **options: Any) -> Any:
            seen.append(len(gram))
            return automorphisms(gram, *arguments, **options)

        patch.setattr(geometry, "automorphisms", counted)
        found = symmetry_order(W, b, ("a",) * 506)
    assert found == 2**3 * math.factorial(3) * math.factorial(300) * math.factorial(200)
    assert seen == [6]
    assert symmetry_order(np.zeros((1, 3)), np.zeros(3), ("a", "b", "a")) == 2


def test_kinds_are_told_and_keep_features_apart() -> None:
    W = beside(np.array([[1.0, -1.0]]), ONE, 0 * ONE)
    found = geometry_of(W, kinds=["extra", "ordinary", "ordinary", "extra"])
    assert found.name == "digon (extra, ordinary) + dedicated (ordinary) + dropped (extra)"
    assert found.symmetry == 1
    assert geometry_of(W).symmetry == 2
    # Both kinds of dedicated features, sorted: superposition first, what is dropped last.
    other = geometry_of(W, kinds="baab")
    assert other.name == "digon (a, b) + dedicated (a) + dropped (b)"


def test_biases_count_for_symmetry_but_not_for_names() -> None:
    W = np.array([[1.0, -1.0]])
    assert geometry_of(W, [0.1, 0.1]).symmetry == 2
    assert geometry_of(W, [0.1, 0.2]).symmetry == 1
    assert geometry_of(W, [0.1, 0.2]).name == "digon"


def test_thresholds() -> None:
    weak = np.array([[1.0, -2e-5], [0.0, 0.0]])
    assert geometry_of(weak).name == "digon"
    assert geometry_of(weak, smallest=1e-3).name == "dedicated + dropped"
    assert geometry_of(weak / 10).dropped == (1,)
    tilted = plane(0, 91)
    assert geometry_of(tilted).name == "2 in 2 dimensions"
    assert geometry_of(tilted, orthogonal=0.05).name == "2 dedicated"
    assert geometry_of(plane(0, 90 + 1e-4)).name == "2 dedicated"


def test_together_is_one_factor_of_everything() -> None:
    assert geometry_of(polygon(3)).together
    assert not geometry_of(NAMES["digon + dedicated"]).together
    assert not geometry_of(beside(np.array([[1.0, -1.0]]), 0 * ONE)).together
    assert not geometry_of(ONE).together


@given(seeds)
def test_order_parameters(seed: int) -> None:
    rng = np.random.default_rng(seed)
    W = rng.normal(size=(4, 2, 3))
    W[1, :, 2] = 0
    found = order_parameters(W, [0.1, 0.2, 0.3])
    assert found.bias.shape == found.norms.shape == (4, 3)
    assert np.array_equal(found.bias[2], [0.1, 0.2, 0.3])
    gram = np.swapaxes(W, 1, 2) @ W
    assert np.allclose(found.norms[..., None] * found.cosines * found.norms[..., None, :], gram)
    assert np.all(found.cosines[1, 2] == 0)
    others = (gram**2).sum(axis=-1) - found.norms**4
    with np.errstate(invalid="ignore"):
        assert np.allclose(
            found.interference, np.where(found.norms > 0, others / found.norms**2, 0)
        )
    assert np.all((found.dimensionality >= 0) & (found.dimensionality <= 1 + 1e-12))


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: geometry_of([1, -1]), r"W has shape \(2,\); it must be \(m, n\)"),
        (lambda: geometry_of(np.zeros((2, 0))), r"W has shape \(2, 0\)"),
        (lambda: geometry_of([[1, math.nan]]), "W contains nan"),
        (lambda: geometry_of([[1, -1]], [1, 2, 3]), r"b has shape \(3,\); it must be a number or"),
        (lambda: geometry_of([[1, -1]], math.inf), "b contains inf"),
        (lambda: geometry_of([[1, -1]], kinds="abc"), "kinds has 3 labels; it must have one per"),
        (lambda: order_parameters([1, -1]), r"W has shape \(2,\); it must be \(…, m, n\)"),
        (lambda: order_parameters([[1, -1]], [1, 2, 3]), r"b has shape \(3,\)"),
    ],
)
def test_bad_arguments_are_refused_in_sentences(call: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        call()
