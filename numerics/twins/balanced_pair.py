"""Twins of the balanced pair: the brute-force loss, minimised over norm and bias."""

from __future__ import annotations

from typing import Any

from superposition.numerics.enumeration import relu_output_loss
from superposition.numerics.twins.configurations import dropped, gram_of_pair
from superposition.numerics.twins.twin import numbers, twin, vertex_of_parabola


@twin("balanced-antipodal-pair/loss")
def member_loss(g: Any, beta: Any, p: Any) -> Any:
    """The loss of one output of the pair with bias gβ."""
    bias = numbers([g * beta] * 2)
    return relu_output_loss(gram_of_pair(g), bias, numbers([1, 0]), numbers([p, p]))[()]


@twin("balanced-antipodal-pair/best-norm")
def best_norm(beta: Any, p: Any) -> Any:
    """The squared norm of least loss: the loss is a parabola in g at fixed β."""
    return vertex_of_parabola(lambda g: member_loss(g, beta, p))[0]


@twin("balanced-antipodal-pair/bias")
def slope(beta: Any, p: Any) -> Any:
    """The numerical derivative in β of the loss at the best norm."""
    import mpmath

    # One-sided at the ends of 0 ≤ β ≤ 1, where the loss changes its polynomial.
    side = -1 if beta > 0.5 else 1
    weights = (-25, 48, -36, 16, -3)
    with mpmath.workdps(90):  # the step must be far below √p, the scale of the loss in β
        step = p * mpmath.mpf(10) ** (-10)
        values = [_least_over_norm(beta + side * shift * step, p) for shift in range(5)]
        return side * sum(w * v for w, v in zip(weights, values, strict=True)) / (12 * step)


@twin("balanced-antipodal-pair/beats-dropping")
def gain_over_dropping(p: Any) -> Any:
    """The member's loss at g = 1/2 and bias p/2, minus half of what dropping costs."""
    return member_loss(p / p / 2, p, p) - dropped(1, p) / 2


def _least_over_norm(beta: Any, p: Any) -> Any:
    return vertex_of_parabola(lambda g: member_loss(g, beta, p))[1]
