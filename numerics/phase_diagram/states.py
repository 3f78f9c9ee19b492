r"""States: minima of one plane with their place, their geometry and what they are compared by.

Two minima of one setting are the same state if their loss is; two states of neighbouring
settings are compared by their fingerprint, which rotations of W and exchanges of features of one
kind leave alone:

.. math:: \text{per kind: } (\|W_i\|^2, b_i) \text{ and } D_i \text{ in order}; \qquad
          \text{the eigenvalues of } W^T W
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from superposition.numerics.geometry.geometry import Geometry, geometry_of
from superposition.numerics.optimum.branch import FARTHEST, stationary
from superposition.numerics.optimum.curvature import curvature_bound, least_curvature
from superposition.numerics.optimum.descent import descend, settled
from superposition.numerics.optimum.landscape import Landscape
from superposition.numerics.phase_diagram.plane import Plane
from superposition.theory.feature_dimensionality import dimensionality

Array = NDArray[np.float64]
PUSH, PUSHES = 0.03, 4  # of weights of order one; random ones


@dataclass(frozen=True, eq=False)
class States:
    """R stationary points of one plane: places (R, 2), points θ (R, D), loss (R,)."""

    plane: Plane
    places: Array
    points: Array
    loss: Array

    def __len__(self) -> int:
        return len(self.loss)

    @property
    def landscape(self) -> Landscape:
        """The settings at the places."""
        return self.plane.landscape(*self.places.T)

    def taken(self, index: NDArray[np.intp] | NDArray[np.bool_]) -> States:
        """Some of them."""
        return States(self.plane, self.places[index], self.points[index], self.loss[index])

    def where(self, condition: NDArray[np.bool_], other: States) -> States:
        """These where the condition holds, else the other ones."""
        parts = (
            np.where(
                condition.reshape(-1, *(1,) * (getattr(self, each.name).ndim - 1)),
                getattr(self, each.name),
                getattr(other, each.name),
            )
            for each in fields(self)[1:]
        )
        return States(self.plane, *parts)

    def with_rows(self, index: NDArray[np.intp], part: States) -> States:
        """The same with some of them replaced."""
        arrays = [getattr(self, each.name).copy() for each in fields(self)[1:]]
        for array, each in zip(arrays, fields(self)[1:], strict=True):
            array[index] = getattr(part, each.name)
        return States(self.plane, *arrays)

    def at(self, places: Array) -> States:
        """The minima at other places that these lead to, downhill from the same points."""
        there = _downhill(self, places)
        bound, direction = curvature_bound(there.landscape, there.points)
        # A kink can hold a descent on its convex side: pushes to several sides tell.
        rows = np.flatnonzero(bound < -1e-9 * there.landscape.scale)
        if len(rows):
            size = (PUSHES, len(rows), there.points.shape[1])
            drawn = np.random.default_rng(0).standard_normal(size)
            drawn *= PUSH / np.linalg.norm(drawn, axis=2, keepdims=True)
            for push in (PUSH * direction[rows], -PUSH * direction[rows], *drawn):
                held = there.taken(rows)
                moved = States(self.plane, held.places, held.points + push, held.loss)
                pushed = _downhill(moved, held.places)
                # By more than rounding: at a tie a state stays what it is.
                lower = pushed.loss < held.loss - 1e-13 * held.landscape.scale
                there = there.with_rows(rows, pushed.where(lower, held))
        return there

    def continued(self, places: Array) -> States:
        """The same branches at other places, stable there or not.

        What is silent or orthogonal in the canonical pose stays so: the parameters that are zero
        are kept at zero.
        """
        landscape = self.plane.landscape(*places.T)
        points, norm = stationary(landscape, self.points)
        # Where Newton's method on the gradient runs off, the minimum downhill will do.
        lost = (norm > 1e-9 * landscape.scale) | (
            np.abs(points - self.points).max(axis=1) > FARTHEST
        )
        rows = np.flatnonzero(lost)
        if len(rows):
            part, old = landscape.rows(rows), self.points[rows]
            ends = descend(part, old, tolerance=1e-14, most_steps=60, free=old != 0)
            points[rows] = ends.points
        return States(self.plane, places, points, landscape.evaluate(points).loss)

    def stationary(self) -> NDArray[np.bool_]:
        """Whether the gradient vanishes, (R,)."""
        landscape = self.landscape
        norm = np.linalg.norm(landscape.evaluate(self.points).gradient, axis=1)
        return np.asarray(norm <= 1e-9 * landscape.scale)

    def curvature(self) -> Array:
        """The least one-sided second derivative, (R,)."""
        return least_curvature(self.landscape, self.points).value

    def fingerprints(self) -> Array:
        """What states are compared by, (R, 4 n)."""
        W, b = self.landscape.split(self.points)
        gram = np.swapaxes(W, 1, 2) @ W
        shares = dimensionality(W)
        found = [np.linalg.eigvalsh(gram)]
        kinds = np.array(self.plane.kinds)
        for kind in dict.fromkeys(self.plane.kinds):
            members = np.flatnonzero(kinds == kind)
            norms = gram[:, members, members]
            order = np.argsort(norms, axis=1)
            found += [np.take_along_axis(part, order, axis=1) for part in (norms, b[:, members])]
            found.append(np.sort(shares[:, members], axis=1))
        return np.concatenate(found, axis=1)

    def distance(self, other: States) -> Array:
        """The largest difference of the fingerprints, (R,)."""
        return np.asarray(np.abs(self.fingerprints() - other.fingerprints()).max(axis=1))

    def geometries(self) -> list[Geometry]:
        """What each of them is."""
        W, b = self.landscape.split(self.points)
        return [geometry_of(one, bias, self.plane.kinds) for one, bias in zip(W, b, strict=True)]

    def phases(self) -> list[str]:
        """The name of each one's phase: its geometry, with its symmetry where it has some."""
        return [phase_name(found) for found in self.geometries()]


def phase_name(found: Geometry) -> str:
    """The geometry's name; "broken" where features of one kind and place are not alike.

    The symmetry of a dedicated or dropped feature is its own: only factors with at least two
    features of one kind can break it.
    """
    kinds = found.kinds
    shared = any(
        len({kinds[i] for i in factor.features}) < len(factor.features) for factor in found.factors
    )
    if not shared:
        return found.name
    return (
        f"{found.name}, symmetry {found.symmetry}"
        if found.symmetry > 1
        else (f"{found.name}, no symmetry")
    )


def _downhill(states: States, places: Array) -> States:
    """Newton's descent at other places, put on the kinks it ends beside."""
    landscape = states.plane.landscape(*places.T)
    ends = descend(landscape, states.points, tolerance=1e-14, most_steps=60)
    there = settled(landscape, ends.points)
    level = 1e-14 * landscape.scale
    flat = there.gradient_norm <= np.maximum(10 * level, ends.gradient_norm)
    kept = flat & (there.loss <= ends.loss + level)
    return States(
        states.plane,
        places,
        np.where(kept[:, None], there.points, ends.points),
        np.where(kept, there.loss, ends.loss),
    )
