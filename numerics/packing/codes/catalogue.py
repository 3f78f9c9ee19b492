r"""Every code that can be built here, by the name the theory's catalogue gives it.

.. math:: x_i \cdot x_j ∈ \{t_1, …, t_s\}, \quad \text{each } t_k \text{ as often as the design
          equations say}

The closed forms are in ``superposition.theory.packing.catalogue``; here are the points.
Source: the constructions in the files beside this one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from superposition.numerics.packing.codes import exceptional, leech, solids, strongly_regular
from superposition.numerics.packing.codes.kerdock import kerdock_288

Array = NDArray[np.float64]

BUILDERS: dict[str, Callable[[], Array]] = {
    "cube": solids.cube,
    "icosahedron": solids.icosahedron,
    "cuboctahedron": solids.cuboctahedron,
    "dodecahedron": solids.dodecahedron,
    "icosidodecahedron": solids.icosidodecahedron,
    "Petersen": strongly_regular.petersen,
    "24-cell": solids.cell_24,
    "600-cell": solids.cell_600,
    "120-cell": solids.cell_120,
    "hemicube": exceptional.hemicube,
    "D5 roots": exceptional.d5_roots,
    "Schläfli": exceptional.schlafli,
    "E6 roots": exceptional.e6_roots,
    "Gosset 56": exceptional.gosset_56,
    "E7 roots": exceptional.e7_roots,
    "E8 roots": exceptional.e8_roots,
    "Kerdock 288": kerdock_288,
    "Gewirtz": strongly_regular.gewirtz,
    "Hoffman–Singleton": strongly_regular.hoffman_singleton,
    "M22": strongly_regular.m22_graph,
    "112 in 21 dimensions": leech.code_112,
    "162 in 21 dimensions": leech.code_162,
    "Higman–Sims": strongly_regular.higman_sims,
    "McLaughlin": leech.mclaughlin,
    "891 in 22 dimensions": leech.code_891,
    "552 in 23 dimensions": leech.code_552,
    "4600 in 23 dimensions": leech.code_4600,
    "Leech": leech.leech_kissing,
}


@cache
def built(name: str) -> Array:
    """The points of a code, (N, d), read-only; the Leech lattice's 196560 take a second.

    Raises ``ValueError`` for a name that is not in ``BUILDERS``.

    >>> built("600-cell").shape
    (120, 4)
    """
    if name not in BUILDERS:
        raise ValueError(f"name is {name!r}; it must be one of {', '.join(BUILDERS)}.")
    return BUILDERS[name]()
