r"""The arrangement of phases in the (r, λ) plane: the curves on which two of them are best.

Divided by the variance, a phase costs A(r) + B(r) λ with A, B affine in r. Two phases cost
the same where

.. math:: ΔA_0 + ΔA_1 r + (ΔB_0 + ΔB_1 r)\, λ = 0

r: relative importance of the extra feature; λ: relative cost of a pair. That is a curve
λ(r) = -ΔA/ΔB, a vertical line, or both. On a curve a third phase ties at the roots of a
quadratic in r, so every piece on which the two are best is found exactly.
Source: derived here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import sympy

from superposition.theory.phase import Affine, Phase
from superposition.theory.symbols import r

Range = tuple[sympy.Expr, sympy.Expr]


@dataclass(frozen=True)
class Curve:
    """λ(r) = -over/under, both affine in r; or the vertical line r = ``importance``."""

    over: Affine | None = None
    under: Affine | None = None
    importance: sympy.Rational | None = None

    @property
    def cost(self) -> sympy.Expr | None:
        """λ(r), or None on a vertical line."""
        if self.over is None or self.under is None:
            return None
        return sympy.cancel(-_at(self.over, r) / _at(self.under, r))

    def point(self, parameter: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr]:
        """(r, λ) at the curve's parameter: r on a curve λ(r), λ on a vertical line."""
        if self.over is None or self.under is None:
            return self.importance, parameter
        return parameter, -_at(self.over, parameter) / _at(self.under, parameter)


def curves_between(one: Phase, other: Phase) -> tuple[Curve, ...]:
    """Where both phases cost the same, for r > 0; none where they never or always do."""
    a, b = _difference(one.dropped, other.dropped), _difference(one.paired, other.paired)
    if a[0] * b[1] != a[1] * b[0]:
        return (Curve(over=a, under=b),)
    # ΔA and ΔB are proportional: a line of constant r where both vanish, one of constant λ.
    lines = [Curve(importance=root) for root in dict.fromkeys([*_positive(a), *_positive(b)])]
    if any(b):
        ratio = (a[1], b[1]) if b[1] else (a[0], b[0])
        lines.append(Curve(over=(ratio[0], sympy.S.Zero), under=(ratio[1], sympy.S.Zero)))
    return tuple(lines)


def separating_ranges(
    sides: tuple[Phase, Phase], curve: Curve, phases: Sequence[Phase], largest: sympy.Expr
) -> list[Range]:
    """The ranges of the curve's parameter on which ``sides`` are best, one on either side.

    largest: the λ at density 1, where the diagram ends.
    """
    limit = largest if curve.importance is not None else sympy.oo
    marks = {sympy.S.Zero, limit}
    marks |= {mark for mark in _events(sides[0], curve, phases, largest) if 0 < mark < limit}
    ranges: list[Range] = []
    for start, stop in pairwise(sorted(marks, key=float)):
        if _separates(sides, curve, _between(start, stop), phases, largest):
            if ranges and ranges[-1][1] == start:
                start = ranges.pop()[0]  # noqa: PLW2901 - the piece before goes on
            ranges.append((start, stop))
    return ranges


def _events(
    phase: Phase, curve: Curve, phases: Sequence[Phase], largest: sympy.Expr
) -> Iterable[sympy.Expr]:
    """Parameters at which another phase ties with ``phase``, or the curve leaves the diagram."""
    differences = [
        (_difference(other.dropped, phase.dropped), _difference(other.paired, phase.paired))
        for other in phases
    ]
    if curve.importance is not None:
        for a, b in differences:
            yield from _positive((_at(a, curve.importance), _at(b, curve.importance)))
        return
    assert curve.over is not None
    assert curve.under is not None
    yield from _positive(curve.over)
    yield from _positive(curve.under)
    reach = tuple(u * largest + o for o, u in zip(curve.over, curve.under, strict=True))
    yield from _positive((reach[0], reach[1]))
    for a, b in differences:
        first, second = _product(a, curve.under), _product(b, curve.over)
        yield from _positive(tuple(x - y for x, y in zip(first, second, strict=True)))


def _separates(
    sides: tuple[Phase, Phase],
    curve: Curve,
    parameter: sympy.Rational,
    phases: Sequence[Phase],
    largest: sympy.Expr,
) -> bool:
    """Whether the curve at ``parameter`` has one of ``sides`` as best phase on each side.

    Losses are affine across the curve, so among the phases tied on it the steepest is best
    on one side and the flattest on the other; a phase between is best nowhere.
    """
    extra, cost = curve.point(parameter)
    if not 0 < cost <= largest:
        return False
    heights = [phase.loss_over_variance(extra, cost) for phase in phases]
    least = sides[0].loss_over_variance(extra, cost)
    if any(height < least for height in heights):
        return False
    vertical = curve.importance is not None
    slopes = {
        phase: phase.dropped[1] + phase.paired[1] * cost if vertical else _at(phase.paired, extra)
        for phase, height in zip(phases, heights, strict=True)
        if height == least
    }
    ends = {min(slopes.values()), max(slopes.values())}
    return {slopes[sides[0]], slopes[sides[1]]} == ends


def _at(affine: Affine, importance: sympy.Expr) -> sympy.Expr:
    return affine[0] + affine[1] * importance


def _difference(one: Affine, other: Affine) -> Affine:
    return one[0] - other[0], one[1] - other[1]


def _product(one: Affine, other: Affine) -> tuple[sympy.Rational, ...]:
    """The coefficients of one × other, constant first."""
    return (
        one[0] * other[0],
        one[0] * other[1] + one[1] * other[0],
        one[1] * other[1],
    )


def _positive(coefficients: Sequence[sympy.Rational]) -> list[sympy.Expr]:
    """The positive roots of a polynomial of degree ≤ 2, constant coefficient first."""
    c0, c1, c2 = (*coefficients, sympy.S.Zero)[:3]
    if c2 == 0:
        roots = [-c0 / c1] if c1 != 0 else []
    else:
        discriminant = c1**2 - 4 * c0 * c2
        root = sympy.sqrt(discriminant) if discriminant >= 0 else None
        roots = [(-c1 + sign * root) / (2 * c2) for sign in (-1, 1)] if root is not None else []
    return [root for root in roots if root > 0]


def _between(start: sympy.Expr, stop: sympy.Expr) -> sympy.Rational:
    """A rational number strictly between both ends."""
    if stop == sympy.oo:
        return sympy.Integer(sympy.floor(start)) + 1
    return sympy.Rational(str(sympy.N((start + stop) / 2, 30)))
