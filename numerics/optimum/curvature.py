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
RANDOM_DIRECTIONS, ITERATIONS = 4, 100


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
    bound, vectors, one_sided = _bounds(landscape, points)
    least = vectors[:, :, 0]
    value, direction, attained = bound.copy(), least.copy(), ~one_sided
    for side in (least, -least):
        _, form = _form(landscape, points, side)
        here = ~attained & (form <= bound + 1e-13 * landscape.scale)
        direction[here], attained[here] = side[here], True
    rows = np.flatnonzero(~attained if exact else ~attained & (bound <= 0))
    if len(rows):
        value[rows], direction[rows] = _on_the_sphere(
            landscape.rows(rows), points[rows], vectors[rows]
        )
    return LeastCurvature(value, bound, direction, one_sided)


def curvature_bound(landscape: Landscape, points: Array) -> tuple[Array, Array]:
    """A lower bound of κ, (R,), positive only at minima, and its direction, (R, D)."""
    bound, vectors, _ = _bounds(landscape, points)
    return bound, vectors[:, :, 0]


def _bounds(landscape: Landscape, points: Array) -> tuple[Array, Array, NDArray[np.bool_]]:
    """The least eigenvalue of H_0 across the rotations, all eigenvectors, and one-sidedness."""
    found = landscape.evaluate(points)
    modes = landscape.zero_modes(points)
    # Rotations cost nothing: they are lifted out of the way.
    size = np.abs(found.hessian).sum(axis=(1, 2), keepdims=True)
    values, vectors = np.linalg.eigh(found.hessian + size * (np.swapaxes(modes, 1, 2) @ modes))
    return values[:, 0], vectors, found.one_sided


def _on_the_sphere(landscape: Landscape, points: Array, vectors: Array) -> tuple[Array, Array]:
    """Projected gradient descent with spectral steps, the best of several starts each."""
    R, D = points.shape
    modes = landscape.zero_modes(points)
    generator = np.random.default_rng(0)
    starts = [sign * vectors[:, :, k] for k in range(min(2, D)) for sign in (1.0, -1.0)]
    starts += [generator.standard_normal((R, D)) for _ in range(RANDOM_DIRECTIONS)]
    count = len(starts)
    every = np.repeat(np.arange(R), count)
    form, d = _descent_of_form(
        landscape.rows(every), points[every], modes[every], np.stack(starts, axis=1).reshape(-1, D)
    )
    best = np.argmin(form.reshape(R, count), axis=1)
    rows = np.arange(R)
    return form.reshape(R, count)[rows, best], d.reshape(R, count, D)[rows, best]


def _descent_of_form(
    landscape: Landscape, points: Array, modes: Array, starts: Array
) -> tuple[Array, Array]:
    """The least κ(d) found from each start, and d."""

    def unit(d: Array) -> Array:
        across = d - np.einsum("rkd,rk->rd", modes, np.einsum("rkd,rd->rk", modes, d))
        return np.asarray(across / np.linalg.norm(across, axis=1, keepdims=True))

    def residual(d: Array) -> tuple[Array, Array]:
        slope, form = _form(landscape, points, d)
        off = slope - np.einsum("rkd,rk->rd", modes, np.einsum("rkd,rd->rk", modes, slope))
        return off - form[:, None] * d, form

    d = unit(starts)
    rest, form = residual(d)
    best, where = form, d
    step = 0.2 / np.maximum(np.linalg.norm(rest, axis=1), 1e-12 * landscape.scale)
    for _ in range(ITERATIONS):
        moved = unit(d - step[:, None] * rest)
        rest_there, form = residual(moved)
        s, y = moved - d, rest_there - rest
        curve = np.abs(np.sum(s * y, axis=1))
        step = np.clip(
            np.sum(s * s, axis=1) / np.maximum(curve, 1e-300),
            1e-3 / landscape.scale,
            1e3 / landscape.scale,
        )
        d, rest = moved, rest_there
        better = form < best
        best, where = np.where(better, form, best), np.where(better[:, None], d, where)
        if np.all(np.linalg.norm(rest, axis=1) <= 1e-13 * landscape.scale):
            break
    return best, where


def _form(landscape: Landscape, points: Array, along: Array) -> tuple[Array, Array]:
    """H(d) d and κ(d) of unit directions."""
    hessian = landscape.evaluate(points, along).hessian
    slope = np.einsum("rde,re->rd", hessian, along)
    return slope, np.sum(slope * along, axis=1)
