r"""Pair energies: a function of the inner product, summed over all pairs.

.. math:: E = \sum_{i<j} f(x_i \cdot x_j), \qquad
          \frac{\partial E}{\partial x_i} = \sum_{j \ne i} f'(x_i \cdot x_j)\, x_j

For lines the inner product enters as t = |⟨x_i, x_j⟩|², which does not see the sign or the
phase of a point. The Hessian's product with V is F' V + (F'' ∘ (V Xᵀ + X Vᵀ)) X, where F' and
F'' are the matrices of slopes and curvatures with zero diagonals.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from superposition.numerics.packing.energy.smooth_energy import Array, Points


class Potential(Protocol):
    """f of the inner product t = x·y in [-1, 1] (of |⟨x, y⟩|² in [0, 1] for lines)."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    def jet(self, t: Array) -> tuple[Array, Array, Array]:
        """f, f' and f'' at t, elementwise."""
        ...


@dataclass(frozen=True)
class PairEnergy:
    """Σ_{i<j} f(x_i·x_j) over unit vectors, or with ``lines`` Σ_{i<j} f(|⟨x_i, x_j⟩|²).

    field: "real" or "complex", of the lines.
    """

    potential: Potential
    lines: bool = False
    field: str = "real"
    on_sphere: bool = True

    @property
    def name(self) -> str:
        """The potential's, of points or lines."""
        if not self.lines:
            return self.potential.name
        of = "lines" if self.field == "real" else "complex lines"
        return f"{self.potential.name} of {of}"

    def value(self, points: Points) -> Array:
        """E, (…)."""
        return self._jet(points)[0]

    def gradient(self, points: Points) -> tuple[Array, Points]:
        """E (…) and ∂E/∂x_i (…, N, d)."""
        value, slopes, _, gram = self._jet(points)
        weights = 2 * slopes * gram if self.lines else slopes
        return value, weights @ points

    def hessian_product(self, points: Points, direction: Points) -> Points:
        """The Hessian's product with ``direction``, (…, N, d)."""
        _, slopes, curvatures, gram = self._jet(points)
        change = direction @ _adjoint(points)
        change = change + _adjoint(change)
        if not self.lines:
            product: Points = slopes @ direction + (curvatures * change) @ points
            return product
        rate = 2 * (gram.conj() * change).real  # of |⟨x_i, x_j⟩|²
        weights = 2 * (curvatures * rate * gram + slopes * change)
        of_lines: Points = 2 * (slopes * gram) @ direction + weights @ points
        return of_lines

    def _jet(self, points: Points) -> tuple[Array, Array, Array, Points]:
        """E, the matrices F' and F'' with zero diagonals, and the Gram matrix."""
        gram = points @ _adjoint(points)
        diagonal = np.arange(points.shape[-2])
        t = (gram * gram.conj()).real if self.lines else gram.copy()
        t[..., diagonal, diagonal] = 0.0
        of, slope, curvature = self.potential.jet(t)
        for matrix in (of, slope, curvature):
            matrix[..., diagonal, diagonal] = 0.0
        return 0.5 * of.sum((-1, -2)), slope, curvature, gram


def _adjoint(matrix: Points) -> Points:
    return np.swapaxes(matrix.conj(), -1, -2)
