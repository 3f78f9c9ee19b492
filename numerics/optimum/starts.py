"""Random starts: drawn from the setting and a seed alone, with no knowledge of any candidate."""

from __future__ import annotations

import hashlib

import numpy as np

from superposition.numerics.expectation.problem import Features
from superposition.numerics.optimum.landscape import Array, Landscape


def random_starts(landscape: Landscape, count: int, seed: int, attempt: int = 0) -> Array:
    """``count`` starts of every setting, (R, count, D); another ``attempt``, other starts.

    W_i: normal, of a common size drawn between 0.3 and 1.2 per model; b_i: uniform between
    -0.2 and 1 times p_i √E u². What one setting draws does not depend on what else is in the
    batch.
    """
    n, m = landscape.features, landscape.hidden
    reach = landscape.density * np.sqrt(Features(landscape.density, landscape.values).moment(2))
    drawn = np.empty((len(landscape), count, landscape.size))
    for row in range(len(landscape)):
        generator = np.random.Generator(np.random.Philox(key=_key(landscape, row, seed, attempt)))
        size = generator.uniform(0.3, 1.2, (count, 1, 1)) / np.sqrt(m)
        W = size * generator.standard_normal((count, m, n))
        b = generator.uniform(-0.2, 1.0, (count, n)) * reach[row]
        drawn[row] = landscape.joined(W, b)
    return drawn


def _key(landscape: Landscape, row: int, seed: int, attempt: int) -> int:
    setting = np.concatenate([landscape.importance[row], landscape.density[row]])
    told = f"{landscape.hidden} {landscape.biases} {landscape.values!r} {seed} {attempt}".encode()
    return int.from_bytes(hashlib.sha256(setting.tobytes() + told).digest()[:16], "big")
