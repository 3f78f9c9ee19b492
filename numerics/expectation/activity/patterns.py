r"""Enumeration: every set of active features, with its exact cube integrals.

.. math:: E(x_i - (z_i)_+)^2 = E x_i^2
          + \sum_A P(A) \Big( E\big[(z_i)_+^2 \mid A\big]
          - 2 [i \in A]\, E\big[x_i (z_i)_+ \mid A\big] \Big)

Exact to rounding: the integrals come from ``cube_moments``, in which nothing cancels. The
derivatives are moments of the same kind, one power lower each time,

.. math:: \partial_{A_{ij}} = 2 E\big[x_j (z_i)_+\big] - 2 E\big[x_i x_j 1(z_i > 0)\big]

and their change along A + t δA + t² C, b + t δb, with δz = δb + Σ δA_{ij} x_j,

.. math:: 2 E\big[x_j \delta z\, 1(z_i > 0)\big] - 2 E\big[x_i x_j \delta z\, \delta(z_i)\big]

where z vanishes identically, 1(z > 0) is 1(δz > 0), and the last term has δ(δz) C x for
δ(z) δz.
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
    Tangents,
    moments_over_cubes,
)
from superposition.numerics.expectation.problem import Features, OutputProblem, Path, Rows
from superposition.numerics.expectation.result import OutputChange, OutputLosses
from superposition.theory.features.feature_law import FeatureLaw
from superposition.theory.features.values import Binary, ValueLaw

CELLS_PER_BLOCK = 2**18  # states × rows worked on at a time: a few MB, so that caches help


def losses(problem: OutputProblem, gradient: bool) -> OutputLosses:
    """E(x_i - x'_i)² of every output, with derivatives if asked."""
    rows = Rows.of(problem.rows, problem.bias, problem.features.density)
    blocks = [block_losses(block, gradient) for block in blocks_of(problem.features, rows)]
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


def gradient_change(problem: OutputProblem, path: Path) -> OutputChange:
    """How (d_rows, d_bias) change along a path."""
    density = problem.features.density
    rows = Rows.of(problem.rows, problem.bias, density)
    along = Rows.of(path.d_rows, path.d_bias, density)
    curve = Rows.of(path.curve, 0 * path.d_bias, density)
    xp = array_namespace(problem.rows)
    changes = [
        block_change(*parts)
        for parts in zip(
            *(blocks_of(problem.features, each) for each in (rows, along, curve)), strict=True
        )
    ]
    return OutputChange(
        rows.features_back(xp.concat([change.d_slopes for change in changes], axis=1)),
        rows.back(xp.concat([change.d_offset for change in changes])),
        rows.back(xp.concat([change.one_sided for change in changes])),
        rows.features_back(xp.concat([change.side for change in changes], axis=1)),
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

    def moments(self, powers: dict[Monomial, int], tangents: Tangents = ()) -> tuple[Moments, Any]:
        """The cube moments of every active set, and the depth at which the form is flat."""
        support = self.values.support
        points = isinstance(self.values, Binary)
        levels = faces_of_cubes(
            int(self.slopes.shape[0]), self.active_sets, support[0] == 0, points
        )
        return moments_over_cubes(self.slopes, self.offset, support, levels, powers, tangents)

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

    def flat_with(self, depth: Any, feature: int | None) -> Any:
        """Whether z vanishes identically on a set of positive probability (that holds feature)."""
        xp = array_namespace(self.slopes)
        held = np.array([feature is None or feature in active for active in self.active_sets])
        mask = xp.asarray(held, device=device(self.slopes))[:, None]
        return xp.any((depth > 0) & mask & (self.probability > 0), axis=0)


def block_losses(block: Block, gradient: bool) -> OutputLosses:
    """Σ_A P(A) (E[(z)_+² | A] - 2 [0 ∈ A] E[x_0 (z)_+ | A]) of every row, with derivatives."""
    n = int(block.slopes.shape[0])
    powers: dict[Monomial, int] = {(): 2, (0,): 1}
    if gradient:
        powers |= {(j,): 1 for j in range(n)} | {(0, j): 0 for j in range(n)}
    moments, depth = block.moments(powers)
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
        square - 2 * product, rounding * size, d_rows, d_bias, block.flat_with(depth, 0)
    )


def block_change(block: Block, along: Block, curve: Block) -> BlockChange:
    """The change of a block's derivatives along the path slopes + t along + t² curve, t > 0."""
    n = int(block.slopes.shape[0])
    xp = array_namespace(block.slopes)
    pairs = [tuple(sorted((j, k))) for j in range(n) for k in range(j, n)]
    powers: dict[Monomial, int] = dict.fromkeys(
        [*pairs, *(tuple(sorted((0, *p))) for p in pairs)], 0
    )
    powers |= {(): 1} | {(j,): 1 for j in range(n)}
    tangents = ((along.slopes, along.offset), (curve.slopes, curve.offset))
    found, depth = block.moments(powers, tangents)
    # A form that was flat has its zeros where the direction's form has them, and they stay
    # there but for the curve; a form that vanishes along the direction too has none that move.
    moving, leaning = (
        found
        | {
            key: xp.where(depth == level, moment, xp.zeros_like(moment))
            for key, moment in found.items()
            if key[1] == -1
        }
        for level in (0, 1)
    )

    def times(form: Block, moments: Moments, monomial: Monomial, r: int) -> Any:
        """E[Π x · form(x) · (z)_+^r]."""
        return form.offset * block.mean(moments, monomial, r) + sum(
            form.slopes[k] * block.mean(moments, tuple(sorted((*monomial, k))), r) for k in range(n)
        )

    def change(monomial: Monomial) -> Any:
        own = tuple(sorted((0, *monomial)))
        zeros = times(along, moving, own, -1) + times(curve, leaning, own, -1)
        return 2 * times(along, found, monomial, 0) - 2 * zeros

    side = [2 * block.mean(found, (j,), 1) - 2 * block.mean(found, (0, j), 0) for j in range(n)]
    return BlockChange(
        xp.stack([change((j,)) for j in range(n)]),
        change(()),
        block.flat_with(depth, None),
        xp.stack(side),
        2 * block.mean(found, (), 1) - 2 * block.mean(found, (0,), 0),
    )


@dataclass(frozen=True, eq=False)
class BlockChange:
    """Per row: the change of d_slopes (n, R) and d_offset (R,), whether it is one-sided (R,),
    and d_slopes (n, R) and d_offset (R,) themselves on that side.
    """

    d_slopes: Any
    d_offset: Any
    one_sided: Any
    side: Any
    side_offset: Any


def blocks_of(features: Features, rows: Rows) -> Iterator[Block]:
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
