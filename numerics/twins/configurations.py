"""Twins of the configurations: their weights put into the brute-force expected loss."""

from __future__ import annotations

from typing import Any

import numpy as np

from superposition.numerics.enumeration import relu_output_loss
from superposition.numerics.twins.twin import (
    numbers,
    root_between,
    twin,
    vertex_of_parabola,
)


def loss_of(weights: Any, bias: Any, importance: Any, density: Any) -> Any:
    """The expected loss of W (m, n), b, importances and densities given as plain lists."""
    W = numbers(weights)
    return relu_output_loss(W.T @ W, numbers(bias), numbers(importance), numbers(density))[()]


@twin("dropped-feature/loss-at-bias")
def dropped_at_bias(I: Any, p: Any, b: Any) -> Any:  # noqa: E741
    """W = 0 and the given bias."""
    return loss_of([[0]], [b], [I], [p])


@twin("dropped-feature/loss")
def dropped(I: Any, p: Any) -> Any:  # noqa: E741
    """W = 0, the bias at its best: the loss is a parabola in a bias that is not negative."""
    return I * vertex_of_parabola(lambda b: dropped_at_bias(1, p, b))[1]


@twin("dedicated-dimension/loss-at-norm")
def dedicated_at_norm(I: Any, p: Any, s: Any) -> Any:  # noqa: E741
    """W = s, b = 0."""
    return loss_of([[s]], [0], [I], [p])


@twin("antipodal-pair/loss")
def pair(I_1: Any, I_2: Any, p: Any, q: Any) -> Any:
    """W = (1, -1), b = 0."""
    return loss_of([[1, -1]], [0, 0], [I_1, I_2], [p, q])


@twin("antipodal-pair/relative-cost")
def relative_cost(p: Any) -> Any:
    """One member's loss in the pair over the loss of dropping it."""
    return pair(1, 0, p, p) / dropped(1, p)


@twin("antipodal-pair/triple-point")
def triple_point(p: Any) -> Any:
    """The density of the first feature at which all three cost the same, by root finding."""

    def excess(q: Any) -> Any:
        return pair(1 / dropped(1, q), 1 / dropped(1, p), q, p) - 1

    return root_between(excess, 0.01, 1)


@twin("composition/loss")
def dropped_beside_a_pair(I: Any, p: Any) -> Any:  # noqa: E741
    """W = (0, 1, -1), the dropped feature's bias at its mean: all three outputs at once."""
    return loss_of([[0, 1, -1]], [p[0] / 2, 0, 0], I, p)


@twin("sparse-antipodal-pair/loss")
def sparse_pair(rho: Any, omega: Any) -> Any:
    """L/p² at a density so small that nothing but the limit is left."""
    import mpmath

    with mpmath.workdps(150):
        tiny = _tiny()
        return loss_of([[1, -rho]], [0, 0], [1, omega * tiny], [tiny, tiny]) / tiny**2


@twin("sparse-antipodal-pair/boundary")
def sparse_boundary(rho: Any) -> Any:
    """The ω at which the pair costs as much as dropping: both are affine in ω."""
    import mpmath

    with mpmath.workdps(150):  # ρ² must stay far above the tiny density, and both be resolved
        gains = [sparse_pair(rho, w) - w * dropped(1, _tiny()) / _tiny() for w in (0, 1)]
        return gains[0] / (gains[0] - gains[1])


def _tiny() -> Any:
    import mpmath

    return mpmath.mpf(10) ** (-45)


def gram_of_pair(squared_norm: Any) -> Any:
    """G of a pair of equal norms."""
    return squared_norm * np.array([[1, -1], [-1, 1]], dtype=object)
