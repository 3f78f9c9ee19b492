r"""The name of an arrangement, by comparing its invariants with the catalogue.

.. math:: (N, d, \{t_k\}, \{m_k\}), \qquad \text{and in three dimensions the point group with its
          orbits}

A tegum product is named after its factors; a factor is named when it is a simplex, a regular
polygon, or has the inner products and multiplicities of a code of the catalogue. In three
dimensions prisms, antiprisms and their capped kin follow from group and orbits: they keep their
names whatever their heights. Source: Elhage et al. 2022 (tegum products); Cohn and Kumar 2007.
"""

from __future__ import annotations

from collections import Counter
from functools import cache

import numpy as np
from numpy.typing import NDArray

from superposition.numerics.packing.codes.catalogue import built
from superposition.numerics.packing.names.spectrum import Spectrum, spectrum

Array = NDArray[np.float64]
BUILT_ONLY = {"icosidodecahedron": (3, 30), "120-cell": (4, 600)}
ADJECTIVES = {
    3: "triangular",
    4: "square",
    5: "pentagonal",
    6: "hexagonal",
    7: "heptagonal",
    8: "octagonal",
}
POLYGONS = {"triangle": 3, "pentagon": 5, "hexagon": 6, "heptagon": 7, "octagon": 8}
POLYGONS |= {f"{k}-gon": k for k in range(9, 400)}


def factor_name(points: Array, tolerance: float = 1e-6) -> str | None:
    """The name of one tegum factor, unit vectors (N, d) that span d dimensions, or None.

    >>> factor_name(np.array([[1.0], [-1.0]]))
    'digon'
    """
    count, dimension = points.shape
    if dimension == 1:
        return {1: "point", 2: "digon"}.get(count)
    seen = spectrum(points, tolerance=tolerance)
    known = _known(count, dimension)
    return next((name for name, code in known if agree(seen, code, tolerance)), None)


def agree(seen: Spectrum, known: Spectrum, tolerance: float) -> bool:
    """Whether every point sees what each point of a code of the catalogue sees."""
    if len(seen.values) != len(known.values) or not seen.alike:
        return False
    near = np.abs(seen.values - known.values).max() <= tolerance
    return bool(near and np.all(seen.counts[0] == known.counts[0]))


def product_name(factors: list[str | None]) -> str | None:
    """The name of a tegum product from those of its factors, None where one has none.

    >>> product_name(["digon", "digon", "digon"]), product_name(["triangle", "digon"])
    ('octahedron', 'triangular bipyramid')
    """
    named = sorted(name for name in factors if name is not None)
    if len(named) < len(factors) or not factors:
        return None
    if len(named) == 1:
        return named[0]
    if set(named) == {"digon"}:
        return {2: "square", 3: "octahedron"}.get(len(named), "cross-polytope")
    if set(named) == {"point"}:
        return "orthonormal basis"
    base = next((name for name in named if name != "digon"), "")
    if len(named) == 2 and "digon" in named and base in POLYGONS:
        return f"{adjective(POLYGONS[base])} bipyramid"
    parts = [name if n == 1 else f"{n} {name}s" for name, n in sorted(Counter(named).items())]
    return "tegum product of " + " and ".join(parts)


def solid_name(points: Array, point_group: str, orbits: tuple[tuple[int, ...], ...]) -> str | None:
    """Prisms, antiprisms and their capped kin in three dimensions, by group and orbits.

    An orbit of 2k points under D_kd (D_kh), out of the equator, is an antiprism (a prism).

    >>> from superposition.numerics.packing.codes.families import antiprism
    >>> solid_name(antiprism(4, 0.3), "D4d", (tuple(range(8)),))
    'square antiprism'
    """
    family, digits = point_group[-1], point_group[1:-1]
    if point_group[0] != "D" or family not in "dh" or not digits.isdigit():
        return None
    k = int(digits)
    sizes = tuple(len(orbit) for orbit in orbits)
    body = points[list(orbits[0])]
    if k < 3 or sizes[0] != 2 * k or np.linalg.matrix_rank(body, tol=1e-4) < 3:
        return None
    word = adjective(k) + (" antiprism" if family == "d" else " prism")
    if len(sizes) == 1:
        return word
    if sizes[1:] == (2,):
        return f"bicapped {word}"
    if family == "h" and sizes[1:] == (k,) and _over_faces(body, points[orbits[1][0]]):
        return f"{ {3: 'tri', 4: 'tetra', 5: 'penta'}.get(k, f'{k}-') }capped {word}"
    return None


def adjective(sides: int) -> str:
    """``square`` for 4, ``11-gonal`` for 11."""
    return ADJECTIVES.get(sides, f"{sides}-gonal")


def _over_faces(prism: Array, cap: Array) -> bool:
    """Whether a cap sees four points of the prism nearest, and so sits over a face."""
    near = prism @ cap
    return int(np.sum(near > near.max() - 1e-4)) == 4


@cache
def _known(count: int, dimension: int) -> tuple[tuple[str, Spectrum], ...]:
    """The codes of the catalogue with so many points, and what each of their points sees."""
    from superposition.theory.packing.catalogue import ROWS, code, polygon, simplex

    codes = [code(name) for name, row in ROWS.items() if row[:2] == (dimension, count)]
    if count == dimension + 1:
        codes.append(simplex(dimension))
    elif dimension == 2 and count > 2:
        codes.append(polygon(count))
    found = []
    for known in codes:
        values = np.array([float(value) for value in known.inner_products])
        found.append((known.name, Spectrum(values, np.array([known.multiplicities]))))
    for name, (d, N) in BUILT_ONLY.items():
        if (d, N) == (dimension, count):
            found.append((name, spectrum(built(name))))
    return tuple(found)
