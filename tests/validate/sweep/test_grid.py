"""Grids: every combination once, every model a seed, and refused before anything is trained."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from superposition.validate.architecture import ABSOLUTE_VALUE, RELU_OUTPUT
from superposition.validate.instances import Members
from superposition.validate.instances import grid as phase_grid
from superposition.validate.sweep import Grid, Setting, standard_setting

PLANE = {"density": [0.1, 0.5], "importance": [0.5, 1.0, 2.0]}


def test_the_phase_diagram_is_a_grid() -> None:
    """The models that ``instances.grid`` writes down by hand."""
    expected = phase_grid(PLANE["importance"], PLANE["density"], features=2, hidden=1, seeds=4)
    (block,) = Grid(PLANE, seeds=4).blocks(100)
    for name in ("importance", "density", "seed"):
        np.testing.assert_array_equal(getattr(block.instances, name), getattr(expected, name))
    assert block.instances.hidden == expected.hidden


@given(
    st.lists(st.sampled_from([1, 2, 3, 4]), min_size=1, max_size=3, unique=True),
    st.integers(1, 5),
    st.integers(1, 20),
)
def test_blocks_hold_every_model_once_and_one_shape_each(
    features: list[int], seeds: int, size: int
) -> None:
    grid = Grid({"density": [0.1, 0.2], "features": features}, seeds)
    blocks = list(grid.blocks(size))
    places = np.concatenate([block.index for block in blocks])
    assert sorted(places) == list(range(np.prod(grid.shape)))
    for block in blocks:
        assert 1 <= block.instances.count <= size
        np.testing.assert_array_equal(block.instances.seed, block.index)
        for row, place in enumerate(block.index):
            density, n, _ = np.unravel_index(place, grid.shape)
            assert block.instances.features == features[n]
            assert block.instances.density[row, 0] == [0.1, 0.2][density]


def test_seeds_are_the_models_own_or_shared_by_all_cells() -> None:
    (own,) = Grid(PLANE, seeds=2, first_seed=7).blocks(100)
    assert own.instances.seed.tolist() == list(range(7, 19))
    (shared,) = Grid(PLANE, seeds=2, first_seed=7, shared_seeds=True).blocks(100)
    assert shared.instances.seed.tolist() == [7, 8] * 6


def test_standard_axes_are_what_they_are_called() -> None:
    found = standard_setting(
        features=4, hidden=2, decay=0.5, importance=3, density=0.2, pace=2, scale=0.1
    )
    assert found == Setting((1, 0.5, 0.25, 0.375), 0.2, 2, pace=2, scale=0.1)
    assert isinstance(standard_setting(hidden=2.0).hidden, int)  # type: ignore[arg-type]
    members = [Members("correlated", 2)]
    listed = Setting((1, 1), 0.1, 1, sets=members)  # type: ignore[arg-type]
    assert hash(listed.shape) == hash(Setting((1, 1), 0.1, 1, sets=tuple(members)).shape)
    (block,) = Grid({"pace": [0.5, 2], "scale": [0, 1]}, seeds=1).blocks(9)
    assert block.instances.pace is not None
    assert block.instances.pace.tolist() == [0.5, 0.5, 2, 2]
    assert block.scale.tolist() == [0, 1, 0, 1]


def test_axes_may_be_texts_and_settings_anything() -> None:
    def setting(kind: str) -> Setting:
        return Setting((1, 1), 0.5, 1, ABSOLUTE_VALUE if kind == "absolute" else RELU_OUTPUT)

    grid = Grid({"kind": ["absolute", "relu"]}, 1, setting)
    assert [cell.architecture for cell in grid.cells] == [ABSOLUTE_VALUE, RELU_OUTPUT]
    assert len(list(grid.blocks(9))) == 2


@pytest.mark.parametrize(
    ("axes", "told"),
    [
        ({"density": []}, "must be a list of finite numbers or of texts"),
        ({"density": 0.1}, "must be a list of finite numbers or of texts"),
        ({"density": [0.1, np.nan]}, "must be a list of finite numbers or of texts"),
        ({"density": [0.1, 0.1]}, "no value may be there twice"),
        ({"W": [1, 2]}, "axes has the name 'W'; it must be"),
        ({"the density": [1, 2]}, "axes has the name 'the density'; it must be"),
        ({"density": [0.1, 1.5]}, "the cell density = 1.5; there density is 1.5; a density"),
        ({"hidden": [1, 0]}, "the cell hidden = 0; there hidden is 0"),
        ({"features": [0]}, "the cell features = 0; there"),
        ({"importance": [-1]}, "there importance is -1; an importance must be finite"),
        ({"pace": [0.0]}, "there pace is 0; it must be positive"),
        ({"scale": [-1.0]}, "there scale is -1; it must not be negative"),
        ({"sparsity": [0.1]}, "unexpected keyword argument 'sparsity'"),
        ([("density", [0.1])], "axes is .*; it must map names to lists of values"),
        ({"density": [[0.1], [0.1, 0.2]]}, "must be a list of finite numbers or of texts"),
        ({"history_loss": [1, 2]}, "axes has the name 'history_loss'; it must be"),
        ({"features": [2.5, 3]}, "there features is 2.5; it must be a whole number"),
        ({"features": [-1]}, "there features is -1"),
        ({"decay": ["a"]}, "there decay is 'a'; it must be a number"),
        ({"density": ["a"]}, "there density is 'a'; it must be a number"),
        ({"corners": [3]}, "there hidden is 1 and tied True; a polygon needs"),
        ({"corners": [0.5]}, "there corners is 0.5; it must be a whole number"),
    ],
)
def test_bad_axes_are_refused_at_once(axes: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Grid(axes, seeds=1)


def test_bad_settings_are_refused_at_once() -> None:
    with pytest.raises(ValueError, match="seeds is 0"):
        Grid(PLANE, seeds=0)
    with pytest.raises(ValueError, match="first_seed is -1"):
        Grid(PLANE, seeds=1, first_seed=-1)
    with pytest.raises(ValueError, match=f"first_seed is {2**63}; it must be at most {2**63 - 6}"):
        Grid(PLANE, seeds=1, first_seed=2**63)
    with pytest.raises(ValueError, match="features is nan"):
        standard_setting(features=float("nan"))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="decay is 1e.10; the importance of the last of 300"):
        standard_setting(features=300, decay=1e10)
    with pytest.raises(ValueError, match=r"importance has shape \(2,\); it must be a single"):
        standard_setting(features=3, importance=[1, 2])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="density is 'x'; it must be a number"):
        Setting((1, 1), "x", 1)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"setting\(density = 0.5\) is None; it must be a Setting"):
        Grid({"density": [0.5]}, 1, lambda **_: None)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="density has 3 entries; it must have one per feature"):
        Setting((1, 1), (0.1, 0.1, 0.1), 1)
    with pytest.raises(ValueError, match="importance has shape"):
        Setting(((1, 1),), 0.1, 1)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="there hidden is 0"):
        Grid(PLANE, 1, partial(standard_setting, hidden=0))
