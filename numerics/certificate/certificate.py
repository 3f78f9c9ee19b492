r"""Which phase holds the global optimum of two features in one dimension: a proof or a refusal.

.. math:: L(W, b) = \sum_{i=1}^2 I_i\, E\big(x_i - (W_i^2 x_i + W_1 W_2 x_j + b_i)_+\big)^2,
          \qquad I = (1, r)

Phases: a feature is dropped (W_i = 0; W_j = ±1, b_j = 0, b_i = p/2), or the two are superposed
(W_1 W_2 ≠ 0). Exchanging the features maps r to 1/r, so let r ≤ 1.

Lemma. Where W_1 W_2 = 0, L ≥ r v, v = p/3 - p²/4; for r < 1 with equality only at W = (±1, 0),
b = (0, p/2). Proof. W_2 = 0: the second output is the constant (b_2)₊ and costs at least the
variance v, as b_2 = p/2 alone does; the first costs nothing only if (a x + b_1)₊ = x
always, a = 1 and b_1 = 0. W_1 = 0: the first output costs at least v > r v. ∎

Superposed: one point with L < r v, its loss a fraction (``witness``). Dropped: L > r v in a strip
around W_2 = 0 (``dropped_point``), and no minimiser with L ≤ r v outside of it
(``branch_and_bound``), within bounds on the weights (``search_region``). Everything is
decided by rational or ball arithmetic; floats only choose what to try.

r: importance of the second feature relative to the first; p: density; x_i: 0 with probability
1 - p, else uniform on [0, 1]. Source: derived here. Needs python-flint, the extra ``exact``.
"""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

try:
    from flint import arb, ctx, fmpq
except ImportError:
    raise ImportError(
        "Certificates need python-flint; install it with pip install 'toy-superposition[exact]'."
    ) from None

from superposition.numerics.certificate.branch_and_bound import Box, Search, exclude
from superposition.numerics.certificate.dropped_point import (
    Neighbourhood,
    Scaled,
    configuration,
    neighbourhood,
    positive_everywhere,
)
from superposition.numerics.certificate.output_cell import middle
from superposition.numerics.certificate.search_region import largest_weights
from superposition.numerics.certificate.witness import Point, exact_loss, witness
from superposition.theory.domain import check_count

BITS = 128  # of the balls; 60 more than the worst cancellation, by slopes of 1e-9, uses up
BUDGET = 400_000  # cells; ten to twenty seconds
FINE = 80  # binary digits of the loss of a witness
EXCHANGED = {"first dropped": "second dropped", "second dropped": "first dropped"}
PROVEN = (
    "Every other configuration has a loss above r v: in a strip around W_2 = 0 by the local "
    "lemma, elsewhere by branch and bound."
)
OTHER_WAY = " All this for the features exchanged: importance 1/r, losses divided by r."


@dataclass(frozen=True)
class Certificate:
    """What is proven about the global optimum at one importance and density.

    importance, density: r and p, the fractions that they are. phase: "first dropped",
    "second dropped" or "superposed": proven if ``proven``, else only what the numerics found.
    why: what proves it, or where the proof got stuck, in whole sentences. witness: (W_1, W_2, b_1,
    b_2), the optimum if a feature is dropped, else a point that beats dropping either. lower,
    upper: proven bounds on the least loss. antipodal: whether W_1 W_2 < 0 is proven for every
    optimum. boxes: how many the branch and bound looked at. stuck: the box of (W_1, W_2) where
    it gave up, or None.
    """

    importance: Fraction
    density: Fraction
    phase: str
    proven: bool
    why: str
    witness: Point
    lower: Fraction
    upper: Fraction
    antipodal: bool
    boxes: int
    stuck: tuple[tuple[float, float], tuple[float, float]] | None


def certify(importance: Any, density: Any, *, budget: int = BUDGET, gap: Any = None) -> Certificate:
    """Prove which phase holds the global optimum, or say where the proof got stuck.

    importance: r > 0 of the second feature, the first one's being 1; density: p in (0, 1]; both
    int, Fraction, fmpq or float, a float being the binary fraction that it is. budget: the
    cells that each branch and bound may look at, some 25 000 a second. gap: where superposition
    wins, also prove that no loss lies below 1 - gap times the witness's, and try to prove that
    every optimum is antipodal; by default the one is left at 0 and the other at False.

    Raises ``ValueError`` for an importance, density, budget or gap outside of these.

    >>> found = certify(Fraction(1, 5), Fraction(1, 2))
    >>> found.phase, found.proven, found.upper  # r v
    ('second dropped', True, Fraction(1, 48))
    >>> found = certify(1, Fraction(1, 2))
    >>> found.phase, found.proven, found.upper < Fraction(5, 48)
    ('superposed', True, True)
    """
    r, p, budget = *exact_point(importance, density), check_count(budget, "budget")
    share = exact_gap(gap)
    if r > 1:
        return exchanged(certify(1 / r, p, budget=budget, gap=share))
    found = witness(r, p)
    if found is None:
        return prove_dropped(r, p, budget=budget)
    certificate = _superposed(r, p, found)
    return certificate if share is None else _enclosed(certificate, share, budget)


