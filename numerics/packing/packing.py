"""The one result of packing: the points, what they cost, and what is known about that."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from superposition.numerics.packing.contacts import Contacts

Array = NDArray[np.float64]
Evidence = Literal["proven", "known", "best found"]


@dataclass(frozen=True, eq=False)
class Packing:
    """The best arrangement of N points in d dimensions that was found.

    energy: the name of what was minimised; value: its value; points: (N, d), rows are points,
    complex for complex lines. gradient_norm: of the Riemannian gradient, or the KKT residual of a
    largest cosine (nan where the certificate would be too large). signature: how many eigenvalues
    of the Riemannian Hessian are negative, zero and positive; None for a largest cosine and beyond
    2500 numbers. contacts: only for a largest cosine. starts: how many
    were made; reached: how many of them ended at this value.

    evidence: "proven" (it meets a proven bound), "known" (it meets the published value) or "best
    found"; why: the sentence that says so. bound: the largest proven lower bound on the value
    that is known here, and bound_name whose; published: the published value, and its source.
    interrupted: whether Ctrl-C ended the search. settings: what makes it again.
    """

    points: NDArray[Any]
    energy: str
    value: float
    gradient_norm: float
    starts: int
    reached: int
    seconds: float
    evidence: Evidence
    why: str
    signature: tuple[int, int, int] | None = None
    contacts: Contacts | None = None
    bound: float | None = None
    bound_name: str = ""
    published: float | None = None
    published_source: str = ""
    interrupted: bool = False
    settings: dict[str, Any] = field(default_factory=dict)
