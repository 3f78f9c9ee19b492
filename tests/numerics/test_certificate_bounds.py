"""Every bound that the certificates rest on, against exact losses and independent gradients."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from flint import arb, ctx, fmpq
from hypothesis import given
from hypothesis import strategies as st

from superposition.numerics import expected_loss_gradient
from superposition.numerics.certificate import diagram
from superposition.numerics.certificate.branch_and_bound import Box, _bounds, exclude
from superposition.numerics.certificate.dropped_point import (
    configuration,
    excess,
    neighbourhood,
    positive_everywhere,
)
from superposition.numerics.certificate.output_cell import (
    Interval,
    bias_interval,
    cells,
    half_width,
    slopes,
)
from superposition.numerics.certificate.positive_part_moments import moments
from superposition.numerics.certificate.search_region import largest_weights, own_feature_loss
from superposition.numerics.certificate.witness import exact_loss, witness
from superposition.numerics.expectation.exact import output_loss, rational

BITS = 128
dropping_limit = cache(diagram.dropping_limit)
TINY = Fraction(1, 10**9)


def fractions(low: float, high: float) -> st.SearchStrategy[Fraction]:
    """Fractions with small denominators, and now and then 0 or almost 0."""
    plain = st.fractions(Fraction(low), Fraction(high), max_denominator=1000)
    special = [x for x in (Fraction(0), TINY, -TINY) if low <= x <= high]
    return st.one_of(plain, plain, st.sampled_from(special)) if special else plain


DENSITIES = st.one_of(st.fractions(Fraction(1, 100), 1, max_denominator=100), st.just(Fraction(1)))
WEIGHTS = fractions(-3, 3)
BIASES = fractions(-4, 2)


def ball(number: Fraction | float) -> Any:
    return arb(rational(number))


def exact_output(a: Fraction, c: Fraction, b: Fraction, p: Fraction) -> fmpq:
    density = [rational(p)] * 2
    found = output_loss(0, [rational(a), rational(c)], rational(b), density)
    assert isinstance(found, fmpq)
    return found


def gradient(w: float, u: float, b: float, p: float) -> tuple[float, float, float]:
    """∂F/∂w, ∂F/∂u, ∂F/∂b by the float methods, which share no code with the certificates."""
    found = expected_loss_gradient([[w, u]], [b, 0.0], importance=[1.0, 0.0], density=p)
    return float(found.W[0, 0]), float(found.W[0, 1]), float(found.b[0])


@given(a=fractions(0, 4), c=WEIGHTS, b=BIASES, p=DENSITIES)
def test_moments_enclose_the_exact_loss(a: Fraction, c: Fraction, b: Fraction, p: Fraction) -> None:
    with ctx.workprec(BITS):
        found = moments(ball(a), ball(c), ball(b), ball(p))
        loss = ball(p) / 3 - 2 * found.xz + found.zz
        assert loss.overlaps(arb(exact_output(a, c, b, p)))
        # Slopes of 1e-9 cost four divisions by each of them, no more.
        assert a * c == 0 or min(a, abs(c)) <= TINY or float(loss.rad()) < 1e-20


@given(w=fractions(-2, 2), u=WEIGHTS, b=BIASES, p=DENSITIES)
def test_moments_give_the_gradient(w: Fraction, u: Fraction, b: Fraction, p: Fraction) -> None:
    with ctx.workprec(400):
        found = moments(ball(w) ** 2, ball(w) * ball(u), ball(b), ball(p))
        by_a, by_c = 2 * (found.xz - found.xx1), 2 * (found.yz - found.xy1)
        by_b = 2 * (found.z - found.x1)
        ours = [2 * ball(w) * by_a + ball(u) * by_c, ball(w) * by_c, by_b]
        theirs = gradient(float(w), float(u), float(b), float(p))
        np.testing.assert_allclose([float(x) for x in ours], theirs, rtol=0, atol=3e-11)


@st.composite
def boxes(draw: st.DrawFn) -> tuple[Interval, Interval, Interval]:
    """Intervals of w, u and b, wide and narrow; those of the weights on one side of 0."""
    found = []
    for largest in (2, 3, 2):
        start = draw(st.sampled_from([0.0, 1e-9, 0.5, 1.0, 0.25 * largest]))
        width = draw(st.sampled_from([1e-6, 0.01, 0.125, 0.5]))
        sign = draw(st.sampled_from([1, -1]))
        found.append((start, start + width) if sign > 0 else (-start - width, -start))
    return found[0], found[1], found[2]


SHARES = st.tuples(*[st.sampled_from([0.0, 0.01, 0.3, 0.5, 0.77, 1.0])] * 3)


@given(box=boxes(), share=SHARES, p=DENSITIES)
def test_cells_enclose_losses_and_gradients(
    box: tuple[Interval, Interval, Interval], share: tuple[float, ...], p: Fraction
) -> None:
    point = [
        min(max(low + s * (high - low), low), high)
        for (low, high), s in zip(box, share, strict=True)
    ]
    w, u, b = (Fraction(x) for x in point)
    truth = exact_output(w * w, w * u, b, p)
    slant = gradient(point[0], point[1], point[2], float(p))
    with ctx.workprec(BITS):
        over = slopes(box[0], box[1])
        found = cells(over, [box[2]], ball(p), arb(1))
        if not found:  # said to have no stationary bias
            assert abs(slant[2]) > -1e-12
            return
        (cell,) = found
        spread = half_width(box[0]) * cell.own.abs_upper()
        spread += half_width(box[1]) * cell.other.abs_upper() + cell.reach
        assert not cell.least > truth
        assert not cell.middle - spread > truth
        assert not cell.middle + spread < truth
        for ours, theirs in zip((cell.own, cell.other), slant[:2], strict=True):
            assert float(ours.lower()) - 1e-11 <= theirs <= float(ours.upper()) + 1e-11


@given(box=boxes(), share=SHARES, p=DENSITIES)
def test_cells_left_out_have_a_slope_in_the_bias(
    box: tuple[Interval, Interval, Interval], share: tuple[float, ...], p: Fraction
) -> None:
    with ctx.workprec(BITS):
        over = slopes(box[0], box[1])
        ends = bias_interval(over, ball(p))
        steps = np.linspace(*ends, 9)
        parts = [(float(x), float(y)) for x, y in pairwise(steps)]
        kept = {cell.bias for cell in cells(over, parts, ball(p), arb(1))}
    w, u = (low + s * (high - low) for (low, high), s in zip(box[:2], share[:2], strict=True))
    slants = [
        [gradient(w, u, float(b), float(p))[2] for b in np.linspace(*part, 5)]
        for part in parts
        if part not in kept
    ]
    for row in slants:
        assert min(row) > -1e-12 or max(row) < 1e-12
    # Above the interval the loss grows with the bias; below it the output is silent.
    assert gradient(w, u, ends[1] + 1e-9, float(p))[2] >= -1e-12
    a, c = Fraction(w) ** 2, Fraction(w) * Fraction(u)
    assert exact_output(a, c, Fraction(ends[0]), p) == rational(p / 3)


@pytest.mark.parametrize("p", [Fraction(1, 50), Fraction(2, 5), Fraction(9, 10)])
def test_bounds_about_an_optimum_are_of_second_order(p: Fraction) -> None:
    """They miss the least loss by a quarter when boxes are halved, and never exceed it."""
    r = Fraction(f"{1.05 * dropping_limit(float(p)):.6g}")
    point = witness(r, p)
    assert point is not None
    loss, gaps = ball(exact_loss(r, p, point)), []
    for width in (2.0**-8, 2.0**-9, 2.0**-10):
        with ctx.workprec(BITS):
            box = [(float(x) - width, float(x) + width) for x in point]
            first = cells(slopes(box[0], box[1]), [box[2]], ball(p), arb(1))
            second = cells(slopes(box[1], box[0]), [box[3]], ball(p), ball(r))
            half = half_width(box[0]), half_width(box[1])
            bounds = _bounds((first, second), (first[0], second[0]), half, loss)
            gaps.append(float(loss - bounds.lower))
    assert min(gaps) > 0
    assert all(0.2 * large < small < 0.3 * large for large, small in pairwise(gaps))


@given(w=fractions(0, 4), c=WEIGHTS, b=BIASES, p=DENSITIES)
def test_own_feature_costs_at_least_this(
    w: Fraction, c: Fraction, b: Fraction, p: Fraction
) -> None:
    with ctx.workprec(BITS):
        bound = own_feature_loss((float(w), float(w)), ball(p))
        assert not bound > exact_output(Fraction(float(w)) ** 2, c, b, p)


@pytest.mark.parametrize("a", [Fraction(1, 9), Fraction(1, 4), 1, Fraction(9, 4), 25])
def test_own_feature_bound_is_attained(a: Fraction) -> None:
    best = (1 - a) / 2 if a <= 1 else -a * (a - 1) / (a + 1)
    with ctx.workprec(BITS):
        bound = own_feature_loss((float(a) ** 0.5, float(a) ** 0.5), arb(1))
        truth = exact_output(Fraction(a), Fraction(0), Fraction(best), Fraction(1))
        assert abs(float(bound - truth)) < 1e-15


@given(
    p=DENSITIES,
    r=st.fractions(Fraction(1, 1000), 1, max_denominator=1000),
    sign=st.sampled_from([1, -1]),
    alpha=fractions(-2, 2),
    beta=fractions(-2, 2),
    t=st.fractions(Fraction(1, 1000), Fraction(1, 6)),
)
def test_scaled_loss_is_exact(
    p: Fraction, r: Fraction, sign: int, alpha: Fraction, beta: Fraction, t: Fraction
) -> None:
    a = 1 + t * alpha
    if t * (1 + abs(beta)) > a:
        return
    v = p / 3 - p * p / 4
    loss = exact_output(a, sign * t, t * beta, p) / rational(t) ** 2
    want = loss - rational(r * v * (2 / a - 1 - t * t / (a * a)))
    place = rational(alpha), rational(beta), rational(t)
    assert excess(rational(r), rational(p), sign, *place)[0] == want


@given(
    p=DENSITIES,
    sign=st.sampled_from([1, -1]),
    alpha=st.floats(-2, 2),
    beta=st.floats(-2, 2),
    t=st.floats(0, 0.16),
)
def test_scaled_derivatives(p: Fraction, sign: int, alpha: float, beta: float, t: float) -> None:
    at = np.array([alpha, beta, t])
    slants = excess(0.5, float(p), sign, alpha, beta, t)[1:]
    for k in range(3):
        step = np.zeros(3)
        step[k] = 1e-6
        ends = [excess(0.5, float(p), sign, *map(float, at + s * step))[0] for s in (1, -1)]
        assert (ends[0] - ends[1]) / 2e-6 == pytest.approx(slants[k], abs=3e-6)


@given(
    p=st.fractions(Fraction(1, 100), 1, max_denominator=100),
    share=st.sampled_from([0.3, 0.999]),
    place=st.tuples(fractions(-1, 1), fractions(-1, 1), fractions(0, 1)),
    wide=st.booleans(),
)
def test_no_better_loss_in_the_strip(
    p: Fraction, share: float, place: tuple[Fraction, Fraction, Fraction], wide: bool
) -> None:
    """The lemma's conclusion, at points near the dropped optimum and anywhere in the strip."""
    r = Fraction(f"{share * dropping_limit(float(p)):.6g}")
    with ctx.workprec(BITS):
        near = neighbourhood(ball(r), ball(p), largest_weights(ball(r), ball(p))[0])
        for sign in (-1, 1):
            assert positive_everywhere(ball(r), ball(p), sign, near.box, 10**5)[1] is None
    second = Fraction(near.second) * place[0]
    scale = Fraction(near.first) - 1 if wide else abs(second)
    first = max(1 + scale * place[1] * 2, Fraction(0))
    bias = scale * (4 * place[2] - 2)
    other = p / 2 * (1 - second * second - first * second)
    if first <= Fraction(near.first):
        dropping = r * p * (4 - 3 * p) / 12
        loss = exact_loss(r, p, (first, second, bias, other))
        dropped = first == 1 and second == 0 and bias == 0
        assert loss > dropping or (dropped and loss == dropping)


