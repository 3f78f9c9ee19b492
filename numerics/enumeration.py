r"""Expected losses by enumeration: every active set, one exact quadrature each.

.. math:: L = \sum_A P(A) \sum_i I_i \int_{[0,1]^{|A|}} (x_i - x'_i)^2 du

This is the definition of the expected loss and nothing more: no closed form enters. It
is what the statements of ``theory`` are confronted with, and good for a few features.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np

from superposition.numerics.kink_split_quadrature import cube_nodes, integral_over_cube

Array = np.ndarray[Any, np.dtype[Any]]


def relu_output_loss(gram: Any, b: Any, importance: Any, density: Any) -> Array:
    """L of the ReLU output model x' = ReLU(G x + b), features uniform on [0, 1].

    gram: (…, n, n), G = WᵀW; b: (…, n); importance, density: (…, n). Leading axes
    broadcast: one entry per model. Cost 2^n quadratures.
    """
    return _expectation(gram, b, importance, density, relu=True)


def linear_loss(gram: Any, b: Any, importance: Any, density: Any) -> Array:
    """L of the linear model x' = G x + b, by the same quadrature."""
    return _expectation(gram, b, importance, density, relu=False)


def active_set_losses(gram: Any, b: Any, importance: Any, active: int) -> Array:
    """Σ of L_A over all sets A of exactly ``active`` features, for the ReLU output model."""
    gram, b, importance = (np.asarray(array) for array in (gram, b, importance))
    features = b.shape[-1]
    return sum(
        (
            importance[..., i] * output_loss(gram[..., i, :], b[..., i], i, members, relu=True)
            for members in combinations(range(features), active)
            for i in range(features)
        ),
        start=np.zeros(()),
    )


def output_loss(row: Array, bias: Array, output: int, active: tuple[int, ...], relu: bool) -> Array:
    """∫ (x_i - x'_i)² over the values of the active features, for one output i."""
    nodes = cube_nodes(bias, row[..., list(active)], degree=2, kinked=relu)

    def squared_error(u: Array, z: Array) -> Array:
        target = u[..., active.index(output)] if output in active else 0
        return (target - (np.maximum(z, 0) if relu else z)) ** 2

    return integral_over_cube(squared_error, nodes)


def expectation_over_sets(value: Callable[[tuple[int, ...]], Any], density: Array) -> Any:
    """Σ_A Π_{i∈A} p_i Π_{i∉A} (1 - p_i) value(A), density (…, n)."""
    features = density.shape[-1]
    total: Any = 0
    for count in range(features + 1):
        for active in combinations(range(features), count):
            silent = [i for i in range(features) if i not in active]
            weight = np.prod(density[..., list(active)], axis=-1) * np.prod(
                1 - density[..., silent], axis=-1
            )
            total = total + weight * value(active)
    return total


def _expectation(gram: Any, b: Any, importance: Any, density: Any, relu: bool) -> Array:
    gram, b, importance, density = (np.asarray(a) for a in (gram, b, importance, density))

    def loss_of_set(active: tuple[int, ...]) -> Any:
        return sum(
            importance[..., i] * output_loss(gram[..., i, :], b[..., i], i, active, relu)
            for i in range(b.shape[-1])
        )

    return np.asarray(expectation_over_sets(loss_of_set, density))
