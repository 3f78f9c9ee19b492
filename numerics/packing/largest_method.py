"""Largest cosines: a sharpened energy leads near a packing, interior points finish it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np

from superposition.numerics.packing.descent import Limits, descend
from superposition.numerics.packing.energy.pair_energy import PairEnergy
from superposition.numerics.packing.energy.potentials import Sharpened
from superposition.numerics.packing.energy.smooth_energy import Array
from superposition.numerics.packing.interior_point import MOST_STEPS, minimise_largest
from superposition.numerics.packing.method import Explored, Finished
from superposition.numerics.packing.pairs import Pairs, complex_coordinates, real_coordinates
from superposition.numerics.packing.start import Kind, Space, Start, given_start

STRIDE = 2  # doublings of the exponent: from one stage to the next
SHARPEST, SHARP, LIGHT = 12, 8, 180  # the last; the last where there are so few unknowns
COSTLY, FEW, MANY = 400, 8, 64  # unknowns; starts that are explored before any is finished
LARGEST_SYSTEM, LAST_SHARPNESS = 2500, 24  # numbers in the points; doublings beyond them
SAME = 1e-11
MARGIN = 0.8  # over k = 2^doublings, of the distance of c to 1: what sharpening leaves to gain
WIDTH = 2.0  # likewise: the spread of the contacts


@dataclass(frozen=True, eq=False)
class LargestMethod:
    """Packings of points, real or complex lines; values are c: cosines, squared for lines."""

    space: Space
    compiled: bool

    @classmethod
    def best(cls, space: Space) -> LargestMethod:
        """The compiled one where numba is there."""
        return cls(space, find_spec("numba") is not None)

    @property
    def nudges(self) -> bool:
        """Packings that differ in a few contacts are one to every smooth energy."""
        return not self._costly

    @property
    def together(self) -> int:
        """Where finishing takes seconds, many are explored before."""
        return MANY if self._costly else FEW

    @property
    def _last(self) -> int:
        """Doublings of the last exponent: sharpening on pays where finishing costs more."""
        return SHARP if self.space.points * (self.space.dimension - 1) <= LIGHT else SHARPEST

    @property
    def _sharpness(self) -> float:
        """The last exponent k."""
        return float(2**self._last)

    @property
    def _costly(self) -> bool:
        """Whether interior points take many times as long as a sharpened energy."""
        return self.space.points * (self.space.dimension - 1) > COSTLY

    def explore(self, start: Start, below: float = math.inf) -> Explored:
        """Anneal from the start's softness to the last sharpness; nudges are finished at once."""
        if start.kind == "nudge":
            rough = Explored("nudge", self._value(start.representatives), start.representatives)
            found = self.finish(rough, below)
            return Explored("nudge", found.value, found.points, finished=True)
        first = min(start.doublings, self._last)
        last = first + STRIDE * ((self._last - first) // STRIDE)
        points = self._sharpened(start, first, last)
        return Explored(start.kind, self._value(points), points)

    def finish(self, explored: Explored, below: float = math.inf) -> Finished:
        """Interior points; as many orthogonal lines as there are need no more than a frame."""
        if self.space.forms and self.space.points <= self.space.dimension // self.space.forms:
            points = _orthonormal(explored.points, self.space.forms == 2)
            return Finished(self._value(points), points)
        if explored.points.size > LARGEST_SYSTEM:
            return self._sharpened_further(explored)
        width = max(WIDTH / self._sharpness * (1 - explored.value), 1e-9)
        found = self._by_interior_point(explored.points, width, below)
        if found.given_up or found.value <= explored.value:
            return found
        return Finished(explored.value, explored.points)

    def _by_interior_point(self, points: Array, width: float, below: float) -> Finished:
        if self.compiled:
            from superposition.numerics.packing.compiled_interior_point import descend_to_packing

            columns, forms = np.ascontiguousarray(points.T), self.space.forms
            largest, *_, given_up = descend_to_packing(columns, forms, width, MOST_STEPS, below)
            return Finished(float(largest), np.ascontiguousarray(columns.T), given_up)
        found = minimise_largest(self._pairs(points), width, MOST_STEPS, below)
        return Finished(found.largest, found.points, found.given_up)

    def _sharpened_further(self, explored: Explored) -> Finished:
        """Too large for interior points: sharper energies, to some eight digits."""
        points = self._sharpened(given_start(explored.points), SHARPEST, LAST_SHARPNESS)
        return Finished(self._value(points), points)

    def margin(self, value: float, kind: Kind) -> float:
        """What the last sharpness leaves, from wherever."""
        del kind
        return MARGIN / self._sharpness * (1 - value)

    def same(self, value: float) -> float:
        """Absolute: these are cosines."""
        del value
        return SAME

    def _pairs(self, points: Array) -> Pairs:
        return Pairs.of(points, self.space.forms > 0, self.space.forms == 2)

    def _value(self, points: Array) -> float:
        cosines = self._pairs(points).cosines
        return float(cosines[~np.eye(len(points), dtype=bool)].max())

    def _sharpened(self, start: Start, first: int, last: int) -> Array:
        unknowns = self.space.points * (self.space.dimension - 1)
        early, late = 60 + unknowns, max(150, unknowns // 2)  # evaluations
        if self.space.dimension > 3:
            early *= 2  # higher dimensions begin sharper
        if self.compiled:
            from superposition.numerics.packing.compiled_sharpening import sharpen

            raw = np.ascontiguousarray(start.representatives.T)
            limits = (float(early), float(late))
            sharpen(raw, start.plan.orbit, self.space.forms, (first, last), limits)
            return start.plan.images((raw / np.linalg.norm(raw, axis=0)).T)
        points = start.points()
        for doublings in range(first, last + 1, STRIDE):
            scale = 2 - 2 * self._value(points)
            if scale < 1e-9:  # two points in one place, as symmetric starts may have it
                break
            energy = PairEnergy(Sharpened(doublings, scale), self.space.forms > 0)
            typed = complex_coordinates(points) if self.space.forms == 2 else points
            limits_ = Limits(early if doublings == first else late, 1e-4, 1e-4)
            spacing = np.sqrt(scale) / (1 + doublings)
            points = real_coordinates(descend(energy, typed[None], limits_, spacing).points[0])
        return points


def _orthonormal(points: Array, is_complex: bool) -> Array:
    """The nearest orthonormal rows (polar decomposition)."""
    rows = complex_coordinates(points) if is_complex else points
    left, _, right = np.linalg.svd(rows, full_matrices=False)
    return real_coordinates(left @ right)
