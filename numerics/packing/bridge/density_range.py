r"""From which density to which a code is a minimum of the exact loss, local or global.

.. math:: p: \quad κ(p) = 0 \text{ (local)}, \qquad
          L(\text{code}; p) = L(\text{competitor}; p) \text{ (global)}

The code is followed as a branch of stationary points of the exact expected loss, norms, biases
and angles at their best within its symmetry; κ is the least one-sided second derivative. Where
another minimum costs the same is found by following that one too, and searching again there.
Source: branches and searches of ``numerics.optimum``; searches are evidence, no proof.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

from superposition.numerics.geometry.geometry import geometry_of
from superposition.numerics.optimum.branch import stationary
from superposition.numerics.optimum.curvature import least_curvature
from superposition.numerics.optimum.landscape import Landscape
from superposition.numerics.optimum.search import global_minima, warmed
from superposition.numerics.packing.bridge.equal_code import best_norm_and_bias, checked_code
from superposition.numerics.packing.bridge.standing import relaxed_from
from superposition.numerics.phase_diagram.states import phase_name
from superposition.theory.domain import check_density, check_finite, check_vector

Array = NDArray[np.float64]
EXACT = 1e-12  # of a density
CRITICAL = 1e-11  # of the gradient's norm, relative to what storing nothing costs
FARTHEST = 0.05  # of weights of order one: what moves farther in a step may be another branch
LOWER = 1e-9  # relative to what storing nothing costs: a loss that counts as lower
SHORTEST = 1e-5  # of a step in the density: where a branch cannot be followed, it ends
SMALL = 1e-3  # of a bias
ROUNDS = 4  # competitors that may replace each other


@dataclass(frozen=True, eq=False)
class Followed:
    """A branch by density: points (K, D), curvature (K,) over what storing nothing costs."""

    landscape: Landscape
    density: Array
    points: Array
    curvature: Array

    def at(self, density: float) -> Array:
        """The stationary point at a density between those followed, (D,)."""
        place = int(np.clip(np.searchsorted(self.density, density), 1, len(self.density) - 1))
        low, high = self.density[place - 1 : place + 1]
        share = (density - low) / (high - low)
        guess = (1 - share) * self.points[place - 1] + share * self.points[place]
        found, _ = stationary(setting(self.landscape, density), guess[None])
        return np.asarray(found[0])


@dataclass(frozen=True, eq=False)
class Limit:
    """A density at which a code stops or begins to be a minimum.

    kind: "local" or "global"; ends: whether it stops there as the density grows; competitor: what
    takes over, for a global one; residual: κ, or the difference of the losses, over what storing
    nothing costs. code, other: (W, b) of both.
    """

    density: float
    kind: str
    ends: bool
    competitor: str
    residual: float
    code: tuple[Array, Array]
    other: tuple[Array, Array] | None


def setting(landscape: Landscape, density: float) -> Landscape:
    """The same features at another density."""
    return Landscape(landscape.hidden, landscape.importance, 0 * landscape.density + density)


def equal_features(features: int, hidden: int) -> Landscape:
    """n equally important features in m dimensions; the density is set later."""
    return Landscape(hidden, np.ones((1, features)), np.ones((1, features)))


def sparse_start(code: ArrayLike, landscape: Landscape) -> Array:
    """Where the branch of a code (N, d) begins, (D,): its best one-active norms and biases.

    Where nothing is lost the bias of order p is not known yet; it begins just above zero.

    >>> sparse_start([[1.0], [-1.0]], equal_features(2, 1))
    array([ 1.   , -1.   ,  0.001,  0.001])
    """
    unit = checked_code(code)
    best = best_norm_and_bias(unit)
    W, b = np.sqrt(best.squared_norm) * unit.T, np.full(len(unit), best.bias)
    if best.loss > 0:
        relaxed = relaxed_from(W, b)
        W, b = relaxed.W, relaxed.b
    return np.asarray(landscape.joined(W[None], np.where(b == 0, SMALL, b)[None])[0])


def followed(landscape: Landscape, start: Array, density: ArrayLike) -> Followed:
    """The branch through ``start`` (D,) at the first density, as far as it exists.

    Steps between the densities are halved where the branch moves fast, and kept too.
    Raises ``ValueError`` where the densities are none, or start is near no stationary point.
    """
    check_vector(density, None, "density", per="step")
    check_density(density)
    targets = np.asarray(density, dtype=float)
    here, at = start, float(targets[0])
    first = _newton(setting(landscape, at), start)
    if first is None:
        raise ValueError(f"start is near no stationary point at density {at:g}.")
    here, points, reached = first, [first], [at]
    for target in targets[1:]:
        step = target - at
        while abs(target - at) > 0 and abs(step) >= SHORTEST:
            step = step if abs(step) < abs(target - at) else target - at
            found = _newton(setting(landscape, at + step), here)
            if found is None:
                step /= 2
                continue
            here, at = found, target if step == target - at else at + step
            points.append(here)
            reached.append(at)
        if at != target:
            break
    kept, order = np.stack(points), np.argsort(reached)
    densities = np.array(reached)[order]
    rows = _settings(landscape, densities)
    curvature = least_curvature(rows, kept[order]).value / rows.scale
    return Followed(landscape, densities, kept[order], curvature)


def local_limits(branch: Followed) -> tuple[Limit, ...]:
    """Where the branch's least curvature changes its sign."""

    def curvature(density: float) -> float:
        row = setting(branch.landscape, density)
        return float(least_curvature(row, branch.at(density)[None]).value[0] / row.scale[0])

    stable = branch.curvature > 0
    limits = []
    for k in np.flatnonzero(stable[1:] != stable[:-1]):
        low, high = branch.density[k : k + 2]
        place = float(brentq(curvature, low, high, xtol=EXACT))
        W, b = branch.landscape.split(branch.at(place)[None])
        ends = bool(stable[k])
        limits.append(Limit(place, "local", ends, "", curvature(place), (W[0], b[0]), None))
    return tuple(limits)


