"""Twins of the pair without biases: its weights put into the brute-force expected loss."""

from __future__ import annotations

from typing import Any

from superposition.numerics.twins.configurations import loss_of
from superposition.numerics.twins.twin import twin, vertex_of_parabola


@twin("pair-without-biases/aligned-loss")
def aligned_loss(g: Any, p: Any) -> Any:
    """W = √g (1, 1)."""
    return _loss(g, p, 1)


@twin("pair-without-biases/antipodal-loss")
def antipodal_loss(g: Any, p: Any) -> Any:
    """W = √g (1, -1)."""
    return _loss(g, p, -1)


@twin("pair-without-biases/aligned-least-loss")
def aligned_least_loss(p: Any) -> Any:
    """The loss is a parabola in g."""
    return vertex_of_parabola(lambda g: aligned_loss(g, p))[1]


@twin("pair-without-biases/antipodal-least-loss")
def antipodal_least_loss(p: Any) -> Any:
    """The loss is a parabola in g."""
    return vertex_of_parabola(lambda g: antipodal_loss(g, p))[1]


@twin("pair-without-biases/slope-of-dropping")
def slope_of_dropping(p: Any, r: Any) -> Any:
    """The difference quotient at W = (1, 0), one-sided, with a step far below all else."""
    import mpmath

    with mpmath.workdps(90):
        t = mpmath.mpf("1e-30")
        here, there = (loss_of([[1, w]], [0, 0], [1, r], [p, p]) for w in (0 * t, t))
        return (there - here) / t


def _loss(g: Any, p: Any, side: int) -> Any:
    import mpmath

    root = mpmath.sqrt(g)
    return loss_of([[root, side * root]], [0, 0], [1, 1], [p, p])
