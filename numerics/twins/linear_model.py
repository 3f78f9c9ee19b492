"""Twins of the linear model: quadrature for losses, numerical minimisation for optima."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from superposition.numerics.enumeration import linear_loss
from superposition.numerics.twins.features import expectation
from superposition.numerics.twins.twin import numbers, twin, vertex_of_parabola


@twin("linear-model/loss")
def loss(n: int, G: Any, I: Any, p: Any, b: Any) -> Any:  # noqa: E741
    """The expected loss by enumeration and quadrature."""
    return linear_loss(G, b, I, p)


@twin("linear-model/loss-without-bias")
def loss_without_bias(n: int, G: Any, I: Any, p: Any) -> Any:  # noqa: E741
    """The same at b = 0."""
    return linear_loss(G, numbers([0] * n), I, p)


@twin("linear-model/loss-with-optimal-bias")
def loss_with_optimal_bias(n: int, G: Any, I: Any, p: Any) -> Any:  # noqa: E741
    """The least over b: in each bias the loss is a parabola, and the biases do not interact."""

    def least_of_output(i: int) -> Any:
        unit = numbers([int(i == j) for j in range(n)])
        return vertex_of_parabola(lambda bias: linear_loss(G, bias * unit, unit, p))[1]

    return sum(I[i] * least_of_output(i) for i in range(n))


@twin("linear-model/optimum")
def optimum(n: int, m: int, s: Any, p: Any) -> Any:
    """The least over W with the bias at its best, by minimisation from random starts."""
    variances = np.array([float(_variance(density)) for density in p])
    return _least(np.diag(variances), np.array(s, dtype=float) / variances, m)


def _variance(density: Any) -> Any:
    mean = expectation(density, lambda x: x)
    return expectation(density, lambda x: (x - mean) ** 2)


@twin("linear-model/optimum-without-bias")
def optimum_without_bias(n: int, m: int, p: Any) -> Any:
    """The least over W at b = 0 and equal importance."""
    mean, square = expectation(p, lambda x: x), expectation(p, lambda x: x**2)
    ratio = float(mean**2 / square)
    moments = np.full((n, n), ratio) + (1 - ratio) * np.eye(n)
    return square * _least_over_subspaces(moments, m)


@twin("linear-model/direction-without-bias")
def direction(r: Any, p: Any, tau: Any) -> Any:
    """The least over the norm along W ∝ (1, τ), a parabola in the squared norm."""
    u = numbers([1, tau])
    gram, zero, importance = np.outer(u, u), numbers([0, 0]), numbers([1, r])
    density = numbers([p, p])

    def loss_at(t: Any) -> Any:
        return linear_loss(t * gram, zero, importance, density)

    best, least = vertex_of_parabola(loss_at)
    return least if best >= 0 else loss_at(0 * best)  # a squared norm is not negative


@twin("linear-model/best-direction-without-bias")
def slope_along_direction(r: Any, p: Any, tau: Any) -> Any:
    """The numerical derivative of the least over the norm."""
    import mpmath

    step = mpmath.mpf(10) ** (-8)
    # Fourth-order central difference at 40 digits: truncation 1e-32, rounding 1e-30.
    values = [direction(r, p, tau + shift * step) for shift in (-2, -1, 1, 2)]
    return (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * step)


@cache
def _starts(shape: tuple[int, int]) -> tuple[Any, ...]:
    rng = np.random.default_rng(0)
    return tuple(rng.normal(size=shape) for _ in range(8))


def _least(moments: Any, importance: Any, hidden: int) -> float:
    """min_W Σ_i I_i (R S Rᵀ)_ii with R = 1 - WᵀW, S = ``moments``; the best of eight starts."""
    from scipy.optimize import minimize

    shape = (hidden, len(importance))
    basis = np.eye(hidden * len(importance)).reshape(-1, *shape)

    def error(W: Any) -> tuple[Any, Any]:
        R = np.eye(shape[1]) - W.T @ W
        return R, importance[:, None] * (R @ moments)

    def value(flat: Any) -> float:
        R, weighted = error(flat.reshape(shape))
        return float((weighted * R).sum())

    def gradient(flat: Any) -> Any:
        W = flat.reshape(shape)
        _, weighted = error(W)
        return -2 * (W @ (weighted + weighted.T)).ravel()

    def hessian(flat: Any) -> Any:
        W = flat.reshape(shape)
        _, weighted = error(W)
        change = -importance[:, None] * ((basis.mT @ W + W.T @ basis) @ moments)
        rows = basis @ (weighted + weighted.T) + W @ (change + change.mT)
        return -2 * rows.reshape(len(basis), -1)

    fits = [
        minimize(
            value,
            start.ravel(),
            jac=gradient,
            hess=hessian,
            method="trust-exact",
            options={"gtol": 1e-12},
        )
        for start in _starts(shape)
    ]
    return float(min(fit.fun for fit in fits))


def _least_over_subspaces(moments: Any, hidden: int) -> float:
    """min_G tr(R S Rᵀ), R = 1 - G, over G = Vᵀ M V: M by least squares, V by descent.

    When p → 0 all subspaces are nearly as good, along a curved valley that descent in W
    itself crawls through; with M eliminated only the subspace is left to choose.
    """
    from scipy.optimize import minimize

    n = len(moments)
    root = np.linalg.cholesky(moments)

    def value_and_gradient(flat: Any) -> tuple[float, Any]:
        V = flat.reshape(hidden, n)
        columns = np.einsum("ai,bk,kj->ijab", V, V, root).reshape(n * n, hidden * hidden)
        M = np.linalg.lstsq(columns, root.ravel())[0].reshape(hidden, hidden)
        R = np.eye(n) - V.T @ M @ V
        gradient = -2 * (M @ V @ moments @ R.T + M.T @ V @ R @ moments)
        return float(np.sum((R @ root) ** 2)), gradient.ravel()

    def least_from(start: Any) -> float:
        base, slope = value_and_gradient(start)
        unit = max(float(np.linalg.norm(slope)), 1e-300)

        def scaled(flat: Any) -> tuple[float, Any]:
            value, gradient = value_and_gradient(flat)
            return (value - base) / unit, gradient / unit

        fit = minimize(scaled, start, jac=True, method="BFGS", options={"gtol": 1e-9})
        return value_and_gradient(fit.x)[0]

    return min(least_from(start.ravel()) for start in _starts((hidden, n)))
