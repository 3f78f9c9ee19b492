"""Twins of the ReLU output model: kink-split quadrature over the active features."""

from __future__ import annotations

from typing import Any

import numpy as np

from superposition.numerics.enumeration import (
    active_set_losses,
    output_loss,
    relu_output_loss,
)
from superposition.numerics.kink_split_quadrature import cube_nodes, integral_over_cube
from superposition.numerics.twins.twin import numbers, twin


def _cube_twin(power: int) -> Any:
    def value(*slopes_and_offset: Any) -> Any:
        *slopes, offset = slopes_and_offset
        nodes = cube_nodes(numbers(offset), numbers(slopes), degree=power)
        return integral_over_cube(lambda _, z: np.maximum(z, 0) ** power, nodes)

    return value


for _k in (1, 2, 3):
    for _power in (1, 2):
        twin(f"cube-integral/{_k}-active/power-{_power}")(_cube_twin(_power))
twin("cube-integral/corner-recurrence")(_cube_twin(2))


@twin("relu-output-model/no-active-feature")
def no_active_feature(n: int, I: Any, b: Any) -> Any:  # noqa: E741
    """L_0: the output at x = 0."""
    return active_set_losses(numbers(np.zeros((n, n))), b, I, active=0)


@twin("relu-output-model/feature-benefit")
def feature_benefit(g: Any, b: Any) -> Any:
    """J(g, b)."""
    return output_loss(numbers([g]), numbers(b), 0, (0,), relu=True)


@twin("relu-output-model/interference")
def interference(h: Any, b: Any) -> Any:
    """K(h, b): output 0, feature 1 active."""
    return output_loss(numbers([0, h]), numbers(b), 0, (1,), relu=True)


@twin("relu-output-model/one-active-feature")
def one_active_feature(n: int, G: Any, I: Any, b: Any) -> Any:  # noqa: E741
    """L_1."""
    return active_set_losses(G, b, I, active=1)


@twin("relu-output-model/feature-benefit-disturbed")
def feature_benefit_disturbed(g: Any, h: Any, b: Any) -> Any:
    """J_2(g, h, b)."""
    return output_loss(numbers([g, h]), numbers(b), 0, (0, 1), relu=True)


@twin("relu-output-model/double-interference")
def double_interference(h_1: Any, h_2: Any, b: Any) -> Any:
    """K_2(h_1, h_2, b): output 0, features 1 and 2 active."""
    return output_loss(numbers([0, h_1, h_2]), numbers(b), 0, (1, 2), relu=True)


@twin("relu-output-model/two-active-features")
def two_active_features(n: int, G: Any, I: Any, b: Any) -> Any:  # noqa: E741
    """L_2."""
    return active_set_losses(G, b, I, active=2)


@twin("relu-output-model/expansion")
def expansion(n: int, G: Any, I: Any, b: Any, p: Any) -> Any:  # noqa: E741
    """The expected loss at equal densities."""
    return relu_output_loss(G, b, I, numbers([p] * n))


@twin("relu-output-model/expansion-with-unequal-densities")
def expansion_with_unequal_densities(n: int, G: Any, I: Any, b: Any, p: Any) -> Any:  # noqa: E741
    """The expected loss, one density each."""
    return relu_output_loss(G, b, I, p)
