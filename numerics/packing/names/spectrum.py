r"""The spectrum of an arrangement: which inner products occur, and how often at each point.

.. math:: \{t_1 < … < t_s\} = \{x_i \cdot x_j : i ≠ j\}, \qquad
          m_{ik} = |\{j ≠ i : x_i \cdot x_j = t_k\}|

For lines the modulus |⟨x_i, x_j⟩| stands for the inner product. Source: Delsarte, Goethals and
Seidel 1977, "Spherical codes and designs".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from superposition.numerics.geometry.gram_automorphisms import levels

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Spectrum:
    """values: (s,), the distinct inner products, smallest first; counts: (N, s)."""

    values: Array
    counts: NDArray[np.int64]

    @property
    def alike(self) -> bool:
        """Whether every point sees the same."""
        return bool(np.all(self.counts == self.counts[:1]))

    @property
    def pairs(self) -> NDArray[np.int64]:
        """How many pairs have each inner product, (s,)."""
        totals: NDArray[np.int64] = self.counts.sum(axis=0) // 2
        return totals


def spectrum(points: NDArray[Any], lines: bool = False, tolerance: float = 1e-6) -> Spectrum:
    """The spectrum of unit vectors (N, d); inner products within ``tolerance`` are one.

    >>> found = spectrum(np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]]))
    >>> found.values.tolist(), found.pairs.tolist()
    ([-1.0, 0.0], [2, 4])
    """
    gram = cosines(points, lines)
    size = len(gram)
    others = ~np.eye(size, dtype=bool)
    entries = gram[others]
    if size < 2:
        return Spectrum(np.empty(0), np.empty((size, 0), dtype=np.int64))
    places = levels(entries, tolerance)
    kinds = int(places.max()) + 1
    sums = np.bincount(places, weights=entries, minlength=kinds)
    values = sums / np.bincount(places, minlength=kinds)
    shifted = places.reshape(size, size - 1) + kinds * np.arange(size)[:, None]
    counts = np.bincount(shifted.ravel(), minlength=kinds * size).reshape(size, kinds)
    return Spectrum(values, counts.astype(np.int64))


def cosines(points: NDArray[Any], lines: bool) -> Array:
    """The inner products, or their moduli for lines, (N, N).

    >>> cosines(np.array([[1.0], [-1.0]]), lines=True).tolist()
    [[1.0, 1.0], [1.0, 1.0]]
    """
    gram = points @ points.conj().T
    return np.abs(gram) if lines else np.asarray(gram.real, dtype=float)
