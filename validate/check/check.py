"""What a check is: a claim, how it is tried at three sizes, and what came out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from superposition.validate.check.comparison import Comparison

Size = Literal["smoke", "standard", "paper"]
Status = Literal["agrees", "refuted", "unresolved"]
SIZES: tuple[Size, ...] = get_args(Size)


@dataclass(frozen=True, eq=False)
class Plane:
    """Cells over importance (X,) and density (Y,): every array (Y, X).

    phase: of the exact optimum, an index into ``phases``; found: of the best model, likewise;
    judged: whether a cell counts; agrees: whether it does; excess: of the best model's exact loss
    over the optimum's, relative.
    """

    importance: NDArray[np.float64]
    density: NDArray[np.float64]
    phases: tuple[str, ...]
    phase: NDArray[np.int64]
    found: NDArray[np.int64]
    judged: NDArray[np.bool_]
    agrees: NDArray[np.bool_]
    excess: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a check found: its comparisons, a plane where it has one, the seconds it took.

    listed: cells that do not agree, where a comparison allows for a share of them.
    status: "agrees" if every comparison does, "refuted" if the claim is what is wrong, with the
    evidence in ``told``; else "unresolved". settings: budget and schedule, as they were.
    """

    comparisons: tuple[Comparison, ...]
    settings: dict[str, Any]
    told: str = ""
    refuted: bool = False
    listed: tuple[Comparison, ...] = ()
    plane: Plane | None = None
    models: int = 0
    seconds: float = field(default=0.0, compare=False)

    @property
    def status(self) -> Status:
        """Whether the claim stands."""
        if all(comparison.agrees for comparison in self.comparisons):
            return "agrees"
        return "refuted" if self.refuted else "unresolved"


Run = Callable[[Size, Path, bool], Outcome]


@dataclass(frozen=True)
class Check:
    """id: its name in the report; claim: a sentence; source; run: (size, folder of trained models,
    whether to show progress) ↦ outcome.
    """

    id: str
    claim: str
    source: str
    run: Run
