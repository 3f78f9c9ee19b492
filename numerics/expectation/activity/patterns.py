r"""Enumeration: every set of active features, with its exact cube integrals.

.. math:: E(x_i - (z_i)_+)^2 = E x_i^2
          + \sum_A P(A) \Big( E\big[(z_i)_+^2 \mid A\big]
          - 2 [i \in A]\, E\big[x_i (z_i)_+ \mid A\big] \Big)

Exact to rounding: the integrals come from ``cube_moments``, in which nothing cancels. The
derivatives are moments of the same kind, one power lower each time,

.. math:: \partial_{A_{ij}} = 2 E\big[x_j (z_i)_+\big] - 2 E\big[x_i x_j 1(z_i > 0)\big]

and their change along (δA, δb), with δz = δb + Σ δA_{ij} x_j,

.. math:: 2 E\big[x_j \delta z\, 1(z_i > 0)\big] - 2 E\big[x_i x_j \delta z\, \delta(z_i)\big]
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device

from superposition.numerics.expectation.activity.cube_faces import (
    ActiveSet,
    all_active_sets,
    faces_of_cubes,
)
from superposition.numerics.expectation.activity.cube_moments import (
    Moments,
    Monomial,
    moments_over_cubes,
)
from superposition.numerics.expectation.problem import Features, OutputProblem, Rows
from superposition.numerics.expectation.result import OutputLosses
from superposition.theory.features.feature_law import FeatureLaw
from superposition.theory.features.values import Binary, ValueLaw

CELLS_PER_BLOCK = 2**18  # states × rows worked on at a time: a few MB, so that caches help


def losses(problem: OutputProblem, gradient: bool) -> OutputLosses:
    """E(x_i - x'_i)² of every output, with derivatives if asked."""
    rows = Rows.of(problem.rows, problem.bias, problem.features.density)
    blocks = [block_losses(block, gradient) for block in _blocks(problem.features, rows)]
    xp = array_namespace(problem.rows)
    losses, bounds, d_bias, one_sided = (
        xp.concat([getattr(block, name) for block in blocks])
        for name in ("losses", "bounds", "d_bias", "one_sided")
    )
    second = problem.second_moment
    return OutputLosses(
        rows.back(losses) + second,
        rows.back(bounds) + 3e-16 * second,
        rows.features_back(xp.concat([block.d_rows for block in blocks], axis=1))
        if gradient
        else None,
        rows.back(d_bias) if gradient else None,
        rows.back(one_sided),
    )


def gradient_change(problem: OutputProblem, d_rows: Any, d_bias: Any) -> tuple[Any, Any, Any]:
    """The change of (d_rows, d_bias) along a direction, and where it is one-sided."""
    rows = Rows.of(problem.rows, problem.bias, problem.features.density)
    along = Rows.of(d_rows, d_bias, problem.features.density)
    xp = array_namespace(problem.rows)
    changes = [
        block_change(block, part)
        for block, part in zip(
            _blocks(problem.features, rows), _blocks(problem.features, along), strict=True
        )
    ]
    return (
        rows.features_back(xp.concat([change[0] for change in changes], axis=1)),
        rows.back(xp.concat([change[1] for change in changes])),
        rows.back(xp.concat([change[2] for change in changes])),
    )


@dataclass(frozen=True, eq=False)
class Block:
    """Rows that share their active sets; the own feature is number 0.

    slopes: (n, R); offset: (R,); active_sets: P sets; probability: (P, R) or (P, 1).
    """

    slopes: Any
    offset: Any
    active_sets: tuple[ActiveSet, ...]
    probability: Any
    values: ValueLaw

    def moments(self, powers: dict[Monomial, int], tangent: Any = None) -> tuple[Moments, Any]:
        """The cube moments of every active set, and where the form is flat."""
        support = self.values.support
        points = isinstance(self.values, Binary)
        levels = faces_of_cubes(
            int(self.slopes.shape[0]), self.active_sets, support[0] == 0, points
        )
        return moments_over_cubes(self.slopes, self.offset, support, levels, powers, tangent)

    def mean(self, moments: Moments, monomial: Monomial, r: int) -> Any:
        """E[Π_{j∈μ} x_j · (z)_+^r], (R,): only sets that hold all of μ count."""
        xp = array_namespace(self.slopes)
        low, high = self.values.support
        total = xp.zeros_like(self.probability)
        for count in range(len(monomial) + 1):
            weight = low ** (len(monomial) - count) * (high - low) ** count
            if weight != 0:
                for part in combinations(monomial, count):
                    total = total + weight * moments[tuple(sorted(part)), r]
        held = np.array([set(monomial) <= set(active) for active in self.active_sets])
        mask = xp.asarray(held, dtype=self.slopes.dtype, device=device(self.slopes))
        return xp.sum(self.probability * total * mask[:, None], axis=0)

    def flat_with(self, flat: Any, feature: int | None) -> Any:
        """Whether z vanishes identically on a set of positive probability (that holds feature)."""
        xp = array_namespace(self.slopes)
        held = np.array([feature is None or feature in active for active in self.active_sets])
        mask = xp.asarray(held, device=device(self.slopes))[:, None]
        return xp.any(flat & mask & (self.probability > 0), axis=0)


def block_losses(block: Block, gradient: bool) -> OutputLosses:
    """Σ_A P(A) (E[(z)_+² | A] - 2 [0 ∈ A] E[x_0 (z)_+ | A]) of every row, with derivatives."""
    n = int(block.slopes.shape[0])
    powers: dict[Monomial, int] = {(): 2, (0,): 1}
    if gradient:
        powers |= {(j,): 1 for j in range(n)} | {(0, j): 0 for j in range(n)}
    moments, flat = block.moments(powers)
    xp = array_namespace(block.slopes)
    square, product = block.mean(moments, (), 2), block.mean(moments, (0,), 1)
    d_rows = d_bias = square
    if gradient:
        d_rows = xp.stack(
            [
                2 * block.mean(moments, (j,), 1) - 2 * block.mean(moments, (0, j), 0)
                for j in range(n)
            ]
        )
        d_bias = 2 * block.mean(moments, (), 1) - 2 * block.mean(moments, (0,), 0)
    rounding = (3 + n / 2) * 2.3e-16
    size = square + 2 * xp.abs(product)
    return OutputLosses(
        square - 2 * product, rounding * size, d_rows, d_bias, block.flat_with(flat, 0)
    )


def block_change(block: Block, along: Block) -> tuple[Any, Any, Any]:
    """The change of a block's derivatives along a direction, and where it is one-sided."""
    n = int(block.slopes.shape[0])
    powers: dict[Monomial, int] = {tuple(sorted((j, k))): 0 for j in range(n) for k in range(j, n)}
    powers |= {tuple(sorted((0, j, k))): 0 for j in range(n) for k in range(j, n)}
    moments, flat = block.moments(powers, (along.slopes, along.offset))
    xp = array_namespace(block.slopes)
    # On the ray the step of a form that was flat is constant: it has no delta.
    moments |= {
        key: xp.where(flat, xp.zeros_like(moment), moment)
        for key, moment in moments.items()
        if key[1] == -1
    }

    def change(monomial: Monomial) -> Any:
        def along_form(monomial: Monomial, r: int) -> Any:
            """E[Π x · δz · (z)_+^r]."""
            return along.offset * block.mean(moments, monomial, r) + sum(
                along.slopes[k] * block.mean(moments, tuple(sorted((*monomial, k))), r)
                for k in range(n)
            )

        return 2 * along_form(monomial, 0) - 2 * along_form(tuple(sorted((0, *monomial))), -1)

    return (
        xp.stack([change((j,)) for j in range(n)]),
        change(()),
        block.flat_with(flat, None),
    )


def _blocks(features: Features, rows: Rows) -> Iterator[Block]:
    """Rows in pieces that share their active sets, small enough for the caches."""
    xp = array_namespace(rows.slopes)
    n = int(rows.slopes.shape[0])
    count = int(rows.offset.shape[0])
    if features.sets is None:
        sets = all_active_sets(n)
        states = (2 if isinstance(features.values, Binary) else 4) ** n
        step = max(1, CELLS_PER_BLOCK // states)
        for start in range(0, count, step):
            part = slice(start, start + step)
            density = rows.density[:, part]
            probability = xp.stack([_independent(active, density) for active in sets])
            yield Block(rows.slopes[:, part], rows.offset[part], sets, probability, features.values)
        return
    law = FeatureLaw(features.sets, features.values)
    drawn = [(active, float(p)) for active, p in law.active_sets() if p > 0]
    for row in range(count):
        place = np.argsort(rows.order[row % n])
        sets = tuple(tuple(sorted(int(place[j]) for j in active)) for active, _ in drawn)
        weights = xp.asarray(
            [p for _, p in drawn], dtype=rows.slopes.dtype, device=device(rows.slopes)
        )
        part = slice(row, row + 1)
        yield Block(
            rows.slopes[:, part], rows.offset[part], sets, weights[:, None], features.values
        )


def _independent(active: ActiveSet, density: Any) -> Any:
    """P(A) = Π_{i∈A} p_i Π_{i∉A} (1 - p_i), (R,)."""
    probability = 1 + 0 * density[0]
    for feature in range(int(density.shape[0])):
        p = density[feature]
        probability = probability * (p if feature in active else 1 - p)
    return probability
