"""X1: what is really optimal, n = 2, m = 1: the exact diagram, and proofs at points of it.

Left: the paper's plane. Right: equal importance and high density, where the boundary is of second
order. Marked: the points at which interval arithmetic has proven which phase is optimal.
Claim: the global minimum is found by independent starts in every cell; the extra feature is
dropped across a first-order line at low density and a second-order one at high density; the
search names the proven phase at every proven point.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from superposition.numerics import certificate
from superposition.numerics.optimum.search import global_minima
from superposition.numerics.phase_diagram.boundary import Boundary
from superposition.numerics.phase_diagram.exact_diagram import ExactDiagram
from superposition.numerics.phase_diagram.plane import Plane
from superposition.numerics.phase_diagram.states import States
from superposition.paper import exact_diagrams
from superposition.paper.exact_phase_picture import (
    draw_exact_phases,
    draw_frame,
    draw_legend,
    extra_words,
    order_handles,
)
from superposition.paper.figures.figure import Drawn, PaperFigure
from superposition.paper.house_style import INK
from superposition.paper.phase_colours import draw_key

Array = NDArray[np.float64]
RECORD = Path(certificate.__file__).resolve().parent / "certificates.json"
DROPPED = "dedicated (ordinary) + dropped (extra)"
MARKS: Any = {
    True: {"marker": "s", "ms": 1.9, "mfc": "white", "mec": INK, "mew": 0.4, "ls": ""},
    False: {"marker": "o", "ms": 1.7, "mfc": INK, "mec": INK, "mew": 0.0, "ls": ""},
}
WORDS = {True: "proven: one dropped", False: "proven: superposed"}


@dataclass(frozen=True)
class Proven:
    """Proven points: importance, density, whether a feature is dropped; all (K,)."""

    importance: Array
    density: Array
    dropped: NDArray[np.bool_]


def draw(trained_models: Path, progress: bool) -> Drawn:
    """Compute (once), check the claim, draw."""
    whole = exact_diagrams.whole(2, 1, trained_models, progress)
    close = exact_diagrams.close(2, 1, trained_models, progress)
    points = proven_points(whole.plane)
    facts = _facts(whole, close, points)
    figure = Figure(figsize=(7.4, 3.4))
    left, right, key = figure.subplots(1, 3, width_ratios=(10, 10, 2.4))
    # The left one has no room for words: it is full of points.
    for axes, diagram, words in ((left, whole, lambda _: ""), (right, close, extra_words)):
        draw_exact_phases(axes, diagram, words=words)
        _draw_proven(axes, points)
    draw_frame(left, close)
    left.set_title("exact optimum: two features in one dimension")
    right.set_title("equal importance, high density")
    right.set_ylabel("")
    handles = [Line2D([], [], label=WORDS[key], **MARKS[key]) for key in np.unique(points.dropped)]
    draw_legend(left, order_handles(close) + handles)
    draw_key(key)
    return Drawn(figure, facts)


def proven_points(plane: Plane) -> Proven:
    """The points of the plane that are proven."""
    from superposition.numerics.certificate.record import read_record

    found = [
        (float(each.importance), float(each.density), each.phase != "superposed")
        for each in read_record(RECORD).certificates.values()
        if each.proven and plane.x.low <= each.importance <= plane.x.high
    ]
    importance, density, dropped = (np.array(part) for part in zip(*found, strict=True))
    return Proven(importance, density, dropped)


def _facts(whole: ExactDiagram, close: ExactDiagram, points: Proven) -> dict[str, str]:
    assert whole.believed.all(), f"{np.sum(~whole.believed)} cells are not believed"
    assert close.believed.all(), f"{np.sum(~close.believed)} cells are not believed"
    first, second = _longest(whole, of_first_order=True), _longest(close, of_first_order=False)
    names = _searched(whole.plane, points)
    agreeing = np.array(["dropped" in name for name in names], dtype=bool) == points.dropped
    assert agreeing.all(), f"the search contradicts a proof at {points.importance[~agreeing]}"
    assert first.y.max() < second.y.min() + 0.02, "the order does not change along the boundary"
    residual = max(np.abs(line.residual).max() for line in whole.boundaries + close.boundaries)
    return {
        "cells": str(whole.phase.size),
        "superposed": f"{100 * _superposed(whole):.1f} %",
        "second order from importance": f"{second.x[second.y.argmin()]:.2f}",
        "second order from density": f"{second.y.min():.2f}",
        "second order to importance": f"{second.x[second.y.argmax()]:.2f}",
        "second order to density": f"{second.y.max():.2f}",
        "proven points": str(len(points.dropped)),
        "proven superposed": str(int(np.sum(~points.dropped))),
        "largest residual": f"{residual:.0e}",
    }


def _superposed(diagram: ExactDiagram) -> float:
    names = np.array(["dropped" not in name for name in diagram.phases])
    return float(names[diagram.phase].mean())


def _longest(diagram: ExactDiagram, *, of_first_order: bool) -> Boundary:
    """The longest curve of this order at which the extra feature begins to be stored."""
    lines = [
        line
        for line in diagram.boundaries
        if DROPPED in line.phases and line.first_order == of_first_order
    ]
    assert lines, f"no boundary of {'first' if of_first_order else 'second'} order"
    return max(lines, key=lambda line: len(line.x))


def _searched(plane: Plane, points: Proven) -> list[str]:
    """The phases that the search finds at the proven points."""
    places = np.stack([plane.x.place(points.importance), plane.y.place(points.density)], axis=1)
    if len(places) == 0:
        return []
    found = global_minima(plane.landscape(*places.T), starts=16)
    return States(plane, places, found.points, found.loss).phases()


def _draw_proven(axes: Axes, points: Proven) -> None:
    for dropped in np.unique(points.dropped):
        chosen = points.dropped == dropped
        axes.plot(points.importance[chosen], points.density[chosen], **MARKS[bool(dropped)])


FIGURE = PaperFigure(
    number="X1",
    slug="x01-what-is-really-optimal-of-two",
    title="What is really optimal: two features in one dimension",
    claim="The extra feature is dropped across a line of first order at low density and of second "
    "order at high density; the search agrees with every proof.",
    draw=draw,
)
