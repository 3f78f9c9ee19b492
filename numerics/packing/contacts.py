r"""The certificate of a packing, from its points alone: contacts, dual weights, rigidity.

.. math:: \sum_k λ_k ∇c_k = 0, \qquad λ \ge 0, \qquad \sum_k λ_k = 1

over the pairs k that touch (Karush, Kuhn and Tucker): no motion of first order then lowers all
cosines of touching pairs. If moreover every motion of the points that carry weight but rotations
(and phases) raises one of their cosines to first order, or Σ λ c to second order, the packing is
rigid: a strict local optimum, rattlers apart (for packings of discs: Connelly 1988). The weights
come from nonnegative least squares, not from the method that found the points. c_k as in
``pairs``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lstsq
from scipy.optimize import nnls

from superposition.numerics.packing.pairs import Array, Pairs

TOUCHING = 1e-8  # c within this of the largest
LARGEST_SYSTEM = 10**7  # numbers in the gradients of all contacts
CARRYING = 1e-9  # a weight above this is one
FLEXIBLE = 1e-7  # relative: smaller singular values and curvatures count as zero
BALANCED = 1e-7  # a residual above this is no balance: some motion lowers all contacts


@dataclass(frozen=True, eq=False)
class Contacts:
    """Why no packing near this one is better.

    pairs: (K, 2), the pairs at the largest cosine; weights: (K,) ≥ 0, the dual weights, of sum 1;
    residual: the norm of Σ_k weight_k ∇c_k on the sphere; rigid: whether every motion of the
    points that carry weight, rotations and phases apart, raises Σ λ c or one of its cosines;
    rattlers: the points that touch no other.
    """

    pairs: NDArray[np.intp]
    weights: Array
    residual: float
    rigid: bool
    rattlers: tuple[int, ...]


def contacts_of(pairs: Pairs) -> Contacts | None:
    """The certificate of an arrangement of at least two points; None if it is too large."""
    count = len(pairs.points)
    first, second = np.triu_indices(count, 1)
    largest = pairs.cosines[first, second].max()
    touch = pairs.cosines[first, second] >= largest - TOUCHING
    i, j = first[touch], second[touch]
    if len(i) * pairs.points.size > LARGEST_SYSTEM:
        return None
    rates = _rates(pairs, i, j)
    weights, residual = _dual_weights(rates)
    rigid = residual < BALANCED and _rigid(pairs, np.column_stack([i, j]), weights, rates)
    touched = set(i.tolist()) | set(j.tolist())
    return Contacts(
        np.column_stack([i, j]),
        weights,
        residual,
        rigid,
        tuple(point for point in range(count) if point not in touched),
    )


def _rates(pairs: Pairs, i: NDArray[np.intp], j: NDArray[np.intp]) -> Array:
    """The gradients of the touching c_k in tangent coordinates, (K, N(D - 1))."""
    count, _, k = pairs.basis.shape
    rates = np.zeros((len(i), count, k))
    rows = np.arange(len(i))
    rates[rows, i] = pairs.rates[i, j]
    rates[rows, j] = pairs.rates[j, i]
    return rates.reshape(len(i), -1)


def _dual_weights(rates: Array) -> tuple[Array, float]:
    """λ ≥ 0 of sum 1 that balance the gradients best; the shortest of many, as it is if ≥ 0.

    The shortest is as symmetric as the packing, and has no zeros that another choice would fill.
    """
    scale = max(1.0, float(np.abs(rates).max(initial=0.0)))
    system = np.vstack([rates.T, np.full(len(rates), scale)])
    right = np.append(np.zeros(rates.shape[1]), scale)
    weights = lstsq(system, right, cond=1e-10, check_finite=False)[0]
    if weights.min() < -CARRYING:
        weights = nnls(system, right, maxiter=30 * len(rates) + 100)[0]
    weights = np.maximum(weights, 0.0)
    weights /= weights.sum()
    return weights, float(np.linalg.norm(weights @ rates))


def _rigid(pairs: Pairs, touching: NDArray[np.intp], weights: Array, rates: Array) -> bool:
    """Whether every motion but an isometry's raises Σ λ c, to first or second order."""
    count, _, k = pairs.basis.shape
    carrying = weights > CARRYING
    bearing = np.zeros(count, dtype=bool)
    bearing[touching[carrying].ravel()] = True
    held = rates[carrying].reshape(-1, count, k)[:, bearing].reshape(int(carrying.sum()), -1)
    _, singular, directions = np.linalg.svd(held)
    rank = int((singular > FLEXIBLE * max(float(singular.max(initial=0.0)), 1.0)).sum())
    flexes = directions[rank:]
    stress = np.zeros((count, count))
    stress[touching[:, 0], touching[:, 1]] = stress[touching[:, 1], touching[:, 0]] = weights
    blocks = pairs.hessian(stress, np.zeros_like(stress)).reshape(count, k, count, k)
    curved = blocks[bearing][:, :, bearing].reshape(held.shape[1], -1)
    eigenvalues = np.linalg.eigvalsh(flexes @ curved @ flexes.T)
    threshold = FLEXIBLE * max(float(weights.max()), 1e-300)
    stiff = int((eigenvalues > threshold).sum())
    stays = not np.any(eigenvalues < -threshold)
    return bool(stays and rank + stiff == held.shape[1] - _free_motions(pairs, bearing))


def _free_motions(pairs: Pairs, bearing: NDArray[np.bool_]) -> int:
    """The dimension of the isometries' motions of the points that bear weight."""
    generators = []
    real_dim = pairs.points.shape[1]
    for a in range(real_dim):
        for b in range(a):
            turn = np.zeros((real_dim, real_dim))
            turn[a, b], turn[b, a] = 1.0, -1.0
            if len(pairs.forms) == 2:
                quarter = pairs.forms[1]  # keep what commutes with multiplication by i
                turn = turn - quarter @ turn @ quarter
            generators.append(turn)
    motions = np.array([(pairs.points @ turn.T)[bearing].ravel() for turn in generators])
    if len(pairs.forms) == 2:  # and the phase of every line
        at = np.flatnonzero(bearing)
        phases = np.zeros((len(at), len(at), real_dim))
        phases[np.arange(len(at)), np.arange(len(at))] = (pairs.points @ pairs.forms[1].T)[at]
        motions = np.vstack([motions, phases.reshape(len(at), -1)])
    if not motions.size:
        return 0
    singular = np.linalg.svd(motions, compute_uv=False)
    return int((singular > 1e-9 * max(singular[0], math.ulp(1.0))).sum())
