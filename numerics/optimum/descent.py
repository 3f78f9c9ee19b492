r"""Batched second-order descent: trust-region Newton steps on many landscapes at once.

.. math:: s = -\sum_k \frac{(q_k \cdot g)}{\max(|λ_k|, λ) + μ}\, q_k, \qquad \|s\| \le Δ

λ_k, q_k: the eigenvalues and eigenvectors of the Hessian; their absolute values turn the step
away from saddles, μ ≥ 0 keeps it inside the trust radius Δ, which follows how well the last
step was predicted. The gradient is continuous and piecewise smooth at the minima (semismooth),
so that the steps converge faster than any geometric series at the kinks too.
Source: saddle-free Newton (Dauphin et al. 2014) in a trust region (Conn, Gould, Toint 2000).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from superposition.numerics.optimum.landscape import Landscape
from superposition.numerics.optimum.pose import snapped

Array = NDArray[np.float64]
RADIUS, LARGEST_RADIUS = 0.3, 1.0  # of weights of order one
LEAST_CURVATURE = 1e-7  # relative to the scale of the loss: zero modes are not followed
BATCH = 2**14


@dataclass(frozen=True, eq=False)
class Descent:
    """Where R descents ended: points (R, D), loss (R,), gradient_norm (R,), steps (R,)."""

    points: Array
    loss: Array
    gradient_norm: Array
    steps: NDArray[np.intp]

    def taken(self, index: NDArray[np.intp] | NDArray[np.bool_]) -> Descent:
        """Some of them."""
        return Descent(
            self.points[index], self.loss[index], self.gradient_norm[index], self.steps[index]
        )


def descend(
    landscape: Landscape,
    starts: Array,
    *,
    tolerance: float = 1e-12,
    most_steps: int = 200,
    free: NDArray[np.bool_] | None = None,
    progress: Callable[[int], object] | None = None,
) -> Descent:
    """Newton's descent from one start per setting.

    starts: (R, D). tolerance: of the gradient's norm, relative to what storing nothing costs;
    a descent also ends when no step lowers the loss by more than its rounding. free: (R, D), the
    parameters that may move, all of them if not given; the gradient's norm is theirs. progress:
    called with the number of descents that ended.
    """
    parts = []
    for first in range(0, max(1, len(starts)), BATCH):
        part = slice(first, first + BATCH)
        may_move = None if free is None else free[part]
        parts.append(_descend(landscape.rows(part), starts[part], tolerance, most_steps, may_move))
        if progress is not None:
            progress(len(parts[-1].points))
    return Descent(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("points", "loss", "gradient_norm", "steps")
        )
    )


def settled(landscape: Landscape, points: Array) -> Descent:
    """Minima put on the kinks they end beside: what is zero but for rounding is zero, and the rest
    at its best beside it. The gradient's norm is that of all parameters.
    """
    on_kinks = landscape.joined(*snapped(*landscape.split(points)))
    ends = descend(landscape, on_kinks, tolerance=1e-15, most_steps=8, free=on_kinks != 0)
    norm = np.linalg.norm(landscape.evaluate(ends.points).gradient, axis=1)
    return Descent(ends.points, ends.loss, norm, ends.steps)


@dataclass(frozen=True, eq=False)
class _State:
    """The descents still under way."""

    points: Array
    loss: Array
    gradient: Array
    values: Array
    vectors: Array
    radius: Array
    stalled: NDArray[np.intp]

    def where(self, index: NDArray[np.bool_]) -> _State:
        return _State(*(getattr(self, name)[index] for name in self.__dataclass_fields__))


def _descend(
    landscape: Landscape,
    starts: Array,
    tolerance: float,
    most_steps: int,
    free: NDArray[np.bool_] | None,
) -> Descent:
    final = Descent(
        starts.copy(), np.empty(len(starts)), np.empty(len(starts)), np.zeros(len(starts), np.intp)
    )
    index = np.arange(len(starts))
    state = _state(landscape, starts, np.full(len(starts), RADIUS), free)
    for step in range(most_steps + 1):
        norm = np.linalg.norm(state.gradient, axis=1)
        ended = (norm <= tolerance * landscape.scale) | (state.stalled >= 4)
        if step == most_steps:
            ended[:] = True
        final.points[index[ended]] = state.points[ended]
        final.loss[index[ended]] = state.loss[ended]
        final.gradient_norm[index[ended]] = norm[ended]
        final.steps[index[ended]] = step
        if ended.all():
            break
        if ended.any():
            index, state, landscape = index[~ended], state.where(~ended), landscape.rows(~ended)
            free = None if free is None else free[~ended]
        state = _stepped(landscape, state, free)
    return final


def _state(
    landscape: Landscape, points: Array, radius: Array, free: NDArray[np.bool_] | None
) -> _State:
    found = landscape.evaluate(points)
    gradient, hessian = found.gradient, found.hessian
    if free is not None:
        gradient = np.where(free, gradient, 0.0)
        hessian = np.where(free[:, :, None] & free[:, None, :], hessian, 0.0)
    values, vectors = np.linalg.eigh(hessian)
    stalled = np.zeros(len(points), np.intp)
    return _State(points, found.loss, gradient, values, vectors, radius, stalled)


def _stepped(landscape: Landscape, state: _State, free: NDArray[np.bool_] | None) -> _State:
    """One step each, taken where the loss falls."""
    along = np.einsum("rdk,rd->rk", state.vectors, state.gradient)
    stiff = np.maximum(np.abs(state.values), LEAST_CURVATURE * landscape.scale[:, None])
    inside = _within(along, stiff, state.radius)
    step = -np.einsum("rdk,rk->rd", state.vectors, inside)
    if free is not None:
        # Flat directions may mix what is free with what is not.
        step = np.where(free, step, 0.0)
    length = np.linalg.norm(step, axis=1)
    predicted = np.sum(along * inside, axis=1) - 0.5 * np.sum(state.values * inside**2, axis=1)
    trial = _state(landscape, state.points + step, state.radius, free)
    gain = state.loss - trial.loss
    noise = 4e-16 * landscape.scale
    # Where the loss cannot tell any more, the gradient decides.
    closer = (np.abs(gain) <= 10 * noise) & (
        np.linalg.norm(trial.gradient, axis=1) < 0.9 * np.linalg.norm(state.gradient, axis=1)
    )
    taken = ((gain > 0) & (gain >= 1e-4 * predicted)) | closer
    ratio = gain / np.maximum(predicted, noise)
    radius = np.where(
        taken & ((ratio > 0.7) | closer),
        np.minimum(np.maximum(state.radius, 2.5 * length), LARGEST_RADIUS),
        np.where(taken & (ratio > 0.1), state.radius, 0.25 * np.minimum(length, state.radius)),
    )
    stalled = np.where(taken, 0, state.stalled + (np.abs(gain) <= 1e3 * noise))

    def chosen(new: Array, old: Array) -> Array:
        return np.where(taken.reshape(-1, *(1,) * (new.ndim - 1)), new, old)

    return _State(
        chosen(trial.points, state.points),
        chosen(trial.loss, state.loss),
        chosen(trial.gradient, state.gradient),
        chosen(trial.values, state.values),
        chosen(trial.vectors, state.vectors),
        radius,
        stalled,
    )


def _within(along: Array, stiff: Array, radius: Array) -> Array:
    """along / (stiff + μ) with the least μ ≥ 0 that keeps it within the radius."""
    step = along / stiff
    far = np.linalg.norm(step, axis=1) > radius
    if far.any():
        g, h, r = along[far], stiff[far], radius[far]
        low, high = np.zeros(len(r)), np.linalg.norm(g, axis=1) / r
        for _ in range(12):
            middle = (low + high) / 2
            outside = np.linalg.norm(g / (h + middle[:, None]), axis=1) > r
            low, high = np.where(outside, middle, low), np.where(outside, high, middle)
        step[far] = g / (h + high[:, None])
    return step
