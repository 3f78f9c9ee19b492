r"""The compiled training step: samples, loss, gradient and update of one model, all in cache.

.. math:: ∂L/∂z = 2 I (x' - t)\, φ'(z) / B, \quad ∂L/∂W_{out}^T = h\, (∂z)^T, \quad
          ∂L/∂W = (σ'(h) ∘ W_{out}^T ∂z)\, x^T

A batch is worked through in blocks of samples, features and hidden units in rows, so that
the inner loops run over samples. θ: (S, R, n), the m rows of W, those of W_outᵀ if untied, b.
One model after the other: models do not know of each other, and threads share nothing. Samples
are the twins of ``feature_samples``: with no sum reordered and nothing contracted, their roundings
are the same.

All that sums is inlined into ``advance``, which alone is cached on disk: a part that stood by
itself would be compiled on its own where the cache is cold, and with ``advance`` where it is warm,
and its sums would be ordered, and rounded, in two ways. All of its code is in this file, since the
cache notices no change in another; the constants of ``random_words`` are what Philox is.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from superposition.validate.random_words import DATA, MULTIPLIERS, ROUNDS, WEYL

# Sums may be reordered; not-a-numbers are kept, so that a diverged model is seen.
FAST = {"reassoc", "contract", "nsz", "arcp", "afn"}
BLOCKS = 1024, 256  # samples: of few features, of many
FEW = 24  # rows of the scratch that 1024 samples leave in the first cache
ZERO, ONE, LARGE = np.float32(0), np.float32(1), np.float32(np.inf)
FIRST, SECOND = np.uint64(MULTIPLIERS[0]), np.uint64(MULTIPLIERS[1])
WEYL_FIRST, WEYL_SECOND = np.uint32(WEYL[0]), np.uint32(WEYL[1])
HALF = np.uint64(32)
PURPOSE = np.uint32(DATA)


@njit(error_model="numpy", nogil=True, inline="always")
def _philox(c0: Any, c1: Any, c2: Any, c3: Any, k0: Any, k1: Any) -> Any:
    for _ in range(ROUNDS):
        first, second = np.uint64(c0) * FIRST, np.uint64(c2) * SECOND
        c0, c1, c2, c3 = (
            np.uint32(second >> HALF) ^ c1 ^ k0,
            np.uint32(second),
            np.uint32(first >> HALF) ^ c3 ^ k1,
            np.uint32(first),
        )
        k0, k1 = np.uint32(k0 + WEYL_FIRST), np.uint32(k1 + WEYL_SECOND)
    return c0, c1, c2, c3


@njit(error_model="numpy", nogil=True, fastmath=False)
def draw_words(words: Any, seed: Any, start: int, count: int, step: Any) -> None:
    """Fill ``words`` (R, B) for the ``count`` samples ``start`` … of a step."""
    k0, k1 = np.uint32(seed), np.uint32(np.uint64(seed) >> HALF)
    c1 = np.uint32(step)
    for four in range(words.shape[0] // 4):
        c2 = np.uint32(four)
        w0, w1, w2, w3 = (
            words[4 * four],
            words[4 * four + 1],
            words[4 * four + 2],
            words[4 * four + 3],
        )
        for sample in range(count):
            c0 = np.uint32(start + sample)
            w0[sample], w1[sample], w2[sample], w3[sample] = _philox(c0, c1, c2, PURPOSE, k0, k1)


@njit(error_model="numpy", nogil=True, fastmath=False)
def draw_features(x: Any, words: Any, count: int, law: Any, model: int) -> None:
    """Turn ``count`` words (R, B) into the features x (n, B) of one model.

    law: (switch, low, last, scale, least, span), as ``FeatureSampler`` describes them.
    """
    switch, low, last, scale, least, span = law
    for j in range(x.shape[0]):
        own, decides, row = words[j], words[switch[j]], x[j]
        start, width, unit = low[model, j], last[model, j], scale[model, j]
        if switch[j] == j:
            for sample in range(count):
                past = np.uint32(own[sample] - start)
                value = least + span * (np.float32(past) * unit)
                row[sample] = value if past <= width else ZERO
        else:
            for sample in range(count):
                value = least + span * (np.float32(own[sample]) * unit)
                row[sample] = value if np.uint32(decides[sample] - start) <= width else ZERO


@njit(error_model="numpy", nogil=True, fastmath=FAST, inline="always")
def _rows(out: Any, A: Any, X: Any, samples: int) -> None:
    """out = A X, row by row of A: four rows of X at a time save writing."""
    count = X.shape[0]
    for k in range(A.shape[0]):
        row = out[k]
        for s in range(samples):
            row[s] = ZERO
        i = 0
        while i + 4 <= count:
            a0, a1, a2, a3 = A[k, i], A[k, i + 1], A[k, i + 2], A[k, i + 3]
            x0, x1, x2, x3 = X[i], X[i + 1], X[i + 2], X[i + 3]
            for s in range(samples):
                row[s] += (a0 * x0[s] + a1 * x1[s]) + (a2 * x2[s] + a3 * x3[s])
            i += 4
        while i < count:
            a, x = A[k, i], X[i]
            for s in range(samples):
                row[s] += a * x[s]
            i += 1


@njit(error_model="numpy", nogil=True, fastmath=FAST, inline="always")
def _outer(G: Any, H: Any, X: Any, samples: int) -> None:
    """G += H Xᵀ: four rows of X at a time save reading."""
    count = X.shape[0]
    for k in range(H.shape[0]):
        h = H[k]
        i = 0
        while i + 4 <= count:
            x0, x1, x2, x3 = X[i], X[i + 1], X[i + 2], X[i + 3]
            t0, t1, t2, t3 = ZERO, ZERO, ZERO, ZERO
            for s in range(samples):
                t0 += h[s] * x0[s]
                t1 += h[s] * x1[s]
                t2 += h[s] * x2[s]
                t3 += h[s] * x3[s]
            G[k, i] += t0
            G[k, i + 1] += t1
            G[k, i + 2] += t2
            G[k, i + 3] += t3
            i += 4
        while i < count:
            t, x = ZERO, X[i]
            for s in range(samples):
                t += h[s] * x[s]
            G[k, i] += t
            i += 1


@njit(error_model="numpy", nogil=True, fastmath=FAST, inline="always")
def _outputs(z: Any, x: Any, samples: int, b: Any, db: Any, importance: Any, kind: Any) -> float:
    """Turn pre-activations z (n, B), bias missing, into ∂L/∂z · B/2; the loss, summed.

    kind: (φ, whether the target is |x|).
    """
    activation, absolute = kind
    floor = ZERO if activation == 1 else -LARGE  # the identity is a ReLU that begins nowhere
    total = 0.0
    for i in range(z.shape[0]):
        row, target, weight, shift = z[i], x[i], importance[i], b[i]
        loss, slopes = ZERO, ZERO
        if activation <= 1:
            for s in range(samples):
                value = row[s] + shift
                error = max(value, floor) - (abs(target[s]) if absolute else target[s])
                loss += error * error
                back = weight * error if value > floor else ZERO
                slopes += back
                row[s] = back
        else:
            for s in range(samples):
                made, slope = _smooth(activation, row[s] + shift)
                error = made - (abs(target[s]) if absolute else target[s])
                loss += error * error
                back = weight * error * slope
                slopes += back
                row[s] = back
        db[i] += slopes
        total += weight * loss
    return total


@njit(error_model="numpy", nogil=True, fastmath=FAST, inline="always")
def _smooth(activation: int, z: Any) -> Any:
    """φ and φ' of the smooth activations: 2 GELU, 3 softplus, 4 tanh."""
    if activation == 2:
        share = 0.5 * (1.0 + math.erf(z / math.sqrt(2.0)))
        made = z * share
        slope = share + z * math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
    elif activation == 3:
        made = max(z, 0.0) + math.log1p(math.exp(-abs(z)))
        slope = 0.5 * (1.0 + math.tanh(0.5 * z))
    else:
        made = math.tanh(z)
        slope = 1.0 - made * made
    return np.float32(made), np.float32(slope)


