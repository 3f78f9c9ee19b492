r"""The compiled twin of ``many_active.many_active``, for values uniform on [0, 1].

Row by row, each with as many nodes as it needs, in chunks that stay in the first cache. Along
a chunk e^{s a} is one number times a table e^{i k h a}, k < CHUNK, that is made once per row
and feature, by doubling: sines and cosines are paid log2(CHUNK) times, the rest is products.

Floor: about 40 multiplications and additions per output, feature and node for the loss and
50 more and a division for the gradient; no memory traffic beyond the second cache. For the
compiler to use the processor's vectors, a chunk's arrays lie in one array at fixed distances
(two arrays it would have to prove apart), and indices are unsigned.
"""

from __future__ import annotations

import numpy as np
from numba import njit, uintp

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
NEAR, TERMS = 0.3, 12  # |sa| below which a series is used; 0.3^13/13! < 1e-16
INVERSE_FACTORIALS = np.cumprod(np.concatenate([[1.0], 1 / np.arange(1.0, TERMS + 4)]))
FAST = {"contract", "reassoc", "arcp", "nsz"}
# Where in the work array what lies, real and imaginary part: 1/s, e^{sa}, φ, φ', S_1, S_{≥2}.
(
    INVERSE_R,
    INVERSE_I,
    POWER_R,
    POWER_I,
    PHI_R,
    PHI_I,
    SLOPE_R,
    SLOPE_I,
    ONE_R,
    ONE_I,
    MANY_R,
    MANY_I,
) = (uintp(CHUNK * at) for at in range(12))
# In the gradient's pass the last four hold the weights and the product of all others.
WEIGHT_R, WEIGHT_I, PRODUCT_R, PRODUCT_I = ONE_R, ONE_I, MANY_R, MANY_I
IMAGINARY = uintp(CHUNK)  # in a feature's table: cosines first, then sines


def many_active(
    problem: RowProblem, contour: Contour, goal: Goal, most_nodes: int, gradient: bool
) -> RowLosses:
    """The same as ``many_active.many_active``."""
    n, rows = problem.slopes.shape
    value, error, size, nodes, d_offset = (np.zeros(rows) for _ in range(5))
    d_slopes = np.zeros((rows, n))
    slopes, density = (np.ascontiguousarray(array.T) for array in (problem.slopes, problem.density))
    per_row = (problem.offset, contour.gamma, contour.step, contour.active, goal.error)
    _all_rows(
        (slopes, density, *(np.ascontiguousarray(array) for array in per_row)),
        # What other files define is passed in: numba's cache would not notice a change.
        np.array(node_counts(most_nodes)),
        (SAFETY, FASTEST, SLOWEST, goal.settled),
        gradient,
        (value, error, size, nodes, d_slopes, d_offset),
    )
    if not gradient:
        return RowLosses(value, error, size, nodes, None, None)
    return RowLosses(value, error, size, nodes, d_slopes.T, d_offset)


@njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def _all_rows(rows, counts, rates, gradient, found) -> None:  # type: ignore[no-untyped-def]
    slopes, density, offset, gamma, step, active, target = rows
    value, error, size, nodes, d_slopes, d_offset = found
    n, most = slopes.shape[1], counts[-1]
    stored = np.empty((6, most))  # S_{≥2}, e^{sc} o(s) h/π and S_0 + S_1 + S_{≥2}
    partial = np.empty(most)
    turns = np.empty(n * 2 * CHUNK)
    work = np.empty(12 * CHUNK)
    silence = np.empty(n)
    for row in range(slopes.shape[0]):
        if not active[row]:
            continue
        a, p = slopes[row], density[row]
        for j in range(n):
            _turn_table(step[row] * a[j], turns[j * 2 * CHUNK : (j + 1) * 2 * CHUNK])
        form = (offset[row], gamma[row], step[row])
        done, count, total = 0, 0, 0.0
        for count in counts:
            while done < count:
                length = min(CHUNK, count - done)
                _loss_chunk(a, p, form, turns, done, length, work, stored)
                for k in range(done, done + length):
                    real, imaginary = stored[0, k] * stored[2, k], stored[1, k] * stored[3, k]
                    total += real - imaginary
                    size[row] += abs(real) + abs(imaginary)
                    partial[k] = total
                done += length
            value[row], nodes[row] = total, count
            error[row], steep = _estimated_error(partial, count, rates)
            if abs(error[row]) <= target[row] * (rates[3] if steep else 1.0):
                break
        if gradient:
            _silence_of_all_but_one(p, silence)
            for first in range(0, count, CHUNK):
                length = min(CHUNK, count - first)
                d_offset[row] += _gradient_chunk(
                    a, p, form, turns, silence, first, length, work, stored, d_slopes[row]
                )


@njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def _turn_table(angle, turns) -> None:  # type: ignore[no-untyped-def]
    """cos(k angle) and sin(k angle), k < CHUNK, by doubling."""
    turns[0], turns[CHUNK] = 1.0, 0.0
    known = 1
    for _ in range(LEVELS):
        c, s = np.cos(known * angle), np.sin(known * angle)
        for t in range(known):
            x, y = turns[t], turns[CHUNK + t]
            turns[known + t] = x * c - y * s
            turns[CHUNK + known + t] = x * s + y * c
        known *= 2


@njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
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


@njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
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


@njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def _contour_chunk(gamma, step, first, length, work) -> None:  # type: ignore[no-untyped-def]
    """1/s at the nodes of a chunk."""
    for t in range(uintp(length)):
        omega = (first + t + 0.5) * step
        size = 1.0 / (gamma * gamma + omega * omega)
        work[INVERSE_R + t] = gamma * size
        work[INVERSE_I + t] = -omega * size


@njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def _exponentials(a, gamma, step, turns, first, length, work) -> None:  # type: ignore[no-untyped-def]
    """e^{sa}: the first node's, turned."""
    size, angle = np.exp(gamma * a), (first + 0.5) * step * a
    c, s = size * np.cos(angle), size * np.sin(angle)
    for t in range(uintp(length)):
        x, y = turns[t], turns[IMAGINARY + t]
        work[POWER_R + t] = x * c - y * s
        work[POWER_I + t] = x * s + y * c


@njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def _near(a, gamma, step, first, length):  # type: ignore[no-untyped-def]
    """How many nodes of the chunk have |s a| < NEAR, where a series is needed."""
    rest = NEAR * NEAR - (gamma * a) ** 2
    if rest <= 0:
        return 0
    if a == 0:
        return length
    nodes = np.sqrt(rest) / abs(a) / step - 0.5 - first
    return max(0, min(length, int(nodes) + 1)) if nodes < length else length


@njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def _series(a, gamma, step, node, order):  # type: ignore[no-untyped-def]
    """Σ_k y^k / (k! (k + order + 1)), y = s a."""
    y = complex(gamma * a, (node + 0.5) * step * a)
    total = 0j
    for k in range(TERMS, -1, -1):
        total = total * y + INVERSE_FACTORIALS[k] / (k + order + 1)
    return total


@njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def _transforms(  # type: ignore[no-untyped-def]
    a, gamma, step, turns, first, length, derivative, work
) -> None:
    """φ(sa) and, if asked, φ'(sa): by the series where |sa| < NEAR."""
    _exponentials(a, gamma, step, turns, first, length, work)
    inverse = 1.0 / a if a != 0 else 0.0
    for t in range(uintp(length)):
        u, v = work[INVERSE_R + t] * inverse, work[INVERSE_I + t] * inverse
        x, y = work[POWER_R + t] - 1.0, work[POWER_I + t]
        work[PHI_R + t] = x * u - y * v
        work[PHI_I + t] = x * v + y * u
    if derivative:
        for t in range(uintp(length)):
            u, v = work[INVERSE_R + t] * inverse, work[INVERSE_I + t] * inverse
            x = work[POWER_R + t] - work[PHI_R + t]
            y = work[POWER_I + t] - work[PHI_I + t]
            work[SLOPE_R + t] = x * u - y * v
            work[SLOPE_I + t] = x * v + y * u
    for t in range(_near(a, gamma, step, first, length)):
        phi = _series(a, gamma, step, first + t, 0)
        work[PHI_R + t], work[PHI_I + t] = phi.real, phi.imag
        if derivative:
            slope = _series(a, gamma, step, first + t, 1)
            work[SLOPE_R + t], work[SLOPE_I + t] = slope.real, slope.imag


@njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def _one_more(p, none, length, work) -> None:  # type: ignore[no-untyped-def]
    """S_{≥2} and S_1 with one feature more, whose transform is φ."""
    q = 1.0 - p
    for t in range(uintp(length)):
        f, g = p * work[PHI_R + t], p * work[PHI_I + t]
        x, y = work[MANY_R + t], work[MANY_I + t]
        u, v = work[ONE_R + t], work[ONE_I + t]
        work[MANY_R + t] = x * (q + f) - y * g + u * f - v * g
        work[MANY_I + t] = x * g + y * (q + f) + u * g + v * f
        work[ONE_R + t] = u * q + none * f
        work[ONE_I + t] = v * q + none * g


@njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def _loss_chunk(a, p, form, turns, first, length, work, stored) -> None:  # type: ignore[no-untyped-def]
    offset, gamma, step = form
    _contour_chunk(gamma, step, first, length, work)
    work[8 * CHUNK :] = 0.0
    none = 1.0
    for j in range(1, a.shape[0]):
        if a[j] != 0:
            table = turns[j * 2 * CHUNK : (j + 1) * 2 * CHUNK]
            _transforms(a[j], gamma, step, table, first, length, False, work)
            _one_more(p[j], none, length, work)
            none *= 1.0 - p[j]
    _transforms(a[0], gamma, step, turns[: 2 * CHUNK], first, length, True, work)
    for t in range(uintp(length)):
        k = first + t
        inverse = complex(work[INVERSE_R + t], work[INVERSE_I + t])
        own = 1.0 - p[0] + p[0] * complex(work[PHI_R + t], work[PHI_I + t])
        slope = p[0] * complex(work[SLOPE_R + t], work[SLOPE_I + t])
        angle = (k + 0.5) * step * offset
        front = np.exp(gamma * offset) * step / np.pi * complex(np.cos(angle), np.sin(angle))
        weight = 2.0 * front * inverse * inverse * (own * inverse - slope)
        stored[0, k], stored[1, k] = work[MANY_R + t], work[MANY_I + t]
        stored[2, k], stored[3, k] = weight.real, weight.imag
        stored[4, k] = work[MANY_R + t] + work[ONE_R + t] + none
        stored[5, k] = work[MANY_I + t] + work[ONE_I + t]


@njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def _gradient_chunk(  # type: ignore[no-untyped-def]
    a, p, form, turns, silence, first, length, work, stored, d_slopes
):
    offset, gamma, step = form
    _contour_chunk(gamma, step, first, length, work)
    d_offset = 0.0
    _transforms(a[0], gamma, step, turns[: 2 * CHUNK], first, length, True, work)
    near = _near(a[0], gamma, step, first, length)
    for t in range(length):
        k = first + t
        inverse = complex(work[INVERSE_R + uintp(t)], work[INVERSE_I + uintp(t)])
        slope = complex(work[SLOPE_R + uintp(t)], work[SLOPE_I + uintp(t)])
        power = complex(work[POWER_R + uintp(t)], work[POWER_I + uintp(t)])
        if t < near:
            curve = _series(a[0], gamma, step, k, 2)
        else:
            curve = (power - 2.0 * slope) * inverse / a[0]
        angle = (k + 0.5) * step * offset
        front = np.exp(gamma * offset) * step / np.pi * complex(np.cos(angle), np.sin(angle))
        many = complex(stored[0, k], stored[1, k])
        own = 2.0 * p[0] * front * inverse * (slope * inverse - curve)
        d_slopes[0] += (own * many).real
        weight = complex(stored[2, k], stored[3, k]) / inverse
        work[WEIGHT_R + uintp(t)], work[WEIGHT_I + uintp(t)] = weight.real, weight.imag
        work[PRODUCT_R + uintp(t)], work[PRODUCT_I + uintp(t)] = stored[4, k], stored[5, k]
        d_offset += (weight * many).real
    for j in range(1, a.shape[0]):
        if a[j] != 0:
            table = turns[j * 2 * CHUNK : (j + 1) * 2 * CHUNK]
            _transforms(a[j], gamma, step, table, first, length, True, work)
            d_slopes[j] += p[j] * _slope(p[j], silence[j], length, work)
    return d_offset


@njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def _slope(p, silent, length, work):  # type: ignore[no-untyped-def]
    """Σ Re[weight φ' (product/χ - silent)] over a chunk."""
    q, total = 1.0 - p, 0.0
    for t in range(uintp(length)):
        x, y = q + p * work[PHI_R + t], p * work[PHI_I + t]
        size = 1.0 / (x * x + y * y)
        u, v = work[PRODUCT_R + t], work[PRODUCT_I + t]
        active_r, active_i = (u * x + v * y) * size - silent, (v * x - u * y) * size
        f, g = work[SLOPE_R + t], work[SLOPE_I + t]
        slope_r = work[WEIGHT_R + t] * f - work[WEIGHT_I + t] * g
        slope_i = work[WEIGHT_R + t] * g + work[WEIGHT_I + t] * f
        total += slope_r * active_r - slope_i * active_i
    return total
