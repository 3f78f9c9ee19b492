"""A kernel for tests: the samples that the fused steps draw and forget, written to memory."""

from __future__ import annotations

import pytest

pytest.importorskip("triton")  # pytest looks for examples here, too

import triton.language as tl

from superposition.validate.fused_samples import (
    draw_features,
    draw_words,
    kernel,
)
from superposition.validate.fused_step import load_numbers


@kernel
def write_features(
    x: tl.tensor, seeds: tl.tensor, law: tl.tuple, support: tl.tuple, first_step: tl.tensor,
    SWITCH: tl.constexpr, UNIT: tl.constexpr, WORDS: tl.constexpr, BLOCK: tl.constexpr,
) -> None:  # fmt: skip
    """One block of samples of every model, x (S, n, BLOCK)."""
    model, n, sample = tl.program_id(0), len(SWITCH), tl.arange(0, BLOCK)
    step = (first_step + 0).to(tl.uint32)
    words = draw_words(tl.load(seeds + model), sample.to(tl.uint32), step, WORDS)
    low = load_numbers(law[0] + model * n, n)
    last = load_numbers(law[1] + model * n, n)
    scale = load_numbers(law[2] + model * n, n)
    features = draw_features(words, (low, last, scale), support, SWITCH, UNIT)
    for i in tl.static_range(len(SWITCH)):
        tl.store(x + (model * n + i) * BLOCK + sample, features[i])
