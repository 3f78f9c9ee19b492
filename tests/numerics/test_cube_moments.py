"""Cube moments: the recurrence against quadrature, its compiled twin, and exact numbers."""

from __future__ import annotations

from itertools import combinations_with_replacement
from typing import Any

import numpy as np
import pytest
from flint import fmpq
from hypothesis import given
from hypothesis import strategies as st

from superposition.numerics.expectation import exact
from superposition.numerics.expectation.activity import cube_moments as array_twin
from superposition.numerics.expectation.activity import cube_moments_kernel as compiled_twin
from superposition.numerics.expectation.activity.cube_faces import (
    FREE,
    all_active_sets,
    faces_of_cubes,
)
from superposition.numerics.kink_split_quadrature import cube_nodes
from tests.numerics.catalogue import as_float

slopes_drawn = st.one_of(
    st.floats(-2, 2), st.sampled_from([0.0, 1.0, -1.0, 0.5, -0.5, 1e-9, -1e-9, 1e-5])
)


def all_powers(n: int) -> dict[tuple[int, ...], int]:
    """Every monomial of degree ≤ 2 in n variables."""
    powers: dict[tuple[int, ...], int] = {(): 2}
    powers |= {(j,): 1 for j in range(n)}
    return powers | dict.fromkeys(combinations_with_replacement(range(n), 2), 0)


def moments(
    twin: Any,
    slopes: list[float],
    offset: float,
    support: tuple[float, float] = (0, 1),
    tangents: Any = (),
) -> Any:
    """The moments of one form over the cubes of all active sets."""
    n = len(slopes)
    levels = faces_of_cubes(n, all_active_sets(n), support[0] == 0, points=False)
    form = np.array(slopes)[:, None], np.array([offset])
    return twin.cube_moments(*form, support, levels, all_powers(n), tangents)


@given(st.lists(slopes_drawn, min_size=1, max_size=3), slopes_drawn)
def test_against_kink_split_quadrature(slopes: list[float], offset: float) -> None:
    found, _ = moments(array_twin, slopes, offset)
    for at, active in enumerate(all_active_sets(len(slopes))):
        nodes = cube_nodes(np.array(offset), np.array([slopes[j] for j in active]), degree=4)
        for (monomial, r), moment in found.items():
            if r < 1 or not set(monomial) <= set(active):
                continue
            u = np.ones(nodes.weights.shape)
            for j in monomial:
                u = u * nodes.points[..., active.index(j)]
            expected = (nodes.weights * u * np.maximum(nodes.form, 0) ** r).sum()
            size = (abs(offset) + sum(map(abs, slopes))) ** r
            assert moment[at, 0] == pytest.approx(expected, abs=1e-13 * size)


@given(
    st.integers(1, 4).flatmap(lambda n: st.lists(slopes_drawn, min_size=n, max_size=n)),
    slopes_drawn,
    st.sampled_from([(0.0, 1.0), (-1.0, 1.0), (0.25, 2.0)]),
    st.booleans(),
)
def test_twins_agree(
    slopes: list[float], offset: float, support: tuple[float, float], leaning: bool
) -> None:
    tangents: Any = ()
    if leaning:
        rng = np.random.default_rng(len(slopes))
        flat_too = 0 * rng.normal(size=(len(slopes), 1)), np.zeros(1)
        further = rng.normal(size=(len(slopes), 1)), rng.normal(size=1)
        tangents = (flat_too if offset == 0 else further, further)
    one, depth = moments(array_twin, slopes, offset, support, tangents)
    other, also_depth = moments(compiled_twin, slopes, offset, support, tangents)
    assert np.array_equal(depth, also_depth)
    largest = max(map(abs, slopes)) or 1.0
    for key, moment in one.items():
        # M_{-1} is a difference over the largest slope.
        size = 1 + np.abs(moment).max() + (1 / largest if key[1] == -1 else 0)
        assert np.allclose(moment, other[key], rtol=1e-12, atol=1e-14 * size)


@given(
    st.lists(st.integers(-8, 8), min_size=1, max_size=4),
    st.integers(-8, 8),
    st.integers(-20, 20),
)
def test_relative_accuracy_at_any_scale(slopes: list[int], offset: int, exponent: int) -> None:
    """E(z)_+² over the cube, to 1e-14 of itself, though slopes differ by a factor of 1e9."""
    size = 2.0**exponent
    form = [a * size * (1.0 if j % 2 else 2.0**-30) for j, a in enumerate(slopes)]
    found, _ = moments(compiled_twin, form, offset * size / 4)
    n = len(slopes)
    ones = [fmpq(1)] * n
    answer = exact.output_loss(
        0,
        [fmpq(0), *map(exact.rational, form)],
        exact.rational(offset * size / 4),
        [fmpq(0), *ones],
    )
    assert found[(), 2][-1, 0] == pytest.approx(as_float(answer), rel=1e-14, abs=0)


@given(st.lists(st.floats(0.1, 2), min_size=2, max_size=3), st.floats(-1, 1))
def test_homogeneity(slopes: list[float], offset: float) -> None:
    """Scaling the form by c scales M_r by c^r."""
    one, _ = moments(compiled_twin, slopes, offset)
    other, _ = moments(compiled_twin, [3 * a for a in slopes], 3 * offset)
    for (monomial, r), moment in one.items():
        assert np.allclose(other[monomial, r], 3.0**r * moment, rtol=1e-10, atol=1e-12)


def test_number_of_faces() -> None:
    """3^n faces where silence is the low end, 4^n where it is not, 2^n points."""
    sets = all_active_sets(5)
    for low_is_silent, points, count in ((True, False, 3), (False, False, 4), (True, True, 2)):
        levels = faces_of_cubes(5, sets, low_is_silent, points)
        assert sum(len(level.place) for level in levels) == count**5
        for k, level in enumerate(levels):
            assert np.all((level.place == FREE).sum(axis=1) == k)


def test_a_form_that_vanishes_leans_along_the_tangent() -> None:
    """z = 0 everywhere: the step is that of the tangent, 0 where there is none."""
    still, depth = moments(compiled_twin, [0.0, 0.0], 0.0)
    assert np.all(depth == 1)
    assert np.all(still[(), 0] == 0)
    along = (np.array([[1.0], [-2.0]]), np.array([0.5]))
    leaning, _ = moments(compiled_twin, [0.0, 0.0], 0.0, tangents=(along,))
    # P(1/2 + u - 2v > 0) = E min(1, (1/2 + u)/2) = 1/2
    assert leaning[(), 0][-1, 0] == pytest.approx(0.5)
