r"""Batched quasi-Newton descent: many arrangements at once, any smooth energy.

.. math:: \tilde E(y) = E(y_1/\|y_1\|, …, y_N/\|y_N\|)

Points of a sphere are minimised in free coordinates y: the energy does not change along them
outwards, so that gradients are tangential, steps need no retraction and memories no transport.
The step is that of limited-memory BFGS, with a backtracking line search of its own for each
arrangement. Source: Nocedal and Wright 2006, algorithms 3.1 and 7.4.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from superposition.numerics.packing.energy.smooth_energy import Array, Points, SmoothEnergy

MEMORY = 10
ARMIJO = 1e-4
HALVINGS = 30
FIRST, LARGEST = 0.1, 0.7  # the first and the largest move of a point, in units of ``spacing``


@dataclass(frozen=True)
class Limits:
    """Where a descent ends: the first that is reached.

    evaluations; steepness: the gradient's norm relative to the energy per point; decrease: of the
    energy, relative to it, as the memory's quadratic model foretells it before the last step.
    """

    evaluations: int = 2000
    steepness: float = 1e-5
    decrease: float = 1e-7


@dataclass(frozen=True, eq=False)
class Descent:
    """Where B descents ended: points (B, N, d); value, gradient_norm, evaluations: (B,)."""

    points: Points
    value: Array
    gradient_norm: Array
    evaluations: NDArray[np.intp]


def descend(
    energy: SmoothEnergy, starts: Points, limits: Limits, spacing: float | None = None
) -> Descent:
    """Minimise ``energy`` from every start (B, N, d).

    spacing: the scale of moves, about the distance of neighbours; N^(-1/(d-1)) if not given.
    """
    count, dim = starts.shape[1:]
    if spacing is None:
        spacing = 2 * count ** (-1 / max(dim - 1, 1)) if energy.on_sphere else 0.3
    landscape = _Landscape(energy, starts.shape[1:], np.iscomplexobj(starts))
    search = _Search(landscape, landscape.flat(starts), limits, spacing)
    while search.running.size:
        search.step()
    return Descent(
        landscape.normalised(landscape.shaped(search.y)),
        search.value,
        np.sqrt((search.gradient**2).sum(1)),
        search.evaluations,
    )


@dataclass(frozen=True, eq=False)
class _Landscape:
    """Ẽ as a function of rows of real numbers."""

    energy: SmoothEnergy
    shape: tuple[int, ...]
    is_complex: bool

    def flat(self, points: Points) -> Array:
        """(B, N, d) as (B, n)."""
        rows = np.ascontiguousarray(points, dtype=complex if self.is_complex else float)
        return rows.view(np.float64).reshape(len(points), -1)

    def shaped(self, y: Array) -> Points:
        """(B, n) as (B, N, d)."""
        rows = np.ascontiguousarray(y)
        if self.is_complex:
            return rows.view(np.complex128).reshape(len(y), *self.shape)
        return rows.reshape(len(y), *self.shape)

    def normalised(self, y: Points) -> Points:
        """Unit vectors, if the energy wants them."""
        return y / np.linalg.norm(y, axis=-1, keepdims=True) if self.energy.on_sphere else y

    def __call__(self, rows: Array) -> tuple[Array, Array]:
        """Ẽ (B,) and its gradient (B, n)."""
        y = self.shaped(rows)
        x = self.normalised(y)
        value, gradient = self.energy.gradient(x)
        if self.energy.on_sphere:
            radial = (gradient * x.conj()).real.sum(-1, keepdims=True)
            gradient = (gradient - radial * x) / np.linalg.norm(y, axis=-1, keepdims=True)
        return value, self.flat(gradient)


class _Search:
    """The state of all descents; ``running`` are those that have not ended."""

    def __init__(self, landscape: _Landscape, y: Array, limits: Limits, spacing: float) -> None:
        self.landscape, self.limits, self.spacing = landscape, limits, spacing
        self.y = y.copy()
        self.value, self.gradient = landscape(y)
        self.evaluations = np.ones(len(y), dtype=np.intp)
        self.moves = np.zeros((MEMORY, *y.shape))
        self.changes = np.zeros((MEMORY, *y.shape))
        self.inverses = np.zeros((MEMORY, len(y)))  # 0: nothing is known from that step
        self.steps = 0
        self.running = np.arange(len(y))
        self._retire(np.zeros(len(y), dtype=bool))

    def step(self) -> None:
        """One step of every running descent."""
        run = self.running
        direction = self._direction(run)
        downhill = (direction * self.gradient[run]).sum(1)
        uphill = downhill >= 0
        fresh = uphill | ~(self.inverses[:, run] > 0).any(0)
        self.inverses[:, run[uphill]] = 0.0
        direction[fresh] = -self.gradient[run[fresh]]
        downhill[fresh] = -(direction[fresh] ** 2).sum(1)
        near = ~fresh & ((self.inverses[:, run] > 0).sum(0) > 2)
        near &= -0.5 * downhill <= self.limits.decrease * np.abs(self.value[run])
        longest = self._longest(direction)
        factor = np.minimum(1.0, np.where(fresh, FIRST, LARGEST) * self.spacing / longest)
        y, value, gradient, moved = self._line_search(run, direction, downhill, factor)
        at = self.steps % MEMORY
        self.moves[at][run], self.changes[at][run] = y - self.y[run], gradient - self.gradient[run]
        curvature = (self.moves[at][run] * self.changes[at][run]).sum(1)
        known = moved & (curvature > 1e-300)
        self.inverses[at][run] = np.where(known, 1 / np.where(known, curvature, 1.0), 0.0)
        self.inverses[:, run[~moved]] = 0.0
        self.y[run], self.value[run], self.gradient[run] = y, value, gradient
        self.steps += 1
        self._retire(near | (~moved & fresh))

    def _direction(self, run: NDArray[np.intp]) -> Array:
        """-H gradient by the two loops over the last steps."""
        held = min(self.steps, MEMORY)
        order = [(self.steps - 1 - back) % MEMORY for back in range(held)]
        step = -self.gradient[run]
        alphas = []
        scale = np.ones(len(run))
        for at in order:
            alphas.append(self.inverses[at, run] * (self.moves[at][run] * step).sum(1))
            step -= alphas[-1][:, None] * self.changes[at][run]
        for at in reversed(order):  # the newest that is known ends up in ``scale``
            squared = (self.changes[at][run] ** 2).sum(1) * self.inverses[at, run]
            scale = np.where(squared > 0, 1 / np.where(squared > 0, squared, 1.0), scale)
        step *= scale[:, None]
        for at, alpha in zip(reversed(order), reversed(alphas), strict=True):
            beta = self.inverses[at, run] * (self.changes[at][run] * step).sum(1)
            step += (alpha - beta)[:, None] * self.moves[at][run]
        return step

    def _line_search(
        self, run: NDArray[np.intp], direction: Array, downhill: Array, factor: Array
    ) -> tuple[Array, Array, Array, NDArray[np.bool_]]:
        """Halve each step until it lowers the energy enough; which of them moved."""
        y, value = self.y[run].copy(), self.value[run].copy()
        gradient = self.gradient[run].copy()
        open_ = np.arange(len(run))
        for _ in range(HALVINGS):
            tried = self.y[run[open_]] + factor[open_, None] * direction[open_]
            new, slope = self.landscape(tried)
            self.evaluations[run[open_]] += 1
            enough = new <= value[open_] + ARMIJO * factor[open_] * downhill[open_]
            done = open_[enough]
            y[done], value[done], gradient[done] = tried[enough], new[enough], slope[enough]
            open_ = open_[~enough]
            if not open_.size:
                break
            factor[open_] *= 0.5
        moved = np.ones(len(run), dtype=bool)
        moved[open_] = False
        return y, value, gradient, moved

    def _longest(self, direction: Array) -> Array:
        """The longest move of a point in every row."""
        moves = np.abs(self.landscape.shaped(direction)) ** 2
        longest: Array = np.sqrt(moves.sum(-1).max(-1))
        return np.maximum(longest, 1e-300)

    def _retire(self, near: NDArray[np.bool_]) -> None:
        """End the descents that are near enough, stuck, or have reached a limit."""
        run = self.running
        per_point = np.abs(self.value[run]) / self.landscape.shape[0]
        norm = np.sqrt((self.gradient[run] ** 2).sum(1))
        ends = near | (norm <= self.limits.steepness * per_point)
        ends |= self.evaluations[run] >= self.limits.evaluations
        self.running = run[~ends]
