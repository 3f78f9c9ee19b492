r"""What an arrangement of points or lines is: its invariants, its symmetry and its name.

.. math:: X = \{x_i\} \subset S^{d-1} \;\mapsto\; \text{spectrum}, τ, \operatorname{Aut}, D_i =
          \Bigl(\sum_j |\langle x_i, x_j \rangle|^2\Bigr)^{-1}, \text{tegum factors}, \text{name}

Nothing here depends on the rotation or the order of the points. D_i is the feature dimensionality
of unit vectors. For lines the symmetry is that of the arrangement of opposite points, over the
sign changes that fix every line; it is not computed for complex lines.
Source: Elhage et al. 2022, "The Geometry of Superposition" (factors, D_i); the rest as in the
files beside this one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse.csgraph import connected_components

from superposition.numerics.geometry.gram_automorphisms import Automorphisms, automorphisms
from superposition.numerics.packing.names.common_name import (
    factor_name,
    product_name,
    solid_name,
)
from superposition.numerics.packing.names.design_strength import design_strength
from superposition.numerics.packing.names.line_name import line_name
from superposition.numerics.packing.names.point_group import point_group
from superposition.numerics.packing.names.spectrum import Spectrum, cosines, spectrum

Array = NDArray[np.float64]
LARGEST = 1000  # more points than this have their symmetry not computed


@dataclass(frozen=True)
class Factor:
    """A tegum factor: points orthogonal to all others; dimension: of their span."""

    points: tuple[int, ...]
    dimension: int
    name: str | None


@dataclass(frozen=True, eq=False)
class Recognised:
    """What ``recognise`` found.

    name: None where there is no common one; symmetry: how many isometries permute the points
    (None where that takes too long); point_group: the Schoenflies symbol of distinct points in
    three dimensions; orbits: of the points under the symmetries, largest first; design_strength:
    of the points, or projective for lines; dimensionality: D_i, (N,).
    """

    name: str | None
    symmetry: int | None
    point_group: str | None
    orbits: tuple[tuple[int, ...], ...] | None
    spectrum: Spectrum
    design_strength: int
    factors: tuple[Factor, ...]
    dimensionality: Array

    @property
    def orbit_dimensionality(self) -> tuple[float, ...]:
        """D of each orbit, in their order; empty where the orbits are not known."""
        return tuple(float(self.dimensionality[list(orbit)].mean()) for orbit in self.orbits or ())

    @property
    def told(self) -> str:
        """All of it in one sentence."""
        parts = [self.name or "no common name"]
        structure = []
        if self.point_group is not None:
            structure.append(self.point_group)
        elif self.symmetry is not None:
            structure.append(f"{self.symmetry} symmetries")
        else:
            structure.append("symmetry not computed")
        if self.orbits is not None:
            sizes = Counter(len(orbit) for orbit in self.orbits)
            told = [
                f"{n}×{size}" if n > 3 else "+".join([str(size)] * n) for size, n in sizes.items()
            ]
            structure.append("orbits " + "+".join(told))
        parts.append(", ".join(structure))
        parts.append(f"design of strength {self.design_strength}")
        if len(self.factors) > 1:
            parts.append(f"{len(self.factors)} tegum factors")
        if np.ptp(self.dimensionality) < 1e-6:
            parts.append(f"D = {self.dimensionality.mean():.6g}")
        else:
            low, high = self.dimensionality.min(), self.dimensionality.max()
            parts.append(f"D from {low:.6g} to {high:.6g}")
        return "; ".join(parts) + "."


def recognise(points: ArrayLike, *, lines: bool = False, tolerance: float = 1e-6) -> Recognised:
    """What the unit vectors (N, d) are; with ``lines`` the lines they span (complex ones too).

    tolerance: inner products that differ by less are the same; it must lie above the error of
    the points. Raises ``ValueError`` where the rows are not unit vectors, or complex points are
    not lines.

    >>> from superposition.numerics.packing.codes.catalogue import built
    >>> recognise(built("icosahedron")).told
    'icosahedron; Ih, orbits 12; design of strength 5; D = 0.25.'
    """
    rows = _checked(points, lines, tolerance)
    overlaps = cosines(rows, True)
    group = _group(rows, lines, tolerance)
    seen = spectrum(rows, lines, tolerance)
    symbol = None
    distinct = bool(np.all(seen.values < 1 - tolerance))
    if group is not None and rows.shape[1] == 3 and distinct and not lines:
        symbol = point_group(rows, group)
    factors = _factors(rows, overlaps, tolerance)
    if lines:
        name = line_name(rows, tolerance)
    else:
        name = product_name([factor.name for factor in factors])
        if name is None and symbol is not None and group is not None:
            name = solid_name(rows, symbol, group.orbits)
    return Recognised(
        name,
        None if group is None else group.order,
        symbol,
        None if group is None else group.orbits,
        seen,
        design_strength(rows, lines, tolerance),
        factors,
        1 / (overlaps**2).sum(axis=1),
    )


def _checked(points: ArrayLike, lines: bool, tolerance: float) -> NDArray[Any]:
    rows = np.asarray(points)
    if rows.ndim != 2 or rows.size == 0 or rows.dtype.kind not in "fiuc":
        raise ValueError(f"points has shape {rows.shape}; it must be (N, d), neither of them 0.")
    if rows.dtype.kind == "c" and not lines:
        raise ValueError("points is complex; complex points are lines, so lines must be True.")
    rows = rows if rows.dtype.kind == "c" else rows.astype(float)
    error = float(np.abs(np.linalg.norm(rows, axis=1) - 1).max())
    if not error <= tolerance:
        raise ValueError(f"points has a row whose norm is off 1 by {error:.3g}; it must be 1.")
    return rows


def _group(rows: NDArray[Any], lines: bool, tolerance: float) -> Automorphisms | None:
    """The symmetries of points, or of lines by those of their opposite points."""
    if np.iscomplexobj(rows) or len(rows) * (1 + lines) > LARGEST:
        return None
    if not lines:
        return automorphisms(rows @ rows.T, tolerance)
    both = np.concatenate([rows, -rows])
    group = automorphisms(both @ both.T, tolerance)
    if group is None:
        return None
    count = len(rows)
    parts = connected_components(np.abs(rows @ rows.T) > tolerance, directed=False)[0]
    generators = group.generators[:, :count] % count
    folded = dict.fromkeys(tuple(sorted({i % count for i in orbit})) for orbit in group.orbits)
    orbits = tuple(sorted(folded, key=lambda orbit: (-len(orbit), orbit)))
    return Automorphisms(group.order >> int(parts), generators, orbits)


def _factors(rows: NDArray[Any], overlaps: Array, tolerance: float) -> tuple[Factor, ...]:
    """The tegum factors: components of the graph of points that are not orthogonal."""
    _, label = connected_components(overlaps > tolerance, directed=False)
    found = []
    for component in range(label.max() + 1):
        members = np.flatnonzero(label == component)
        _, sizes, axes = np.linalg.svd(rows[members], full_matrices=False)
        rank = int(np.sum(sizes > np.sqrt(tolerance)))
        name = None
        if not np.iscomplexobj(rows):
            name = factor_name(rows[members] @ axes[:rank].T, tolerance)
        found.append(Factor(tuple(map(int, members)), rank, name))
    return tuple(sorted(found, key=lambda factor: factor.points))