@pytest.mark.parametrize("density", [0.55, 0.6, 0.7, 0.8])
def test_lemma_is_sharp_where_the_transition_is_continuous(density: float) -> None:
    """One-sided second derivatives decide; two-sided ones would say stable up to r = 1."""
    for factor, holds in ((0.9999, True), (1.0001, False)):
        r = Fraction(dropping_limit(density) * factor)
        with ctx.workprec(BITS):
            box = neighbourhood(ball(r), ball(density), 1.5).box
            found = positive_everywhere(ball(r), ball(density), -1, box, 10**5)[1]
        assert (found is None) == holds
    assert found is not None
    alpha, beta, _ = (sum(interval) / 2 for interval in found)
    at = configuration(-1, alpha, beta, 1e-5, density)
    losses = exact_loss(r, Fraction(density), tuple(Fraction(x) for x in at))  # type: ignore[arg-type]
    assert losses < r * Fraction(density) * (4 - 3 * Fraction(density)) / 12


@pytest.mark.parametrize(("density", "factor"), [(0.02, 1.002), (0.3, 1.002), (0.6, 1.02)])
def test_search_finds_the_counterexample(density: float, factor: float) -> None:
    r, p = Fraction(dropping_limit(density) * factor), Fraction(density)
    with ctx.workprec(BITS):
        target = ball(r) * ball(p) * (4 - 3 * ball(p)) / 12
        first, second = largest_weights(ball(r), ball(p))
        found = exclude(ball(r), ball(p), target, [Box((0.0, first), (-second, -0.01))], 10**5)
    assert not found.excluded
    assert found.counterexample is not None
    point = tuple(Fraction(x) for x in found.counterexample)
    assert exact_loss(r, p, point) < r * p * (4 - 3 * p) / 12  # type: ignore[arg-type]