def global_limits(
    branch: Followed, density: ArrayLike, *, starts: int, seed: int = 0
) -> tuple[bool, tuple[Limit, ...]]:
    """Whether the code is the global minimum at the first density, and where that changes.

    density: the densities of the searches, from ``starts`` random starts each, within the
    branch; two changes between neighbours are not seen.
    Raises ``ValueError`` where the densities are none.
    """
    check_vector(density, None, "density", per="search")
    check_density(density)
    searched = np.asarray(density, dtype=float)
    rows = _settings(branch.landscape, searched)
    points = np.stack([branch.at(float(place)) for place in searched])
    best = _searched(rows, points, starts, seed)
    holds = rows.evaluate(points).loss <= rows.evaluate(best).loss + LOWER * rows.scale
    limits = []
    for k in np.flatnonzero(holds[1:] != holds[:-1]):
        beaten, sound = (k + 1, k) if holds[k] else (k, k + 1)
        ends = float(searched[beaten]), float(searched[sound])
        limits.append(_crossing(branch, best[beaten], ends, starts, seed))
    return bool(holds[0]), tuple(limits)


def _crossing(
    branch: Followed, rival: Array, ends: tuple[float, float], starts: int, seed: int
) -> Limit:
    """Where the rival, which wins at the first of two densities, costs the same."""
    beaten, sound = ends
    for _ in range(ROUNDS):
        path = np.linspace(beaten, sound, 9)
        other = followed(branch.landscape, rival, path)
        place = _equal(branch, other, beaten)
        row = setting(branch.landscape, place)
        here = branch.at(place)
        third = _searched(row, np.stack([here]), starts, seed)
        lower = row.evaluate(here[None]).loss - row.evaluate(third).loss
        if float(lower[0]) <= LOWER * float(row.scale[0]):
            break
        rival, beaten = third[0], place
    losses = [float(row.evaluate(x[None]).loss[0]) for x in (here, other.at(place))]
    W, b = branch.landscape.split(np.stack([here, other.at(place)]))
    return Limit(
        place,
        "global",
        beaten > sound,
        phase_name(geometry_of(W[1], b[1])),
        (losses[0] - losses[1]) / float(row.scale[0]),
        (W[0], b[0]),
        (W[1], b[1]),
    )


def _equal(branch: Followed, other: Followed, beaten: float) -> float:
    """The density at which two branches cost the same, between ``beaten`` and where they end."""

    def excess(density: float) -> float:
        row = setting(branch.landscape, density)
        points = np.stack([branch.at(density), other.at(density)])
        loss = row.rows(np.array([0, 0])).evaluate(points).loss
        return float((loss[0] - loss[1]) / row.scale[0])

    ends = other.density[[0, -1]]
    far = float(ends[np.argmax(np.abs(ends - beaten))])
    if excess(beaten) * excess(far) > 0:
        raise ValueError(
            f"the rival at density {beaten:g} is followed to {far:g} only and still wins there; "
            "the densities must be closer."
        )
    return float(brentq(excess, *sorted((beaten, far)), xtol=EXACT))


def _settings(landscape: Landscape, density: Array) -> Landscape:
    ones = np.ones((len(density), landscape.features))
    return Landscape(landscape.hidden, ones * landscape.importance, ones * density[:, None])


def _searched(rows: Landscape, points: Array, starts: int, seed: int) -> Array:
    """The best minima known, (K, D): random starts, and the code itself."""
    found = global_minima(rows, starts=starts, most_starts=4 * starts, seed=seed)
    return warmed(rows, found, points[:, None]).points


def _newton(row: Landscape, guess: Array) -> Array | None:
    """The stationary point nearby, (D,), or None."""
    check_finite(guess, "start")
    (found,), (size,) = stationary(row, guess[None])
    if size > CRITICAL * float(row.scale[0]) or np.abs(found - guess).max() > FARTHEST:
        return None
    return np.asarray(found)
