"""One number or name compared: what theory says, what is optimal, what training found."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

Why = Literal[
    "",
    "other basin",
    "not converged",
    "below the optimum",
    "theory and optimum differ",
    "the optimum differs too",
    "not polished",
]
BELOW = 1e-6  # relative: less than the optimum by more is news
SAME = 1e-4  # of a closed form beside the same number of the exact optimum


@dataclass(frozen=True)
class Found:
    """What training found: the model of least exact loss, the median one, the one of most."""

    best: float
    median: float
    worst: float

    @classmethod
    def of(cls, values: ArrayLike, loss: ArrayLike) -> Found:
        """``values`` (S,) of models with exact ``loss`` (S,), which decides what is best.

        What every seed has to meet is ranked by its error in place of the loss.
        """
        order = np.argsort(np.asarray(loss, dtype=float), kind="stable")
        ranked = np.asarray(values, dtype=float)[order]
        return cls(float(ranked[0]), float(ranked[(len(ranked) - 1) // 2]), float(ranked[-1]))


@dataclass(frozen=True)
class Comparison:
    """A row: where (the setting), what (the quantity), and whether training agrees.

    theory: the closed form, None where there is none; optimum: of the exact loss, None where it
    is not known; tolerance: how far the judged model may lie from ``expected``, absolute, in units
    of ``scale``; within: "near", or where the claim is an inequality "below" or "above" ``bound``.
    judged: which of the found, "best" or, where all have to agree, "worst". why: the diagnosis
    where it does not agree; a model in another basin never does.
    """

    where: str
    what: str
    theory: float | None
    optimum: float | None
    found: Found
    tolerance: float = 0.0
    scale: float = 1.0
    within: Literal["near", "below", "above"] = "near"
    bound: float | None = None
    judged: Literal["best", "worst"] = "best"
    why: Why = ""
    note: str = ""

    def __post_init__(self) -> None:
        if (self.within == "near") != (self.bound is None):
            raise ValueError(
                f"within is {self.within!r} and bound {self.bound}; a bound belongs to 'below' and "
                "'above', and to them alone."
            )

    @property
    def expected(self) -> float:
        """What is compared with: the bound, else the exact optimum, else theory."""
        for expected in (self.bound, self.optimum, self.theory):
            if expected is not None:
                return expected
        raise ValueError("a comparison needs theory, an optimum or a bound.")

    @property
    def judged_value(self) -> float:
        """The number that has to agree."""
        return self.found.best if self.judged == "best" else self.found.worst

    @property
    def met(self) -> bool:
        """Whether the judged number is where it has to be; never if it is none."""
        difference = self.judged_value - self.expected
        if not math.isfinite(difference):
            return False
        if self.within == "near":
            return bool(abs(difference) <= self.tolerance * self.scale)
        return bool(difference <= 0 if self.within == "below" else difference >= 0)

    @property
    def agrees(self) -> bool:
        """Whether it is, and for no wrong reason."""
        return self.met and not self.why

    def diagnosed(self, polished: float | None, *, best: bool | None = None) -> Comparison:
        """The same with the reason why it does not agree.

        polished: the same quantity of the judged model after a descent on the exact loss, None
        where that is not known; best: whether the descent ends at the optimum, None likewise.
        """
        if best is False:
            return replace(self, why="other basin")
        both = self.within == "near" and self.theory is not None and self.optimum is not None
        if both and abs((self.theory or 0.0) - (self.optimum or 0.0)) > SAME:
            return replace(self, why="theory and optimum differ")
        if self.met or self.why:
            return self
        if polished is None:
            return replace(self, why="not polished")
        ended = replace(self, found=Found(polished, polished, polished))
        return replace(self, why="not converged" if ended.met else "the optimum differs too")

    def plain(self) -> dict[str, Any]:
        """As JSON takes it, which has no numbers that are infinite or none."""
        plain = {**asdict(self), "agrees": self.agrees}
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
