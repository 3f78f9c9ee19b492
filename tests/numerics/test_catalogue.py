"""Every method on every problem with a known answer: accurate, honest, or it says why not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sympy

from superposition.numerics import Enumeration, Sampling, Strata, Transform, expected_loss
from superposition.theory import FeatureLaw, Values
from superposition.theory.relu_output_model import active_set_expansion
from tests.numerics.catalogue import PROBLEMS, Problem, as_float, difference, scale, tagged, truth

TOLERANCE = 1e-9
METHODS: dict[str, Any] = {
    "default": None,
    "enumeration": Enumeration(),
    "transform": Transform(),
    "strata": Strata(),
    "sampling": Sampling(draws=20_000),
}

NEVER_DECAYS = "values (almost) at one point: no decay on the contour, an error like N^-2"
BY_CHANCE = "the errors of the outputs cancel to a hundredth by chance"

# (method, problem) that do not reach the tolerance, with the reason; strata and sampling reach
# it where they can, and say so where they cannot, which is no failure of theirs.
KNOWN_FAILURES = {
    ("transform", "binary"): NEVER_DECAYS,
    ("transform", "binary-sure"): NEVER_DECAYS,
    ("transform", "narrow"): NEVER_DECAYS,
}
# (method, problem) whose reported error is below the true one. None is left.
KNOWN_DISHONEST: dict[tuple[str, str], str] = {}
# (method, problem) whose reported error is more than 100 times the true one.
KNOWN_PESSIMISTIC = {
    ("default", "coarse-lattice"): BY_CHANCE,
    ("transform", "coarse-lattice"): BY_CHANCE,
    ("transform", "binary-sure"): BY_CHANCE,
}
EXPECTED_TO_REACH = ("default", "enumeration", "transform")

pairs = pytest.mark.parametrize(
    ("method", "problem"),
    [(method, problem) for method in METHODS for problem in PROBLEMS],
    ids=lambda value: value if isinstance(value, str) else value.slug,
)


def solved(method: str, problem: Problem) -> tuple[Any, float, float]:
    """The result, its true error and its reported one, relative to the scale."""
    chosen = METHODS[method]
    try:
        found = expected_loss(
            *problem.arguments, **problem.options, method=chosen, tolerance=TOLERANCE
        )
    except ValueError as refusal:
        if chosen is None or "cannot be used here" not in str(refusal):
            raise
        pytest.skip(str(refusal))
    size = scale(problem)
    return found, difference(float(found.value), truth(problem)) / size, found.error / size


@pairs
def test_meets_the_tolerance_or_says_not(method: str, problem: Problem) -> None:
    found, error, _ = solved(method, problem)
    if found.converged:
        assert error <= TOLERANCE
    if method in EXPECTED_TO_REACH:
        assert bool(found.converged) is ((method, problem.slug) not in KNOWN_FAILURES)


@pairs
def test_reported_error_is_honest(method: str, problem: Problem) -> None:
    _, error, reported = solved(method, problem)
    assert bool(reported >= error) is ((method, problem.slug) not in KNOWN_DISHONEST)


@pairs
def test_reported_error_is_useful(method: str, problem: Problem) -> None:
    _, error, reported = solved(method, problem)
    useful = bool(reported <= 100 * error + 1e-14)
    if method == "sampling":  # a standard error says nothing about one draw's luck
        useful = bool(reported <= 0.05)
    assert useful is ((method, problem.slug) not in KNOWN_PESSIMISTIC)


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.slug)
def test_summands_add_up(problem: Problem) -> None:
    found = expected_loss(*problem.arguments, **problem.options)
    assert found.per_feature.shape == (len(problem.b),)
    assert found.per_feature.sum() == pytest.approx(found.value, rel=1e-14, abs=1e-300)


@pytest.mark.parametrize("tolerance", [1e-3, 1e-6, 1e-11])
@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.slug)
def test_transform_keeps_any_tolerance(problem: Problem, tolerance: float) -> None:
    found = expected_loss(
        *problem.arguments, **problem.options, method=Transform(), tolerance=tolerance
    )
    error = difference(float(found.value), truth(problem)) / scale(problem)
    assert error <= found.relative_error
    if found.converged:
        assert error <= tolerance


SYMPY = [
    p
    for p in PROBLEMS
    if len(p.b) <= 3
    and "W_out" not in p.options
    and not isinstance(p.density, FeatureLaw)
    and "values" not in p.options
]


@pytest.mark.parametrize("problem", SYMPY, ids=lambda problem: problem.slug)
def test_answers_are_those_of_the_theory(problem: Problem) -> None:
    """The catalogue's arithmetic and sympy's share no code, and agree exactly."""
    law = FeatureLaw.independent([sympy.Rational(float(p)) for p in problem.density])
    exact = active_set_expansion.expected_loss(
        problem.W.tolist(), problem.b.tolist(), problem.importance.tolist(), law
    )
    answer = truth(problem)
    assert exact == sympy.Rational(int(answer.p), int(answer.q))


@pytest.mark.parametrize(
    "tag",
    [
        "dense",
        "sparse",
        "corner",
        "tiny",
        "huge",
        "degenerate",
        "signed",
        "binary",
        "sets",
        "untied",
    ],
)
def test_every_tag_is_there(tag: str) -> None:
    assert tagged(tag)


def test_slugs_are_distinct_and_tables_speak_of_them() -> None:
    slugs = [problem.slug for problem in PROBLEMS]
    assert len(set(slugs)) == len(slugs)
    for method, slug in (*KNOWN_FAILURES, *KNOWN_DISHONEST, *KNOWN_PESSIMISTIC):
        assert method in METHODS
        assert slug in slugs


def test_floats_hold_the_problems_exactly() -> None:
    """The catalogue promises binary fractions: 53 bits are plenty for each entry."""
    for problem in PROBLEMS:
        for array in (problem.W, problem.b, problem.importance):
            scaled = np.asarray(array) * 2.0**60
            assert np.array_equal(scaled, np.round(scaled)), problem.slug


def test_antipodal_pair_by_hand() -> None:
    """p²/3 at p = 1/4."""
    assert as_float(truth(PROBLEMS[0])) == pytest.approx(1 / 48, rel=1e-15)
    assert PROBLEMS[0].options.get("values", Values.UNIT) == Values.UNIT
