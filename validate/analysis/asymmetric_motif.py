r"""The asymmetric superposition motif: who interferes heavily is inhibited by another neuron.

.. math:: r_k(B ← A) = V_{Bk} \, (s_A W_{kA})_+

What neuron k adds to output B when feature A alone is active, at s_A = ±1. W: (m, n), V = W_out:
(n, m). A neuron k is asymmetric for a strong feature A and a weak one B if it serves both,

.. math:: r_k(A ← A) \ge ε, \; r_k(B ← B) \ge ε, \qquad
          |W_{kA}| \ge ρ |W_{kB}|, \; V_{Bk} \ge ρ V_{Ak},

each on the side on which it fires: in with unequal weights, out with reciprocal ones, for
instance W = [2, -1/2] and V = [1/2, 2]. Then A interferes heavily with B, r_k(B ← A) ≥ ρ ε, and B
hardly with A. The motif is complete with an inhibitor: a neuron l ≠ k which A drives on the same
side and which takes the interference back,

.. math:: -r_l(B ← A) \ge η \, r_k(B ← A).

All conditions stay as they are when a neuron is rescaled. A model with inputs that are never
negative (ReLU hidden) has only the sides s = +1.
Source: Elhage et al. 2022, "The Asymmetric Superposition Motif"; the thresholds are ours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from superposition.theory.domain import check_finite, check_scalar

Array = NDArray[np.float64]
SERVED, RATIO, INHIBITION = 0.25, 2.0, 0.75


@dataclass(frozen=True)
class AsymmetricMotif:
    """One instance: neuron k, its inhibitor l, the strong feature A and the weak one B.

    strong_side, weak_side: s_A, s_B; input_ratio: |W_kA| / |W_kB|; output_ratio: V_Bk / V_Ak;
    interference: r_k(B ← A); inhibition: -r_l(B ← A); remaining: what B's output is given by the
    bias and all neurons together when A alone is active, at s_A.
    """

    neuron: int
    inhibitor: int
    strong: int
    weak: int
    strong_side: int
    weak_side: int
    input_ratio: float
    output_ratio: float
    interference: float
    inhibition: float
    remaining: float


def asymmetric_motifs(
    W: ArrayLike,
    W_out: ArrayLike,
    b: ArrayLike = 0.0,
    *,
    signed: bool = True,
    served: float = SERVED,
    ratio: float = RATIO,
    inhibition: float = INHIBITION,
) -> tuple[AsymmetricMotif, ...]:
    """All instances of the motif in W (m, n), W_out (n, m), b (n,), the heaviest first.

    signed: whether inputs may be negative (absolute value model); served: ε; ratio: ρ > 1;
    inhibition: η > 0. Raises ``ValueError`` where arrays are not finite or do not fit each other,
    or a threshold is out of range.

    >>> W = [[2.0, -0.5], [1.0, 0.0]]  # feature 0 drives the inhibitor too
    >>> W_out = [[0.5, 0.0], [2.0, -5.0]]
    >>> found = asymmetric_motifs(W, W_out)
    >>> print(len(found), found[0].interference, found[0].inhibition, found[0].remaining)
    1 4.0 5.0 -1.0
    """
    into, out, biases = _checked(W, W_out, b)
    for name, value, least in (
        ("served", served, 0.0),
        ("ratio", ratio, 1.0),
        ("inhibition", inhibition, 0.0),
    ):
        check_finite(value, name)
        check_scalar(value, name)
        if value <= least:
            raise ValueError(f"{name} is {value}; it must be above {least:g}.")
    sides = np.sign(into)
    fires = np.abs(into) if signed else np.maximum(into, 0)
    serves = out.T * fires >= served  # (m, n)
    k, A, B = np.nonzero(
        serves[:, :, None]
        & serves[:, None, :]
        & (fires[:, :, None] >= ratio * fires[:, None, :])
        & (out.T[:, None, :] >= ratio * out.T[:, :, None])
    )
    found = []
    for neuron, strong, weak in zip(k.tolist(), A.tolist(), B.tolist(), strict=True):
        side = sides[neuron, strong]
        given = out[weak] * np.maximum(side * into[:, strong], 0)  # r_l(B ← A) of every l
        for other in np.flatnonzero(-given >= inhibition * given[neuron]).tolist():
            instance = AsymmetricMotif(
                neuron=neuron,
                inhibitor=other,
                strong=strong,
                weak=weak,
                strong_side=int(side),
                weak_side=int(sides[neuron, weak]),
                input_ratio=float(fires[neuron, strong] / fires[neuron, weak]),
                output_ratio=float(out[weak, neuron] / out[strong, neuron]),
                interference=float(given[neuron]),
                inhibition=float(-given[other]),
                remaining=float(biases[weak] + given.sum()),
            )
            found.append(instance)
    return tuple(sorted(found, key=lambda one: (-one.interference, one.neuron, one.inhibitor)))


def _checked(W: ArrayLike, W_out: ArrayLike, b: ArrayLike) -> tuple[Array, Array, Array]:
    for name, array in (("W", W), ("W_out", W_out), ("b", b)):
        check_finite(array, name)
    into, out, biases = (np.asarray(part, dtype=float) for part in (W, W_out, b))
    if into.ndim != 2 or out.shape != into.shape[::-1]:
        raise ValueError(
            f"W and W_out have shapes {into.shape} and {out.shape}; they must be (m, n) and (n, m)."
        )
    if biases.shape not in ((), into.shape[1:]):
        raise ValueError(f"b has shape {biases.shape}; it must be a number or ({into.shape[1]},).")
    return into, out, np.broadcast_to(biases, into.shape[1:])
