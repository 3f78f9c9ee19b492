"""Smooth energies: quasi-Newton descents, compiled where numba is there, else batched numpy."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec

import numpy as np

from superposition.numerics.packing.descent import Limits, descend
from superposition.numerics.packing.energy.pair_energy import PairEnergy
from superposition.numerics.packing.energy.potentials import Gaussian, Logarithmic, Riesz
from superposition.numerics.packing.energy.smooth_energy import Array, Points, SmoothEnergy
from superposition.numerics.packing.method import Explored, Finished
from superposition.numerics.packing.pairs import complex_coordinates, real_coordinates
from superposition.numerics.packing.start import Kind, Space, Start, given_start

LOOSE = Limits(evaluations=2000, steepness=0.0, decrease=1e-8)
TIGHT = Limits(evaluations=4000, steepness=0.0, decrease=1e-11)
AT_ONCE = 80  # points: up to here most starts are worth finishing
KICK = 1e-3  # of the spacing: off the saddles that symmetry makes
MOST_DOUBLINGS = 12
SADDLE, MARGIN, SAME = 3e-5, 1e-6, 1e-9  # relative to the energy


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

    @property
    def together(self) -> int:
        """A few: finishing is cheap."""
        return 8

    def explore(self, start: Start, below: float = math.inf) -> Explored:
        """A descent, within the start's symmetry where the kernel can keep it.

        Small problems are descended to the end at once; large ones only where it promises well.
        """
        del below
        broken = start.kind == "symmetric"
        at_once = not broken and self.space.points <= AT_ONCE
        points, value = self._descended(start, TIGHT if at_once else LOOSE)
        return Explored(start.kind, value, points, finished=at_once)

    def finish(self, explored: Explored, below: float = math.inf) -> Finished:
        """A tight descent, after a little kick off the saddles that symmetry makes."""
        del below
        points = explored.points
        if explored.kind == "symmetric":
            rng = np.random.default_rng(0)
            points = points + KICK * self.space.spacing * rng.normal(size=points.shape)
        points, value = self._descended(given_start(points), TIGHT)
        return Finished(value, points)

    def margin(self, value: float, kind: Kind) -> float:
        """As symmetric saddles and loose limits leave it."""
        return (SADDLE if kind == "symmetric" else MARGIN) * abs(value)

    def same(self, value: float) -> float:
        """Relative."""
        return max(SAME * abs(value), 1e-13)

    def _typed(self, points: Array) -> Points:
        return complex_coordinates(points) if self.space.forms == 2 else points

    def _descended(self, start: Start, limits: Limits) -> tuple[Array, float]:
        """Where it ends, (N, D), and the energy there."""
        if self.compiled:
            return self._by_kernel(start, limits)
        found = descend(self.energy, self._typed(start.points())[None], limits)
        return real_coordinates(found.points[0]), float(found.value[0])

    def _by_kernel(self, start: Start, limits: Limits) -> tuple[Array, float]:
        from superposition.numerics.packing.compiled_descent import descend as compiled_descend

        plan = start.plan
        raw = np.ascontiguousarray(start.representatives.T)
        most = (float(limits.evaluations), limits.steepness, limits.decrease)
        value, _, _ = compiled_descend(raw, plan.orbit, self._code, self.space.spacing, most)
        unit = (raw / np.sqrt((raw * raw).sum(0))).T
        if plan.representatives == self.space.points:
            return unit, value
        points = plan.images(unit)  # the kernel's value leaves out what fixed points cost
        return points, float(self.energy.value(self._typed(points)))

    @cached_property
    def _code(self) -> tuple[int, float, int, float, int] | None:
        return kernel_energy(self.energy, self.space)


def kernel_energy(energy: SmoothEnergy, space: Space) -> tuple[int, float, int, float, int] | None:
    """How the compiled kernel is told of an energy; None if it does not know it."""
    from superposition.numerics.packing import potential_kernel as kernel

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
