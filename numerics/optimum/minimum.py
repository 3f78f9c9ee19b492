r"""The global minimum of one setting, with everything that speaks for it.

.. math:: \min_{W, b} \sum_i I_i \, E\big(x_i - \mathrm{ReLU}(W^T W x + b)_i\big)^2

The search is by descent from random starts: evidence, no proof. For n = 2, m = 1 there are
proofs (``certify``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from superposition.numerics.geometry.geometry import Geometry, geometry_of
from superposition.numerics.optimum.curvature import least_curvature
from superposition.numerics.optimum.descent import descend
from superposition.numerics.optimum.landscape import Landscape
from superposition.numerics.optimum.pose import canonical_pose
from superposition.numerics.optimum.search import (
    ENOUGH,
    SADDLE,
    SAME_LOSS,
    TOLERANCE,
    global_minima,
    warmed,
)
from superposition.numerics.optimum.starts import random_starts
from superposition.theory.domain import check_count, check_density, check_finite, check_importance
from superposition.theory.features.values import Binary, Uniform, ValueLaw, Values

Array = NDArray[np.float64]
CONVERGED = 1e-8  # of the scale: descents whose gradient is larger ended nowhere


@dataclass(frozen=True)
class Basin:
    """One local minimum: its loss, the share of random starts that end there, what it is."""

    loss: float
    share: float
    geometry: str


@dataclass(frozen=True, eq=False)
class Minimum:
    """The best minimum found.

    W: (m, n), in the canonical pose; b: (n,); loss; gradient_norm: ‖∇L‖; curvature: the least
    one-sided second derivative over unit directions that do not rotate W; one_sided: whether the
    second-order form there is only piecewise quadratic; found_by, starts: how many of how many
    random starts ended there; believed, why: whether it is, and the reasons in a sentence;
    basins: where the random starts asked for ended, the best first, saddles that hold a descent
    on one side among them; unconverged: the share of these starts whose descent ended at none.
    """

    W: Array
    b: Array
    loss: float
    gradient_norm: float
    curvature: float
    one_sided: bool
    found_by: int
    starts: int
    believed: bool
    why: str
    geometry: Geometry
    basins: tuple[Basin, ...]
    unconverged: float


def global_minimum(
    features: int,
    hidden: int,
    importance: ArrayLike = 1.0,
    density: ArrayLike = 0.1,
    *,
    biases: bool = True,
    values: ValueLaw = Values.UNIT,
    starts: int = 64,
    seed: int = 0,
    warm: tuple[ArrayLike, ArrayLike] | None = None,
) -> Minimum:
    """The least expected loss of ``features`` features in ``hidden`` dimensions.

    importance, density: numbers or (n,); biases: whether they are free (else zero); starts:
    random starts, at least; warm: a (W, b) to start from as well, which is no evidence.
    Raises ``ValueError`` for counts below 1, bad importances or densities, values that are
    neither uniform nor binary, warm weights of another shape.

    >>> best = global_minimum(2, 1, density=0.1)  # the antipodal pair, at its best norm and bias
    >>> print(best.geometry.name, best.believed, f"{best.loss:.9f}")
    digon True 0.003319484
    """
    landscape = checked_landscape(features, hidden, importance, density, biases, values)
    starts = check_count(starts, "starts")
    found = global_minima(landscape, starts=starts, seed=seed)
    if warm is not None:
        found = warmed(landscape, found, _warm(landscape, warm)[None])
    curvature = least_curvature(landscape, found.points)
    basins, unconverged = _basins(landscape, starts, seed)
    W, b = landscape.split(found.points)
    believed, why = _belief(
        float(found.gradient_norm[0]),
        float(curvature.value[0] / landscape.scale[0]),
        int(found.found_by[0]),
        int(found.starts[0]),
    )
    return Minimum(
        W=canonical_pose(W)[0],
        b=b[0],
        loss=float(found.loss[0]),
        gradient_norm=float(found.gradient_norm[0]),
        curvature=float(curvature.value[0]),
        one_sided=bool(curvature.one_sided[0]),
        found_by=int(found.found_by[0]),
        starts=int(found.starts[0]),
        believed=believed,
        why=why,
        geometry=geometry_of(W[0], b[0], kinds_of(landscape)),
        basins=basins,
        unconverged=unconverged,
    )


def checked_landscape(
    features: int,
    hidden: int,
    importance: ArrayLike,
    density: ArrayLike,
    biases: bool = True,
    values: ValueLaw = Values.UNIT,
) -> Landscape:
    """The landscape of one setting; raises as ``global_minimum`` does."""
    n, m = check_count(features, "features"), check_count(hidden, "hidden")
    check_importance(importance)
    check_density(density)
    if not isinstance(values, Uniform | Binary):
        raise ValueError(f"values is {values!r}; minima are known for Uniform and Binary values.")
    rows = []
    for name, value in (("importance", importance), ("density", density)):
        array = np.asarray(value, dtype=float)
        if array.shape not in ((), (n,)):
            raise ValueError(f"{name} has shape {array.shape}; it must be a number or ({n},).")
        rows.append(np.broadcast_to(array, (1, n)).copy())
    if not np.any(rows[0] > 0):
        raise ValueError(f"importance is {importance!r}; at least one must be positive.")
    return Landscape(m, rows[0], rows[1], biases, values)


def kinds_of(landscape: Landscape) -> tuple[str, ...]:
    """A label for every feature of one setting: features alike in importance and density share it.

    >>> kinds_of(checked_landscape(3, 2, [1, 1, 0.5], 0.1))
    ('a', 'a', 'b')
    """
    pairs = list(zip(landscape.importance[0], landscape.density[0], strict=True))
    letters = {pair: chr(ord("a") + k) for k, pair in enumerate(dict.fromkeys(pairs))}
    return tuple(letters[pair] for pair in pairs)


def _belief(norm: float, curvature: float, found_by: int, starts: int) -> tuple[bool, str]:
    """Whether to believe a minimum, and why."""
    doubts = []
    if norm > TOLERANCE:
        doubts.append(f"its gradient is {norm:.1e}, more than {TOLERANCE:.0e}")
    if curvature < -SADDLE:
        doubts.append(f"the loss falls along a direction with curvature {curvature:.1e}")
    if found_by < ENOUGH:
        doubts.append(f"only {found_by} of {starts} random starts found it")
    if doubts:
        return False, f"Not believed: {'; '.join(doubts)}."
    return True, (
        f"Believed: {found_by} of {starts} random starts found it, the gradient is {norm:.1e} and "
        f"the least curvature {curvature:.1e} of what storing nothing costs."
    )


def _basins(landscape: Landscape, starts: int, seed: int) -> tuple[tuple[Basin, ...], float]:
    """Where the random starts end, by loss, and the share that ended nowhere."""
    every = landscape.rows(np.zeros(starts, dtype=np.intp))
    ends = descend(every, random_starts(landscape, starts, seed)[0])
    converged = ends.gradient_norm <= CONVERGED * every.scale
    level = SAME_LOSS * float(landscape.scale[0])
    left = np.flatnonzero(converged)[np.argsort(ends.loss[converged])]
    W, b = landscape.split(ends.points)
    found = []
    while len(left):
        same = left[ends.loss[left] <= ends.loss[left[0]] + level]
        name = geometry_of(W[left[0]], b[left[0]], kinds_of(landscape)).name
        found.append(Basin(float(ends.loss[left[0]]), len(same) / starts, name))
        left = left[len(same) :]
    return tuple(found), float(1 - converged.mean())


def _warm(landscape: Landscape, warm: tuple[ArrayLike, ArrayLike]) -> Array:
    """The warm start as θ, (1, D)."""
    n, m = landscape.features, landscape.hidden
    pair: Any = warm  # whatever a caller may have put there
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        raise ValueError(f"warm is {warm!r}; it must be a pair (W, b).")
    for part, name in zip(warm, ("warm W", "warm b"), strict=True):
        check_finite(part, name)
    W, b = (np.asarray(part, dtype=float) for part in warm)
    if W.shape != (m, n) or b.shape not in ((), (n,)):
        raise ValueError(
            f"warm has shapes {W.shape} and {b.shape}; they must be ({m}, {n}) and ({n},)."
        )
    return landscape.joined(W[None], np.broadcast_to(b, (1, n)))
