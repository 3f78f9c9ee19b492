r"""Moments of the positive part of a linear form over cubes, without cancellation.

.. math:: M_r[\mu] = \int_{[0,1]^k} \mu(u) \, (z)_+^r \, du, \qquad z = c + a \cdot u

μ: a monomial in u; r = 2, 1, 0 (the step) and -1 (Dirac's delta of z). With v the corner of
the cube where z is largest, the divergence theorem on the field (u - v) μ (z)_+^r gives

.. math:: (k + r + \deg \mu) M_r[\mu] = r z_v M_{r-1}[\mu]
          + \sum_{j} M_r[\mu]_{\text{face } u_j = 1 - v_j}
          + \sum_{l:\, v_l = 1} M_r[\partial_l \mu]

for r ≥ 1; at r = 0 the first term is z_v M_{-1}[μ]. Every term is positive: no digits are
lost, however small a slope is. Only M_{-1} is a difference, along the largest slope a_l,

.. math:: a_l M_{-1}[\mu] = M_0[\mu]_{u_l = 1} - M_0[\mu]_{u_l = 0} - M_0[\partial_l \mu]

and it enters with z_v ≤ k |a_l|. Source: derived here; it is the recurrence of box splines
(de Boor, Höllig and Riemenschneider 1993) started from the corner where nothing cancels.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device

from superposition.numerics.expectation.activity.cube_faces import FREE, HIGH, LOW, Level
from superposition.numerics.expectation.compiled import compiled

Monomial = tuple[int, ...]
SNAP = 1e-15  # of the form's terms: what their sum may be off by
Moments = dict[tuple[Monomial, int], Any]
Tangents = tuple[tuple[Any, Any], ...]  # up to two forms, each slopes (n, R) and offset (R,)


def moments_over_cubes(
    slopes: Any,
    offset: Any,
    support: tuple[float, float],
    levels: tuple[Level, ...],
    powers: Mapping[Monomial, int],
    tangents: Tangents = (),
) -> tuple[Moments, Any]:
    """``cube_moments`` by its compiled twin where that can be had."""
    if compiled(slopes):
        from superposition.numerics.expectation.activity import cube_moments_kernel

        return cube_moments_kernel.cube_moments(slopes, offset, support, levels, powers, tangents)
    return cube_moments(slopes, offset, support, levels, powers, tangents)


def cube_moments(
    slopes: Any,
    offset: Any,
    support: tuple[float, float],
    levels: tuple[Level, ...],
    powers: Mapping[Monomial, int],
    tangents: Tangents = (),
) -> tuple[Moments, Any]:
    """M_r[μ] over the cube of every wanted active set, one row per linear form.

    slopes: (n, R), offset: (R,): the forms z = offset + Σ_j slopes_j x_j, with x_j = low +
    (high - low) u_j where feature j is free; support: (low, high); levels: the faces;
    powers: the largest r wanted of each monomial μ (a tuple of features). Result: moments
    (μ, r) ↦ (P, R), P the number of active sets, and the depth (P, R) of every set: 0 where z
    does not vanish identically. Where it does the depth is 1 and z counts as negative in the
    step function or, where ``tangents`` are given, as what it becomes along the first; where
    that vanishes too the depth is 2, and z is what it becomes along the second.
    """
    xp = array_namespace(slopes)
    wanted = closed_under_derivatives(powers)
    patterns = sum(len(level.pattern) for level in levels)
    found: Moments = {key: [] for key in in_order(wanted)}
    depths, order = [], []
    below: Moments = {}
    for k, level in enumerate(levels):
        forms = _Forms(level, slopes, offset, support, tangents)
        here: Moments = {}
        for monomial, r in in_order(wanted):
            here[monomial, r] = (
                _at_corners(forms, monomial, r)
                if k == 0
                else _on_faces(forms, below, here, monomial, r)
            )
        picked = _static(level.wanted, slopes)
        for key, table in here.items():
            found[key].append(xp.take(table, picked, axis=0))
        depths.append(xp.take(forms.depth, picked, axis=0))
        order.append(level.pattern)
        below = here
    back = np.empty(patterns, dtype=np.int64)
    back[np.concatenate(order)] = np.arange(patterns)
    by_pattern = _static(back, slopes)
    moments = {
        key: xp.take(xp.concat(tables, axis=0), by_pattern, axis=0) for key, tables in found.items()
    }
    return moments, xp.take(xp.concat(depths, axis=0), by_pattern, axis=0)


class _Forms:
    """The linear forms on the states of one level: slopes, extreme values, depth."""

    def __init__(
        self,
        level: Level,
        slopes: Any,
        offset: Any,
        support: tuple[float, float],
        tangents: Tangents,
    ) -> None:
        xp = array_namespace(slopes)
        self.level, self.xp = level, xp
        self.free_slopes, self.greatest, self.least = _extremes(level, slopes, offset, support)
        pending = (self.greatest == 0) & (self.least == 0)
        self.depth = xp.astype(pending, slopes.dtype)
        self.step_greatest, self.step_least = self.greatest, self.least
        for at, tangent in enumerate(tangents):
            if not bool(xp.any(pending)):
                break
            along, greatest, least = _extremes(level, *tangent, support)
            self.free_slopes = [
                xp.where(pending, new, old)
                for new, old in zip(along, self.free_slopes, strict=True)
            ]
            self.step_greatest = xp.where(pending, greatest, self.step_greatest)
            self.step_least = xp.where(pending, least, self.step_least)
            pending = pending & (greatest == 0) & (least == 0)
            if at == 0:
                self.depth = self.depth + xp.astype(pending, slopes.dtype)
        # Touching counts: on a face where z vanishes the step is a matter of side.
        self.touching = (self.step_greatest >= 0) & (self.step_least <= 0)


def _extremes(
    level: Level, slopes: Any, offset: Any, support: tuple[float, float]
) -> tuple[list[Any], Any, Any]:
    """Slopes of the free features in u, and the greatest and least value of every form."""
    xp = array_namespace(slopes)
    low, high = support
    length = high - low
    at_ends = low * (level.place == LOW) + high * (level.place == HIGH)
    value = _exact_sum(at_ends, slopes, offset)
    greatest = least = value
    free_slopes = []
    for position in range(level.free.shape[1]):
        slope = xp.take(slopes, _static(level.free[:, position], slopes), axis=0)
        free_slopes.append(slope * length)
        ends = (slope * low, slope * high)
        greatest = greatest + xp.maximum(*ends)
        least = least + xp.minimum(*ends)
    # A value within rounding of the kink is on it, from whichever face one looks at it.
    size = xp.abs(offset) + max(abs(low), abs(high)) * xp.sum(xp.abs(slopes), axis=0)
    greatest, least = (
        xp.where(xp.abs(value) <= SNAP * size, 0 * value, value) for value in (greatest, least)
    )
    return free_slopes, greatest, least


def _exact_sum(coefficients: Any, slopes: Any, offset: Any) -> Any:
    """offset + Σ_j coefficient_j slope_j, (S, R), term by term in one fixed order."""
    xp = array_namespace(slopes)
    total = (
        xp.zeros(
            (coefficients.shape[0], offset.shape[0]), dtype=slopes.dtype, device=device(slopes)
        )
        + offset
    )
    for feature in range(coefficients.shape[1]):
        column = coefficients[:, feature]
        if column.any():
            weights = xp.asarray(column, dtype=slopes.dtype, device=device(slopes))
            total = total + weights[:, None] * slopes[feature]
    return total


def _at_corners(forms: _Forms, monomial: Monomial, r: int) -> Any:
    """At a single point: the monomial times (z)_+^r; there is no delta."""
    xp, z = forms.xp, forms.greatest
    if r == -1:
        return xp.zeros_like(z)
    power = (
        xp.astype(forms.step_greatest > 0, z.dtype)
        if r == 0
        else xp.maximum(z, xp.zeros_like(z)) ** r
    )
    if not monomial:
        return power
    one = np.all(forms.level.place[:, list(monomial)] == HIGH, axis=1)
    return power * xp.asarray(one, dtype=z.dtype, device=device(z))[:, None]


def _on_faces(forms: _Forms, below: Moments, here: Moments, monomial: Monomial, r: int) -> Any:
    if r == -1:
        return _delta(forms, below, here, monomial)
    xp, level = forms.xp, forms.level
    table = below[monomial, r]
    corner = forms.greatest if r else forms.step_greatest
    total = max(r, 1) * corner * here[monomial, r - 1]
    for position, slope in enumerate(forms.free_slopes):
        low, high = (_static(ids[:, position], table) for ids in (level.low, level.high))
        total = total + xp.where(
            slope > 0, xp.take(table, low, axis=0), xp.take(table, high, axis=0)
        )
    for at, feature in enumerate(monomial):
        rest = monomial[:at] + monomial[at + 1 :]
        for position, slope in enumerate(forms.free_slopes):
            is_free = level.free[:, position] == feature
            if is_free.any():
                mask = xp.asarray(is_free, device=device(table))[:, None] & (slope > 0)
                total = total + xp.where(mask, here[rest, r], xp.zeros_like(total))
    degree = (level.place[:, list(monomial)] == FREE).sum(axis=1) if monomial else 0
    divisor = level.free.shape[1] + r + degree + np.zeros(len(level.place))
    return total / xp.asarray(divisor, dtype=table.dtype, device=device(table))[:, None]


def _delta(forms: _Forms, below: Moments, here: Moments, monomial: Monomial) -> Any:
    """M_{-1}, along the free feature of largest slope."""
    xp, level, table = forms.xp, forms.level, below[monomial, 0]
    largest = xp.zeros_like(forms.greatest)
    difference = xp.zeros_like(largest)
    for position, slope in enumerate(forms.free_slopes):
        low, high = (_static(ids[:, position], table) for ids in (level.low, level.high))
        candidate = xp.take(table, high, axis=0) - xp.take(table, low, axis=0)
        for at, feature in enumerate(monomial):
            is_this = np.asarray(level.free[:, position] == feature)
            if is_this.any():
                rest = monomial[:at] + monomial[at + 1 :]
                mask = xp.asarray(is_this, dtype=table.dtype, device=device(table))[:, None]
                candidate = candidate - mask * here[rest, 0]
        better = xp.abs(slope) > xp.abs(largest)
        largest = xp.where(better, slope, largest)
        difference = xp.where(better, candidate, difference)
    inside = forms.touching & (largest != 0)
    safe = xp.where(inside, largest, xp.ones_like(largest))
    return xp.where(inside, difference / safe, xp.zeros_like(largest))


def closed_under_derivatives(powers: Mapping[Monomial, int]) -> dict[Monomial, int]:
    """With every monomial its divisors, up to the powers its recurrence needs."""
    closed: dict[Monomial, int] = {}
    stack = [(tuple(sorted(monomial)), r) for monomial, r in powers.items()]
    while stack:
        monomial, r = stack.pop()
        r = max(r, 0)
        if closed.get(monomial, -1) < r:
            closed[monomial] = r
        stack += [(monomial[:at] + monomial[at + 1 :], r) for at in range(len(monomial))]
    return closed


def in_order(powers: Mapping[Monomial, int]) -> list[tuple[Monomial, int]]:
    """Shorter monomials first, M_0 of the divisors before the delta, low powers first."""
    return [
        (monomial, r)
        for monomial in sorted(powers, key=len)
        for r in range(-1, powers[monomial] + 1)
    ]


def _static(index: Any, like: Any) -> Any:
    """A fixed index array where the numbers are (numpy, or a torch device)."""
    xp = array_namespace(like)
    return xp.asarray(index, device=device(like))
