r"""The compiled twin of ``transform.many_active``, for values uniform on [0, 1].

Row by row, each with as many nodes as it needs, in chunks that stay in the first cache. Along
a chunk e^{s a} is found by doubling: e^{(k + 2^r) i h a} = e^{k i h a} e^{2^r i h a}, so the
sines and cosines are paid once per row and feature, and what is left is multiplications.

Floor: about 40 multiplications and additions per output, feature and node for the loss and
60 more for the gradient, no memory traffic beyond the first cache.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from superposition.numerics.expectation.transform.contour import Contour
from superposition.numerics.expectation.transform.many_active import (
    FASTEST,
    SAFETY,
    SLOWEST,
    Goal,
    RowLosses,
    RowProblem,
    node_counts,
)

CHUNK, LEVELS = 128, 7
TERMS = 21
INVERSE_FACTORIALS = np.cumprod(np.concatenate([[1.0], 1 / np.arange(1.0, TERMS + 4)]))
FAST = {"contract", "reassoc", "arcp", "nsz"}


def many_active(
    problem: RowProblem, contour: Contour, goal: Goal, most_nodes: int, gradient: bool
) -> RowLosses:
    """The same as ``transform.many_active``."""
    n, rows = problem.slopes.shape
    value, error, size, d_offset = (np.zeros(rows) for _ in range(4))
    d_slopes = np.zeros((rows, n))
    slopes, density = (np.ascontiguousarray(array.T) for array in (problem.slopes, problem.density))
    _all_rows(
        slopes,
        density,
        np.ascontiguousarray(problem.offset),
        np.ascontiguousarray(contour.gamma),
        np.ascontiguousarray(contour.step),
        np.ascontiguousarray(contour.active),
        np.ascontiguousarray(goal.error),
        # What other files define is passed in: numba's cache would not notice a change.
        np.array(node_counts(most_nodes)),
        np.array([SAFETY, FASTEST, SLOWEST, goal.settled]),
        gradient,
        value,
        error,
        size,
        d_slopes,
        d_offset,
    )
    if not gradient:
        return RowLosses(value, error, size, None, None)
    return RowLosses(value, error, size, d_slopes.T, d_offset)


@njit(cache=True, nogil=True, fastmath=FAST)
def _all_rows(  # type: ignore[no-untyped-def]
    slopes,
    density,
    offset,
    gamma,
    step,
    active,
    target,
    counts,
    rates,
    gradient,
    value,
    error,
    size,
    d_slopes,
    d_offset,
) -> None:
    n, most = slopes.shape[1], counts[-1]
    stored = np.empty((4, most))  # S_{≥2} and e^{sc} o(s) h/π, real and imaginary
    product = np.empty((2, most))  # S_0 + S_1 + S_{≥2}
    partial = np.empty(most)
    turns = np.empty((n, LEVELS, 2))
    work = np.empty((12, CHUNK))
    silence = np.empty(n)
    for row in range(slopes.shape[0]):
        if not active[row]:
            continue
        a, p = slopes[row], density[row]
        for j in range(n):
            for level in range(LEVELS):
                angle = step[row] * a[j] * (1 << level)
                turns[j, level, 0], turns[j, level, 1] = np.cos(angle), np.sin(angle)
        done, count, total = 0, 0, 0.0
        for count in counts:
            while done < count:
                length = min(CHUNK, count - done)
                _loss_chunk(
                    a,
                    p,
                    offset[row],
                    gamma[row],
                    step[row],
                    turns,
                    done,
                    length,
                    work,
                    stored,
                    product,
                )
                for k in range(done, done + length):
                    real, imaginary = stored[0, k] * stored[2, k], stored[1, k] * stored[3, k]
                    total += real - imaginary
                    size[row] += abs(real) + abs(imaginary)
                    partial[k] = total
                done += length
            value[row] = total
            error[row], steep = _estimated_error(partial, count, rates)
            if abs(error[row]) <= target[row] * (rates[3] if steep else 1.0):
                break
        if gradient:
            _silence_of_all_but_one(p, silence)
            first = 0
            while first < count:
                length = min(CHUNK, count - first)
                d_offset[row] += _gradient_chunk(
                    a,
                    p,
                    offset[row],
                    gamma[row],
                    step[row],
                    turns,
                    silence,
                    first,
                    length,
                    work,
                    stored,
                    product,
                    d_slopes[row],
                )
                first += length


@njit(cache=True, nogil=True, fastmath=FAST)
def _silence_of_all_but_one(p, silence) -> None:  # type: ignore[no-untyped-def]
    """Π q_l over l ≠ 0, j, without division."""
    ahead = 1.0
    for j in range(1, p.shape[0]):
        silence[j] = ahead
        ahead *= 1.0 - p[j]
    behind = 1.0
    for j in range(p.shape[0] - 1, 0, -1):
        silence[j] *= behind
        behind *= 1.0 - p[j]


@njit(cache=True, nogil=True, fastmath=FAST)
def _estimated_error(partial, count, rates):  # type: ignore[no-untyped-def]
    last = partial[count - 1]
    above = below = quarter = 0.0
    for k in range(count // 4 - 1, count // 2 - 1):
        quarter = max(quarter, abs(partial[k] - last))
    for k in range(count // 2 - 1, count - 1):
        above, below = max(above, partial[k] - last), min(below, partial[k] - last)
    signed = above if above >= -below else below
    ratio = abs(signed) / quarter if quarter > 0.0 else abs(signed)
    rate = min(rates[2], max(rates[1], ratio))
    return rates[0] * signed * rate / (1 - rate), ratio < rates[1]


@njit(cache=True, nogil=True, fastmath=FAST)
def _contour_chunk(gamma, step, first, length, work):  # type: ignore[no-untyped-def]
    """1/s into work[0], work[1]."""
    for t in range(length):
        omega = (first + t + 0.5) * step
        size = gamma * gamma + omega * omega
        work[0, t], work[1, t] = gamma / size, -omega / size


@njit(cache=True, nogil=True, fastmath=FAST)
def _exponentials(a, gamma, step, turns, first, length, work):  # type: ignore[no-untyped-def]
    """e^{sa} into work[2], work[3], by doubling."""
    size, angle = np.exp(gamma * a), (first + 0.5) * step * a
    work[2, 0], work[3, 0] = size * np.cos(angle), size * np.sin(angle)
    known, level = 1, 0
    while known < length:
        c, s = turns[level, 0], turns[level, 1]
        for t in range(min(known, length - known)):
            work[2, known + t] = work[2, t] * c - work[3, t] * s
            work[3, known + t] = work[2, t] * s + work[3, t] * c
        known, level = 2 * known, level + 1


@njit(cache=True, nogil=True, fastmath=FAST)
def _near(a, gamma, step, first, length):  # type: ignore[no-untyped-def]
    """How many nodes of the chunk have |s a| < 1, where a series is needed."""
    rest = 1.0 - (gamma * a) ** 2
    if rest <= 0:
        return 0
    if a == 0:
        return length
    nodes = np.sqrt(rest) / abs(a) / step - 0.5 - first
    return max(0, min(length, int(nodes) + 1)) if nodes < length else length


@njit(cache=True, nogil=True, fastmath=FAST)
def _series(a, gamma, step, node, order):  # type: ignore[no-untyped-def]
    """Σ_k y^k / (k! (k + order + 1)), y = s a."""
    y = complex(gamma * a, (node + 0.5) * step * a)
    total = 0j
    for k in range(TERMS, -1, -1):
        total = total * y + INVERSE_FACTORIALS[k] / (k + order + 1)
    return total


@njit(cache=True, nogil=True, fastmath=FAST)
def _transforms(a, gamma, step, first, length, derivative, work):  # type: ignore[no-untyped-def]
    """φ(sa) into work[4], work[5] and, if asked, φ'(sa) into work[6], work[7]."""
    near = _near(a, gamma, step, first, length)
    for t in range(near):
        phi = _series(a, gamma, step, first + t, 0)
        work[4, t], work[5, t] = phi.real, phi.imag
        if derivative:
            slope = _series(a, gamma, step, first + t, 1)
            work[6, t], work[7, t] = slope.real, slope.imag
    inverse = 1.0 / a if a != 0 else 0.0
    for t in range(near, length):
        u, v = work[0, t] * inverse, work[1, t] * inverse
        x, y = work[2, t] - 1.0, work[3, t]
        work[4, t], work[5, t] = x * u - y * v, x * v + y * u
    if derivative:
        for t in range(near, length):
            u, v = work[0, t] * inverse, work[1, t] * inverse
            x, y = work[2, t] - work[4, t], work[3, t] - work[5, t]
            work[6, t], work[7, t] = x * u - y * v, x * v + y * u


