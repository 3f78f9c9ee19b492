r"""Moments of the positive part of z = a x + c y + b for two independent features.

.. math:: E\,z_+,\; E\,z_+^2,\; E\,x z_+,\; E\,y z_+,\;
          E\,x 1_{z>0},\; E\,x^2 1_{z>0},\; E\,x y 1_{z>0}

They are all that the loss of one output and its gradient consist of. x, y: features, 0 with
probability 1 - p, else uniform on [0, 1]; a ≥ 0: slope of the output's own feature; c: slope of
the other one; b: bias. As x, y ≥ 0, every one of them grows with a, with c and with b: over a
box of (a, c, b) it lies between its values at two corners.

Both features active: integrate along y first; what is left are integrals along the two lines
y = 0 and y = 1, differences of powers of the ends b, a + b, c + b, a + c + b, divided by
slopes. A slope that is zero has its own formula. The same code serves floats and balls
(python-flint's arb); with balls every number is an enclosure that is proven to hold the moment.
Source: derived here, by parts.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Moments(NamedTuple):
    """z: E z₊, zz: E z₊², xz: E x z₊, yz: E y z₊, x1, xx1, xy1: E x, E x², E xy where z > 0."""

    z: Any
    zz: Any
    xz: Any
    yz: Any
    x1: Any
    xx1: Any
    xy1: Any


class LineMoments(NamedTuple):
    """∫ over x in [0, 1] of z₊, z₊², z₊³, x z₊, x z₊², x² z₊, x 1, x² 1 for z = a x + e."""

    z: Any
    zz: Any
    zzz: Any
    xz: Any
    xzz: Any
    xxz: Any
    x1: Any
    xx1: Any


def moments(a: Any, c: Any, b: Any, p: Any) -> Moments:
    """All moments at one point; a, c, b, p floats or balls, a ≥ 0 and p in (0, 1].

    A ball a or c that holds zero without being zero gives balls without bounds.

    >>> moments(1.0, 0.0, 0.0, 1.0).zz  # E x² of a feature that is always on
    0.3333333333333333
    """
    q = 1 - p
    one, both, silent = p * q, p * p, q * q
    low = line_moments(a, b)
    if c == 0:
        return Moments(
            q * _positive(b) + p * low.z,
            q * _square(b) + p * low.zz,
            p * low.xz,
            p * (q * _positive(b) + p * low.z) / 2,
            p * low.x1,
            p * low.xx1,
            both * low.x1 / 2,
        )
    high = line_moments(a, b + c)
    start, end = _positive(b), _positive(b + c)
    y_zz = (end * end * end - start * start * start) / (3 * c)
    y_z = (end * end - start * start) / (2 * c)
    y_yz = (end * end - y_zz) / (2 * c)
    xz = (high.xzz - low.xzz) / (2 * c)
    zz = (high.zzz - low.zzz) / (3 * c)
    return Moments(
        silent * start + one * (low.z + y_z) + both * (high.zz - low.zz) / (2 * c),
        silent * start * start + one * (low.zz + y_zz) + both * zz,
        one * low.xz + both * xz,
        one * y_yz + both * (high.zz - zz) / (2 * c),
        one * low.x1 + both * (high.xz - low.xz) / c,
        one * low.xx1 + both * (high.xxz - low.xxz) / c,
        both * (high.xz - xz) / c,
    )


def line_moments(a: Any, e: Any) -> LineMoments:
    """The integrals along x of z = a x + e, a ≥ 0.

    >>> line_moments(2.0, -1.0).zz  # (2x - 1)² for x > 1/2
    0.16666666666666666
    """
    start = _positive(e)
    if a == 0:
        square, on = start * start, _indicator(e)
        return LineMoments(
            start, square, square * start, start / 2, square / 2, start / 3, on / 2, on / 3
        )
    end = _positive(a + e)
    start_2, end_2 = start * start, end * end
    start_3, end_3 = start_2 * start, end_2 * end
    z = (end_2 - start_2) / (2 * a)
    zz = (end_3 - start_3) / (3 * a)
    zzz = (end_3 * end - start_3 * start) / (4 * a)
    xz = (end_2 - zz) / (2 * a)
    xzz = (end_3 - zzz) / (3 * a)
    xxz = (end_2 - 2 * xzz) / (2 * a)
    return LineMoments(z, zz, zzz, xz, xzz, xxz, (end - z) / a, (end - 2 * xz) / a)


def _positive(value: Any) -> Any:
    """(value)₊; of a ball that holds zero, the ball of all its positive parts."""
    if value > 0:
        return value
    return 0 * value if value <= 0 else value.max(0)


def _square(value: Any) -> Any:
    positive = _positive(value)
    return positive * positive


def _indicator(value: Any) -> Any:
    """1 where value > 0, else 0; of a ball that holds zero, the ball from 0 to 1."""
    if value > 0:
        return 0 * value + 1
    return 0 * value if value <= 0 else (0 * value).union(0 * value + 1)
