"""The pictures that figures are made of draw what they are given."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from superposition.paper.house_style import house_style
from superposition.paper.phase_picture import DENSITY, IMPORTANCE, draw_phases
from superposition.paper.weight_picture import draw_bias, draw_gram, draw_norms
from superposition.theory.phase_diagram import phases

W = np.array([[1.0, -1.0, 0.0], [0.0, 0.0, 0.5]])


def test_bars_are_the_norms_most_important_on_top() -> None:
    axes = Figure().subplots()
    draw_norms(axes, W)
    assert [patch.get_extents().width for patch in axes.patches] == pytest.approx(
        [
            axes.transData.transform((norm, 0))[0] - axes.transData.transform((0, 0))[0]
            for norm in (1, 1, 0.5)
        ]
    )
    bottom, top = axes.get_ylim()
    assert bottom > top
    shared, alone = axes.patches[0].get_facecolor(), axes.patches[2].get_facecolor()
    assert shared != alone


def test_the_heat_map_is_the_gram_matrix_on_a_fixed_scale() -> None:
    left, right = Figure().subplots(1, 2)
    picture = draw_gram(left, W)
    np.testing.assert_array_equal(np.asarray(picture.get_array()), W.T @ W)
    assert picture.get_clim() == (-1, 1)
    draw_bias(right, np.array([0.1, -0.2, 0.0]))
    np.testing.assert_array_equal(np.asarray(right.images[0].get_array()).ravel(), [0.1, -0.2, 0.0])


@pytest.mark.parametrize(("features", "hidden", "words"), [(2, 1, 3), (3, 2, 4), (2, 2, 1)])
def test_every_region_is_labelled_inside_the_picture(
    features: int, hidden: int, words: int
) -> None:
    with house_style():
        figure = Figure()
        axes = figure.subplots()
        diagram = phases(features, hidden)
        draw_phases(axes, diagram, pixels=80)
    assert len(axes.texts) == words
    assert len(axes.lines) == len(diagram.boundaries)
    for text in axes.texts:
        x, y = text.get_position()
        assert IMPORTANCE[0] < x < IMPORTANCE[1]
        assert DENSITY[0] < y < DENSITY[1]
        number = int(diagram.phase(x, y))
        assert {"dropped": "not", "paired": "in", "dedicated": "dedicated"}[
            diagram.phases[number].extra
        ] == text.get_text().split()[0]
