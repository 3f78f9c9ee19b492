"""What is trained at once, and what is refused before anything trains."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from superposition.validate.instances import Instances, grid
from superposition.validate.training import Schedule


def instances(**changes: object) -> Instances:
    settings: dict[str, object] = {
        "importance": np.ones((2, 3)),
        "density": np.full((2, 3), 0.5),
        "seed": np.arange(2),
        "hidden": 1,
    }
    return Instances(**(settings | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"hidden": 0}, "hidden is 0"),
        ({"density": np.zeros((2, 3))}, "density is 0"),
        ({"importance": np.full((2, 3), -1.0)}, "importance is -1"),
        ({"density": np.full((2, 2), 0.5)}, "both must be"),
        ({"importance": np.ones(3), "density": np.ones(3)}, "both must be"),
        ({"seed": np.arange(3)}, "one per model"),
        ({"seed": np.array([0, -1])}, "must not be negative"),
    ],
)
def test_bad_instances_are_refused(changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        instances(**changes)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"steps": 0}, "steps is 0"),
        ({"batch": 0.5}, "batch is 0.5"),
        ({"learning_rate": -1.0}, "learning_rate is -1"),
        ({"last_learning_rate": math.nan}, "last_learning_rate is nan"),
    ],
)
def test_bad_schedules_are_refused(changes: dict[str, float], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Schedule(**changes)  # type: ignore[arg-type]


def test_the_rate_falls_from_first_to_last() -> None:
    schedule = Schedule(steps=100, learning_rate=0.1, last_learning_rate=0.01)
    rates = [schedule.rate(step) for step in range(1, 101)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[-1] == pytest.approx(0.01)
    assert all(later <= earlier for earlier, later in itertools.pairwise(rates))


def test_grid_orders_density_importance_seed() -> None:
    models = grid([1, 2], [0.1, 0.2, 0.3], features=3, hidden=2, seeds=4)
    assert (models.count, models.features) == (24, 3)
    assert models.density[4 * 2 * 2, 0] == 0.3
    assert models.importance[4].tolist() == [1, 1, 2]
    assert len(set(models.seed.tolist())) == 24


def test_tiles_are_the_whole_in_order() -> None:
    models = grid([1, 2], [0.1, 0.2], features=2, hidden=1, seeds=3)
    tiles = list(models.tiles(5))
    assert [tile.count for tile in tiles] == [5, 5, 2]
    np.testing.assert_array_equal(np.concatenate([tile.seed for tile in tiles]), models.seed)
