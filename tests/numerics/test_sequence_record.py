"""The recorded phase sequences: every crossing holds, and the cheap ones are found again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from superposition.numerics.expectation.question import expected_loss, expected_loss_gradient
from superposition.numerics.geometry.geometry import geometry_of
from superposition.numerics.phase_diagram.phase_sequence import phase_sequence
from superposition.numerics.phase_diagram.sequence_record import SIZES, recorded, told
from superposition.numerics.phase_diagram.states import phase_name


@pytest.mark.parametrize("size", SIZES)
def test_every_crossing_holds(size: tuple[int, int]) -> None:
    """Both sides are stationary, lose the same, and are what their names say."""
    found = recorded(*size)
    assert found["believed"]
    assert found["least_found_by"] >= 2
    for one in found["crossings"]:
        losses = []
        for side in ("before", "after"):
            W, b = map(np.array, one[f"weights_{side}"])
            gradient = expected_loss_gradient(W, b, density=one["density"])
            assert np.linalg.norm(gradient.W) < 1e-9
            assert np.linalg.norm(gradient.b) < 1e-9
            losses.append(expected_loss(W, b, density=one["density"]).value)
            if one["first_order"]:
                assert phase_name(geometry_of(W, b)) == one[side]
        assert losses[0] == pytest.approx(losses[1], rel=1e-9)


@pytest.mark.parametrize("size", [(2, 1), (3, 2)])
def test_the_record_is_found_again(size: tuple[int, int]) -> None:
    """With fewer points and other starts."""
    found = phase_sequence(*size, (0.3, 0.95), 8, seed=7)
    again: dict[str, Any] = told(*size, found)
    assert [one["density"] for one in again["crossings"]] == pytest.approx(
        [one["density"] for one in recorded(*size)["crossings"]], abs=1e-9
    )


def test_what_is_not_recorded_is_refused() -> None:
    """One sentence with the pairs there are."""
    with pytest.raises(ValueError, match="features is 9 and hidden 2"):
        recorded(9, 2)
