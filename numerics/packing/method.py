"""What a search asks of a method: explore many starts cheaply, finish the promising ones."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from superposition.numerics.packing.energy.smooth_energy import Array
from superposition.numerics.packing.start import Kind, Start


@dataclass(frozen=True, eq=False)
class Explored:
    """Where a start led: its value, a little above what finishing gives, and all points (N, D).

    finished: whether nothing is left to finish.
    """

    kind: Kind
    value: float
    points: Array
    finished: bool = False


@dataclass(frozen=True, eq=False)
class Finished:
    """A local minimum in full precision, (N, D) in real coordinates.

    given_up: it was not worth finishing, and the value is only above the minimum's.
    """

    value: float
    points: Array
    given_up: bool = False


class Method(Protocol):
    """One way of descending; ``margin`` and ``same`` are absolute, at a value."""

    @property
    def nudges(self) -> bool:
        """Whether minima lie so near each other that nudges find new ones."""
        ...

    @property
    def together(self) -> int:
        """How many starts to explore before any is finished."""
        ...

    def explore(self, start: Start, below: float = math.inf) -> Explored:
        """A cheap descent; safe to run in threads."""
        ...

    def finish(self, explored: Explored, below: float = math.inf) -> Finished:
        """The same local minimum to full precision, if it is below."""
        ...

    def margin(self, value: float, kind: Kind) -> float:
        """How much finishing may still gain on a value that such a start has led to."""
        ...

    def same(self, value: float) -> float:
        """Values nearer than this are one minimum's."""
        ...
