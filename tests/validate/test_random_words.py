"""Philox: the published answers, and words that look like nothing but chance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from superposition.validate.random_words import random_words

# Random123's kat_vectors for philox4x32-10: counter, key, words.
ONES = 0xFFFFFFFF
KNOWN = [
    ((0, 0, 0, 0), 0, "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ((ONES, ONES, ONES, ONES), 2**64 - 1, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        0x299F31D0A4093822,
        "d16cfe09 94fdcceb 5001e420 24126ea1",
    ),
]


@pytest.mark.parametrize(("counter", "seed", "words"), KNOWN)
def test_published_answers(counter: tuple[int, int, int, int], seed: int, words: str) -> None:
    found = random_words(np.uint64(seed), *counter)
    assert " ".join(f"{word:08x}" for word in found) == words


@given(st.integers(0, 2**63 - 1), st.integers(0, 2**32 - 1))
def test_counters_are_asked_for_in_any_order(seed: int, step: int) -> None:
    whole = random_words(seed, np.arange(5)[:, None], step, np.arange(3), 0)
    assert whole.shape == (5, 3, 4)
    np.testing.assert_array_equal(whole[4, 2], random_words(seed, 4, step, 2, 0))
    np.testing.assert_array_equal(whole[:, 0], random_words(seed, np.arange(5), step, 0, 0))


def test_bits_are_even_and_apart() -> None:
    """Every bit is set half the time; neighbours in seed, sample and step do not correlate."""
    words = random_words(np.arange(8)[:, None, None], np.arange(256)[:, None], np.arange(64), 0, 0)
    bits = np.unpackbits(words.view(np.uint8)).reshape(*words.shape, 32)
    count = bits[..., 0].size
    np.testing.assert_allclose(bits.mean((0, 1, 2, 3)), 0.5, atol=5 * 0.5 / np.sqrt(count))
    centred = words / 2.0**32 - 0.5
    for axis in range(3):
        left, right = np.moveaxis(centred, axis, 0)[:-1], np.moveaxis(centred, axis, 0)[1:]
        assert abs((left * right).mean()) < 5 / 12 / np.sqrt(left.size)
