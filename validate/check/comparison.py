"""One number or name compared: what theory says, what is optimal, what training found."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

Why = Literal["", "other basin", "not converged", "below the optimum", "theory and optimum differ"]
BELOW = 1e-6  # relative: less than the optimum by more is news


@dataclass(frozen=True)
class Found:
    """What training found: the best, the median and the worst of the seeds.

    By exact loss, unless the comparison says otherwise: where every seed has to agree, the seeds
    are ranked by their error, the largest first.
    """

    best: float
    median: float
    worst: float

    @classmethod
    def of(cls, values: ArrayLike, loss: ArrayLike) -> Found:
        """``values`` (S,) of models with exact ``loss`` (S,), which decides what is best."""
        order = np.argsort(np.asarray(loss, dtype=float), kind="stable")
        ranked = np.asarray(values, dtype=float)[order]
        return cls(float(ranked[0]), float(ranked[(len(ranked) - 1) // 2]), float(ranked[-1]))


@dataclass(frozen=True)
class Comparison:
    """A row: where (the setting), what (the quantity), and whether training agrees.

    theory: the closed form, None where there is none; optimum: of the exact loss, None where it
    is not known; tolerance: how far the best may lie from ``expected``, absolute, in units of
    ``scale``; within: "near" (|best - expected|), "below" (best at most expected) or "above".
    why: the diagnosis where it does not agree.
    """

    where: str
    what: str
    theory: float | None
    optimum: float | None
    found: Found
    tolerance: float
    scale: float = 1.0
    within: Literal["near", "below", "above"] = "near"
    why: Why = ""
    note: str = ""

    @property
    def expected(self) -> float:
        """What the best is compared with: the exact optimum, or theory where it is not known."""
        expected = self.theory if self.optimum is None else self.optimum
        if expected is None:
            raise ValueError("a comparison needs theory or an optimum.")
        return expected

    @property
    def deviation(self) -> float:
        """How far the best lies on the wrong side of what is expected, in tolerances."""
        difference = self.found.best - self.expected
        if self.within == "near":
            difference = abs(difference)
        elif self.within == "above":
            difference = -difference
        return float(difference / (self.tolerance * self.scale))

    @property
    def agrees(self) -> bool:
        """Whether the best lies within the tolerance, and the optimum does not contradict theory;
        never if it is not a number.
        """
        near = math.isfinite(self.deviation) and self.deviation <= 1
        return bool(near and self.why not in ("theory and optimum differ", "below the optimum"))

    def plain(self) -> dict[str, Any]:
        """As JSON takes it, which has no numbers that are infinite or none."""
        plain = {**asdict(self), "deviation": _told(self.deviation), "agrees": self.agrees}
        plain["found"] = {name: _told(value) for name, value in asdict(self.found).items()}
        return plain


def _told(value: float) -> float | None:
    return value if math.isfinite(value) else None


def loss_comparison(
    where: str,
    losses: ArrayLike,
    optimum: float | None,
    polished: float,
    tolerance: float,
    theory: float | None = None,
    note: str = "",
    nothing: float = 0.0,
) -> Comparison:
    """The exact losses of the seeds (S,) beside the optimum, relative, with the diagnosis.

    optimum: None where theory is all that is known; polished: the loss of the best seed after a
    descent on the exact loss; tolerance: relative; nothing: what storing nothing costs, of which
    an optimum of zero may keep a millionth. Raises ``ValueError`` without theory and optimum.
    """
    loss = np.asarray(losses, dtype=float)
    least = theory if optimum is None else optimum
    if least is None:
        raise ValueError("a comparison needs theory or an optimum.")
    scale = max(least, 1e-6 * nothing / tolerance)
    best, level = float(loss.min()), tolerance * scale
    why: Why = ""
    if min(polished, best) < least - BELOW * scale:
        why = "below the optimum"
    elif not best <= least + level:
        why = "not converged" if polished <= least + level else "other basin"
    elif theory is not None and abs(theory - least) > BELOW * scale:
        why = "theory and optimum differ"
    return Comparison(
        where, "loss", theory, optimum, Found.of(loss, loss), tolerance, scale, why=why, note=note
    )
