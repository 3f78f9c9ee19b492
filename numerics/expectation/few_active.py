r"""The strata of an output with no or one other feature active, exactly.

.. math:: H_0 = q_0 h_{\emptyset} + p_0 h_{\{0\}}, \qquad
          H_j = q_0 h_{\{j\}} + p_0 h_{\{0, j\}}, \qquad
          h_A = E\big[(z)_+^2 - 2 [0 \in A]\, x_0 (z)_+ \mid A\big]

0: the output's own feature, which is averaged over exactly; j: another. Result: Σ of the two
strata with their probabilities Q = Π_{l≠0} q_l and Q_j = p_j Π_{l≠0,j} q_l, and derivatives.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from array_api_compat import array_namespace

from superposition.numerics.expectation.cube_faces import all_active_sets, faces_of_cubes
from superposition.numerics.expectation.cube_moments import Monomial, moments_over_cubes
from superposition.theory.features.values import Binary, ValueLaw


GONE = 1e-19  # a stratum of smaller probability is below rounding


@dataclass(frozen=True, eq=False)
class FewActive:
    """value (R,), d_slopes (n, R), d_offset (R,): the two strata and their derivatives."""

    value: Any
    d_slopes: Any
    d_offset: Any


def none_and_one_active(
    slopes: Any, offset: Any, density: Any, values: ValueLaw, gradient: bool
) -> FewActive:
    """Both strata; slopes, density: (n, R), own feature first; offset: (R,)."""
    xp = array_namespace(slopes)
    n, rows = slopes.shape
    others = density[1:, :]
    weight_none, weight_one = _weights(others)
    own = density[0, :]
    if not bool(xp.any(weight_none > GONE)) and not bool(xp.any(weight_one > GONE)):
        return FewActive(0 * offset, 0 * slopes, 0 * offset)
    # With no other feature active: the pair (own, a feature of slope zero).
    pair = xp.concat([0 * slopes[:1, :], slopes[1:, :]], axis=0)
    weight = xp.concat([weight_none[None, :], weight_one], axis=0)
    flat = _pair_strata(
        xp.reshape(xp.broadcast_to(slopes[:1, :], (n, rows)), (-1,)),
        xp.reshape(pair, (-1,)),
        xp.reshape(xp.broadcast_to(offset[None, :], (n, rows)), (-1,)),
        xp.reshape(xp.broadcast_to(own[None, :], (n, rows)), (-1,)),
        values,
        gradient,
    )
    value, d_own, d_other, d_offset = (xp.reshape(array, (n, rows)) * weight for array in flat)
    d_slopes = xp.concat([xp.sum(d_own, axis=0)[None, :], d_other[1:, :]], axis=0)
    return FewActive(xp.sum(value, axis=0), d_slopes, xp.sum(d_offset, axis=0))


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


def _pair_strata(
    own: Any, other: Any, offset: Any, own_density: Any, values: ValueLaw, gradient: bool
) -> tuple[Any, Any, Any, Any]:
    """H_j of many pairs (own, j), and its derivatives by own slope, j's slope and offset."""
    xp = array_namespace(own)
    low, high = values.support
    length = high - low
    powers: dict[Monomial, int] = {(): 2, (0,): 1}
    if gradient:
        powers |= {(1,): 1, (0, 0): 0, (0, 1): 0}
    sets = all_active_sets(2)
    levels = faces_of_cubes(2, sets, low == 0, isinstance(values, Binary))
    moments, _ = moments_over_cubes(xp.stack([own, other]), offset, values.support, levels, powers)
    silent, active = 1 - own_density, own_density

    def of_set(monomial: Monomial, r: int, members: tuple[int, ...]) -> Any:
        """E[Π x · (z)_+^r | members]."""
        at = sets.index(members)
        shifted = [()] if length == 0 else _subsets(monomial)
        return sum(
            low ** (len(monomial) - len(part)) * (length ** len(part)) * moments[part, r][at]
            for part in shifted
        )

    square = silent * of_set((), 2, (1,)) + active * of_set((), 2, (0, 1))
    value = square - 2 * active * of_set((0,), 1, (0, 1))
    if not gradient:
        return value, value, value, value
    d_own = 2 * active * (of_set((0,), 1, (0, 1)) - of_set((0, 0), 0, (0, 1)))
    d_other = 2 * silent * of_set((1,), 1, (1,)) + 2 * active * (
        of_set((1,), 1, (0, 1)) - of_set((0, 1), 0, (0, 1))
    )
    d_offset = 2 * silent * of_set((), 1, (1,)) + 2 * active * (
        of_set((), 1, (0, 1)) - of_set((0,), 0, (0, 1))
    )
    return value, d_own, d_other, d_offset


def _subsets(monomial: Monomial) -> list[Monomial]:
    """All sub-monomials, with multiplicity."""
    parts: list[Monomial] = [()]
    for feature in monomial:
        parts += [(*part, feature) for part in parts]
    return parts
