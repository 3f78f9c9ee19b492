"""What a found value is worth: proven by a bound, known from the literature, or the best found."""

from __future__ import annotations

from dataclasses import dataclass

from superposition.numerics.packing.bounds.best_bound import bounds_for
from superposition.numerics.packing.bounds.bound import Bound
from superposition.numerics.packing.energy.largest_cosine import LargestCosine
from superposition.numerics.packing.energy.named import Energy
from superposition.numerics.packing.energy.pair_energy import PairEnergy
from superposition.numerics.packing.packing import Evidence
from superposition.numerics.packing.published import Published, published_value

MEETS = 1e-10  # a value within this (relative to 1 + |value|) of a bound meets it


@dataclass(frozen=True)
class Standing:
    """The bound and the published value of a problem, where there are some."""

    bound: Bound | None
    published: Published | None

    @property
    def target(self) -> float | None:
        """The value at which no search need go on."""
        if self.published is not None:
            return self.published.value + self.published.digits
        if self.bound is not None:
            return self.bound.value + MEETS / 100 * (1 + abs(self.bound.value))
        return None

    def evidence(self, value: float) -> tuple[Evidence, str]:
        """What ``value`` is, and the sentence that says why."""
        bound, published = self.bound, self.published
        if bound is not None and value <= bound.value + MEETS * (1 + abs(bound.value)):
            return "proven", f"No arrangement does better: {bound.name} ({bound.source})."
        if published is None:
            return "best found", "No published value is known here; this is the best found."
        gap, told = value - published.value, f"{published.value:.12g} ({published.source})"
        if gap < -published.digits:
            return "best found", f"The best found lies {-gap:.2g} below the published {told}."
        if value > published.value + published.digits:  # as the target has it
            better = "a better arrangement is known"
            return (
                "best found",
                f"The best found lies {gap:.2g} above the published {told}: {better}.",
            )
        unproven = "that it is the least is not proven here"
        return "known", f"The published value, {told}, is met; {unproven}."


def standing_of(points: int, dim: int, energy: Energy, field: str) -> Standing:
    """What is known about N ≥ 2 points in d ≥ 2 dimensions under the energy."""
    bound = None
    if isinstance(energy, LargestCosine | PairEnergy):
        bound = bounds_for(points, dim, energy, field)
    return Standing(bound, published_value(points, dim, energy.name))
