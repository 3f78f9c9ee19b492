"""Every statement agrees with its twin, and no mutant of it does."""

from __future__ import annotations

from typing import Any

import mpmath
import pytest
import sympy

from superposition.numerics.confrontation import (
    DRAWS,
    TOLERANCE,
    Verdict,
    confront,
    parameters,
    relative_error,
    twin_values,
)
from superposition.numerics.twins import twins
from superposition.theory.registry import statements
from superposition.theory.statement import Argument, Statement
from superposition.theory.symbols import p
from tests.theory.mutants import mutants


def test_every_statement_has_a_twin_and_every_twin_a_statement() -> None:
    assert set(statements()) == set(twins())


@pytest.mark.parametrize("id", statements())
def test_statement_agrees_with_its_twin_and_no_mutant_does(id: str) -> None:
    statement = statements()[id]
    drawn = list(twin_values(statement, DRAWS))
    assert len(drawn) >= 200
    for values, expected in drawn:
        error = relative_error(statement.evaluate(values), expected)
        assert error <= TOLERANCE, f"{id} differs by {error:.1e} at {values}"
    survivors = [
        mutant for mutant in mutants(statement.expression) if survives(statement, mutant, drawn)
    ]
    assert not survivors, f"{len(survivors)} mutants of {id} pass, such as {survivors[0]}"


def survives(statement: Statement, mutant: sympy.Expr, drawn: list[Any]) -> bool:
    """Whether a mutant agrees with the twin at every draw."""
    function = statement.compiled(mutant)
    with mpmath.workdps(60):
        return all(
            relative_error(function(*statement.precise(values)), expected) <= TOLERANCE
            for values, expected in drawn
        )


@pytest.mark.parametrize("id", statements())
def test_statement_is_complete(id: str) -> None:
    statement = statements()[id]
    assert statement.id == id
    assert statement.claim.endswith(".")
    assert statement.source
    symbols = {argument.symbol for argument in statement.arguments}
    free = statement.expression.free_symbols
    loose = {symbol for symbol in free if not isinstance(symbol, sympy.Indexed)} - symbols
    labels = {getattr(symbol, "label", None) for symbol in symbols}
    assert loose <= labels, f"{id} uses {loose - labels} without saying what they are"


def test_a_wrong_statement_is_found_out() -> None:
    honest = statements()["antipodal-pair/relative-cost"]
    wrong = Statement(honest.id, "Wrong.", honest.name, p / 2, (Argument(p, 0, 1),), "nowhere")
    verdict = confront(wrong, draws=5)
    assert not verdict.holds
    assert verdict.worst_at.startswith("p = ")


def test_a_verdict_holds_up_to_the_tolerance() -> None:
    assert Verdict("x", 1, TOLERANCE, "").holds
    assert not Verdict("x", 1, 2 * TOLERANCE, "").holds


def test_precision_grows_with_the_cancellation() -> None:
    """Slopes of 1e-60 in three directions cancel 180 digits; the answer is the cube's volume."""
    statement = statements()["cube-integral/3-active/power-2"]
    values = {"a_1": 1e-60, "a_2": 1e-60, "a_3": 1.0, "c": 0.5}
    assert float(statement.evaluate(values)) == pytest.approx((1.5**3 - 0.5**3) / 3, rel=1e-15)
    with pytest.raises(ValueError, match="c contains nan; every entry must be a finite number"):
        statement.evaluate(values | {"c": float("nan")})
    with pytest.raises(ValueError, match="best-norm is undefined at these values"):
        statements()["balanced-antipodal-pair/best-norm"].evaluate({"beta": 0, "p": 0})
    with pytest.raises(ValueError, match="values lacks a_3, c; cube-integral/3-active/power-2"):
        statement.evaluate({"a_1": 1, "a_2": 1})


def test_draws_are_distinct() -> None:
    statement = statements()["features/unit/mean"]
    assert len({str(values) for values, _ in twin_values(statement, DRAWS)}) == DRAWS
    narrow = Statement(
        "test/narrow", "Two values.", p, p, (Argument(p, 1, 2, integer=True),), "nowhere"
    )
    with pytest.raises(ValueError, match="test/narrow has only 2 distinct parameters"):
        list(parameters(narrow, 3))
