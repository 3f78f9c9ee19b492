"""The closed forms of the bounds: where they meet, and the codes that meet them."""

from __future__ import annotations

import numpy as np
import pytest
import sympy

from superposition.numerics.packing.bounds.bound import Space
from superposition.numerics.packing.bounds.levenshtein_nodes import levenshtein_nodes
from superposition.theory.packing import line_bounds, point_bounds
from superposition.theory.packing.catalogue import ROWS, code, cross_polytope, simplex
from superposition.theory.packing.point_bounds import N, d, s


@pytest.mark.parametrize("dimension", [2, 3, 8, 20])
def test_levenshtein_bounds_agree_where_they_meet(dimension: int) -> None:
    second = point_bounds.second_degree().subs(d, dimension)
    third = point_bounds.third_degree().subs(d, dimension)
    assert second.subs(s, -sympy.Rational(1, dimension)) == dimension + 1
    assert second.subs(s, 0) == third.subs(s, 0) == 2 * dimension
    assert point_bounds.simplex_bound().subs(N, dimension + 1) == simplex(dimension).largest_cosine
    assert cross_polytope(dimension).largest_cosine == 0


@pytest.mark.parametrize("name", ["hemicube", "112 in 21 dimensions", "162 in 21 dimensions"])
def test_codes_that_meet_the_third_degree(name: str) -> None:
    known = code(name)
    bound = point_bounds.third_degree().subs({d: known.dimension, s: known.largest_cosine})
    assert bound == known.points
    assert name in ROWS


def test_fejes_toth_is_met_by_triangulations() -> None:
    for points, cosine in ((4, -sympy.Rational(1, 3)), (6, 0), (12, 1 / sympy.sqrt(5))):
        assert sympy.simplify(point_bounds.fejes_toth().subs(N, points) - cosine) == 0


@pytest.mark.parametrize("dimension", [2, 3, 5, 8])
def test_closed_forms_are_the_nodes_of_low_degree(dimension: int) -> None:
    """Levenshtein's quadrature, computed for any degree, against the closed forms."""
    for kind, complex_lines in (("real lines", False), ("complex lines", True)):
        space = Space(dimension, kind)
        for points in range(dimension + 1, 2 * dimension**2):
            found = levenshtein_nodes(points, space)
            if found.degree > 2:
                break
            form = line_bounds.welch()
            if found.degree == 2:
                form = line_bounds.levenshtein(complex_lines)
            value = float(form.subs({line_bounds.N: points, line_bounds.d: dimension}))
            assert found.nodes[-1] == pytest.approx(value, abs=1e-12)
    for points in range(2, space.design_size(3)):
        found = levenshtein_nodes(points, Space(dimension))
        if found.degree == 3:
            largest = float(found.nodes[-1])
            form = point_bounds.third_degree()
            assert float(form.subs({d: dimension, s: largest})) == pytest.approx(points, rel=1e-9)


def test_lines_that_meet_welch() -> None:
    """Equiangular tight frames, from the sharp antipodal codes; and moments by sampling."""
    for name in ("icosahedron", "Gosset 56", "552 in 23 dimensions"):
        known = code(name)
        sizes = {line_bounds.N: known.points // 2, line_bounds.d: known.dimension}
        assert line_bounds.welch().subs(sizes) == known.largest_cosine**2
    moments = [line_bounds.line_moment(k, True) for k in (1, 2)]
    assert moments[0] == 1 / line_bounds.d
    rng = np.random.default_rng(0)
    draws = rng.normal(size=(2, 40_000, 3))
    z = draws[0] + 1j * draws[1]
    share = np.abs(z[:, 0]) ** 2 / (np.abs(z) ** 2).sum(axis=1)
    assert (share**2).mean() == pytest.approx(float(moments[1].subs(line_bounds.d, 3)), rel=0.03)
