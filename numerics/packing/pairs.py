r"""All pairs of an arrangement to second order: what Newton's method and interior points need.

.. math:: H_{ij} = f''_{ij} u_{ij} u_{ji}^T + f'_{ij} \frac{\partial u_{ij}}{\partial x_j}, \qquad
          H_{ii} = \sum_j f''_{ij} u_{ij} u_{ij}^T
                   + f'_{ij} \frac{\partial u_{ij}}{\partial x_i} - (x_i \cdot g_i) 1

is the Riemannian Hessian of Σ_{i<j} f(c_ij) on a product of spheres, in tangent coordinates;
c_ij = x_i·x_j for points and |⟨x_i, x_j⟩|² for lines, u_ij = ∂c_ij/∂x_i and g_i = Σ_j f'_ij u_ij.
A complex point is the real one (Re, Im) of twice the dimension; its lines see two bilinear forms,
|⟨x, y⟩|² = (x·y)² + (x·Jy)². Derived here; the curvature of the sphere is the term with x_i·g_i.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def real_coordinates(points: NDArray[Any]) -> Array:
    """Complex (…, d) as real (…, 2d); real points as they are."""
    if np.iscomplexobj(points):
        return np.concatenate([points.real, points.imag], axis=-1)
    return np.asarray(points, dtype=float)


def complex_coordinates(points: Array) -> NDArray[np.complex128]:
    """Real (…, 2d) as complex (…, d)."""
    half = points.shape[-1] // 2
    return points[..., :half] + 1j * points[..., half:]


@dataclass(frozen=True, eq=False)
class Pairs:
    """N unit vectors (N, D) in real coordinates; ``forms``: how lines see each other, or none.

    In the results tangent coordinates (N, D - 1) belong to the orthonormal ``basis`` at each point.
    """

    points: Array
    forms: tuple[Array, ...] = ()

    @classmethod
    def of(cls, points: Array, lines: bool, is_complex: bool) -> Pairs:
        """Points, real lines or (in real coordinates) complex lines."""
        if not lines:
            return cls(points)
        identity = np.eye(points.shape[1])
        if not is_complex:
            return cls(points, (identity,))
        half = points.shape[1] // 2
        quarter_turn = np.zeros_like(identity)
        quarter_turn[:half, half:], quarter_turn[half:, :half] = -np.eye(half), np.eye(half)
        return cls(points, (identity, quarter_turn))

    @cached_property
    def _inner(self) -> tuple[Array, ...]:
        """x_i·B x_j for every form B."""
        return tuple(self.points @ form @ self.points.T for form in self.forms)

    @cached_property
    def cosines(self) -> Array:
        """c_ij: x_i·x_j, or |⟨x_i, x_j⟩|² for lines; (N, N)."""
        if not self.forms:
            return self.points @ self.points.T
        squares: Array = np.sum([inner**2 for inner in self._inner], axis=0)
        return squares

    @cached_property
    def basis(self) -> Array:
        """An orthonormal basis of the tangent space at every point, (N, D, D - 1)."""
        x = self.points
        mirror = x.copy()
        mirror[:, 0] += np.where(x[:, 0] >= 0, 1.0, -1.0)
        outer = mirror[:, :, None] * mirror[:, None, :]
        reflections: Array = np.eye(x.shape[1]) - 2 * outer / (mirror**2).sum(1)[:, None, None]
        return reflections[:, :, 1:]

    @cached_property
    def rates(self) -> Array:
        """∂c_ij/∂x_i in tangent coordinates, (N, N, D - 1)."""
        if not self.forms:
            plain: Array = np.einsum("iab,ja->ijb", self.basis, self.points, optimize=True)
            return plain
        both = zip(self._inner, self._seen, strict=True)
        rates: Array = np.sum([2 * inner[:, :, None] * seen for inner, seen in both], axis=0)
        return rates

    @cached_property
    def _seen(self) -> tuple[Array, ...]:
        """B x_j in the tangent coordinates of x_i, (N, N, D - 1), for every form B."""
        return tuple(
            np.einsum("iab,ja->ijb", self.basis, self.points @ form.T, optimize=True)
            for form in self.forms
        )

    def gradient(self, slopes: Array) -> Array:
        """Σ_j f'_ij ∂c_ij/∂x_i in tangent coordinates, (N, D - 1)."""
        summed: Array = np.einsum("ij,ija->ia", slopes, self.rates)
        return summed

    def change(self, tangent: Array) -> Array:
        """How fast every c_ij changes when the points move along ``tangent`` (N, D - 1)."""
        own: Array = np.einsum("ija,ia->ij", self.rates, tangent)
        return own + own.T

    def hessian(self, slopes: Array, curvatures: Array) -> Array:
        """H, (N(D - 1), N(D - 1)); slopes and curvatures (N, N) have zero diagonals."""
        count, _, k = self.basis.shape
        rates = self.rates
        left = np.ascontiguousarray(rates.transpose(0, 2, 1))  # i a j
        right = rates.transpose(1, 0, 2)  # i j b: ∂c_ij/∂x_j
        blocks = (left * curvatures[:, None, :])[:, :, :, None] * right[:, None, :, :]
        diagonal = (left * curvatures[:, None, :]) @ rates
        if not self.forms:
            flat = self.basis.transpose(0, 2, 1).reshape(count * k, -1)
            blocks += slopes[:, None, :, None] * (flat @ flat.T).reshape(count, k, count, k)
            radial = (slopes * self.cosines).sum(1)
        else:
            radial = 2 * (slopes * self.cosines).sum(1)
            for form, inner, seen in zip(self.forms, self._inner, self._seen, strict=True):
                self._add_form(blocks, diagonal, slopes, (form, inner, seen))
        diagonal -= radial[:, None, None] * np.eye(k)
        blocks[np.arange(count), :, np.arange(count), :] += diagonal
        return blocks.reshape(count * k, count * k)

    def _add_form(
        self, blocks: Array, diagonal: Array, slopes: Array, form: tuple[Array, Array, Array]
    ) -> None:
        """The second derivatives of (x_i·B x_j)², times f'."""
        matrix, inner, seen = form
        count, _, k = self.basis.shape
        flat = self.basis.transpose(0, 2, 1).reshape(count * k, -1)
        between = (flat @ matrix @ flat.T).reshape(count, k, count, k)
        # The form is symmetric or antisymmetric: x_i·B against B x_i differ by a sign at most.
        sign = 1.0 if np.array_equal(matrix, matrix.T) else -1.0
        weighted = 2 * slopes[:, None, :] * seen.transpose(0, 2, 1)
        blocks += (2 * slopes * inner)[:, None, :, None] * between
        blocks += sign * weighted[:, :, :, None] * seen.transpose(1, 0, 2)[:, None, :, :]
        diagonal += weighted @ seen

    def moved(self, tangent: Array) -> Pairs:
        """The arrangement after a step, back on the spheres."""
        points = self.points + np.einsum("iab,ib->ia", self.basis, tangent)
        return Pairs(points / np.linalg.norm(points, axis=1)[:, None], self.forms)
