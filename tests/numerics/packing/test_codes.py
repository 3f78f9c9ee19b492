"""The codes built from coordinates have the inner products of the closed forms."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from numpy.typing import NDArray

from superposition.numerics.packing.codes import families
from superposition.numerics.packing.codes.catalogue import BUILDERS, built
from superposition.numerics.packing.codes.golay import golay_code, hexads, octads
from superposition.numerics.packing.codes.solids import cube
from superposition.theory.packing import catalogue
from superposition.theory.packing.catalogue import ROWS, code
from superposition.theory.packing.code import Code

Array = NDArray[np.float64]
LARGE = {"Leech", "4600 in 23 dimensions"}
PAIRS = [
    (families.simplex(4), catalogue.simplex(4)),
    (families.cross_polytope(5), catalogue.cross_polytope(5)),
    (families.polygon(9), catalogue.polygon(9)),
    *((built(name), code(name)) for name in BUILDERS if name in ROWS and name not in LARGE),
]


@pytest.mark.parametrize(("points", "known"), PAIRS, ids=[known.name for _, known in PAIRS])
def test_the_code_is_the_one_of_the_catalogue(points: Array, known: Code) -> None:
    assert points.shape == (known.points, known.dimension)
    gram = points @ points.T
    np.testing.assert_allclose(np.diag(gram), 1, atol=1e-14)
    values = np.array([float(value) for value in known.inner_products] + [1.0])
    nearest = np.abs(gram[:, :, None] - values).argmin(axis=2)
    np.testing.assert_allclose(gram, values[nearest], atol=1e-13)
    for row in nearest:
        assert np.bincount(row, minlength=len(values)).tolist() == [*known.multiplicities, 1]
    upper = gram[np.triu_indices(known.points, 1)]
    for s in (1, 6):
        closed = float(known.riesz(s))
        assert ((2 - 2 * upper) ** (-s / 2)).sum() == pytest.approx(closed, rel=1e-12)
    assert np.exp(2 * upper - 2).sum() == pytest.approx(float(known.gaussian(1)), rel=1e-12)


@pytest.mark.parametrize("name", sorted(LARGE))
def test_one_point_of_a_large_code(name: str) -> None:
    points, known = built(name), code(name)
    assert points.shape == (known.points, known.dimension)
    for place in (0, len(points) // 2, len(points) - 1):
        cosines = points @ points[place]
        seen = Counter(np.round(cosines, 9))
        expected = {round(float(v), 9): m for v, m in zip(*_spectrum(known), strict=True)}
        assert seen == expected | {1.0: 1}


def _spectrum(known: Code) -> tuple[list[float], list[int]]:
    return [float(value) for value in known.inner_products], list(known.multiplicities)


def test_codes_that_are_families() -> None:
    assert families.prism(4, 1 / 3).shape == (8, 3)
    np.testing.assert_allclose(
        np.sort(families.prism(4, 1 / 3) @ families.prism(4, 1 / 3).T),
        np.sort(cube() @ cube().T),
        atol=1e-14,
    )
    np.testing.assert_allclose(
        np.sort(families.antiprism(3, 1 / 3) @ families.antiprism(3, 1 / 3)[0]),
        [-1, 0, 0, 0, 0, 1],
        atol=1e-14,
    )
    gram = families.bipyramid(5) @ families.bipyramid(5).T
    np.testing.assert_array_equal(gram[:5, 5:], 0)
    with pytest.raises(ValueError, match=r"squared_height is 1; it must lie in \[0, 1\)"):
        families.antiprism(4, 1)


def test_the_golay_code_and_its_designs() -> None:
    words = golay_code()
    assert np.bincount(words.sum(axis=1))[[0, 8, 12, 16, 24]].tolist() == [1, 759, 2576, 759, 1]
    assert not np.any(words[:50].astype(int) @ words.T.astype(int) % 2)
    through = octads().astype(int)
    assert np.all(np.einsum("bi,bj,bk->ijk", *[through[:, :5]] * 3)[0, 1, 2:] == 21)
    triples = hexads().astype(int)
    assert np.all(np.einsum("bi,bj,bk->ijk", *[triples] * 3)[0, 1, 2:] == 1)


def test_points_are_kept_and_cannot_be_spoilt() -> None:
    assert built("cube") is built("cube")
    with pytest.raises(ValueError, match="read-only"):
        built("cube")[0, 0] = 2
    with pytest.raises(ValueError, match="name is 'nothing'; it must be one of cube"):
        built("nothing")
