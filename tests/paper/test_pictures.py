"""The pictures that figures are made of draw what they are given."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure

from superposition.numerics import exact_phase_diagram, importance_and_density
from superposition.numerics.phase_diagram.boundary import MeetingPoint
from superposition.paper.exact_phase_picture import (
    draw_exact_phases,
    draw_legend,
    extra_words,
    order_handles,
)
from superposition.paper.house_style import house_style
from superposition.paper.phase_picture import DENSITY, IMPORTANCE, _ticks, draw_phases
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


def test_an_exact_picture_shows_orders_meetings_and_doubts() -> None:
    """The lines by their order, rings where they meet, crosses where nothing is believed."""
    found = exact_phase_diagram(importance_and_density(2, 1, biases=False), (6, 6), starts=4)
    (line,) = found.boundaries
    doubted = np.ones((6, 6), dtype=bool)
    doubted[2, 3] = False
    diagram = replace(
        found,
        believed=doubted,
        boundaries=(line, replace(line, first_order=False, x=line.x[:1], y=line.y[:1])),
        meeting_points=(MeetingPoint(line.x[0], line.y[0], found.phases),),
    )
    with house_style():
        axes = Figure().subplots()
        draw_exact_phases(axes, diagram, words=extra_words, smallest=0.0)
        draw_legend(axes, order_handles(diagram))
    solid, dot, ring, cross = axes.lines
    # Led on to the meeting point, which is its own end here.
    np.testing.assert_array_equal(np.asarray(solid.get_xdata())[1:], line.x)
    assert (solid.get_linestyle(), dot.get_linestyle()) == ("-", "--")
    assert (dot.get_marker(), ring.get_marker(), cross.get_marker()) == (".", "o", "x")
    assert (cross.get_xdata(), cross.get_ydata()) == (diagram.x[3], diagram.y[2])
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == [
        "first order",
        "second order",
        "boundaries meet",
        "not believed",
    ]
    assert {text.get_text() for text in axes.texts} == {"in superposition"}


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0.1, 10, [0.1, 1, 10]),
        (0.5, 2, [0.5, 1, 2]),
        (0.3, 0.9, [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]),
    ],
)
def test_ticks_are_round_numbers(low: float, high: float, ticks: list[float]) -> None:
    assert _ticks(low, high) == pytest.approx(ticks)


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
