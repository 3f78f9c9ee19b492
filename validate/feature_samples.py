r"""Fresh samples of the features, one random stream per model.

x_i = 0 with probability 1 - p, else uniform on [0, 1). One uniform number u per feature
decides both: x = (u - (1 - p))_+ / p.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from superposition.validate.instances import Instances

WEIGHTS, DATA = 0, 1  # the two streams that a seed spawns


def stream(seed: int, purpose: int) -> np.random.Generator:
    """The random stream of one model for its weights or its data."""
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence([seed, purpose])))


@dataclass(frozen=True)
class FeatureSampler:
    """Batches for every model, drawn in order from the model's own stream."""

    streams: tuple[np.random.Generator, ...]
    density: NDArray[np.float32]  # (S, 1, 1, n)
    threads: int = 2

    @classmethod
    def of(cls, instances: Instances) -> FeatureSampler:
        """The sampler of ``instances``."""
        streams = tuple(stream(int(seed), DATA) for seed in instances.seed)
        return cls(streams, instances.density.astype(np.float32)[:, None, None, :])

    def steps(self, steps: int, batch: int) -> NDArray[np.float32]:
        """The next ``steps`` batches of every model, (S, steps, batch, n)."""
        shape = (len(self.streams), steps, batch, self.density.shape[-1])
        uniform = np.empty(shape, dtype=np.float32)

        def fill(part: slice) -> None:
            for source, target in zip(self.streams[part], uniform[part], strict=True):
                source.random(out=target, dtype=np.float32)
            uniform[part] -= 1 - self.density[part]
            np.maximum(uniform[part], 0, out=uniform[part])
            uniform[part] /= self.density[part]

        size = -(-len(self.streams) // self.threads)
        parts = [slice(start, start + size) for start in range(0, len(self.streams), size)]
        with ThreadPoolExecutor(self.threads) as pool:
            list(pool.map(fill, parts))
        return uniform
