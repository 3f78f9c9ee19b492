"""The picture of an exact phase diagram: cells, boundaries by their order, where they meet.

Cells have the colour of the extra feature's norm and interference. A solid line is a first-order
boundary, along which the optimum jumps; a dashed one is of second order. Rings are points where
boundaries meet; crosses are cells whose minimum is not believed.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from superposition.numerics.phase_diagram.boundary import Boundary
from superposition.numerics.phase_diagram.exact_diagram import ExactDiagram
from superposition.paper.house_style import INK, house_style, save
from superposition.paper.phase_colours import colour, draw_key
from superposition.paper.phase_picture import WORDS, label_region, set_axes

Array = NDArray[np.float64]
WIDTH = 1.1
STYLES: Any = {True: "-", False: (0, (2.2, 1.3))}  # first order, second order
CASING = [withStroke(linewidth=WIDTH + 1.2, foreground="white", alpha=0.6)]  # seen on dark blue
RING: Any = {"marker": "o", "markersize": 3.2, "markerfacecolor": "white", "markeredgewidth": 0.8}
LABELLED = 0.03  # of the cells: regions smaller than this have no room for words


def draw_exact_phases(
    axes: Axes,
    diagram: ExactDiagram,
    *,
    words: Callable[[str], str],
    smallest: float = LABELLED,
    size: float = 7,
) -> None:
    """Cells, boundaries, meeting points, and the words of every region that has room for them.

    words: what to write for a phase's name; smallest: the share of the cells below which a region
    gets no words; size: of the words.
    """
    colours = cell_colours(diagram)
    axes.pcolormesh(diagram.x, diagram.y, colours, shading="nearest", rasterized=True)
    draw_boundaries(axes, diagram)
    rows, columns = np.nonzero(~diagram.believed)
    axes.plot(diagram.x[columns], diagram.y[rows], "x", color=INK, markersize=3, linestyle="")
    for place, name in enumerate(diagram.phases):
        region = diagram.phase == place
        if words(name) and region.mean() >= smallest:
            dark = float(colours[region].mean()) < 0.5
            label_region(axes, words(name), region, diagram.x, diagram.y, dark, size)
    x, y = diagram.plane.x, diagram.plane.y
    set_axes(axes, (x.low, x.high), (y.low, y.high))


def draw_boundaries(axes: Axes, diagram: ExactDiagram) -> None:
    """The curves by their order, and rings where they meet."""
    for line in diagram.boundaries:
        x, y = _to_meetings(line, diagram)
        single = len(x) == 1  # a dot
        axes.plot(
            x,
            y,
            color=INK,
            linewidth=WIDTH,
            linestyle=STYLES[line.first_order],
            marker="." if single else "",
            markersize=2,
            path_effects=[] if single else CASING,
        )
    for point in diagram.meeting_points:
        axes.plot([point.x], [point.y], color=INK, linestyle="", zorder=3, **RING)


def order_handles(diagram: ExactDiagram) -> list[Line2D]:
    """The legend's entries for the lines, rings and crosses that there are."""
    orders = {line.first_order for line in diagram.boundaries}
    lines = [
        Line2D([], [], color=INK, linewidth=WIDTH, linestyle=STYLES[first], label=label)
        for first, label in ((True, "first order"), (False, "second order"))
        if first in orders
    ]
    if diagram.meeting_points:
        lines.append(Line2D([], [], color=INK, linestyle="", label="boundaries meet", **RING))
    if not diagram.believed.all():
        lines.append(Line2D([], [], color=INK, linestyle="", marker="x", label="not believed"))
    return lines


def draw_legend(axes: Axes, handles: list[Line2D]) -> None:
    """A small legend in the lower left corner, where diagrams are empty."""
    axes.legend(
        handles=handles,
        loc="lower left",
        fontsize=6,
        handlelength=2.2,
        borderaxespad=0.3,
        frameon=True,
        framealpha=0.85,
        edgecolor="none",
    )


def draw_frame(axes: Axes, part: ExactDiagram) -> None:
    """Where the other diagram's plane lies in this one."""
    x, y = part.plane.x, part.plane.y
    corners = ((x.low, y.low), (x.high, y.low), (x.high, y.high), (x.low, y.high), (x.low, y.low))
    axes.plot(*zip(*corners, strict=True), color=INK, linewidth=0.6, linestyle=":", clip_on=False)


def cell_colours(diagram: ExactDiagram) -> Array:
    """The colour of every cell, (Y, X, 3): the extra, last feature's norm and interference."""
    fields = diagram.fields
    return colour(fields.norms[..., -1], fields.interference[..., -1])


def broken(name: str) -> str:
    """A phase's name in lines: one for each part of it.

    >>> broken("digon (extra, ordinary) + dedicated (ordinary)").splitlines()
    ['digon (extra, ordinary)', '+ dedicated (ordinary)']
    """
    return name.replace(" + ", "\n+ ").replace("), ", "),\n")


def extra_words(name: str) -> str:
    """What a phase means for the extra feature, in the words of the predicted diagrams.

    >>> extra_words("2 dedicated (ordinary) + dropped (extra)")
    'not represented'
    """
    if "dropped (extra)" in name:
        return WORDS["dropped"]
    return WORDS["dedicated" if "dedicated (extra)" in name else "paired"]


def narrow_words(name: str) -> str:
    """The same in two lines, for narrow pictures."""
    return extra_words(name).replace("not ", "not\n").replace("dedicated ", "dedicated\n")


def save_exact_phases(diagram: ExactDiagram, path: Path) -> Path:
    """The diagram with its colour key as a file; the format follows the suffix."""
    plane = diagram.plane
    with house_style():
        figure = Figure(figsize=(4.9, 3.4))
        axes, key = figure.subplots(1, 2, width_ratios=(10, 2.6))
        draw_exact_phases(axes, diagram, words=broken)
        draw_legend(axes, order_handles(diagram))
        biases = "" if plane.biases else ", no biases"
        axes.set_title(f"exact optimum: {len(plane.kinds)} features, {plane.hidden} hidden{biases}")
        draw_key(key)
        return save(figure, path)


def _to_meetings(line: Boundary, diagram: ExactDiagram) -> tuple[Array, Array]:
    """The curve, its ends led on to the meeting points in whose plaquette they lie."""
    plane = diagram.plane
    step = np.array([1.0 / (len(diagram.x) - 1), 1.0 / (len(diagram.y) - 1)])
    meetings = np.array([[point.x, point.y] for point in diagram.meeting_points]).reshape(-1, 2)
    at = np.stack([plane.x.place(meetings[:, 0]), plane.y.place(meetings[:, 1])], axis=1)
    parts = [np.stack([line.x, line.y], axis=1)]
    for end in (0, -1):
        place = np.array([plane.x.place(line.x[end]), plane.y.place(line.y[end])])
        near = np.flatnonzero(np.all(np.abs(at - place) <= step, axis=1))
        if len(near) and len(line.x) > 1:
            closest = near[[np.argmin(np.linalg.norm(at[near] - place, axis=1))]]
            parts.insert(len(parts) if end else 0, meetings[closest])
    x, y = np.concatenate(parts).T
    return x, y