def prove_dropped(importance: Any, density: Any, *, budget: int = BUDGET) -> Certificate:
    """Prove that dropping the less important feature is optimal, without looking for better.

    Where it is not optimal this cannot succeed: it gets stuck, or finds a counterexample and
    certifies superposition by that. Arguments and errors: those of ``certify``.

    >>> prove_dropped(1, Fraction(1, 10)).phase
    'superposed'
    """
    r, p, budget = *exact_point(importance, density), check_count(budget, "budget")
    if r > 1:
        return exchanged(prove_dropped(1 / r, p, budget=budget))
    with ctx.workprec(BITS):
        weight, density = _ball(r), _ball(p)
        target = weight * density * (4 - 3 * density) / 12
        first, second = largest_weights(weight, density)
        near = neighbourhood(weight, density, first)
        for sign in (-1, 1):
            _, corner = positive_everywhere(weight, density, sign, near.box, budget)
            if corner is not None:
                return _nearby(r, p, sign, corner, near)
        sides = (-second, -near.second), (near.second, second)
        region = [Box((0.0, first), side) for side in sides]
        search = exclude(weight, density, target, region, budget)
    if search.counterexample:
        return _superposed(r, p, _fractions(search.counterexample))
    if search.stuck:
        box = search.stuck.first, search.stuck.second
        return _dropped(r, p, search.boxes, box, _far_away(search, float(target)))
    return _dropped(r, p, search.boxes, None, PROVEN)


def _superposed(r: Fraction, p: Fraction, point: Point) -> Certificate:
    loss, dropping = _rounded(exact_loss(r, p, point), up=True), _dropping(r, p)
    why = (
        f"The witness loses {float(1 - loss / dropping):.3g} of it less than "
        f"r v = {float(dropping):.6g}, the least loss with a feature dropped."
    )
    proven, zero = loss < dropping, Fraction(0)
    return Certificate(r, p, "superposed", proven, why, point, zero, loss, False, 0, None)


def _dropped(r: Fraction, p: Fraction, boxes: int, stuck: Any, why: str) -> Certificate:
    point = Fraction(1), Fraction(0), Fraction(0), p / 2
    upper, proven = _dropping(r, p), stuck is None
    lower = upper if proven else Fraction(0)
    phase = "second dropped"
    return Certificate(r, p, phase, proven, why, point, lower, upper, False, boxes, stuck)


def _enclosed(found: Certificate, gap: Fraction, budget: int) -> Certificate:
    """With the loss enclosed from below, and W_1 W_2 ≥ 0 excluded, as far as the budget goes."""
    r, p, floor = found.importance, found.density, _rounded((1 - gap) * found.upper, up=False)
    with ctx.workprec(BITS):
        weight, density, low = _ball(r), _ball(p), _ball(floor)
        first, second = largest_weights(weight, density)
        near = neighbourhood(weight, density, first)
        _, corner = positive_everywhere(weight, density, 1, near.box, budget)
        # Where the confused side rises from the dropped point, a strip need not be searched.
        alike = Box((0.0, first), (near.second if corner is None else 0.0, second))
        antipodal = exclude(weight, density, _ball(found.upper), [alike], budget)
        rest = [Box((0.0, first), (-second, 0.0))]
        if not antipodal.excluded:
            rest.append(alike)
        below = exclude(weight, density, low, rest, budget)
    why = [found.why]
    why.append(
        "W_1 W_2 ≥ 0 cannot do as well."
        if antipodal.excluded
        else "Whether W_1 W_2 ≥ 0 can do as well was not decided within the budget."
    )
    if not below.excluded:
        why.append(f"That no loss lies below {float(floor):.6g} was not proven within the budget.")
    return replace(
        found,
        why=" ".join(why),
        antipodal=antipodal.excluded,
        lower=floor if below.excluded else found.lower,
        boxes=antipodal.boxes + below.boxes,
        stuck=below.stuck and (below.stuck.first, below.stuck.second),
    )


