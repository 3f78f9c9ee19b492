"""Crossings of symmetric arrangements: equal losses, and the same found by minimising."""

from __future__ import annotations

import pytest

from superposition.numerics.phase_diagram.sequence_record import recorded
from superposition.theory.symmetric_arrangements.crossings import Arrangement, crossing_density

DIGON_OR_TRIANGLE = (Arrangement(digons=1, dedicated=1), Arrangement(simplices=(2,)))
CASES = {
    (3, 2, 0): (*DIGON_OR_TRIANGLE, (0.1, 0.9)),
    (4, 2, 0): (Arrangement(digons=2), Arrangement(simplices=(2,), dropped=1), (0.4, 0.8)),
    (4, 3, 0): (Arrangement(digons=1, dedicated=2), Arrangement(simplices=(3,)), (0.1, 0.9)),
    (5, 2, 0): (Arrangement(polygons=(5,)), Arrangement(digons=2, dropped=1), (0.1, 0.4)),
    (5, 2, 1): (
        Arrangement(digons=2, dropped=1),
        Arrangement(simplices=(2,), dropped=2),
        (0.4, 0.8),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_minimising_finds_the_crossing_of_the_closed_forms(case: tuple[int, int, int]) -> None:
    """The record's crossing, found over all weights and biases, agrees to 1e-9."""
    features, hidden, number = case
    sparse, dense, between = CASES[case]
    assert (sparse.features, sparse.dimensions) == (features, hidden)
    crossing = recorded(features, hidden)["crossings"][number]
    assert crossing["first_order"]
    assert crossing["density"] == pytest.approx(crossing_density(sparse, dense, between), abs=1e-9)


def test_losses_are_equal_at_a_crossing() -> None:
    """And the denser arrangement is cheaper just beyond."""
    sparse, dense = DIGON_OR_TRIANGLE
    density = crossing_density(sparse, dense)
    assert sparse.loss(density) == pytest.approx(dense.loss(density), rel=1e-12)
    assert sparse.loss(density + 0.01) > dense.loss(density + 0.01)


def test_arrangements_count_features_and_dimensions() -> None:
    """A tetrahedron and a hexagon: ten features in five dimensions."""
    both = Arrangement(simplices=(3,), polygons=(6,))
    assert (both.features, both.dimensions) == (10, 5)


def test_bad_arrangements_are_refused() -> None:
    """Whole sentences that name the argument."""
    with pytest.raises(ValueError, match="sides of a polygon is 4"):
        Arrangement(polygons=(4,))
    with pytest.raises(ValueError, match="dimension of a simplex is 1"):
        Arrangement(simplices=(1,))
    with pytest.raises(ValueError, match="digons is -1"):
        Arrangement(digons=-1)
    with pytest.raises(ValueError, match="the same number"):
        crossing_density(Arrangement(digons=1), Arrangement(simplices=(2,)))
    with pytest.raises(ValueError, match="between is"):
        crossing_density(*DIGON_OR_TRIANGLE, between=(0.6, 0.9))