@njit(cache=True, nogil=True, fastmath=FAST)
def _loss_chunk(  # type: ignore[no-untyped-def]
    a, p, offset, gamma, step, turns, first, length, work, stored, product
) -> None:
    _contour_chunk(gamma, step, first, length, work)
    single_r, single_i, many_r, many_i = work[8], work[9], work[10], work[11]
    for t in range(length):
        single_r[t] = single_i[t] = many_r[t] = many_i[t] = 0.0
    none = 1.0
    for j in range(1, a.shape[0]):
        if a[j] == 0:
            continue
        _exponentials(a[j], gamma, step, turns[j], first, length, work)
        _transforms(a[j], gamma, step, first, length, False, work)
        q = 1.0 - p[j]
        for t in range(length):
            f, g = p[j] * work[4, t], p[j] * work[5, t]
            x, y = many_r[t], many_i[t]
            u, v = single_r[t], single_i[t]
            many_r[t] = x * (q + f) - y * g + u * f - v * g
            many_i[t] = x * g + y * (q + f) + u * g + v * f
            single_r[t], single_i[t] = u * q + none * f, v * q + none * g
        none *= q
    _exponentials(a[0], gamma, step, turns[0], first, length, work)
    _transforms(a[0], gamma, step, first, length, True, work)
    for t in range(length):
        k = first + t
        inverse = complex(work[0, t], work[1, t])
        own = 1.0 - p[0] + p[0] * complex(work[4, t], work[5, t])
        slope = p[0] * complex(work[6, t], work[7, t])
        angle = (k + 0.5) * step * offset
        front = np.exp(gamma * offset) * step / np.pi * complex(np.cos(angle), np.sin(angle))
        weight = 2.0 * front * inverse * inverse * (own * inverse - slope)
        stored[0, k], stored[1, k] = many_r[t], many_i[t]
        stored[2, k], stored[3, k] = weight.real, weight.imag
        product[0, k] = many_r[t] + single_r[t] + none
        product[1, k] = many_i[t] + single_i[t]


