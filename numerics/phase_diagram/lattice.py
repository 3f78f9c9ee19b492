r"""The lattice: states at the corners of plaquettes, coarse everywhere, fine at the boundaries.

Corners have integer coordinates on the finest grid. Dividing replaces every plaquette that may
hold a boundary, and its neighbours, by four; the new corners are searched from the old ones'
states and from random starts.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from superposition.numerics.optimum.search import global_minima, warmed
from superposition.numerics.phase_diagram.states import States
from superposition.numerics.phase_diagram.transitions import changing

Array = NDArray[np.float64]
Corner = tuple[int, int]  # (row, column) on the finest grid
Side = tuple[int, int]
TIE = 1e-13  # of the scale: losses that differ by less are equal


@dataclass(frozen=True, eq=False)
class Lattice:
    """corners: coordinates ↦ number of the state; plaquettes: lower corner, at the current step;
    size: rows and columns of the finest grid, less one.
    """

    states: States
    corners: dict[Corner, int]
    plaquettes: tuple[Corner, ...]
    size: tuple[int, int]

    @classmethod
    def of(cls, states: States, rows: int, columns: int) -> Lattice:
        """A full grid of rows × columns states, row by row."""
        corners = {(i, j): i * columns + j for i in range(rows) for j in range(columns)}
        plaquettes = tuple((i, j) for i in range(rows - 1) for j in range(columns - 1))
        return cls(states, corners, plaquettes, (rows - 1, columns - 1))

    @property
    def plaquette_sides(self) -> list[tuple[Side, ...]]:
        """The four sides of every plaquette, each as its two states."""
        return [self._around(corner) for corner in self.plaquettes]

    @property
    def sides(self) -> list[Side]:
        """Every side once."""
        return sorted({side for around in self.plaquette_sides for side in around})

    def divided(self, starts: int, seed: int) -> Lattice:
        """The same with the plaquettes at boundaries divided, at twice the resolution."""
        pairs = np.array(self.sides)
        changed = {(int(one), int(other)) for one, other in pairs[changing(self.states, pairs)]}
        touched = {corner for corner in self.plaquettes if changed & set(self._around(corner))}
        near = {
            (i + up, j + right) for i, j in touched for up in (-1, 0, 1) for right in (-1, 0, 1)
        }
        active = [corner for corner in self.plaquettes if corner in near]
        corners = {(2 * i, 2 * j): number for (i, j), number in self.corners.items()}
        rows, columns = 2 * self.size[0], 2 * self.size[1]
        new: dict[Corner, list[int]] = {}
        for i, j in active:
            seen = [self.corners[i + up, j + right] for up in (0, 1) for right in (0, 1)]
            for up in range(3):
                for right in range(3):
                    corner = 2 * i + up, 2 * j + right
                    if corner not in corners:
                        new[corner] = seen
        states = self._with(new, (rows, columns), starts, seed)
        numbers = {corner: len(self.states) + k for k, corner in enumerate(new)}
        plaquettes = tuple(
            (2 * i + up, 2 * j + right) for i, j in active for up in (0, 1) for right in (0, 1)
        )
        return Lattice(states, corners | numbers, plaquettes, (rows, columns))

    def _around(self, corner: Corner) -> tuple[Side, ...]:
        i, j = corner
        a, b, c, d = (self.corners[at] for at in ((i, j), (i, j + 1), (i + 1, j + 1), (i + 1, j)))
        return (a, b), (d, c), (a, d), (b, c)

    def _with(
        self, new: dict[Corner, list[int]], size: tuple[int, int], starts: int, seed: int
    ) -> States:
        """The states with those of the new corners behind them."""
        if not new:
            return self.states
        old = self.states
        places = np.array([(j / size[1], i / size[0]) for i, j in new])
        landscape = old.plane.landscape(*places.T)
        searched = global_minima(landscape, starts=starts, seed=seed)
        around = np.array(list(new.values()))
        found = warmed(landscape, searched, old.points[around])
        best = settled(States(old.plane, places, found.points, found.loss), old.taken(around[:, 0]))
        return States(
            old.plane,
            np.concatenate([old.places, places]),
            np.concatenate([old.points, best.points]),
            np.concatenate([old.loss, best.loss]),
        )


def settled(states: States, neighbours: States) -> States:
    """Ties broken alike: each neighbour's state where it is as good as the state found.

    Where two phases cost the same (at equal importance, at density 1) the search finds either by
    chance; taken over from one side they change only where something does.
    """
    moved = neighbours.at(states.places)
    level = TIE * states.landscape.scale
    return moved.where(moved.loss <= states.loss + level, states)


def settled_rows(states: States, rows: int) -> States:
    """A grid of ``rows`` rows with every tie settled by the row below."""
    numbers = np.arange(len(states)).reshape(rows, -1)
    for below, row in pairwise(numbers):
        states = states.with_rows(row, settled(states.taken(row), states.taken(below)))
    return states
