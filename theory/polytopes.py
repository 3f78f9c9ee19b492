r"""Polytopes of features: equal norms in d dimensions, and the Gram matrices they are.

.. math:: G = W^T W, \quad \operatorname{rank} G = d, \quad D_i = \frac dN

for N unit vectors that form a tight frame, WWᵀ = (N/d) 1: the digon (D = 1/2), k-gons
(2/k), the simplex (d/(d+1)), the cross-polytope (1/2, a tegum product of digons) and the
square antiprism whose height makes it tight (3/8). Every one of them is exact here.
Source: Elhage et al. 2022, "The Geometry of Superposition"; tight frames derived here.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy

from superposition.theory.domain import check_count
from superposition.theory.statement import Argument, Statement

N, d, k = sympy.symbols("N d k", integer=True, positive=True)
height = sympy.Symbol("t", nonnegative=True)


@dataclass(frozen=True)
class Polytope:
    """A named arrangement of unit vectors; ``vertices`` is (d, N), exact."""

    name: str
    vertices: sympy.ImmutableMatrix

    @property
    def dimension(self) -> int:
        """d."""
        return int(self.vertices.rows)

    def gram(self) -> sympy.Matrix:
        """WᵀW, (N, N)."""
        return (self.vertices.T * self.vertices).applyfunc(sympy.simplify)

    def dimensionality(self) -> sympy.Expr:
        """D of a vertex (all are alike): 1 / Σ_j (w_i·w_j)².

        >>> polygon(5).dimensionality()
        2/5
        """
        row = self.gram().row(0)
        return sympy.nsimplify(sympy.simplify(1 / sum(entry**2 for entry in row)))


def digon() -> Polytope:
    """Two opposite points on a line."""
    return Polytope("digon", sympy.ImmutableMatrix([[1, -1]]))


def polygon(sides: int) -> Polytope:
    """The regular k-gon, k ≥ 3."""
    check_count(sides, "sides", at_least=3)
    angles = [2 * sympy.pi * vertex / sides for vertex in range(sides)]
    names = {3: "triangle", 4: "square", 5: "pentagon"}
    rows = [[sympy.cos(a) for a in angles], [sympy.sin(a) for a in angles]]
    return Polytope(names.get(sides, f"{sides}-gon"), sympy.ImmutableMatrix(rows))


def simplex(dimension: int) -> Polytope:
    """d + 1 points with all inner products -1/d."""
    check_count(dimension, "dimension", at_least=2)
    size = dimension + 1
    gram = sympy.Matrix(size, size, lambda i, j: 1 if i == j else -sympy.Rational(1, dimension))
    # Cholesky with one zero pivot: the last row of the factor vanishes.
    factor = gram[:-1, :-1].cholesky()
    last = -sympy.ones(1, dimension) * factor
    vertices = factor.T.row_join(last.T).applyfunc(sympy.simplify)
    names = {2: "triangle", 3: "tetrahedron"}
    return Polytope(names.get(dimension, "simplex"), sympy.ImmutableMatrix(vertices))


def cross_polytope(dimension: int) -> Polytope:
    """± the coordinate axes: the tegum product of d digons."""
    check_count(dimension, "dimension", at_least=2)
    axes = sympy.eye(dimension)
    names = {2: "square", 3: "octahedron"}
    return Polytope(
        names.get(dimension, "cross-polytope"), sympy.ImmutableMatrix(axes.row_join(-axes))
    )


def square_antiprism(squared_height: sympy.Expr | None = None) -> Polytope:
    """Two squares at heights ±t, one turned by 45°; t² = 1/3 makes it a tight frame."""
    t2 = sympy.Rational(1, 3) if squared_height is None else sympy.sympify(squared_height)
    radius, t = sympy.sqrt(1 - t2), sympy.sqrt(t2)
    columns = []
    for vertex in range(8):
        angle = sympy.pi * vertex / 4
        sign = 1 if vertex % 2 == 0 else -1
        columns.append([radius * sympy.cos(angle), radius * sympy.sin(angle), sign * t])
    return Polytope("square antiprism", sympy.ImmutableMatrix(columns).T)


def sum_of_squared_cosines() -> sympy.Expr:
    """Σ_j cos²(2πj/k) for k ≥ 3, by cos² = (1 + cos 2x)/2 and the geometric series of e^{4πi j/k}.

    >>> sum_of_squared_cosines()
    k/2
    """
    z = sympy.exp(4 * sympy.pi * sympy.I / k)
    geometric = (1 - z**k) / (1 - z)  # z ≠ 1 because k ≥ 3; z^k = 1
    return k / 2 + sympy.re(geometric) / 2


def statements() -> tuple[Statement, ...]:
    """D of polygons, simplices and antiprisms."""
    D = sympy.Function("D")
    angle = 2 * sympy.pi * sympy.Symbol("j", integer=True) / k
    index = sympy.Symbol("j", integer=True)
    one_over = 1 / (1 + sympy.Sum(d**-2, (index, 1, d)))
    shape = sympy.factor(square_antiprism(height**2).dimensionality())
    best = max(sympy.solve(sympy.diff(shape, height), height))
    most = shape.subs(height, best)
    return (
        Statement(
            id="polytopes/polygon",
            claim="Every vertex of a regular k-gon has dimensionality 2/k.",
            name=D(k),
            definition=1 / sympy.Sum(sympy.cos(angle) ** 2, (index, 0, k - 1)),
            expression=1 / sum_of_squared_cosines(),
            arguments=(Argument(k, 3, 250, integer=True),),
            source="Elhage et al. 2022, The Geometry of Superposition",
        ),
        Statement(
            id="polytopes/simplex",
            claim="Every vertex of a simplex in d dimensions has dimensionality d/(d+1).",
            name=D(d),
            definition=one_over,
            expression=sympy.simplify(one_over.doit()),
            arguments=(Argument(d, 2, 220, integer=True),),
            source="Elhage et al. 2022, The Geometry of Superposition",
        ),
        Statement(
            id="polytopes/square-antiprism",
            claim=f"A square antiprism of height t: the most is {most}, at t² = {best**2}.",
            name=D(height),
            expression=shape,
            arguments=(Argument(height, 0, 1, corners=(0, 1, best)),),
            source="Elhage et al. 2022, The Geometry of Superposition (3/8); height derived here",
        ),
    )
