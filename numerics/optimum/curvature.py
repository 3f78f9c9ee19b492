r"""The one-sided second-order form at a stationary point, and its least value.

.. math:: κ(d) = \lim_{t \downarrow 0} \frac{d^2}{dt^2} L(θ + t d), \qquad
          κ = \min_{\|d\| = 1,\; d \perp \text{rotations}} κ(d)

κ(d) is homogeneous of degree 2 and C¹ in d, but quadratic only piece by piece where an output's
form vanishes identically on a set of active features: at every optimum with a dropped or a
dedicated feature. With H(d) the Hessian on the side d points to, κ(d) = d·H(d) d and
∇κ(d) = 2 H(d) d. What vanishes at θ adds E (δz)_+² ≥ 0 to κ(d): with H_0 the Hessian in which it
counts as negative, κ(d) ≥ d·H_0 d: the least eigenvalue of H_0 is a lower bound of κ, and κ
itself where the least eigenvector or its opposite keeps negative what vanishes. Source: derived
here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from superposition.numerics.optimum.landscape import Landscape

Array = NDArray[np.float64]
DIRECTIONS, ITERATIONS = 4, 60


@dataclass(frozen=True, eq=False)
class LeastCurvature:
    """κ (R,), a lower bound of it (R,) and its direction (R, D); whether the form is one-sided, not
    quadratic (R,).
    """

    value: Array
    bound: Array
    direction: Array
    one_sided: NDArray[np.bool_]


def least_curvature(landscape: Landscape, points: Array, *, exact: bool = True) -> LeastCurvature:
    """The least one-sided second derivative over unit directions that do not rotate W.

    points: (R, D), stationary. An eigenvalue where the loss is C² there; else the least of
    projected descents on the sphere from several directions. Unless ``exact``, where the bound is
    positive, which proves a minimum, the bound is all that is found.
    """
    found = landscape.evaluate(points)
    modes = landscape.zero_modes(points)
    # Rotations cost nothing: they are lifted out of the way.
    lift = 1e3 * np.swapaxes(modes, 1, 2) @ modes
    values, vectors = np.linalg.eigh(found.hessian + lift)
    bound, least = values[:, 0], vectors[:, :, 0]
    value, direction, attained = bound.copy(), least.copy(), ~found.one_sided
    for side in (least, -least):
        _, form = _form(landscape, points, lift, side)
        here = ~attained & (form <= bound + 1e-13 * landscape.scale)
        direction[here], attained[here] = side[here], True
    rows = np.flatnonzero(~attained if exact else ~attained & (bound <= 0))
    if len(rows):
        value[rows], direction[rows] = _on_the_sphere(
            landscape.rows(rows), points[rows], lift[rows], vectors[rows]
        )
    return LeastCurvature(value, bound, direction, found.one_sided)


def _on_the_sphere(
    landscape: Landscape, points: Array, lift: Array, vectors: Array
) -> tuple[Array, Array]:
    """Projected gradient descent with spectral steps, the best of several starts."""
    R, D = points.shape
    generator = np.random.default_rng(0)
    starts = [vectors[:, :, 0], -vectors[:, :, 0]]
    starts += [generator.standard_normal((R, D)) for _ in range(DIRECTIONS - 2)]
    best, where = np.full(R, np.inf), np.zeros((R, D))
    for start in starts:
        d = start / np.linalg.norm(start, axis=1, keepdims=True)
        slope, form = _form(landscape, points, lift, d)
        step = 0.5 / np.maximum(np.linalg.norm(slope, axis=1), 1e-12 * landscape.scale)
        for _ in range(ITERATIONS):
            better = form < best
            best, where = np.where(better, form, best), np.where(better[:, None], d, where)
            residual = slope - form[:, None] * d
            moved = d - step[:, None] * residual
            moved /= np.linalg.norm(moved, axis=1, keepdims=True)
            slope_there, form = _form(landscape, points, lift, moved)
            there = slope_there - form[:, None] * moved
            s, y = moved - d, there - residual
            curve = np.abs(np.sum(s * y, axis=1))
            spectral = np.sum(s * s, axis=1) / np.maximum(curve, 1e-300)
            step = np.clip(spectral, 1e-3 / landscape.scale, 1e4 / landscape.scale)
            d, slope = moved, slope_there
        better = form < best
        best, where = np.where(better, form, best), np.where(better[:, None], d, where)
    return best, where


def _form(landscape: Landscape, points: Array, lift: Array, along: Array) -> tuple[Array, Array]:
    """H(d) d and κ(d) of unit directions."""
    hessian = landscape.evaluate(points, along).hessian + lift
    slope = np.einsum("rde,re->rd", hessian, along)
    return slope, np.sum(slope * along, axis=1)
