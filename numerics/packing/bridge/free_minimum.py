r"""The least one-active loss over all weights and biases, from random starts.

.. math:: \min_{W, b} L_1(W, b)

Features may be dropped: a dead one does best at b = 1/(2n); every second start has nearly dead
ones. For n ≤ 2m the least loss is zero: norms 1, biases 0 and no positive inner product; for
n < 2m in many arrangements, of which the next order in the density prefers antipodal pairs, for
n = 2m in the cross-polytope alone.
A search is evidence, no proof. Source: descents of ``numerics.optimum``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from superposition.numerics.geometry.geometry import geometry_of
from superposition.numerics.geometry.tegum_factor import dropped_features, tegum_factors
from superposition.numerics.optimum.descent import descend
from superposition.numerics.packing.bridge.one_active_landscape import OneActiveLandscape
from superposition.theory.domain import check_count, check_finite

Array = NDArray[np.float64]
SAME_LOSS = 1e-9  # relative to what storing nothing costs
STEPS = 300
NORMS, BIASES = (0.5, 1.6), (-1.0, 0.2)  # of the starts
FAINT = 1e-3  # of a norm: a nearly dead feature
FEW = 8  # features: more, and the order of their symmetry is long to count


@dataclass(frozen=True, eq=False)
class FreeMinimum:
    """The best of all descents.

    W: (m, n); b: (n,); loss; gradient_norm; starts: random ones that were made; reached: how many
    of them ended at this loss; geometry: what it is; dropped: how many features have norm zero;
    unique: False where no loss is left for fewer than 2m features: many arrangements share it.
    """

    W: Array
    b: Array
    loss: float
    gradient_norm: float
    starts: int
    reached: int
    geometry: str
    dropped: int
    unique: bool


def free_minimum(
    features: int,
    hidden: int,
    *,
    starts: int = 64,
    seed: int = 0,
    warm: Sequence[tuple[ArrayLike, ArrayLike]] = (),
) -> FreeMinimum:
    """The least L_1 found of n equally important features in m dimensions.

    warm: pairs (W, b) to start from as well, W (m, n), which are no evidence.
    Raises ``ValueError`` for counts below 1 and warm weights of another shape.

    >>> found = free_minimum(5, 2, starts=8)
    >>> print(found.geometry, f"{found.loss:.6f}")
    pentagon 0.079128
    """
    n, m = check_count(features, "features"), check_count(hidden, "hidden")
    count = check_count(starts, "starts")
    landscape = OneActiveLandscape.of(n, m, count + len(warm))
    begin = landscape.joined(*_starts(n, m, count, seed))
    begin = np.concatenate([begin, *(_warm(pair, n, m) for pair in warm)])
    ends = descend(landscape, begin, most_steps=STEPS)
    level = SAME_LOSS * float(landscape.scale[0])
    least = float(ends.loss.min())
    same = ends.loss <= least + level
    best = int(np.argmin(np.where(same, ends.gradient_norm, np.inf)))
    W, b = landscape.split(ends.points[best : best + 1])
    zero = bool(ends.loss[best] <= level)
    return FreeMinimum(
        W[0],
        b[0],
        0.0 if zero else float(ends.loss[best]),
        float(ends.gradient_norm[best]),
        count,
        int(same[:count].sum()),
        "no loss" if zero else named(W[0], b[0]),
        len(dropped_features(W[0])),
        not zero or n in {1, 2 * m},
    )


def with_dead_feature(found: FreeMinimum) -> tuple[Array, Array]:
    """The same with one feature more, of norm zero, at its best bias: (W, b).

    >>> W, b = with_dead_feature(free_minimum(2, 1, starts=4))
    >>> float(b[-1] * 6)
    1.0
    """
    m, n = found.W.shape
    silent = np.linalg.norm(found.W, axis=0) == 0
    b = np.where(silent, 1 / (2 * n + 2), found.b)
    return np.append(found.W, np.zeros((m, 1)), axis=1), np.append(b, 1 / (2 * n + 2))


def named(W: Array, b: Array) -> str:
    """The geometry's name, without counting the symmetry of many features.

    >>> named(np.array([[1.0, -1.0]]), np.zeros(2))
    'digon'
    """
    if W.shape[1] <= FEW:
        return geometry_of(W, b).name
    dropped = len(dropped_features(W))
    parts = sorted(factor.name for factor in tegum_factors(W))
    return " + ".join(parts + ([f"{dropped} dropped"] if dropped else []))


def _starts(n: int, m: int, count: int, seed: int) -> tuple[Array, Array]:
    """Normal weights of a common size drawn per model, biases mostly negative.

    Every second start has some features that are nearly dead: few starts find them by themselves.
    """
    generator = np.random.default_rng(seed)
    size = generator.uniform(*NORMS, (count, 1, 1)) / np.sqrt(m)
    W = size * generator.standard_normal((count, m, n))
    b = generator.uniform(*BIASES, (count, n))
    most = max(0, n - 2 * m)
    dead = np.arange(n) < generator.integers(0, most, count, endpoint=True)[:, None]
    dead &= (np.arange(count) % 2 == 1)[:, None]
    return np.where(dead[:, None], FAINT * W, W), np.where(dead, 1 / (2 * n), b)


def _warm(warm: tuple[ArrayLike, ArrayLike], n: int, m: int) -> Array:
    W, b = (np.asarray(part, dtype=float) for part in warm)
    check_finite(W, "warm W")
    check_finite(b, "warm b")
    if W.shape != (m, n) or b.shape not in ((), (n,)):
        raise ValueError(
            f"warm has shapes {W.shape} and {b.shape}; they must be ({m}, {n}) and ({n},)."
        )
    landscape = OneActiveLandscape.of(n, m)
    return landscape.joined(W[None], np.broadcast_to(b, (1, n)))
