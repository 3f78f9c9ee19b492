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
    function = statement.compiled(mutant, "mpmath")
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


def test_the_functions_users_call_agree_with_the_precise_ones() -> None:
    statement = statements()["phase-boundaries/extra-dropped"]
    vectorised = statement.function("numpy")
    for r in (0.1, 0.5, 1.0):
        assert vectorised(r) == pytest.approx(float(statement.evaluate({"r": r})), rel=1e-15)
