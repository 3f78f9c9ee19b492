r"""The catalogue of codes whose inner products and strength are known, with what is proven.

.. math:: \text{simplex } \{-\tfrac1d\}, \quad \text{cross-polytope } \{-1, 0\}, \quad
          \text{k-gon } \{\cos \tfrac{2πj}k\}, \quad \text{isotropic subspaces }
          \{-\tfrac1q, \tfrac1{q^2}\}

and the rows below. A universally optimal code has the least energy for every completely monotone
function of the squared distance; the 24-cell has not (Cohn, Conway, Elkies and Kumar 2007).
Source: Cohn and Kumar 2007, Table 1; the others as each row says.
"""

from __future__ import annotations

from functools import cache

import sympy

from superposition.theory.domain import check_count
from superposition.theory.packing.code import Code, Status

TABLE = "Cohn and Kumar 2007, Table 1"
EXACT = "Cohn, de Laat and Leijenhorst 2024"
ROOTS = "Conway and Sloane, Sphere Packings, Lattices and Groups, Table 1.5"
BALLINGER = "Ballinger, Blekherman, Cohn, Giansiracusa, Kelly and Schürmann 2009"
LINES = "Bachoc and Vallentin 2009"
D4 = "de Laat, Leijenhorst and de Muinck Keizer 2024; not universally: Cohn et al. 2007"
SOLIDS = "Schütte and van der Waerden 1951; Danzer 1963: other points are farther apart"
BEST: Status = "universally optimal"
PACKS: Status = "optimal spherical code"
WORSE: Status = "not optimal"
HOPED: Status = "conjectured universally optimal"

# name: (d, N, inner products, strength, status, source)
ROWS: dict[str, tuple[int, int, str, int, Status, str]] = {
    "icosahedron": (3, 12, "-1 -1/sqrt(5) 1/sqrt(5)", 5, BEST, TABLE),
    "600-cell": (
        *(4, 120, "-1 -(1+sqrt(5))/4 -1/2 (1-sqrt(5))/4 0 (sqrt(5)-1)/4 1/2 (1+sqrt(5))/4"),
        *(11, BEST, TABLE),
    ),
    "hemicube": (5, 16, "-3/5 1/5", 3, BEST, TABLE),
    "Schläfli": (6, 27, "-1/2 1/4", 4, BEST, TABLE),
    "Gosset 56": (7, 56, "-1 -1/3 1/3", 5, BEST, TABLE),
    "E8 roots": (8, 240, "-1 -1/2 0 1/2", 7, BEST, TABLE),
    "112 in 21 dimensions": (21, 112, "-1/3 1/9", 3, BEST, TABLE),
    "162 in 21 dimensions": (21, 162, "-2/7 1/7", 3, BEST, TABLE),
    "Higman–Sims": (22, 100, "-4/11 1/11", 3, BEST, TABLE),
    "McLaughlin": (22, 275, "-1/4 1/6", 4, BEST, TABLE),
    "891 in 22 dimensions": (22, 891, "-1/2 -1/8 1/4", 5, BEST, TABLE),
    "552 in 23 dimensions": (23, 552, "-1 -1/5 1/5", 5, BEST, TABLE),
    "4600 in 23 dimensions": (23, 4600, "-1 -1/3 0 1/3", 7, BEST, TABLE),
    "Leech": (24, 196560, "-1 -1/2 -1/4 0 1/4 1/2", 11, BEST, TABLE),
    "Kerdock 288": (16, 288, "-1 -1/4 0 1/4", 5, BEST, EXACT),
    "Petersen": (4, 10, "-2/3 1/6", 2, PACKS, LINES),
    "24-cell": (4, 24, "-1 -1/2 0 1/2", 5, PACKS, D4),
    "Gewirtz": (20, 56, "-2/5 1/15", 2, PACKS, EXACT),
    "Hoffman–Singleton": (21, 50, "-3/7 1/21", 2, PACKS, EXACT),
    "M22": (21, 77, "-3/8 1/12", 2, PACKS, EXACT),
    "40 in 10 dimensions": (10, 40, "-1/2 -1/3 0 1/6", 3, HOPED, BALLINGER),
    "64 in 14 dimensions": (14, 64, "-3/7 -1/7 1/7", 3, HOPED, BALLINGER),
    "D5 roots": (5, 40, "-1 -1/2 0 1/2", 3, "best known", ROOTS),
    "E6 roots": (6, 72, "-1 -1/2 0 1/2", 5, "best known", ROOTS),
    "E7 roots": (7, 126, "-1 -1/2 0 1/2", 5, "best known", ROOTS),
    "cube": (3, 8, "-1 -1/3 1/3", 3, WORSE, SOLIDS),
    "cuboctahedron": (3, 12, "-1 -1/2 0 1/2", 3, WORSE, "The icosahedron is better."),
    "dodecahedron": (3, 20, "-1 -sqrt(5)/3 -1/3 1/3 sqrt(5)/3", 5, WORSE, SOLIDS),
}


