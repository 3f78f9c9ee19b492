"""Where training begins: as if each model were alone, in the poses that are asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from superposition.validate.architecture import ABSOLUTE_VALUE, Architecture
from superposition.validate.instances import Instances
from superposition.validate.parameters import Parameters, beginning, polygon, xavier


def ones(*shape: int) -> NDArray[np.float32]:
    return np.ones(shape, np.float32)


def models(count: int, n: int = 6, m: int = 2, first: int = 0) -> Instances:
    shape = (count, n)
    return Instances(np.ones(shape), np.full(shape, 0.3), np.arange(first, first + count), m)


@pytest.mark.parametrize("architecture", [Architecture(), ABSOLUTE_VALUE])
def test_initial_weights_depend_on_the_seed_alone_and_are_xavier(
    architecture: Architecture,
) -> None:
    alone = xavier(replace(models(1, first=3), architecture=architecture))
    beside = xavier(replace(models(5), architecture=architecture))
    np.testing.assert_array_equal(alone.W[0], beside.W[3])
    assert not beside.b.any()
    many = xavier(replace(models(2000), architecture=architecture))
    for weights in (many.W, many.W_out):
        if weights is not None:
            assert float(weights.std()) == pytest.approx(np.sqrt(2 / 8), rel=0.03)
            assert abs(weights.mean()) < 0.02
    if beside.W_out is not None:
        assert beside.W_out.shape == (5, 6, 2)
        assert not np.array_equal(beside.W_out[0].T, beside.W[0])


@pytest.mark.parametrize("architecture", [Architecture(), ABSOLUTE_VALUE])
def test_rows_are_put_together_and_taken_apart(architecture: Architecture) -> None:
    begin = xavier(replace(models(3), architecture=architecture))
    begin.b[:] = np.arange(18).reshape(3, 6)
    again = Parameters.of_rows(begin.rows(), hidden=2)
    np.testing.assert_array_equal(again.W, begin.W)
    np.testing.assert_array_equal(again.b, begin.b)
    np.testing.assert_equal(again.W_out, begin.W_out)


def test_scales_are_a_model_s_own() -> None:
    plain, scaled = xavier(models(3)), xavier(models(3), scale=[1.0, 0.1, 3.0])
    np.testing.assert_allclose(scaled.W, plain.W * np.array([1, 0.1, 3])[:, None, None], rtol=1e-6)


def test_polygons_are_regular() -> None:
    found = polygon(models(2), corners=[5, 3], radius=[1.1, 0.9], bias=-0.1)
    for model, (k, radius) in enumerate([(5, 1.1), (3, 0.9)]):
        W = found.W[model].astype(float)
        gram = W.T @ W
        angle = 2 * np.pi * np.subtract.outer(np.arange(k), np.arange(k)) / k
        np.testing.assert_allclose(gram[:k, :k], radius**2 * np.cos(angle), atol=1e-6)
        assert not W[:, k:].any()
        np.testing.assert_allclose(found.b[model], np.where(np.arange(6) < k, -0.1, 0), atol=1e-7)


def test_some_models_begin_as_polygons_and_others_as_they_would_alone() -> None:
    found = beginning(models(3), [1.0, 0.9, 0.5], [0, 5, 0])
    np.testing.assert_array_equal(found.W[[0, 2]], xavier(models(3), [1, 1, 0.5]).W[[0, 2]])
    np.testing.assert_array_equal(found.W[1], polygon(models(1), 5, 0.9).W[0])
    assert not found.b.any()


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: xavier(models(2), scale=-1.0), "scale is -1; it must not be negative"),
        (lambda: xavier(models(2), scale=np.nan), "scale contains nan"),
        (lambda: xavier(models(2), [1, 2, 3]), r"scale has shape \(3,\); it must be a number or"),
        (lambda: xavier(models(2), 1e300).checked(models(2)), "initial W contains"),
        (lambda: polygon(models(2), [3, 3, 3]), r"corners has shape \(3,\); it must be a number"),
        (lambda: polygon(models(2), "a"), "corners is 'a'; it must be a number"),
        (lambda: polygon(models(2), 3, radius=[1, 1, 1]), r"radius has shape \(3,\)"),
        (lambda: polygon(models(2), 3, bias=[1, 1, 1]), r"bias has shape \(3,\)"),
        (
            lambda: Parameters(1j * ones(2, 2, 6), ones(2, 6)).checked(models(2)),  # type: ignore[arg-type]
            "it must be a number or an array of numbers",
        ),
        (
            lambda: Parameters([[1], [1, 2]], ones(2, 6)).checked(models(2)),  # type: ignore[arg-type]
            "it must be a number or an array of numbers",
        ),
        (
            lambda: Parameters(np.full((2, 2, 6), "a"), ones(2, 6)).checked(models(2)),
            "it must be a number or an array of numbers",
        ),
        (lambda: polygon(models(2), 7), "corners is 7; it must be whole numbers from 2 to 6"),
        (lambda: polygon(models(2), 2.5), "corners is 2.5"),
        (lambda: polygon(models(2, m=3), 3), "hidden is 3"),
        (
            lambda: Parameters(ones(2, 2, 6), ones(2, 5)).checked(models(2)),
            r"initial b has shape \(2, 5\); for these instances it must be \(2, 6\)",
        ),
        (
            lambda: Parameters(np.inf * ones(2, 2, 6), ones(2, 6)).checked(models(2)),
            "initial W contains inf",
        ),
        (
            lambda: xavier(models(2)).checked(replace(models(2), architecture=ABSOLUTE_VALUE)),
            "initial W_out has shape",
        ),
        (
            lambda: xavier(replace(models(2), architecture=ABSOLUTE_VALUE)).checked(models(2)),
            "W_out is given",
        ),
        (
            lambda: Parameters(ones(2, 2, 6), ones(2, 6)).checked(
                replace(models(2), architecture=Architecture(biased=False))
            ),
            "initial b is not zero",
        ),
    ],
)
def test_bad_beginnings_are_refused(call: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        call()
