r"""The energies of packings: the largest cosine, or the largest |cosine|.

.. math:: μ = \max_{i<j}\, x_i \cdot x_j \qquad \text{or} \qquad
          μ = \max_{i<j}\, |\langle x_i, x_j \rangle|

The first is the Tammes problem in three dimensions and the spherical codes in any; the second
is the packing of lines, real or complex (Grassmannian frames), whose μ is the coherence.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from superposition.numerics.packing.energy.smooth_energy import Array, Points


@dataclass(frozen=True)
class LargestCosine:
    """The largest cosine of two points (``lines`` False) or of two lines (True).

    >>> float(LargestCosine().value(np.eye(3)))
    0.0
    """

    lines: bool = False
    field: str = "real"

    @property
    def name(self) -> str:
        """``max-cosine``, ``lines`` or ``complex-lines``."""
        if not self.lines:
            return "max-cosine"
        return "lines" if self.field == "real" else "complex-lines"

    @property
    def on_sphere(self) -> bool:
        """Always."""
        return True

    def value(self, points: Points) -> Array:
        """μ, (…); -inf for one point, which has no pair."""
        gram = points @ np.swapaxes(points.conj(), -1, -2)
        cosines = np.abs(gram) if self.lines else gram.real.copy()
        diagonal = np.arange(points.shape[-2])
        cosines[..., diagonal, diagonal] = -np.inf
        largest: Array = cosines.max((-1, -2))
        return largest
