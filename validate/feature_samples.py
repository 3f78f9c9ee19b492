r"""How random words become features: the law of ``Instances``, sampled.

.. math:: \text{feature j is active} \iff (r_{s(j)} - l_j) \bmod 2^{32} \le w_j, \qquad
          x_j = \text{low} + (\text{high} - \text{low})\, u_j

r_0 … r_{n-1}: one word a feature; after them one a set, its switch. An independent feature is
switched by its own word, whose rest is its value u: no second draw, and 32 bits of p to resolve.
Members of a correlated set look at one interval of the set's word, those of an anticorrelated
one at intervals side by side; their own word is u.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from superposition.validate.instances import Instances
from superposition.validate.random_words import DATA, Words, random_words

WHOLE = 2.0**32


@dataclass(frozen=True, eq=False)
class FeatureSampler:
    """What turns words into features, for S models.

    switch: (n,), the word that decides; low, last: (S, n), the interval that switches on; scale:
    (S, n), of the value; support: (low, high - low) of the values, numbers of single precision as
    all engines use them; words: words a sample, R.
    """

    seed: NDArray[np.uint64]
    switch: NDArray[np.int64]
    low: Words
    last: Words
    scale: NDArray[np.float32]
    support: tuple[float, float]
    words: int

    @classmethod
    def of(cls, instances: Instances) -> FeatureSampler:
        """The sampler of ``instances``."""
        n = instances.features
        switch = np.arange(n)
        low, width = np.zeros((instances.count, n)), np.full((instances.count, n), WHOLE)
        scale = np.full((instances.count, n), 1 / WHOLE)
        words = n
        for members, part in instances.parts():
            p = instances.marginal(members, part)
            if members.together == "independent":
                low[:, part] = np.minimum(np.round((1 - p) * WHOLE), WHOLE - 1)
                width[:, part] = WHOLE - low[:, part]
                scale[:, part] = 1 / width[:, part]
                continue
            switch[part] = words
            words += 1
            if members.together == "correlated":
                low[:, part] = np.minimum(np.round((1 - p) * WHOLE), WHOLE - 1)
                width[:, part] = WHOLE - low[:, part]
            else:
                edges = np.round(WHOLE * np.clip(p[:, :1] * np.arange(members.count + 1), 0, 1))
                low[:, part] = edges[:, :-1]
                width[:, part] = np.maximum(np.diff(edges, axis=1), 1)
        low_word, last = low.astype(np.uint32), (width - 1).astype(np.uint32)
        least, greatest = (np.float32(end) for end in instances.values.support)
        seed = instances.seed.astype(np.uint64)
        return cls(
            seed,
            switch,
            low_word,
            last,
            scale.astype(np.float32),
            (float(least), float(greatest - least)),
            -(-words // 4) * 4,
        )

    def batch(self, step: int, size: int) -> NDArray[np.float32]:
        """The batch of one step, (S, size, n)."""
        sample = np.arange(size)[:, None]
        four = np.arange(self.words // 4)
        seed = self.seed[:, None, None]
        words = random_words(seed, sample, step, four, DATA).reshape(len(self.seed), size, -1)
        n = len(self.switch)
        past = words[:, :, self.switch] - self.low[:, None]
        own = np.where(self.switch == np.arange(n), past, words[:, :, :n])
        least, span = (np.float32(each) for each in self.support)
        values = least + span * (own.astype(np.float32) * self.scale[:, None])
        return np.where(past <= self.last[:, None], values, np.float32(0))