def _nearby(
    r: Fraction, p: Fraction, sign: int, corner: Scaled, near: Neighbourhood
) -> Certificate:
    """What a failure of the local lemma says: mostly, a point with a loss below r v."""
    alpha, beta, t = (middle(interval) for interval in corner)
    for k in range(12):
        tried = configuration(sign, alpha, beta, t or near.box[2][1] / 2**k, float(p))
        if exact_loss(r, p, _fractions(tried)) < _dropping(r, p):
            return _superposed(r, p, _fractions(tried))
    why = (
        f"Stuck beside the dropped optimum, on the {'antipodal' if sign < 0 else 'confused'} "
        f"side: at α = {alpha:.4g}, β = {beta:.4g}, t = {t:.4g} the lemma's Φ > 0 was not proven."
    )
    return _dropped(r, p, 0, ((0.0, near.first), (-near.second, near.second)), why)


def _far_away(search: Search, target: float) -> str:
    return (
        f"Stuck after {search.boxes} boxes and {search.cells} cells: on the box named by 'stuck' "
        f"the loss is only known to exceed {search.lower / target:.4g} of r v = {target:.6g}."
    )


def exact_point(importance: Any, density: Any) -> tuple[Fraction, Fraction]:
    """(r, p) as fractions; ``ValueError`` unless r > 0 and 0 < p ≤ 1.

    >>> exact_point(0.5, 1)
    (Fraction(1, 2), Fraction(1, 1))
    """
    r, p = _fraction(importance, "importance"), _fraction(density, "density")
    if r <= 0:
        raise ValueError(f"importance is {importance!r}; it must be positive.")
    if not 0 < p <= 1:
        raise ValueError(f"density is {density!r}; a density p = 1 - S must lie in (0, 1].")
    return r, p


def exact_gap(gap: Any) -> Fraction | None:
    """The fraction that a gap is; ``ValueError`` unless None or between 0 and 1.

    >>> exact_gap(0.25)
    Fraction(1, 4)
    """
    if gap is None:
        return None
    share = _fraction(gap, "gap")
    if not 0 < share < 1:
        raise ValueError(f"gap is {gap!r}; it must lie between 0 and 1.")
    return share


def exchanged(found: Certificate) -> Certificate:
    """The certificate at 1/r: L(r; W_1, W_2, b_1, b_2) = r L(1/r; W_2, W_1, b_2, b_1).

    >>> exchanged(certify(Fraction(1, 9), 1)).phase
    'first dropped'
    """
    r = 1 / found.importance
    first, second, *biases = found.witness
    return replace(
        found,
        importance=r,
        phase=EXCHANGED.get(found.phase, found.phase),
        why=found.why.removesuffix(OTHER_WAY) + (OTHER_WAY if r > 1 else ""),
        witness=(second, first, biases[1], biases[0]),
        lower=r * found.lower,
        upper=r * found.upper,
        stuck=found.stuck and (found.stuck[1], found.stuck[0]),
    )


def _rounded(number: Fraction, up: bool) -> Fraction:
    """A number of ``FINE`` binary digits, on the safe side."""
    size = number.numerator.bit_length() - number.denominator.bit_length()
    unit = Fraction(2) ** (size - FINE)
    return (math.ceil(number / unit) if up else math.floor(number / unit)) * unit


def _dropping(r: Fraction, p: Fraction) -> Fraction:
    """r v, the least loss with a feature dropped, r ≤ 1."""
    return r * p * (4 - 3 * p) / 12


def _fraction(value: Any, name: str) -> Fraction:
    """The fraction that a number is."""
    if isinstance(value, fmpq):
        return Fraction(int(value.p), int(value.q))
    if isinstance(value, int | Fraction | float | np.number) and not isinstance(value, bool):
        with suppress(ValueError, OverflowError, TypeError):
            return Fraction(value if isinstance(value, int | Fraction) else float(value))
    raise ValueError(f"{name} is {value!r}; it must be an int, Fraction, fmpq or finite float.")


def _fractions(numbers: tuple[float, float, float, float]) -> Point:
    first, second, *biases = (Fraction(number) for number in numbers)
    return first, second, biases[0], biases[1]


def _ball(number: Fraction) -> Any:
    return arb(fmpq(number.numerator, number.denominator))