@cache
def code(name: str) -> Code:
    """A row of the catalogue.

    Raises ``ValueError`` for a name that is not in it.

    >>> code("Schläfli").multiplicities
    (10, 16)
    """
    if name not in ROWS:
        raise ValueError(f"name is {name!r}; the catalogue has {', '.join(ROWS)}.")
    dimension, points, values, strength, status, source = ROWS[name]
    inner_products = tuple(sympy.sympify(value) for value in values.split())
    return Code(name, dimension, points, inner_products, strength, status, source)


def simplex(dimension: int) -> Code:
    """d + 1 points; two for d = 1.

    >>> simplex(3).largest_cosine
    -1/3
    """
    check_count(dimension, "dimension")
    inner_products = (-sympy.Rational(1, dimension),)
    names = {1: "digon", 2: "triangle", 3: "tetrahedron"}
    name = names.get(dimension, "simplex")
    strength = 1 if dimension == 1 else 2
    return Code(name, dimension, dimension + 1, inner_products, strength, BEST, TABLE)


def cross_polytope(dimension: int) -> Code:
    """2d points, d ≥ 2."""
    check_count(dimension, "dimension", at_least=2)
    name = {2: "square", 3: "octahedron"}.get(dimension, "cross-polytope")
    inner_products = (sympy.Integer(-1), sympy.Integer(0))
    return Code(name, dimension, 2 * dimension, inner_products, 3, BEST, TABLE)


octahedron = cross_polytope(3)


def polygon(sides: int) -> Code:
    """k ≥ 3 points on the circle: a design of strength k - 1.

    >>> polygon(6).inner_products
    (-1, -1/2, 1/2)
    """
    check_count(sides, "sides", at_least=3)
    steps = range(sides // 2, 0, -1)
    inner_products = tuple(sympy.cos(2 * sympy.pi * step / sides) for step in steps)
    counts = tuple(1 if 2 * step == sides else 2 for step in steps)
    names = {3: "triangle", 4: "square", 5: "pentagon", 6: "hexagon", 7: "heptagon", 8: "octagon"}
    name = names.get(sides, f"{sides}-gon")
    return Code(name, 2, sides, inner_products, sides - 1, BEST, TABLE, counts)


def isotropic_subspaces(q: int) -> Code:
    """(q + 1)(q³ + 1) points in q(q³ + 1)/(q + 1) dimensions, q a power of a prime.

    Raises ``ValueError`` for any other q.

    >>> isotropic_subspaces(2).multiplicities
    (10, 16)
    """
    if len(sympy.factorint(check_count(q, "q", at_least=2))) != 1:
        raise ValueError(f"q is {q}; it must be a power of a prime.")
    inner_products = (-sympy.Rational(1, q), sympy.Rational(1, q**2))
    dimension, points = q * (q**3 + 1) // (q + 1), (q + 1) * (q**3 + 1)
    strength = 4 if q == 2 else 3
    name = f"isotropic subspaces, q = {q}"
    return Code(name, dimension, points, inner_products, strength, BEST, TABLE)


@cache
def known_code(points: int, dimension: int) -> Code | None:
    """The best code of the catalogue with N points in d dimensions, if there is one.

    >>> known_code(24, 4).status, known_code(9, 4)
    ('optimal spherical code', None)
    """
    check_count(points, "points")
    check_count(dimension, "dimension")
    if points == dimension + 1:
        return simplex(dimension)
    if dimension == 2 and points > 2:
        return polygon(points)
    if points == 2 * dimension and dimension > 1:
        return cross_polytope(dimension)
    fitting = [name for name, row in ROWS.items() if row[:2] == (dimension, points)]
    if fitting:
        return code(fitting[0])
    q = round(points**0.25)  # N is about q⁴
    if (q * (q * q - q + 1), (q + 1) * (q**3 + 1)) != (dimension, points) or q < 2:
        return None
    return isotropic_subspaces(q) if len(sympy.factorint(q)) == 1 else None
