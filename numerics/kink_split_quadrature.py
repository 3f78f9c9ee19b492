r"""Exact quadrature over the unit cube for integrands with one kinked hyperplane.

.. math:: \int_{[0,1]^k} f\big(u, (c + a \cdot u)_+\big) \, du

for f polynomial. Such an integrand is polynomial on either side of c + a·u = 0, so Gauss-
Legendre is exact on every piece: the first variable is split where the hyperplane crosses
a vertex of the cube of the others, then the rest is integrated the same way. No closed
form and no division by a slope enters the result, so degenerate slopes need no care.

Works on float64 arrays, and on object arrays of mpmath numbers at the working precision.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Nodes:
    """Nodes u, shape (…, N, k), weights (…, N) and the form's value c + a·u there, (…, N)."""

    points: Array
    weights: Array
    form: Array


def cube_nodes(offset: Array, slopes: Array, degree: int, kinked: bool = True) -> Nodes:
    """Nodes that integrate exactly, over the unit cube, a polynomial of ``degree`` in u and z_+.

    offset: (…,) the constant c; slopes: (…, k) the slopes a; degree: the total degree of
    the integrand as a polynomial in u on either side of the kink; kinked: whether the
    integrand has a kink at all (without one nothing is split).
    """
    offset, slopes = np.asarray(offset), np.asarray(slopes)
    k = slopes.shape[-1]
    lead = np.broadcast_shapes(offset.shape, slopes.shape[:-1])
    offset = np.broadcast_to(offset, lead)
    slopes = np.broadcast_to(slopes, (*lead, k))
    form = offset[..., None]
    points, weights = np.empty((*lead, 1, 0), dtype=offset.dtype), np.ones_like(form)
    # Each integration over one variable can raise the degree in the others by one.
    count = (degree + k * kinked) // 2 + 1
    for axis in range(k):
        rest = slopes[..., None, axis + 1 :]
        slope = slopes[..., None, axis] if kinked else 0 * slopes[..., None, axis]
        u, w = _split_interval(form, slope, rest if kinked else rest[..., :0], count)
        form = form[..., None] + slopes[..., None, None, axis] * u
        weights = weights[..., None] * w
        points = np.concatenate(
            [np.broadcast_to(points[..., None, :], (*u.shape, axis)), u[..., None]], axis=-1
        )
        form, weights = (_flat(array, lead) for array in (form, weights))
        points = points.reshape(*lead, form.shape[-1], axis + 1)
    return Nodes(points, weights, form)


def integral_over_cube(integrand: Callable[[Array, Array], Array], nodes: Nodes) -> Array:
    """∫ integrand(u, z) du, where u is (…, N, k) and z = c + a·u is (…, N)."""
    return np.asarray((integrand(nodes.points, nodes.form) * nodes.weights).sum(axis=-1))


def _split_interval(form: Array, slope: Array, rest: Array, count: int) -> tuple[Array, Array]:
    """Gauss-Legendre on [0, 1], split where form + slope·u + (vertex of the rest) = 0.

    form: (…, N); slope: (…, 1); rest: (…, 1, k'). Result: nodes and weights (…, N, pieces·count).
    """
    corners = np.array(list(product((0, 1), repeat=rest.shape[-1])), dtype=int)
    reach = (rest[..., None, :] * corners).sum(axis=-1)  # (…, 1, 2^k')
    flat = slope == 0
    divisor = np.where(flat, 1, slope)[..., None]
    with np.errstate(over="ignore"):  # a kink beyond the largest float is outside the cube
        roots = -(form[..., None] + reach) / divisor
    roots = np.where(flat[..., None], 0, np.minimum(np.maximum(roots, 0), 1))
    ends = np.zeros_like(roots[..., :1])
    inner = roots[..., :0] if flat.all() else roots
    breaks = np.sort(np.concatenate([ends, inner, ends + 1], axis=-1), axis=-1)
    low, length = breaks[..., :-1, None], np.diff(breaks, axis=-1)[..., None]
    nodes, weights = gauss_legendre(count, exact=form.dtype == object)
    shape = (*form.shape, -1)
    return (low + length * nodes).reshape(shape), (length * weights).reshape(shape)


def gauss_legendre(count: int, exact: bool = False) -> tuple[Array, Array]:
    """Nodes and weights on [0, 1]: float64, or mpmath numbers at the working precision."""
    if not exact:
        nodes, weights = np.polynomial.legendre.leggauss(count)
        return (nodes + 1) / 2, weights / 2
    import mpmath

    return _precise_gauss_legendre(count, int(mpmath.mp.dps))


@cache
def _precise_gauss_legendre(count: int, digits: int) -> tuple[Array, Array]:
    import mpmath
    from sympy.integrals.quadrature import gauss_legendre as sympy_gauss_legendre

    nodes, weights = sympy_gauss_legendre(count, digits + 5)
    with mpmath.workdps(digits + 5):
        points = np.array([(mpmath.mpf(str(node)) + 1) / 2 for node in nodes], dtype=object)
        masses = np.array([mpmath.mpf(str(weight)) / 2 for weight in weights], dtype=object)
    return points, masses


def _flat(array: Array, lead: tuple[int, ...]) -> Array:
    return array.reshape(*lead, -1)
