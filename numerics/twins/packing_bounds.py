"""Twins of the packing bounds: frames that meet them, and integrals over the sphere."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from superposition.numerics.twins.twin import root_between, twin, vertex_of_parabola


def _squared_overlaps(d: int, N: int) -> list[Any]:
    """|⟨x_0, x_j⟩|² of the harmonic frame: the first d coordinates of the N-th characters."""
    import mpmath

    roots = [mpmath.expjpi(mpmath.mpf(2 * j) / N) for j in range(N)]
    sums = (mpmath.fsum(roots[j * k % N] for k in range(d)) for j in range(N))
    return [abs(total) ** 2 / mpmath.mpf(d) ** 2 for total in sums]


@twin("packing/frame-potential")
def frame_potential(d: int, N: int) -> Any:
    """The sum over all pairs of a frame that is tight."""
    return N * sum(_squared_overlaps(d, N))


@twin("packing/welch")
def welch(d: int, N: int) -> Any:
    """The mean over the other points of a frame that is tight."""
    return sum(_squared_overlaps(d, N)[1:]) / (N - 1)


@twin("packing/orthoplex-lines")
def orthoplex_lines(d: int) -> Any:
    """Where tr (P - 1/d)(Q - 1/d) vanishes, P the projector onto the first axis."""
    import mpmath

    def trace(square: Any) -> Any:
        """Q projects onto (√x, √(1 - x), 0, …); only diagonals matter."""
        first = [mpmath.mpf(i == 0) - mpmath.mpf(1) / d for i in range(d)]
        second = [square, 1 - square] + [mpmath.mpf(0)] * (d - 2)
        return mpmath.fsum(a * (b - mpmath.mpf(1) / d) for a, b in zip(first, second, strict=True))

    return _zero_of_line(trace)


@twin("packing/levenshtein-real-lines")
def levenshtein_real_lines(d: int, N: int) -> Any:
    """Solved for μ² with the moments of a coordinate's square."""
    return _least_coherence(N, _moment(2, d), _moment(4, d))


@twin("packing/levenshtein-complex-lines")
def levenshtein_complex_lines(d: int, N: int) -> Any:
    """Solved for μ² with the moments of a Beta(1, d - 1) variable."""
    return _least_coherence(N, _complex_moment(1, d), _complex_moment(2, d))


@twin("packing/simplex-bound")
def simplex_bound(N: int) -> Any:
    """The cosine of two of N axes as seen from their mean."""
    import mpmath

    mean = mpmath.mpf(1) / N
    first = [mpmath.mpf(i == 0) - mean for i in range(N)]
    second = [mpmath.mpf(i == 1) - mean for i in range(N)]
    return mpmath.fdot(first, second) / mpmath.fdot(first, first)


@twin("packing/levenshtein-degree-2")
def levenshtein_degree_2(d: int, s: Any) -> Any:
    """f(1)/f_0 of (t + 1)(t - s), by moments of a coordinate."""
    mean = _mean(lambda t: (t + 1) * (t - s), d)
    return 2 * (1 - s) / mean


@twin("packing/levenshtein-degree-3")
def levenshtein_degree_3(d: int, s: Any) -> Any:
    """The smallest f(1)/f_0 of (1 + u(t - 1))² (t - s): f_0 is a parabola in u."""
    _, most = vertex_of_parabola(lambda u: _mean(lambda t: (1 + u * (t - 1)) ** 2 * (t - s), d))
    return (1 - s) / most


@twin("packing/fejes-toth")
def fejes_toth(N: int) -> Any:
    """The cosine of the side at which 2N - 4 equilateral triangles have the sphere's area."""
    import mpmath

    def missing(y: Any) -> Any:
        """By the solid angle of three unit vectors with inner products 1 - y."""
        cosine = 1 - y
        volume = mpmath.sqrt(max(1 + 2 * cosine**3 - 3 * cosine**2, 0))
        area = 2 * mpmath.atan2(volume, 1 + 3 * cosine)
        return area * (2 * N - 4) - 4 * mpmath.pi

    return 1 - root_between(missing, mpmath.mpf("1e-4"), mpmath.mpf("1.5"))


def _least_coherence(N: int, first: Any, second: Any) -> Any:
    return _zero_of_line(lambda square: N * (second - square * first) - (1 - square))


def _zero_of_line(function: Callable[[Any], Any]) -> Any:
    """Where a linear function vanishes, from its values at 0 and 1."""
    import mpmath

    at_zero, at_one = function(mpmath.mpf(0)), function(mpmath.mpf(1))
    return at_zero / (at_zero - at_one)


def _mean(polynomial: Callable[[Any], Any], d: int) -> Any:
    """The mean over the sphere of a polynomial of degree ≤ 3 in one coordinate.

    A rule with nodes -1, 0, 1 that has the right second moment is exact: odd ones cancel.
    """
    share = _moment(2, d) / 2
    return share * (polynomial(-1) + polynomial(1)) + (1 - 2 * share) * polynomial(0)


@cache
def _moment(power: int, d: int) -> Any:
    """∫ cos^k θ sin^{d-2} θ dθ over the same without the cosine."""
    import mpmath

    with mpmath.workdps(60):
        top, bottom = (
            mpmath.quad(
                lambda angle, k=k: mpmath.cos(angle) ** k * mpmath.sin(angle) ** (d - 2),
                [0, mpmath.pi / 2, mpmath.pi],
            )
            for k in (power, 0)
        )
        return top / bottom


@cache
def _complex_moment(power: int, d: int) -> Any:
    """∫ x^k (1 - x)^{d-2} dx over the same without the power."""
    import mpmath

    with mpmath.workdps(60):
        top, bottom = (
            mpmath.quad(lambda x, k=k: x**k * (1 - x) ** (d - 2), [0, 1]) for k in (power, 0)
        )
        return top / bottom
