r"""The strata of an output with no or one other feature active, exactly.

.. math:: \sum_{A:\; |A \setminus \{0\}| \le 1} P(A)
          \Big( E\big[(z)_+^2 \mid A\big] - 2 [0 \in A]\, E\big[x_0 (z)_+ \mid A\big] \Big)

0: the output's own feature, active or not. All that enters is pairs: the own feature and one
other j, with P = Q_j = p_j Π_{l≠0,j} q_l, or with a feature of slope 0 and Q = Π_{l≠0} q_l.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from array_api_compat import array_namespace

from superposition.numerics.expectation.activity.cube_faces import all_active_sets
from superposition.numerics.expectation.activity.patterns import (
    Block,
    BlockChange,
    block_change,
    block_losses,
)
from superposition.theory.features.values import ValueLaw

GONE = 1e-19  # a stratum of smaller probability is below rounding


@dataclass(frozen=True, eq=False)
class FewActive:
    """value (R,), d_slopes (n, R), d_offset (R,): both strata and their derivatives."""

    value: Any
    d_slopes: Any
    d_offset: Any


def none_and_one_active(
    slopes: Any, offset: Any, density: Any, values: ValueLaw, gradient: bool
) -> FewActive:
    """Both strata; slopes, density: (n, R), own feature first; offset: (R,)."""
    xp = array_namespace(slopes)
    pairs = _pairs(slopes, offset, density, values)
    if pairs is None:
        return FewActive(0 * offset, 0 * slopes, 0 * offset)
    found = block_losses(pairs, gradient)
    shape = tuple(slopes.shape)
    value = xp.sum(xp.reshape(found.losses, shape), axis=0)
    if not gradient:
        return FewActive(value, 0 * slopes, 0 * offset)
    return FewActive(value, *_gathered(found.d_rows, found.d_bias, shape))


def change_of_few(
    slopes: Any, offset: Any, density: Any, values: ValueLaw, path: tuple[tuple[Any, Any], ...]
) -> BlockChange:
    """How both strata's derivatives change along a path: (slopes, offset) of t and of t²."""
    xp = array_namespace(slopes)
    pairs = _pairs(slopes, offset, density, values)
    if pairs is None:
        never = xp.zeros_like(offset, dtype=xp.bool)
        return BlockChange(0 * slopes, 0 * offset, never, 0 * slopes, 0 * offset)
    along, curve = (_pairs(*form, density, values) for form in path)
    assert along is not None
    assert curve is not None
    found = block_change(pairs, along, curve)
    shape = tuple(slopes.shape)
    change, change_offset = _gathered(found.d_slopes, found.d_offset, shape)
    side, side_offset = _gathered(found.side, found.side_offset, shape)
    one_sided = xp.any(xp.reshape(found.one_sided, shape), axis=0)
    return BlockChange(change, change_offset, one_sided, side, side_offset)


def _pairs(slopes: Any, offset: Any, density: Any, values: ValueLaw) -> Block | None:
    """The own feature beside nothing (entry 0) and beside every other, as rows of two."""
    xp = array_namespace(slopes)
    none, one = _weights(density[1:, :])
    weight = xp.concat([none[None, :], one], axis=0)
    if not bool(xp.any(weight > GONE)):
        return None
    other = xp.concat([0 * slopes[:1, :], slopes[1:, :]], axis=0)
    alone = xp.zeros_like(weight)
    alone[0, :] = 1.0

    def spread(per_row: Any) -> Any:
        return xp.reshape(xp.broadcast_to(per_row, tuple(slopes.shape)), (-1,))

    own, weight, alone = spread(density[:1, :]), spread(weight), spread(alone)
    sets = all_active_sets(2)  # (), (0,), (1,), (0, 1)
    probability = xp.stack(
        [
            weight * (1 - own) * alone,
            weight * own * alone,
            weight * (1 - own) * (1 - alone),
            weight * own * (1 - alone),
        ]
    )
    both = xp.stack([spread(slopes[:1, :]), spread(other)])
    return Block(both, spread(offset[None, :]), sets, probability, values)


def _gathered(d_pairs: Any, d_offset: Any, shape: tuple[int, ...]) -> tuple[Any, Any]:
    """Derivatives by (own, other) slopes of the pairs → by all slopes (n, R) and offset (R,)."""
    xp = array_namespace(d_pairs)
    own, other = (xp.reshape(d_pairs[at], shape) for at in (0, 1))
    d_slopes = xp.concat([xp.sum(own, axis=0)[None, :], other[1:, :]], axis=0)
    return d_slopes, xp.sum(xp.reshape(d_offset, shape), axis=0)


def _weights(others: Any) -> tuple[Any, Any]:
    """Q and Q_j, products without division, so that densities of 1 are no exception."""
    xp = array_namespace(others)
    count = int(others.shape[0])
    one = 1 + 0 * xp.sum(others, axis=0)
    before, after = [one], [one]
    for j in range(count):
        before.append(before[-1] * (1 - others[j]))
        after.append(after[-1] * (1 - others[count - 1 - j]))
    single = [others[j] * before[j] * after[count - 1 - j] for j in range(count)]
    return before[-1], xp.stack(single) if single else others