@njit(error_model="numpy", nogil=True, fastmath=FAST, inline="always")
def _gradient(
    theta: Any, G: Any, importance: Any, shape: Any, scratch: Any, samples: int, kind: Any
) -> float:
    """Add one block's gradient · B/2 to G (R, n); the loss, summed over the block.

    shape: (m, untied, σ is ReLU); scratch: x (n, B), the block, and z, h, dh, turned.
    """
    m, untied, rectified = shape
    x, z, h, dh, turned = scratch
    W = theta[:m]
    readout = theta[m : 2 * m] if untied else W
    at = m if untied else 0
    _rows(h, W, x, samples)
    if rectified:
        for k in range(m):
            for s in range(samples):
                h[k, s] = max(h[k, s], ZERO)
    for k in range(m):
        for i in range(W.shape[1]):
            turned[i, k] = readout[k, i]
    _rows(z, turned, h, samples)
    loss = _outputs(z, x, samples, theta[-1], G[-1], importance, kind)
    _outer(G[at : at + m], h, z, samples)
    _rows(dh, readout, z, samples)
    if rectified:
        for k in range(m):
            for s in range(samples):
                dh[k, s] = dh[k, s] if h[k, s] > ZERO else ZERO
    _outer(G[:m], dh, x, samples)
    return loss


