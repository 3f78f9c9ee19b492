"""Twins of the stability of dropping: the one-sided form as expectations, and the loss itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from superposition.numerics.twins.configurations import dropped, loss_of
from superposition.numerics.twins.twin import root_between, twin, vertex_of_parabola

TINY = "1e-22"  # the path's t: what is left out is of this order, relative


@twin("stability-of-dropping/second-order")
def second_order(s: Any, e: Any, p: Any) -> Any:
    """(L - r v)/t² + r v on the path, at a tiny t and r = 1."""
    import mpmath

    with mpmath.workdps(140):
        t = mpmath.mpf(TINY) * p
        return (_on_path(s, e, t, 1, p) - dropped(1, p)) / t**2 + dropped(1, p)


@twin("stability-of-dropping/bias")
def best_bias(p: Any) -> Any:
    """Where the slope of the least form over s, a difference quotient, changes sign."""
    import mpmath

    with mpmath.workdps(140):
        step = mpmath.mpf("1e-20") * p**2

        def slope(e: Any) -> Any:
            return _least_over_norm(e + step, p) - _least_over_norm(e - step, p)

        return root_between(slope, p**2 / 100, mpmath.mpf(1))


@twin("stability-of-dropping/importance")
def stability_importance(e: Any, p: Any) -> Any:
    """The least form over s, over what dropping costs."""
    return _least_over_norm(e, p) / dropped(1, p)


@twin("stability-of-dropping/third-order")
def third_order(e: Any, p: Any) -> Any:
    """(L - r v)/t³ where the form of second order vanishes: the loss itself at a tiny t."""
    import mpmath

    with mpmath.workdps(140):
        s = vertex_of_parabola(lambda s: _form(s, e, p))[0]
        r = _form(s, e, p) / dropped(1, p)
        t = mpmath.mpf("1e-25") * p
        return (_on_path(s, e, t, r, p) - r * dropped(1, p)) / t**3


def _on_path(s: Any, e: Any, t: Any, r: Any, p: Any) -> Any:
    """L at W = (1 + st, -t), b_1 = et, the second output's bias removing its mean error."""
    W = [1 + s * t, -t]
    b_2 = p / 2 * (1 - W[1] ** 2 - W[0] * W[1])
    return loss_of([W], [e * t, b_2], [1, r], [p, p])


def _form(s: Any, e: Any, p: Any) -> Any:
    """E of the squared error's leading part, by what is active: nothing, own, the other, both."""
    own = _simpson(lambda x: (2 * s * x + e) ** 2, 0, 1)
    other = _simpson(lambda y: (e - y) ** 2, 0, e)
    both = _simpson(lambda y: _simpson(lambda x: (2 * s * x + e - y) ** 2, 0, 1), 0, 1)
    return (1 - p) ** 2 * e**2 + p * (1 - p) * (own + other) + p**2 * both


def _simpson(function: Callable[[Any], Any], low: Any, high: Any) -> Any:
    """Exact for the parabolas it is given."""
    import mpmath

    middle = mpmath.mpf(low + high) / 2
    return (high - low) * (function(low) + 4 * function(middle) + function(high)) / 6


def _least_over_norm(e: Any, p: Any) -> Any:
    return vertex_of_parabola(lambda s: _form(s, e, p))[1]
