r"""A branch: one stationary point followed through settings, stable or not.

.. math:: \nabla L(θ_k; s_k) = 0, \qquad θ_k \to θ_{k+1} \text{ by Newton's method on the gradient}

Newton's method does not mind saddles: the branch goes on across its stability limits, where the
least one-sided second derivative κ changes sign. Parameters that are zero (silent weights, the
bias of a dedicated feature) stay zero: the branch keeps to the kink it lives on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from superposition.numerics.optimum.curvature import least_curvature
from superposition.numerics.optimum.landscape import Landscape

Array = NDArray[np.float64]
ITERATIONS = 30
SINGULAR = 1e-9  # of the largest eigenvalue: rotations and branch points are not followed
FARTHEST = 0.3  # of weights of order one: a step beyond this has lost the branch


@dataclass(frozen=True, eq=False)
class Branch:
    """K settings along a path, and the branch as far as it exists.

    points: (K, D), NaN beyond the end; loss, gradient_norm, curvature: (K,); length: how many
    settings it reaches.
    """

    points: Array
    loss: Array
    gradient_norm: Array
    curvature: Array
    length: int

    @property
    def stability_limits(self) -> NDArray[np.intp]:
        """The settings after which the branch is a saddle and was a minimum, or the other way."""
        stable = self.curvature[: self.length] > 0
        return np.flatnonzero(stable[1:] != stable[:-1])


def follow(path: Landscape, start: Array, *, tolerance: float = 1e-11) -> Branch:
    """The branch of stationary points through ``start``, along the settings of ``path``.

    start: (D,), near a stationary point of the first setting; tolerance: of the gradient's norm,
    relative to what storing nothing costs. It ends before the first setting at which Newton's
    method finds none nearby.
    Raises ``ValueError`` where start has another size.
    """
    count, D = len(path), path.size
    if np.shape(start) != (D,):
        raise ValueError(f"start has shape {np.shape(start)}; it must be ({D},).")
    points, norm = np.full((count, D), np.nan), np.full(count, np.nan)
    here = np.asarray(start, dtype=float)
    free = here != 0
    length = 0
    for k in range(count):
        guess = here if k < 2 else 2 * points[k - 1] - points[k - 2]
        row = path.rows(np.array([k]))
        (found,), (size,) = stationary(row, np.where(free, guess, 0.0)[None])
        if size > tolerance * float(row.scale[0]) or np.abs(found - here).max() > FARTHEST:
            break
        points[k], norm[k], here = found, size, found
        length = k + 1
    reached = path.rows(slice(0, length))
    loss, curvature = np.full(count, np.nan), np.full(count, np.nan)
    loss[:length] = reached.evaluate(points[:length]).loss
    curvature[:length] = least_curvature(reached, points[:length]).value
    return Branch(points, loss, norm, curvature, length)


def stationary(landscape: Landscape, guesses: Array) -> tuple[Array, Array]:
    """Newton's method on the gradient from guesses (R, D): points (R, D) and gradient norms (R,).

    Parameters that are zero stay zero; rotations of W are not followed.
    """
    here, free = guesses.copy(), guesses != 0
    for _ in range(ITERATIONS):
        found = landscape.evaluate(here)
        gradient = np.where(free, found.gradient, 0.0)
        hessian = np.where(free[:, :, None] & free[:, None, :], found.hessian, 0.0)
        values, vectors = np.linalg.eigh(hessian)
        size = np.abs(values)
        kept = size > SINGULAR * size.max(axis=1, keepdims=True, initial=1e-300)
        along = np.einsum("rdk,rd->rk", vectors, gradient)
        step = -np.einsum(
            "rdk,rk->rd", vectors, np.where(kept, along / np.where(kept, values, 1.0), 0.0)
        )
        here = here + np.where(free, step, 0.0)
        if np.abs(step).max(initial=0) <= 1e-14:
            break
    norm = np.linalg.norm(landscape.evaluate(here).gradient, axis=1)
    return here, norm