@njit(error_model="numpy", nogil=True, fastmath=FAST, inline="always")
def _update(theta: Any, G: Any, first: Any, second: Any, rate: Any, constants: Any) -> None:
    """One step of the optimiser, in place.

    rate: (gain, root, kept) as ``step_table`` has them, at the model's pace; constants: (0 SGD,
    1 Adam, 2 AdamW; β1, β2, ε, λ).
    """
    gain, root, kept = rate
    method, beta1, beta2, eps, decay = constants
    eps_, decay_, momentum = np.float32(eps), np.float32(decay), np.float32(beta1)
    share1, share2 = np.float32(1 - beta1), np.float32(1 - beta2)
    for r in range(theta.shape[0]):
        for i in range(theta.shape[1]):
            g = G[r, i]
            if method != 2:
                g += decay_ * theta[r, i]
            if method == 0:
                first[r, i] = momentum * first[r, i] + g
                theta[r, i] -= gain * first[r, i]
            else:
                first[r, i] += share1 * (g - first[r, i])
                second[r, i] += share2 * (g * g - second[r, i])
                scale = np.sqrt(second[r, i]) * root + eps_
                theta[r, i] = kept * theta[r, i] - gain * first[r, i] / scale


@njit(error_model="numpy", nogil=True, fastmath=False)
def _note(loss: float, sums: Any, sound: Any, number: int, step: int) -> None:
    """Add a model's batch loss to its sums, in order; count it as long as all were finite."""
    for each in range(sums.shape[1]):
        sums[number, each] += loss
    if sound[number] == step and math.isfinite(loss):
        sound[number] += 1


@njit(error_model="numpy", nogil=True, fastmath=FAST, cache=True)
def advance(
    state: Any, models: Any, seeds: Any, law: Any, importance: Any, shape: Any, kind: Any,
    pace: Any, table: Any, first_step: int, batch: int, constants: Any, sums: Any, sound: Any,
) -> None:  # fmt: skip
    """Take the steps ``first_step`` … of ``models`` (indices), in place.

    state: θ, M, V (S, R, n); pace: (models,); table: (steps, 3), of ``step_table``; sums: (models,
    sums), each of batch losses; sound: (models,), steps taken while they were finite.
    """
    theta, first, second = state
    m, _, _ = shape[:3]
    n = theta.shape[2]
    few = shape[3] + 2 * n + 2 * m <= FEW
    size = min(BLOCKS[0] if few else BLOCKS[1], batch)
    words = np.empty((shape[3], size), np.uint32)
    x, z = np.empty((n, size), np.float32), np.empty((n, size), np.float32)
    h, dh = np.empty((m, size), np.float32), np.empty((m, size), np.float32)
    turned = np.empty((n, m), np.float32)
    G = np.empty(theta.shape[1:], np.float32)
    twice = np.float32(2 / batch)
    for number in range(len(models)):
        model = models[number]
        for step in range(len(table)):
            total = 0.0
            G[:] = ZERO
            for start in range(0, batch, size):
                count = min(size, batch - start)
                draw_words(words, seeds[model], start, count, first_step + step)
                draw_features(x, words, count, law, model)
                total += _gradient(
                    theta[model],
                    G,
                    importance[model],
                    shape[:3],
                    (x, z, h, dh, turned),
                    count,
                    kind,
                )
            G *= twice
            if not shape[4]:
                G[-1] = ZERO
            gain, root, decay = table[step]
            rate = (
                np.float32(pace[number] * gain),
                np.float32(root),
                np.float32(1 - pace[number] * decay),
            )
            _update(theta[model], G, first[model], second[model], rate, constants)
            _note(total / batch, sums, sound, number, first_step + step)
