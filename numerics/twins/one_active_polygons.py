"""Twins of the polygons with one active feature: all k slopes of an output, by quadrature."""

from __future__ import annotations

from typing import Any

import numpy as np

from superposition.numerics.kink_split_quadrature import cube_nodes, integral_over_cube
from superposition.numerics.twins.twin import numbers, twin, vertex_of_parabola


def _output(slopes: Any, bias: Any, own: int | None = 0) -> Any:
    """Σ_j E (x_i - (slope_j u + bias)_+)², feature j active alone; ``own``: the place of i."""
    nodes = cube_nodes(numbers(bias), numbers(slopes)[:, None], degree=2)

    def squared_error(u: Any, z: Any) -> Any:
        targets = 0 * u[..., 0]
        if own is not None:
            targets[own] = u[own, :, 0]
        return (targets - np.maximum(z, 0)) ** 2

    return integral_over_cube(squared_error, nodes).sum()


def _cosines(sides: int) -> Any:
    import mpmath

    return numbers([mpmath.cos(2 * mpmath.pi * vertex / sides) for vertex in range(sides)])


@twin("one-active-polygon/loss")
def loss(k: int, s: int, g: Any, t: Any) -> Any:
    """One output, whichever of the k features is active."""
    return _output(g * _cosines(k), -g * t)


@twin("one-active-polygon/best-norm")
def best_norm(k: int, s: int, t: Any) -> Any:
    """The squared norm of least loss: the loss is a parabola in g at fixed t."""
    return _over_norm(k, t)[0]


@twin("one-active-polygon/threshold")
def slope(k: int, s: int, t: Any) -> Any:
    """The numerical derivative in t of the loss at the best norm, one-sided at t = 0."""
    import mpmath

    weights = (-25, 48, -36, 16, -3)
    with mpmath.workdps(90):
        step = mpmath.mpf(10) ** (-15)  # the second derivative jumps in slope at a kink
        values = [_over_norm(k, t + shift * step)[1] for shift in range(5)]
        return sum(w * v for w, v in zip(weights, values, strict=True)) / (12 * step)


@twin("one-active-polygon/cosines")
def cosines(k: int, r: int) -> Any:
    """The sum over the vertices, one by one."""
    return _cosines(k)[np.arange(-r, r + 1)].sum()


@twin("one-active-polygon/squared-cosines")
def squared_cosines(k: int, r: int) -> Any:
    """The same of the squares."""
    return (_cosines(k)[np.arange(-r, r + 1)] ** 2).sum()


@twin("one-active-polygon/dead-feature")
def dead_feature(n: int) -> Any:
    """One output of slope zero: at bias 0, and at the best positive bias, a parabola."""
    return (_dead(n, 0) - vertex_of_parabola(lambda b: _dead(n, b))[1]) / n


@twin("one-active-polygon/loss-with-dead-features")
def loss_with_dead_features(k: int, s: int, t: Any, n: int) -> Any:
    """Every output of the model, stored or dead, the dead at the bias of least loss."""
    dead = vertex_of_parabola(lambda b: _dead(n, b))[1]

    def stored(g: Any) -> Any:
        slopes = [*(g * _cosines(k)), *([0] * (n - k))]
        return _output(slopes, -g * t)

    return (k * vertex_of_parabola(stored)[1] + (n - k) * dead) / n


def _dead(features: int, bias: Any) -> Any:
    """Output of a dead feature: itself active, or any of the others."""
    return _output([0], bias) + (features - 1) * _output([0], bias, own=None)


def _over_norm(sides: int, t: Any) -> Any:
    slopes = _cosines(sides)
    return vertex_of_parabola(lambda g: _output(g * slopes, -g * t))