@njit(cache=True, nogil=True, fastmath=FAST)
def _gradient_chunk(  # type: ignore[no-untyped-def]
    a, p, offset, gamma, step, turns, silence, first, length, work, stored, product, d_slopes
):
    _contour_chunk(gamma, step, first, length, work)
    d_offset = 0.0
    _exponentials(a[0], gamma, step, turns[0], first, length, work)
    _transforms(a[0], gamma, step, first, length, True, work)
    near = _near(a[0], gamma, step, first, length)
    for t in range(length):
        k = first + t
        inverse = complex(work[0, t], work[1, t])
        s = 1.0 / inverse
        slope = complex(work[6, t], work[7, t])
        if t < near:
            curve = _series(a[0], gamma, step, k, 2)
        else:
            curve = (complex(work[2, t], work[3, t]) - 2.0 * slope) * inverse / a[0]
        angle = (k + 0.5) * step * offset
        front = np.exp(gamma * offset) * step / np.pi * complex(np.cos(angle), np.sin(angle))
        many = complex(stored[0, k], stored[1, k])
        own = 2.0 * p[0] * front * inverse * (slope * inverse - curve)
        d_slopes[0] += (own * many).real
        weight = complex(stored[2, k], stored[3, k]) * s
        work[8, t], work[9, t] = weight.real, weight.imag
        d_offset += (weight * many).real
    for j in range(1, a.shape[0]):
        if a[j] == 0:
            continue
        q, silent = 1.0 - p[j], silence[j]
        _exponentials(a[j], gamma, step, turns[j], first, length, work)
        _transforms(a[j], gamma, step, first, length, True, work)
        total = 0.0
        for t in range(length):
            x, y = q + p[j] * work[4, t], p[j] * work[5, t]
            size = 1.0 / (x * x + y * y)
            u, v = product[0, first + t], product[1, first + t]
            active_r, active_i = (u * x + v * y) * size - silent, (v * x - u * y) * size
            f, g = work[6, t], work[7, t]
            slope_r, slope_i = work[8, t] * f - work[9, t] * g, work[8, t] * g + work[9, t] * f
            total += slope_r * active_r - slope_i * active_i
        d_slopes[j] += p[j] * total
    return d_offset
