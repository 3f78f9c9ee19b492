"""The confrontation: draws that stay in the domain, reach its corners, and repeat."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
import sympy

from superposition.numerics.confrontation import parameters, relative_error
from superposition.numerics.twins import twins
from superposition.numerics.twins.twin import root_between, twin, vertex_of_parabola
from superposition.theory.registry import statements
from superposition.theory.statement import Argument, Statement

a, c, n = sympy.symbols("a c n", real=True)
KINKED = Statement(
    "test/kinked",
    "For the draws only.",
    a,
    a,
    (
        Argument(n, 2, 4, integer=True),
        Argument(sympy.IndexedBase("I"), 0, 3, shape=(n,), descending=True),
        Argument(a, -2, 2, corners=(0,)),
        Argument(c, -2, 2, corners=(-a, 5)),
    ),
    "nowhere",
)


def test_draws_stay_in_the_domain_and_reach_the_corners() -> None:
    drawn = list(parameters(KINKED, 200))
    assert {values["n"] for values in drawn} == {2, 3, 4}
    for values in drawn:
        assert -2 <= values["c"] <= 2  # the corner at 5 lies outside and is never used
        assert len(values["I"]) == values["n"]
        assert all(
            later <= earlier for earlier, later in zip(values["I"], values["I"][1:], strict=False)
        )
    assert sum(values["a"] == 0 for values in drawn) > 20
    assert sum(values["c"] == -values["a"] for values in drawn) > 20


def test_draws_repeat_for_a_seed_and_differ_between_seeds() -> None:
    first, again = list(parameters(KINKED, 3)), list(parameters(KINKED, 3))
    assert [values["c"] for values in first] == [values["c"] for values in again]
    other = list(parameters(KINKED, 3, seed=1))
    assert [values["c"] for values in first] != [values["c"] for values in other]


@pytest.mark.parametrize("id", statements())
def test_every_corner_inside_the_domain_is_drawn(id: str) -> None:
    statement = statements()[id]
    drawn = list(parameters(statement, 200))
    for argument in statement.arguments:
        for corner in argument.corners:
            if getattr(corner, "free_symbols", None):
                continue  # a corner that depends on other arguments: see above
            reached = any(
                np.isclose(float(entry), float(corner), rtol=1e-15, atol=0)
                for values in drawn
                for entry in np.ravel(values[argument.name])
            )
            assert reached, f"{argument.name} = {corner} is never drawn"


def test_errors_are_relative_and_zero_must_be_zero() -> None:
    assert relative_error(mpmath.mpf("1.1"), mpmath.mpf(1)) == pytest.approx(0.1)
    assert relative_error(mpmath.mpf("1e-15") * 1.1, mpmath.mpf("1e-15")) == pytest.approx(0.1)
    assert relative_error(mpmath.mpf("1e-45"), mpmath.mpf(0)) < 1e-10
    assert relative_error(mpmath.mpf("1e-35"), mpmath.mpf(0)) > 1e-10


def test_parabolas_and_roots_are_found() -> None:
    with mpmath.workdps(50):
        place, value = vertex_of_parabola(lambda x: 3 * (x - 7) ** 2 + 2)
        assert abs(place - 7) < mpmath.mpf(10) ** -45
        assert abs(value - 2) < mpmath.mpf(10) ** -45
        root = root_between(lambda x: x**3 - 2, 0.01, 10)
        assert abs(root**3 - 2) < mpmath.mpf(10) ** -45
        assert root_between(lambda x: x - 1, 0.5, 1) == 1


def test_two_twins_of_one_name_are_refused() -> None:
    assert "antipodal-pair/loss" in twins()
    with pytest.raises(ValueError, match="Two twins have the id 'antipodal-pair/loss'"):
        twin("antipodal-pair/loss")(lambda: 0)
