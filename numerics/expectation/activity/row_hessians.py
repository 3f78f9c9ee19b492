r"""Second derivatives of every output's loss by its row and its bias, by enumeration.

.. math:: H_{jk} = 2 E\big[x_j x_k 1(z_i > 0)\big] - 2 E\big[x_i x_j x_k \delta(z_i)\big],
          \qquad x_0 = 1 \text{ for the bias}

one pass over the cube moments for all entries. Where z_i vanishes identically on a set of
active features it counts as negative, or as what it becomes along a direction. There Dirac's
delta is left out: it is infinite, and only where the output's own feature is stored at norm and
bias zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from superposition.numerics.expectation.activity.patterns import Block, blocks_of
from superposition.numerics.expectation.problem import Features, Rows

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RowHessians:
    """Per model and output: losses less E x_i² (R, n), their derivatives by the row (R, n, n) and
    the bias (R, n), the Hessian in (row, bias) (R, n, n + 1, n + 1), and whether the form is
    flat somewhere (R, n).
    """

    losses: Array
    d_slopes: Array
    d_offset: Array
    hessian: Array
    one_sided: NDArray[np.bool_]


def row_hessians(
    A: Array, b: Array, features: Features, along: tuple[Array, Array, Array] | None
) -> RowHessians:
    """A: (R, n, n); b: (R, n); along: (δA, δb, curve of A), or None."""
    n = A.shape[-1]
    rows = Rows.of(A, b, features.density)
    paths = [] if along is None else [(along[0], along[1]), (along[2], 0 * along[1])]
    tangents = [Rows.of(d_rows, d_bias, features.density) for d_rows, d_bias in paths]
    found = [
        _block_hessian(block, tuple((side.slopes, side.offset) for side in sides))
        for block, *sides in zip(
            blocks_of(features, rows),
            *(blocks_of(features, each) for each in tangents),
            strict=True,
        )
    ]
    losses, first, second, flat = (
        np.concatenate(parts, axis=-1) for parts in zip(*found, strict=True)
    )
    gradient = rows.features_back(first[:n])
    count = len(A)
    # Own feature first → the features' own order, in both axes; the bias stays last.
    inverse = np.argsort(rows.order, axis=1)
    place = np.concatenate([inverse, np.full((n, 1), n)], axis=1)
    entries = np.moveaxis(second, -1, 0).reshape(count, n, n + 1, n + 1)
    outputs = np.arange(n)[:, None, None]
    hessian = entries[:, outputs, place[:, :, None], place[:, None, :]]
    return RowHessians(rows.back(losses), gradient, rows.back(first[n]), hessian, rows.back(flat))


def _block_hessian(
    block: Block, tangents: tuple[tuple[Array, Array], ...]
) -> tuple[Array, Array, Array, Any]:
    """Losses (R,), first derivatives (n + 1, R), second ones (n + 1, n + 1, R), flat (R,)."""
    n, rows = block.slopes.shape
    places = [*((j,) for j in range(n)), ()]
    powers: dict[tuple[int, ...], int] = {}
    for j, one in enumerate(places):
        for other in places[j:]:
            pair = tuple(sorted(one + other))
            powers |= {pair: 0, tuple(sorted((0, *pair))): 0}
    powers |= {(): 2} | {(j,): 1 for j in range(n)}
    moments, depth = block.moments(powers, tangents)
    moments = {
        key: np.where(depth > 0, 0.0, moment) if key[1] == -1 else moment
        for key, moment in moments.items()
    }
    own = [tuple(sorted((0, *one))) for one in places]
    first = np.stack(
        [
            2 * block.mean(moments, one, 1) - 2 * block.mean(moments, with_own, 0)
            for one, with_own in zip(places, own, strict=True)
        ]
    )
    second = np.empty((n + 1, n + 1, rows))
    for j, one in enumerate(places):
        for k in range(j, n + 1):
            pair = tuple(sorted(one + places[k]))
            with_own = tuple(sorted((0, *pair)))
            second[j, k] = second[k, j] = 2 * block.mean(moments, pair, 0) - 2 * block.mean(
                moments, with_own, -1
            )
    loss = block.mean(moments, (), 2) - 2 * block.mean(moments, (0,), 1)
    return loss, first, second, block.flat_with(depth, None)
