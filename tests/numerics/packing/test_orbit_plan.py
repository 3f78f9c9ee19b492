"""Splits into orbits and symmetric starts: counts, closure, and symmetries that are there."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from superposition.numerics.geometry.gram_automorphisms import automorphisms
from superposition.numerics.packing.orbit_plan import (
    GROUPS,
    distinct,
    no_symmetry,
    rotation_plans,
)
from superposition.numerics.packing.start import Space, drawn_starts
from superposition.numerics.packing.symmetric_start import symmetric_start
from tests.numerics.packing.arrangements import Array, drawn

seeds = st.integers(0, 2**32 - 1)
ORDERS = {"T": 12, "O": 24, "I": 60} | {f"C{k}": k for k in range(2, 7)}
ORDERS |= {f"D{k}": 2 * k for k in range(2, 7)}


def distances(a: Array, b: Array) -> Array:
    """From every row (or matrix) of a to every one of b."""
    rows, others = a.reshape(len(a), 1, -1), b.reshape(1, len(b), -1)
    return np.asarray(np.abs(rows - others).max(2))


@pytest.mark.parametrize("count", [3, 7, 12, 14, 24, 31, 60, 61, 74])
def test_groups_are_groups_and_counts_add_up(count: int) -> None:
    plans = rotation_plans(count)
    assert plans
    for plan in plans:
        group = plan.matrices
        assert len(group) == ORDERS[plan.name]
        assert len(group) * plan.representatives + len(plan.fixed) == count
        np.testing.assert_allclose(group[0], np.eye(3), atol=1e-14)
        np.testing.assert_allclose(np.linalg.det(group), 1, atol=1e-12)
        products = np.einsum("gab,hbc->ghac", group, group).reshape(-1, 3, 3)
        to_group = distances(products, group)
        assert to_group.min(1).max() < 1e-12
        assert np.all((to_group < 1e-12).sum(0) == len(group))


@given(seeds, st.integers(2, 40), st.data())
def test_images_are_distinct_unit_points_that_the_group_permutes(
    seed: int, count: int, data: st.DataObject
) -> None:
    plans = rotation_plans(count)
    assume(plans)
    plan = data.draw(st.sampled_from(plans))
    images = plan.images(drawn(seed, plan.representatives, 3))
    assert images.shape == (count, 3)
    np.testing.assert_allclose(np.linalg.norm(images, axis=1), 1, atol=1e-12)
    between = distances(images, images) + np.eye(count)
    assert between.min() > 1e-6
    for matrix in plan.matrices:
        assert distances(images @ matrix.T, images).min(1).max() < 1e-12


def test_special_orbits_have_the_sizes_of_the_axes() -> None:
    """Poles of every axis, vertices, edges and faces of the solids."""
    sizes = {
        name: {len(plan.fixed) for plan in rotation_plans(ORDERS[name]) if plan.name == name}
        for name in GROUPS
    }
    assert all(0 in found for found in sizes.values())
    # g points on the axes with g in general position: the unions of orbits of size < 2 g.
    twice = {plan.fixed.shape[0] for plan in rotation_plans(74) if plan.name == "I"}
    assert twice == set()  # 74 - 60 = 14 is no sum of 12, 20, 30
    assert {len(p.fixed) for p in rotation_plans(72) if p.name == "I"} == {12}
    assert {len(p.fixed) for p in rotation_plans(122) if p.name == "I"} == {62}
    assert {len(p.fixed) for p in rotation_plans(38) if p.name == "O"} == {14}


@given(seeds, st.integers(1, 8), st.integers(1, 6))
def test_no_symmetry_is_the_points_themselves(seed: int, count: int, dim: int) -> None:
    points = drawn(seed, count, dim)
    np.testing.assert_array_equal(no_symmetry(count, dim).images(points), points)


@given(seeds, st.integers(1, 6), st.integers(2, 4), st.booleans())
def test_distinct_keeps_every_place_once(seed: int, count: int, dim: int, lines: bool) -> None:
    points, rng = drawn(seed, count, dim), np.random.default_rng(seed)
    again = points[rng.integers(count, size=5)] * (rng.choice([-1.0, 1.0], (5, 1)) if lines else 1)
    np.testing.assert_array_equal(distinct(np.concatenate([points, again]), lines), points)
    assert len(distinct(np.concatenate([points, -points]), lines)) == (1 if lines else 2) * count


@given(seeds, st.integers(2, 30), st.integers(2, 8), st.booleans())
def test_symmetric_starts_are_whole(seed: int, n: int, dim: int, lines: bool) -> None:
    start = symmetric_start(n, dim, lines, np.random.default_rng(seed))
    again = symmetric_start(n, dim, lines, np.random.default_rng(seed))
    assume(start is not None and again is not None)
    assert start is not None  # for the types
    assert again is not None
    np.testing.assert_array_equal(start, again)
    assert start.shape == (n, dim)
    np.testing.assert_allclose(np.linalg.norm(start, axis=1), 1, atol=1e-12)


@given(seeds, st.integers(2, 30), st.integers(2, 8))
def test_symmetric_starts_have_symmetries(seed: int, n: int, dim: int) -> None:
    """Some permutation of the points, or a reflection in the space that they span."""
    start = symmetric_start(n, dim, False, np.random.default_rng(seed))
    assume(start is not None)
    assert start is not None  # for the types
    found = automorphisms(start @ start.T)
    assert found is None or found.order > 1 or np.linalg.matrix_rank(start, 1e-6) < dim


@given(seeds, st.integers(0, 99), st.integers(2, 20), st.integers(1, 6), st.integers(0, 2))
def test_starts_are_functions_of_seed_and_number(
    seed: int, number: int, n: int, dim: int, forms: int
) -> None:
    space, numbers = Space(n, 2 * dim if forms == 2 else dim, forms), range(number, number + 4)
    once, again = (drawn_starts(space, seed, numbers, None) for _ in range(2))
    assert len(once) == 4
    for start, other in zip(once, again, strict=True):
        np.testing.assert_array_equal(start.points(), other.points())
        assert start.points().shape == (n, space.dimension)
        np.testing.assert_allclose(np.linalg.norm(start.points(), axis=1), 1, atol=1e-12)
        assert start.kind in ("random", "symmetric")


@given(seeds, st.integers(0, 99), st.booleans())
def test_moves_begin_at_the_best(seed: int, number: int, nudges: bool) -> None:
    best = drawn(seed, 12, 4)
    for start in drawn_starts(Space(12, 4), seed, range(number, number + 4), best, nudges):
        assert start.points().shape == (12, 4)
        np.testing.assert_allclose(np.linalg.norm(start.points(), axis=1), 1, atol=1e-12)
        if start.kind == "nudge":
            assert nudges
            assert np.abs(start.points() - best).max() < 0.6 * Space(12, 4).spacing
