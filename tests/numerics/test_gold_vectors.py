"""Gold vectors: rational problems with rational answers, and k-gons to twenty digits."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from flint import arb, ctx, fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

from superposition.numerics import Enumeration, expected_loss
from superposition.numerics.expectation import exact
from tests.numerics.catalogue import as_float, difference

# (W, b, importance, density) as fractions with small denominators; unequal everything.
RATIONAL: dict[str, tuple[list[list[str]], list[str], list[str], list[str]]] = {
    "n2": ([["4/5", "-2/3"]], ["1/10", "-1/7"], ["1", "3/4"], ["1/3", "2/9"]),
    "n2-m2": ([["1", "1/3"], ["0", "-6/7"]], ["0", "1/5"], ["2", "1/2"], ["9/10", "1/20"]),
    "n3": (
        [["1", "-1/2", "-3/7"], ["0", "4/5", "-5/6"]],
        ["-1/9", "0", "1/11"],
        ["1", "7/10", "49/100"],
        ["1/10", "1/4", "3/5"],
    ),
    "n4": (
        [["1", "-1", "1/6", "0"], ["1/8", "0", "9/10", "-11/12"]],
        ["0", "1/13", "-2/15", "1/3"],
        ["1", "1/2", "1/4", "1/8"],
        ["1/7", "1/2", "5/6", "1"],
    ),
}
POLYGON_NORM = fmpq(11, 10)


def _fractions(entries: Any) -> Any:
    if isinstance(entries, str):
        found = Fraction(entries)
        return fmpq(found.numerator, found.denominator)
    return [_fractions(entry) for entry in entries]


@pytest.mark.parametrize("name", RATIONAL)
def test_rational_problems(name: str) -> None:
    W, b, importance, density = (_fractions(part) for part in RATIONAL[name])
    rows = exact.product([list(column) for column in zip(*W, strict=True)], W)
    answer = exact.expected_loss(rows, b, importance, density)
    arrays = [np.array([[as_float(x) for x in row] for row in W])]
    arrays += [np.array([as_float(x) for x in part]) for part in (b, importance, density)]
    found = expected_loss(*arrays)
    assert found.method == "enumeration"
    assert difference(float(found.value), answer) <= 1e-14 * as_float(answer)


def polygon(k: int, bias: fmpq, density: fmpq) -> arb:
    """L of the k-gon of norm 11/10, as a ball of 200 bits."""
    ctx.prec = 200
    norm = arb(POLYGON_NORM)
    row = [norm * norm * (2 * arb.pi() * i / k).cos() for i in range(k)]
    if k % 4 == 0:  # what is zero must be exactly so: no ball around it
        row[k // 4] = row[3 * k // 4] = arb(0)
    loss: arb = exact.output_loss(0, row, arb(bias), [arb(density)] * k)
    return k * loss


@pytest.mark.parametrize("density", [fmpq(1, 20), fmpq(2, 3)])
@pytest.mark.parametrize("bias", [fmpq(-1, 10), fmpq(0)])  # 0: sums that cancel but for 1e-17
@pytest.mark.parametrize("k", [5, 6, 8])
def test_polygons(k: int, bias: fmpq, density: fmpq) -> None:
    answer = polygon(k, bias, density)
    assert float(answer.rad()) < 1e-20 * float(answer.mid())
    angles = 2 * np.pi * np.arange(k) / k
    W = as_float(POLYGON_NORM) * np.array([np.cos(angles), np.sin(angles)])
    found = expected_loss(W, as_float(bias), 1.0, as_float(density), method=Enumeration())
    assert found.value == pytest.approx(float(answer.mid()), rel=1e-14)


entries = st.builds(Fraction, st.integers(-12, 12), st.integers(1, 12))
probabilities = st.builds(Fraction, st.integers(1, 11), st.just(12)) | st.sampled_from(
    [Fraction(1), Fraction(1, 10**9), Fraction(1, 1000)]
)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_drawn_rational_problems(data: st.DataObject) -> None:
    n, m = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 3))

    def drawn(count: int, what: Any) -> list[float]:
        return [float(x) for x in data.draw(st.lists(what, min_size=count, max_size=count))]

    W = np.array(drawn(n * m, entries)).reshape(m, n)
    b, importance = np.array(drawn(n, entries)), np.abs(drawn(n, entries))
    density = np.array(drawn(n, probabilities))
    # Products of floats round; the exact problem is the one with the rounded rows.
    rows = exact.rationals(W.T @ W)
    answer = exact.expected_loss(
        rows, exact.rationals(b), exact.rationals(importance), exact.rationals(density)
    )
    found = expected_loss(np.eye(n), b, importance, density, W_out=W.T @ W)
    scale = max(as_float(answer), float(importance @ density) / 3)
    assert difference(float(found.value), answer) <= 1e-14 * scale
    assert difference(float(found.value), answer) <= found.error
