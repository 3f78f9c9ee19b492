r"""The Triton twin of ``feature_samples``: words that never see memory, features of one model.

.. math:: x_j = \text{low} + (\text{high} - \text{low})\, u_j \quad\text{if active, else 0}

Triton's own Philox is ours, key and counters too. Everything is a tuple over words or features,
unrolled when compiled, of blocks of samples: a lane holds all numbers of its samples. Needs
Triton; only what runs on a GPU imports this.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import triton
import triton.language as tl

from superposition.validate.random_words import DATA, MULTIPLIERS, ROUNDS, WEYL

FIRST, SECOND = tl.constexpr(MULTIPLIERS[0]), tl.constexpr(MULTIPLIERS[1])
WEYL_FIRST, WEYL_SECOND = tl.constexpr(WEYL[0]), tl.constexpr(WEYL[1])
PURPOSE, DEPTH = tl.constexpr(DATA), tl.constexpr(ROUNDS)


def kernel(function: Callable[..., Any]) -> Any:
    """``triton.jit``, which has no types; the sizes of a run ask for no new code."""
    return triton.jit(function, do_not_specialize=["first_step", "steps", "batch"])


@kernel
def philox(seed: tl.tensor, c0: tl.tensor, c1: tl.tensor, c2: tl.tensor) -> tl.tuple:
    """Four words for every counter; what is the same for all samples stays a scalar.

    A product of 64 bits is one instruction, Triton's own Philox takes two for its halves.
    """
    k0, k1 = seed.to(tl.uint32), (seed >> 32).to(tl.uint32)
    a, b, c, d = c0, c1, c2, tl.full((), PURPOSE, tl.uint32)
    for _ in tl.static_range(DEPTH):
        first, second = a.to(tl.uint64) * FIRST, c.to(tl.uint64) * SECOND
        a = (second >> 32).to(tl.uint32) ^ b ^ k0
        c = (first >> 32).to(tl.uint32) ^ d ^ k1
        b, d = second.to(tl.uint32), first.to(tl.uint32)
        k0, k1 = k0 + WEYL_FIRST, k1 + WEYL_SECOND
    return a, b, c, d


@kernel
def draw_words(
    seed: tl.tensor, sample: tl.tensor, step: tl.tensor, WORDS: tl.constexpr
) -> tl.tuple:
    """The words of a block of samples: a tuple of R."""
    words: tl.tuple = ()
    for four in tl.static_range(WORDS // 4):
        words = words + philox(seed, sample, step, tl.full((), four, tl.uint32))
    return words


@kernel
def draw_features(
    words: tl.tuple, law: tl.tuple, support: tl.tuple, SWITCH: tl.constexpr, UNIT: tl.constexpr
) -> tl.tuple:
    """The features of a block of samples, a tuple of n; law: (low, last, scale), tuples of n.

    Rounded as the twin rounds: the compiler must not contract products and sums.
    """
    low, last, scale = law
    x: tl.tuple = ()
    for j in tl.static_range(len(SWITCH)):
        past = words[SWITCH[j]] - low[j]
        rest = past if SWITCH[j] == j else words[j]
        value = rest.to(tl.float32) * scale[j]
        if not UNIT:
            value = support[0] + support[1] * value
        x = x + (tl.where(past <= last[j], value, 0.0),)
    return x


@kernel
def fill_features(
    x: tl.tensor, seeds: tl.tensor, steps: tl.tensor, law: tl.tuple, switch: tl.tensor,
    n: tl.tensor, batch: tl.tensor, support: tl.tuple,
    UNIT: tl.constexpr, APART: tl.constexpr, BLOCK: tl.constexpr, FOURS: tl.constexpr,
) -> None:  # fmt: skip
    """Write the batch of the step that ``steps`` holds, x (S, B, n): models of any size.

    A program takes BLOCK samples and 4 FOURS features of one model. APART: some features are
    switched by another word than their own.
    """
    blocks = tl.cdiv(batch, BLOCK)
    model = (tl.program_id(0) // blocks).to(tl.int64)
    sample = (tl.program_id(0) % blocks * BLOCK + tl.arange(0, BLOCK))[:, None]
    j = tl.program_id(1) * 4 * FOURS + tl.arange(0, 4 * FOURS)
    four = tl.program_id(1) * FOURS + tl.arange(0, FOURS)[None, :]
    seed, step = tl.load(seeds + model), tl.load(steps).to(tl.uint32)
    a, b, c, d = philox(seed, sample.to(tl.uint32), step, four.to(tl.uint32))
    own = tl.interleave(tl.interleave(a, c), tl.interleave(b, d))
    there = j < n
    low = tl.load(law[0] + model * n + j, there, 0)[None, :]
    last = tl.load(law[1] + model * n + j, there, 0)[None, :]
    scale = tl.load(law[2] + model * n + j, there, 0)[None, :]
    if APART:
        at = tl.load(switch + j, there, 0)[None, :].to(tl.uint32)
        a, b, c, d = philox(seed, sample.to(tl.uint32), step, at // 4)
        decides = tl.where(
            at % 4 < 2, tl.where(at % 4 == 0, a, b), tl.where(at % 4 == 2, c, d)
        )  # fmt: skip
        past = decides - low
        rest = tl.where(at == j[None, :].to(tl.uint32), past, own)
    else:
        past = own - low
        rest = past
    value = rest.to(tl.float32) * scale
    if not UNIT:
        value = support[0] + support[1] * value
    place = (model * batch + sample) * n + j[None, :]
    tl.store(x + place, tl.where(past <= last, value, 0.0), (sample < batch) & there[None, :])
