"""The toy model of the toy model: losses that compose, and the best composition, exactly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from superposition.numerics.enumeration import relu_output_loss
from superposition.theory.composition import Composition, best_composition

seeds = st.integers(0, 10**6)


def matchings(features: Sequence[int]) -> Iterator[list[tuple[int, int]]]:
    """Every set of disjoint pairs."""
    if not features:
        yield []
        return
    first, *rest = features
    yield from matchings(rest)
    for other in rest:
        for pairs in matchings([feature for feature in rest if feature != other]):
            yield [(first, other), *pairs]


def all_compositions(features: int, hidden: int) -> Iterator[Composition]:
    """Every composition there is, by brute force."""
    for pairs in matchings(range(features)):
        single = [i for i in range(features) if not any(i in pair for pair in pairs)]
        for count in range(min(len(single), hidden - len(pairs)) + 1):
            for dedicated in combinations(single, count):
                dropped = tuple(i for i in single if i not in dedicated)
                yield Composition(dropped, dedicated, tuple(pairs))


def drawn(seed: int, equal: bool) -> tuple[list[float], list[float], int]:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 7))
    p = [float(rng.uniform(0.01, 1))] * n if equal else rng.uniform(0.01, 1, n).tolist()
    return rng.uniform(0, 2, n).tolist(), p, int(rng.integers(1, n + 1))


@pytest.mark.parametrize("equal", [True, False])
@given(seed=seeds)
def test_best_composition_beats_every_other(equal: bool, seed: int) -> None:
    importance, density, hidden = drawn(seed, equal)
    best = best_composition(importance, density, hidden)
    least = min(c.loss(importance, density) for c in all_compositions(len(density), hidden))
    assert best.loss == pytest.approx(least, rel=1e-11, abs=1e-13)
    assert best.composition.hidden <= hidden
    assert best.loss == best.composition.loss(importance, density)


@given(seeds)
def test_every_feature_has_exactly_one_place(seed: int) -> None:
    importance, density, hidden = drawn(seed, equal=False)
    best = best_composition(importance, density, hidden).composition
    places = [*best.dropped, *best.dedicated, *(i for pair in best.pairs for i in pair)]
    assert sorted(places) == list(range(len(importance)))


@given(seeds)
def test_losses_compose_into_the_exact_loss_of_the_weights(seed: int) -> None:
    """The sum over places is the brute-force loss of W with the dropped features' mean bias."""
    importance, density, hidden = drawn(seed, equal=False)
    importance, density = importance[:4], density[:4]
    best = best_composition(importance, density, min(hidden, 2)).composition
    W, bias = best.weights(), np.zeros(len(density))
    bias[list(best.dropped)] = np.array(density)[list(best.dropped)] / 2
    exact = relu_output_loss(W.T @ W, bias, importance, density)
    assert best.loss(importance, density) == pytest.approx(float(exact), rel=1e-12, abs=1e-16)


@given(seeds)
def test_scaling_importances_changes_nothing_but_the_scale(seed: int) -> None:
    importance, density, hidden = drawn(seed, equal=True)
    one = best_composition(importance, density, hidden)
    other = best_composition([1e-6 * i for i in importance], density, hidden)
    assert other.loss == pytest.approx(1e-6 * one.loss, rel=1e-9, abs=1e-20)


def test_tiny_densities_are_told_apart() -> None:
    """Pair costs of 1e-10 beside drop costs of 1e-5: the scale keeps them exact."""
    importance, density = [1.0, 1.0, 1.0, 1.0], [1e-5, 2e-5, 3e-5, 4e-5]
    best = best_composition(importance, density, 2)
    least = min(c.loss(importance, density) for c in all_compositions(4, 2))
    assert best.loss == pytest.approx(least, rel=1e-9)
    assert best.composition.pairs == ((0, 3), (1, 2))


def test_many_features_of_unequal_densities() -> None:
    rng = np.random.default_rng(0)
    importance, density = rng.uniform(0, 1, 30).tolist(), rng.uniform(0.01, 1, 30).tolist()
    best = best_composition(importance, density, 8)
    assert best.composition.hidden == 8
    for i, j in best.composition.pairs:
        (k, *_) = best.composition.dropped
        swapped = [pair if pair != (i, j) else (i, k) for pair in best.composition.pairs]
        dropped = tuple({*best.composition.dropped, j} - {k})
        other = Composition(dropped, best.composition.dedicated, tuple(swapped))
        assert other.loss(importance, density) >= best.loss - 1e-12


@pytest.mark.parametrize("importance", [[0, 0], [1e-320, 0], [0, 0, 0]])
def test_worthless_features_lose_nothing(importance: list[float]) -> None:
    density = [0.1, 0.2, 0.3][: len(importance)]
    assert best_composition(importance, density, 1).loss < 1e-300


def test_enough_dimensions_drop_nothing() -> None:
    best = best_composition([1, 1e-8], [0.5, 1e-6], 2)
    assert best.composition == Composition((), (0, 1), ())


def test_a_composition_reads_as_text() -> None:
    assert str(Composition((3,), (0,), ((1, 2),))) == "dedicated 1; pair 2–3; dropped 4"
