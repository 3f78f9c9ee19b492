"""The one result of packing: the points, what they cost, and what is known about that."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Evidence = Literal["proven", "known", "best found"]


@dataclass(frozen=True, eq=False)
class Contacts:
    """Why no packing near this one is better (Karush, Kuhn and Tucker).

    pairs: (K, 2), the pairs at the largest cosine; weights: (K,) ≥ 0, the dual weights, of sum 1;
    residual: the norm of Σ_k weight_k ∇(cosine of pair k) on the sphere; rigid: whether no motion
    of the points that touch keeps all contacts to first order, rotations apart; rattlers: the
    points that touch no other.
    """

    pairs: NDArray[np.intp]
    weights: Array
    residual: float
    rigid: bool
    rattlers: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Packing:
    """The best arrangement of N points in d dimensions that was found.

    energy: the name of what was minimised; value: its value; points: (N, d), rows are points,
    complex for complex lines. gradient_norm: of the Riemannian gradient, or the KKT residual of a
    largest cosine. signature: how many eigenvalues of the Riemannian Hessian are negative, zero
    and positive; None for a largest cosine. contacts: only for a largest cosine. starts: how many
    were made; reached: how many of them ended at this value.

    evidence: "proven" (it meets a proven bound), "known" (it meets the published value) or "best
    found"; why: the sentence that says so. bound: the largest proven lower bound on the value
    that is known here, and bound_name whose; published: the published value, and its source.
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
    settings: dict[str, Any] = field(default_factory=dict)
