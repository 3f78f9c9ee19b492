"""The codes that are compared with the toy model's minima, by name, with the effort for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray

from superposition.numerics.packing.codes import families
from superposition.numerics.packing.codes.catalogue import built
from superposition.numerics.packing.energy.pair_energy import PairEnergy
from superposition.numerics.packing.energy.potentials import Riesz
from superposition.theory.domain import check_count

Array = NDArray[np.float64]
POLYGONS = ("triangle", "square", "pentagon", "hexagon", "heptagon", "octagon")
# The height² at which all edges are equal (Tammes), and at which the frame is tight.
TAMMES, TIGHT = 1 / (1 + 2 * 2**0.5), 1 / 3
THOMSON_STARTS = 24


@dataclass(frozen=True)
class ComparedCode:
    """A code: its name, its points (N, d), and the random starts of the free minimum.

    starts: 0 where a search would take too long; the code itself is judged all the same.
    """

    name: str
    points: Callable[[], Array]
    starts: int


def compared_codes() -> tuple[ComparedCode, ...]:
    """All of them, by dimension and then by points.

    >>> [one.name for one in compared_codes()][:3]
    ['triangle', 'square', 'pentagon']
    """
    polygons = [
        ComparedCode(
            POLYGONS[k - 3] if k - 3 < len(POLYGONS) else f"{k}-gon",
            partial(families.polygon, k),
            16 if k < 5 else 1024,
        )
        for k in range(3, 13)
    ]
    return (
        *polygons,
        ComparedCode("tetrahedron", partial(families.simplex, 3), 16),
        ComparedCode("octahedron", partial(families.cross_polytope, 3), 16),
        *(ComparedCode(f"Thomson {n}", partial(thomson, n), 256) for n in range(7, 12)),
        ComparedCode("Tammes antiprism", partial(families.antiprism, 4, TAMMES), 256),
        ComparedCode("tight antiprism", partial(families.antiprism, 4, TIGHT), 256),
        ComparedCode("cube", partial(built, "cube"), 256),
        ComparedCode("icosahedron", partial(built, "icosahedron"), 256),
        ComparedCode("cuboctahedron", partial(built, "cuboctahedron"), 256),
        ComparedCode("dodecahedron", partial(built, "dodecahedron"), 1024),
        ComparedCode("5-cell", partial(families.simplex, 4), 16),
        ComparedCode("16-cell", partial(families.cross_polytope, 4), 16),
        ComparedCode("Petersen", partial(built, "Petersen"), 256),
        ComparedCode("24-cell", partial(built, "24-cell"), 512),
        ComparedCode("600-cell", partial(built, "600-cell"), 0),
        ComparedCode("hemicube", partial(built, "hemicube"), 256),
        ComparedCode("Schläfli", partial(built, "Schläfli"), 256),
        ComparedCode("E6 roots", partial(built, "E6 roots"), 0),
        ComparedCode("Gosset 56", partial(built, "Gosset 56"), 24),
        ComparedCode("E7 roots", partial(built, "E7 roots"), 0),
        ComparedCode("E8 roots", partial(built, "E8 roots"), 0),
    )


@dataclass(frozen=True)
class FollowedCode:
    """A code that is followed through densities: its name, points and where to look.

    followed: the first and the last density of the branch; searched: the densities of the
    global searches; starts: random starts of each; steps: densities of the branch at first.
    """

    name: str
    points: Callable[[], Array]
    followed: tuple[float, float]
    searched: tuple[float, ...]
    starts: int
    steps: int = 24


def followed_codes() -> tuple[FollowedCode, ...]:
    """Codes of few features: the exact loss costs 2^n.

    >>> len(followed_codes())
    10
    """
    everywhere = (0.02, 0.1, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
    whole, sparse = (0.01, 0.999), (0.001, 0.999)
    cross, simplex, polygon = families.cross_polytope, families.simplex, families.polygon
    return (
        FollowedCode("digon", partial(simplex, 1), whole, everywhere, 16),
        FollowedCode("triangle", partial(polygon, 3), whole, everywhere, 16),
        FollowedCode("square", partial(cross, 2), whole, everywhere, 16),
        FollowedCode("pentagon", partial(polygon, 5), sparse, (0.01, 0.1, 0.2, 0.3, 0.6), 24),
        FollowedCode("hexagon", partial(polygon, 6), sparse, (0.01, 0.03, 0.06, 0.1), 24),
        FollowedCode("tetrahedron", partial(simplex, 3), whole, everywhere, 16),
        FollowedCode("octahedron", partial(cross, 3), whole, (0.02, 0.3, 0.6, 0.7), 12),
        FollowedCode("5-cell", partial(simplex, 4), whole, (0.02, 0.3, 0.6, 0.9, 0.99), 12),
        # 2^7 and 2^8 sets of active features: the least that will do.
        FollowedCode("heptagon", partial(polygon, 7), (0.001, 0.2), (0.005, 0.02, 0.05), 12, 9),
        FollowedCode("square antiprism", _antiprism, (0.005, 0.35), (0.02, 0.1, 0.2, 0.28), 6, 9),
    )


def _antiprism() -> Array:
    return families.antiprism(4, TAMMES)


@cache
def thomson(points: int) -> Array:
    """The least Coulomb energy of ``points`` unit vectors in three dimensions, (N, 3).

    The best of several quasi-Newton descents; meant for the few points of the table.
    Raises ``ValueError`` for less than two points.

    >>> thomson(7).shape
    (7, 3)
    """
    from scipy.optimize import minimize

    count = check_count(points, "points", at_least=2)
    energy, generator = PairEnergy(Riesz(1.0)), np.random.default_rng(count)

    def of(raw: Array) -> tuple[float, Array]:
        rows = raw.reshape(count, 3)
        norms = np.linalg.norm(rows, axis=1, keepdims=True)
        unit = rows / norms
        value, slope = energy.gradient(unit)
        along = np.sum(slope * unit, axis=1, keepdims=True)
        return float(value), ((slope - along * unit) / norms).ravel()

    ends = [
        minimize(of, generator.normal(size=3 * count), jac=True, options={"gtol": 1e-11})
        for _ in range(THOMSON_STARTS)
    ]
    best = min(ends, key=lambda end: float(end.fun)).x.reshape(count, 3)
    unit = np.asarray(best / np.linalg.norm(best, axis=1, keepdims=True))
    unit.flags.writeable = False
    return unit
