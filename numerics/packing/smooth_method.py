"""Smooth energies: quasi-Newton descents, compiled where numba is there, else batched numpy."""

from __future__ import annotations

import math
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np

from superposition.numerics.packing.descent import Limits, descend
from superposition.numerics.packing.energy.pair_energy import PairEnergy
from superposition.numerics.packing.energy.potentials import Gaussian, Logarithmic, Riesz
from superposition.numerics.packing.energy.smooth_energy import Array, Points, SmoothEnergy
from superposition.numerics.packing.method import Explored, Finished
from superposition.numerics.packing.pairs import complex_coordinates, real_coordinates
from superposition.numerics.packing.start import Space, Start, given_start

LOOSE = Limits(evaluations=1500, steepness=1e-4, decrease=1e-6)
TIGHT = Limits(evaluations=4000, steepness=1e-8, decrease=1e-14)
KICK = 1e-3  # of the spacing: off the saddles that symmetry makes
MOST_DOUBLINGS = 12
MARGIN, SAME = 3e-5, 1e-9  # relative to the energy


@dataclass(frozen=True, eq=False)
class SmoothMethod:
    """Descents of a smooth energy; ``compiled``: by the kernels, which know pair energies."""

    energy: SmoothEnergy
    space: Space
    compiled: bool

    @classmethod
    def best(cls, energy: SmoothEnergy, space: Space) -> SmoothMethod:
        """The compiled one where it can."""
        compiled = find_spec("numba") is not None and kernel_energy(energy, space) is not None
        return cls(energy, space, compiled)

    @property
    def nudges(self) -> bool:
        """A nudged smooth minimum falls back."""
        return False

    def explore(self, start: Start) -> Explored:
        """A loose descent, within the start's symmetry where the kernel can keep it."""
        points = self._descended(start, LOOSE)
        return Explored(start.kind, self._value(points), points)

    def finish(self, explored: Explored) -> Finished:
        """A little kick, and a tight descent."""
        rng = np.random.default_rng(0)
        kick = KICK * self.space.spacing * rng.normal(size=explored.points.shape)
        points = self._descended(given_start(explored.points + kick), TIGHT)
        return Finished(self._value(points), points)

    def margin(self, value: float) -> float:
        """As symmetric saddles and loose limits leave it."""
        return MARGIN * abs(value)

    def same(self, value: float) -> float:
        """Relative."""
        return max(SAME * abs(value), 1e-13)

    def _value(self, points: Array) -> float:
        return float(self.energy.value(self._typed(points)))

    def _typed(self, points: Array) -> Points:
        return complex_coordinates(points) if self.space.forms == 2 else points

    def _descended(self, start: Start, limits: Limits) -> Array:
        if self.compiled:
            return self._by_kernel(start, limits)
        found = descend(self.energy, self._typed(start.points())[None], limits)
        return real_coordinates(found.points[0])

    def _by_kernel(self, start: Start, limits: Limits) -> Array:
        from superposition.numerics.packing.compiled_descent import descend as compiled_descend

        plan = start.plan
        raw = np.ascontiguousarray(start.representatives.T)
        orbit = (plan.matrices, np.ascontiguousarray(plan.fixed.T))
        code = kernel_energy(self.energy, self.space)
        most = (float(limits.evaluations), limits.steepness, limits.decrease)
        compiled_descend(raw, orbit, code, self.space.spacing, most)
        return plan.images((raw / np.linalg.norm(raw, axis=0)).T)


def kernel_energy(energy: SmoothEnergy, space: Space) -> tuple[int, float, int, float, int] | None:
    """How the compiled kernel is told of an energy; None if it does not know it."""
    from superposition.numerics.packing import pair_kernel as kernel

    if not isinstance(energy, PairEnergy):
        return None
    potential = energy.potential
    code, number, doublings = kernel.RIESZ, 0.0, 0
    if isinstance(potential, Riesz):
        number = float(potential.s)
        halved = math.log2(number / 2)
        if number == 1:
            code = kernel.COULOMB
        elif halved.is_integer() and 0 <= halved <= MOST_DOUBLINGS:  # powers by squaring
            code, doublings = kernel.SHARPENED, int(halved)
    elif isinstance(potential, Logarithmic):
        code = kernel.LOGARITHMIC
    elif isinstance(potential, Gaussian):
        code, number = kernel.GAUSSIAN, float(potential.alpha)
    else:
        return None
    return code, number, space.forms, 1.0, doublings
