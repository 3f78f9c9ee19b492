r"""Optima that are proven one by one, beside the universally optimal codes.

.. math:: \text{Tammes: } N = 3, …, 14, 24; \qquad \text{Thomson: } N = 2, …, 6, 12

The largest cosine for N = 7 is cot 40° cot 80°; for 8, (2√2 - 1)/7; for 13 and 14 the root of a
trigonometric equation each (14: OEIS A383860); for 24 that of the snub cube. For five points the
triangular bipyramid is best: for the Coulomb energy and r^-2 (Schwartz 2013), for -log r
(Dragnev, Legg and Townsend 2002). Source: Musin and Tarasov 2015, "The Tammes problem for
N = 14", where the history is told.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import brentq

from superposition.numerics.packing.bounds.bound import Bound
from superposition.numerics.packing.codes.families import bipyramid
from superposition.numerics.packing.energy.largest_cosine import LargestCosine
from superposition.numerics.packing.energy.pair_energy import PairEnergy
from superposition.numerics.packing.energy.potentials import Logarithmic, Riesz

TOTH = "Fejes Tóth 1943"
WAERDEN = "Schütte and van der Waerden 1951"
DANZER = "Danzer 1963"


def snub_cube_cosine() -> float:
    """The cosine of the snub cube's edge: of (1, 1/τ, τ) and (-1/τ, 1, τ), τ³ = τ² + τ + 1.

    >>> round(math.degrees(math.acos(snub_cube_cosine())), 6)
    43.690767
    """
    tribonacci = float(np.roots([1, -1, -1, -1])[0].real)
    first = np.array([1, 1 / tribonacci, tribonacci])
    second = np.array([-1 / tribonacci, 1, tribonacci])
    return float(first @ second / (first @ first))


def thirteen_points() -> float:
    """cos a / (1 - cos a) where 2 tan(3π/8 - a/4) = (1 - 2 cos a) / cos² a.

    Musin and Tarasov 2012, "The strong thirteen spheres problem".

    >>> round(math.degrees(math.acos(thirteen_points())), 4)
    57.1367
    """

    def excess(a: float) -> float:
        cosine = math.cos(a)
        return 2 * math.tan(3 * math.pi / 8 - a / 4) - (1 - 2 * cosine) / cosine**2

    cosine = math.cos(float(brentq(excess, 1.1, 1.3, xtol=1e-15)))
    return cosine / (1 - cosine)


TAMMES: dict[int, tuple[float, str]] = {
    3: (-1 / 2, TOTH),
    4: (-1 / 3, TOTH),
    5: (0.0, WAERDEN),
    6: (0.0, TOTH),
    7: (1 / math.tan(math.radians(40)) / math.tan(math.radians(80)), WAERDEN),
    8: ((2 * math.sqrt(2) - 1) / 7, WAERDEN),
    9: (1 / 3, WAERDEN),
    10: (0.40439432521625074, DANZER),
    11: (1 / math.sqrt(5), DANZER),
    12: (1 / math.sqrt(5), TOTH),
    13: (thirteen_points(), "Musin and Tarasov 2012"),
    14: (math.cos(0.971634742886224075941694947628), "Musin and Tarasov 2015"),
    24: (snub_cube_cosine(), "Robinson 1961"),
}


def proven_optimum(points: int, dimension: int, energy: LargestCosine | PairEnergy) -> Bound | None:
    """The proven least value in three dimensions, if there is one that stands alone.

    >>> proven_optimum(5, 3, PairEnergy(Riesz(1.0))).source
    'Schwartz 2013, The five-electron case of Thomson’s problem'
    """
    if dimension != 3:
        return None
    if isinstance(energy, LargestCosine):
        if energy.lines or points not in TAMMES:
            return None
        value, source = TAMMES[points]
        return Bound(value, "proven optimum of the Tammes problem", source)
    if energy.lines or points != 5:
        return None
    author = _five_points(energy.potential)
    if author is None:
        return None
    return Bound(float(energy.value(bipyramid(3))), "triangular bipyramid, proven", author)


def _five_points(potential: object) -> str | None:
    """Who has proven the triangular bipyramid best for this potential."""
    if isinstance(potential, Riesz) and potential.s in (1, 2):
        return "Schwartz 2013, The five-electron case of Thomson’s problem"
    if isinstance(potential, Logarithmic):
        return "Dragnev, Legg and Townsend 2002"
    return None
