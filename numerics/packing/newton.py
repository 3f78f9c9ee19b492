r"""Newton's method for a smooth energy: to machine precision, and what the Hessian says there.

.. math:: (H + μ)\, s = -g, \qquad \text{signature} = (\#λ < 0,\; \#λ = 0,\; \#λ > 0)

in tangent coordinates. Pair energies have their Hessian from the Gram matrix (``pairs``), others
from Hessian products. Zero modes, rotations above all, are not followed. Absil, Mahony and
Sepulchre 2008, chapter 6, for Newton's method on manifolds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve, eigvalsh

from superposition.numerics.packing.energy.pair_energy import PairEnergy
from superposition.numerics.packing.energy.smooth_energy import Array, Points, SmoothEnergy
from superposition.numerics.packing.pairs import Pairs, complex_coordinates, real_coordinates

MOST_STEPS = 30
LEAST_SHIFT = 1e-12  # relative to the largest entry of the Hessian
ZERO = 1e-9  # relative to its largest eigenvalue: smaller ones count as zero
LONGEST = 0.1
ROUNDING = 1e-12  # relative to the largest entry of the Hessian: no more is asked of a gradient


@dataclass(frozen=True, eq=False)
class Polished:
    """Where Newton's method ended: points, the gradient's norm, and the Hessian's signature."""

    points: Points
    gradient_norm: float
    signature: tuple[int, int, int]


def polish(energy: SmoothEnergy, points: Points) -> Polished:
    """Follow Newton's steps from ``points`` (N, d) as long as the gradient falls."""
    gradient, hessian = _second_order(energy, points)
    norm = float(np.linalg.norm(gradient))
    shift = LEAST_SHIFT
    for _ in range(MOST_STEPS):
        step = _solved(hessian, -gradient, shift)
        step *= min(1.0, LONGEST / max(float(np.abs(step).max(initial=0.0)), 1e-300))
        moved = _moved(energy, points, step)
        new_gradient, new_hessian = _second_order(energy, moved)
        new_norm = float(np.linalg.norm(new_gradient))
        if new_norm < norm:
            points, gradient, hessian, norm = moved, new_gradient, new_hessian, new_norm
            shift = LEAST_SHIFT
        elif norm > ROUNDING * float(np.abs(hessian).max(initial=0.0)) and shift < 1:
            shift *= 1000  # along a mode that is nearly zero the step was too long
        else:
            break
    return Polished(points, norm, _signature(hessian))


def tangential_norm(energy: SmoothEnergy, points: Points) -> float:
    """The norm of the Riemannian gradient."""
    gradient = energy.gradient(points)[1]
    if energy.on_sphere:
        gradient = gradient - (gradient * points.conj()).real.sum(-1, keepdims=True) * points
    return float(np.linalg.norm(gradient))


def _second_order(energy: SmoothEnergy, points: Points) -> tuple[Array, Array]:
    """The gradient (n,) and the Hessian (n, n) in tangent coordinates."""
    if isinstance(energy, PairEnergy):
        pairs = Pairs.of(real_coordinates(points), energy.lines, np.iscomplexobj(points))
        off = ~np.eye(len(points), dtype=bool)
        _, slopes, curvatures = energy.potential.jet(np.where(off, pairs.cosines, 0.0))
        slopes, curvatures = slopes * off, curvatures * off
        return pairs.gradient(slopes).ravel(), pairs.hessian(slopes, curvatures)
    frame = _frame(energy, points)
    slope = energy.gradient(points)[1]
    curved = energy.hessian_product(np.broadcast_to(points, frame.shape), frame)
    hessian = np.einsum("aij,bij->ab", frame, curved)
    if energy.on_sphere:
        radial = (slope * points).sum(-1)
        hessian -= np.einsum("aij,i,bij->ab", frame, radial, frame)
    return np.einsum("aij,ij->a", frame, slope), hessian


def _frame(energy: SmoothEnergy, points: Points) -> Array:
    """The tangent coordinates' unit motions, (n, N, d)."""
    count, dim = points.shape
    if not energy.on_sphere:
        return np.eye(count * dim).reshape(-1, count, dim)
    basis = Pairs(points).basis
    frame = np.zeros((count, dim - 1, count, dim))
    frame[np.arange(count), :, np.arange(count), :] = basis.transpose(0, 2, 1)
    return frame.reshape(-1, count, dim)


def _moved(energy: SmoothEnergy, points: Points, step: Array) -> Points:
    if not energy.on_sphere:
        return points + step.reshape(points.shape)
    rows = real_coordinates(points)
    moved = Pairs(rows).moved(step.reshape(len(rows), -1)).points
    return complex_coordinates(moved) if np.iscomplexobj(points) else moved


def _solved(hessian: Array, right: Array, relative: float) -> Array:
    """With the least shift, from ``relative`` on, that makes the Hessian positive definite."""
    largest = float(np.abs(hessian).max(initial=0.0)) or 1.0
    shift = relative * largest
    while shift < 1e6 * largest:
        try:
            factor = cho_factor(hessian + shift * np.eye(len(hessian)), check_finite=False)
            solution: Array = cho_solve(factor, right, check_finite=False)
            return solution
        except LinAlgError:
            shift *= 100
    return right / largest


def _signature(hessian: Array) -> tuple[int, int, int]:
    if not hessian.size:
        return 0, 0, 0
    eigenvalues = eigvalsh((hessian + hessian.T) / 2, check_finite=False)
    threshold = ZERO * max(float(np.abs(eigenvalues).max()), 1e-300)
    negative = int((eigenvalues < -threshold).sum())
    positive = int((eigenvalues > threshold).sum())
    return negative, len(eigenvalues) - negative - positive, positive
