"""Cyclic plans: whole orbits of one rotation, in a space that they fill, and what they find."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from superposition.numerics.packing.cyclic_plan import cyclic_plan
from superposition.numerics.packing.largest_method import LargestMethod
from superposition.numerics.packing.pairs import complex_coordinates
from superposition.numerics.packing.start import Space, Start
from tests.numerics.packing.arrangements import drawn

seeds = st.integers(0, 2**32 - 1)


@given(seeds, st.integers(2, 60), st.integers(2, 9), st.integers(0, 2))
def test_cyclic_plans_are_orbits_of_a_group_of_rotations(
    seed: int, n: int, dim: int, forms: int
) -> None:
    """Powers of one matrix; points, or lines up to a factor; every orbit whole."""
    rng, real = np.random.default_rng(seed), 2 * dim if forms == 2 else dim
    plan = cyclic_plan(n, real, forms, rng)
    assume(plan is not None)
    assert plan is not None  # for the types
    order = len(plan.matrices)
    assert plan.name == f"C{order}"
    assert order * plan.representatives + len(plan.fixed) == n
    assert len(plan.fixed) <= 1
    np.testing.assert_allclose(plan.matrices[0], np.eye(real), atol=1e-12)
    for before, after in itertools.pairwise(plan.matrices):
        np.testing.assert_allclose(before @ plan.matrices[1 % order], after, atol=1e-11)
    images = plan.images(drawn(seed, plan.representatives, real))
    assert images.shape == (n, real)
    np.testing.assert_allclose(np.linalg.norm(images, axis=1), 1, atol=1e-12)
    turned = images @ plan.matrices[1 % order].T
    inner = complex_coordinates(images) if forms == 2 else images
    moved = complex_coordinates(turned) if forms == 2 else turned
    products = np.abs(inner.conj() @ moved.T) if forms else inner @ moved.T
    np.testing.assert_allclose(products.max(0), 1, atol=1e-9)  # each image is one of the points


@given(seeds)
def test_cyclic_plans_fill_the_space(seed: int) -> None:
    """No representation has more copies than there are orbits to span them."""
    plan = cyclic_plan(70, 9, 0, np.random.default_rng(seed))
    assume(plan is not None)
    assert plan is not None  # for the types
    assert np.linalg.matrix_rank(plan.images(drawn(seed, plan.representatives, 9)), 1e-9) == 9


@pytest.mark.parametrize(
    ("n", "dim", "order", "cosine"), [(56, 20, 7, 1 / 15), (50, 21, 5, 1 / 21)]
)
def test_strongly_regular_graphs_come_out(n: int, dim: int, order: int, cosine: float) -> None:
    """Gewirtz and Hoffman–Singleton: optimal codes that hundreds of random starts do not find."""
    rng, method = np.random.default_rng(0), LargestMethod.best(Space(n, dim))
    starts = 0
    best = 1.0
    while best > cosine + 1e-5 and starts < 500:
        plan = cyclic_plan(n, dim, 0, rng)
        if plan is None or plan.name != f"C{order}":
            continue
        start = Start("symmetric", plan, rng.normal(size=(plan.representatives, dim)), 3)
        found = method.explore(start)
        best, starts = min(best, found.value), starts + 1
    assert method.finish(found).value == pytest.approx(cosine, abs=1e-12)
