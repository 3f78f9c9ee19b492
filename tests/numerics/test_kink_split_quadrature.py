"""Kink-split quadrature: exact where Gauss-Legendre alone is not, at any precision."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import cubature

from superposition.numerics.kink_split_quadrature import (
    cube_nodes,
    gauss_legendre,
    integral_over_cube,
)

slopes = st.lists(st.floats(-2, 2), min_size=0, max_size=3)
offsets = st.floats(-2, 2)


def positive_part_squared(_: Any, z: Any) -> Any:
    return np.maximum(z, 0) ** 2


@given(offsets, slopes)
def test_weights_sum_to_one_and_nodes_lie_inside(offset: float, a: list[float]) -> None:
    nodes = cube_nodes(np.array(offset), np.array(a), degree=2)
    assert nodes.weights.sum() == pytest.approx(1, rel=1e-13)
    assert np.all((nodes.points >= 0) & (nodes.points <= 1))
    np.testing.assert_allclose(nodes.form, offset + nodes.points @ np.array(a), atol=1e-13)


@given(offsets, slopes)
def test_flipping_a_variable_changes_nothing(offset: float, a: list[float]) -> None:
    forward = integral_over_cube(
        positive_part_squared, cube_nodes(np.array(offset), np.array(a), 2)
    )
    flipped = cube_nodes(np.array(offset + sum(a)), -np.array(a), 2)
    assert float(integral_over_cube(positive_part_squared, flipped)) == pytest.approx(
        float(forward), rel=1e-9, abs=1e-14
    )


def test_a_general_purpose_integrator_agrees_where_it_converges() -> None:
    a, offset = np.array([1.0, -0.7]), 0.1
    ours = integral_over_cube(positive_part_squared, cube_nodes(np.array(offset), a, 2))
    theirs = cubature(
        lambda u: np.maximum(offset + u @ a, 0) ** 2, [0, 0], [1, 1], rtol=1e-9, atol=1e-12
    )
    assert theirs.status == "converged"
    assert float(ours) == pytest.approx(float(theirs.estimate), rel=1e-8)


def test_without_splitting_a_kink_is_missed() -> None:
    a, offset = np.array([1.0, -1.0]), np.array(-0.3)
    split = integral_over_cube(positive_part_squared, cube_nodes(offset, a, 2))
    smooth = integral_over_cube(positive_part_squared, cube_nodes(offset, a, 2, kinked=False))
    assert float(split) == pytest.approx(0.7**4 / 12, rel=1e-13)
    assert abs(float(smooth) - float(split)) > 1e-4


def test_batches_integrate_as_one_by_one() -> None:
    rng = np.random.default_rng(0)
    a, offset = rng.normal(size=(7, 2)), rng.normal(size=7)
    together = integral_over_cube(positive_part_squared, cube_nodes(offset, a, 2))
    single = [
        float(integral_over_cube(positive_part_squared, cube_nodes(offset[i], a[i], 2)))
        for i in range(7)
    ]
    np.testing.assert_allclose(together, single, rtol=1e-14)


def test_precision_follows_mpmath() -> None:
    with mpmath.workdps(50):
        a = np.array([mpmath.mpf(1), mpmath.mpf(-1)], dtype=object)
        offset = np.array(mpmath.mpf(Fraction(-1, 3).numerator) / 3, dtype=object)
        value = integral_over_cube(positive_part_squared, cube_nodes(offset, a, 2)).item()
        assert abs(value - mpmath.mpf(2) ** 4 / 81 / 12) < mpmath.mpf(10) ** -48


@pytest.mark.parametrize("exact", [False, True])
def test_gauss_legendre_is_exact_to_its_degree(exact: bool) -> None:
    nodes, weights = gauss_legendre(4, exact)
    for power in range(8):
        assert float((nodes**power * weights).sum()) == pytest.approx(1 / (power + 1), rel=1e-14)
    assert abs(float((nodes**8 * weights).sum()) - 1 / 9) > 1e-6
