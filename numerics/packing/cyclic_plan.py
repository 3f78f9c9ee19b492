r"""Orbits of a random cyclic group that takes about the same share of every one of its rotations.

.. math:: N = k R + F, \qquad V = \bigoplus_ρ ρ^{m_ρ}, \quad m_ρ ≈ R d / N

R free orbits of the cyclic group of order k span R copies of every irreducible representation ρ;
an arrangement fills V evenly (its frame is tight, or nearly) only if each copy has its share of
the D dimensions. In high dimensions such codes come out of these starts that random ones do not
find: the Gewirtz graph's (20, 56), k = 7, from one start in forty. F ≤ 1 point stays in place.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag

from superposition.numerics.packing.orbit_plan import OrbitPlan

Array = NDArray[np.float64]
TRIES = 30


def cyclic_plan(points: int, dim: int, forms: int, rng: np.random.Generator) -> OrbitPlan | None:
    """A random one for N points (forms 0), real lines (1) or complex lines (2); None for bad luck.

    dim: D, numbers in a point.

    >>> plan = cyclic_plan(56, 20, 0, np.random.default_rng(1))
    >>> plan.name, plan.representatives
    ('C8', 7)
    """
    order = int(rng.choice(_orders(points)))
    orbits, fixed = divmod(points, order)
    # The generator of a group of lines may end at minus one: half a turn is no turn.
    offset = 0.5 if forms == 1 and order % 2 == 0 and not fixed and rng.random() < 0.5 else 0.0
    kinds = _irreducible(order, offset, forms)
    sizes = np.array([size for _, size in kinds])
    still = np.zeros(len(kinds), dtype=int)
    still[0] = fixed  # the first is trivial: what stays in place lies there
    share = (dim - still @ sizes) / (points - fixed) * orbits
    for _ in range(TRIES):
        copies = still + np.minimum(np.floor(share + rng.random(len(kinds))).astype(int), orbits)
        if sizes @ copies == dim:
            turn = _turn([kind for kind, m in zip(kinds, copies, strict=True) for _ in range(m)])
            if forms == 2:  # real parts come first, then the imaginary ones
                turn = turn[np.r_[:dim:2, 1:dim:2]][:, np.r_[:dim:2, 1:dim:2]]
            powers = np.array([np.linalg.matrix_power(turn, h) for h in range(order)])
            return OrbitPlan(f"C{order}", powers, np.eye(dim)[:fixed], orbits)
    return None


def _orders(points: int) -> list[int]:
    """Of groups that leave at most one of N points in place."""
    return [k for k in range(2, points + 1) if points % k <= 1]


def _irreducible(order: int, offset: float, forms: int) -> list[tuple[float, int]]:
    """(turns of the generator, real dimensions); the trivial one first if there is one."""
    turns = [(j + offset) / order for j in range(order)]
    if forms == 2:
        return [(turn, 2) for turn in turns]
    return [(turn, 1 if turn in (0.0, 0.5) else 2) for turn in turns if turn <= 0.5]


def _turn(kinds: list[tuple[float, int]]) -> Array:
    """The generator's matrix (D, D)."""
    blocks = []
    for turn, size in kinds:
        cos, sin = math.cos(2 * math.pi * turn), math.sin(2 * math.pi * turn)
        blocks.append(np.array([[cos, -sin], [sin, cos]])[:size, :size])
    return np.asarray(block_diag(*blocks))
