"""The picture of an exact phase diagram: cells, boundaries by their order, where they meet.

Cells have the colour of the extra feature's norm and interference. A solid line is a first-order
boundary, along which the optimum jumps; a dashed one is of second order. Rings are points where
boundaries meet; crosses are cells whose minimum is not believed.
"""

from __future__ import annotations

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
from superposition.paper.phase_picture import label_region, set_axes

Array = NDArray[np.float64]
WIDTH = 1.1
STYLES: Any = {True: "-", False: (0, (2.2, 1.3))}  # first order, second order
CASING = [withStroke(linewidth=WIDTH + 1.2, foreground="white", alpha=0.6)]  # seen on dark blue
RING: Any = {"marker": "o", "markersize": 3.2, "markerfacecolor": "white", "markeredgewidth": 0.8}
LABELLED = 0.03  # of the cells: regions smaller than this have no room for words


def draw_exact_phases(
    axes: Axes, diagram: ExactDiagram, *, labels: bool = True, smallest: float = LABELLED
) -> None:
    """Cells, boundaries, meeting points, and the words of every region that has room for them.

    labels: whether to write words; smallest: share of the cells below which a region gets none.
    """
    colours = cell_colours(diagram)
    axes.pcolormesh(diagram.x, diagram.y, colours, shading="nearest", rasterized=True)
    draw_boundaries(axes, diagram)
    rows, columns = np.nonzero(~diagram.believed)
    axes.plot(diagram.x[columns], diagram.y[rows], "x", color=INK, markersize=3, linestyle="")
    for place, name in enumerate(diagram.phases):
        region = diagram.phase == place
        if labels and region.mean() >= smallest:
            dark = float(colours[region].mean()) < 0.5
            label_region(axes, broken(name), region, diagram.x, diagram.y, dark)
    x, y = diagram.plane.x, diagram.plane.y
    set_axes(axes, (x.low, x.high), (y.low, y.high))


def draw_boundaries(axes: Axes, diagram: ExactDiagram) -> None:
    """The curves by their order, and rings where they meet."""
    for line in diagram.boundaries:
        x, y = _to_meetings(line, diagram)
        # A curve of one point: a dot as wide as the line.
        dot = "." if len(x) == 1 else ""
        axes.plot(
            x,
            y,
            color=INK,
            linewidth=WIDTH,
            linestyle=STYLES[line.first_order],
            marker=dot,
            markersize=2,
            path_effects=CASING,
        )
    for point in diagram.meeting_points:
        axes.plot([point.x], [point.y], color=INK, linestyle="", zorder=3, **RING)


def draw_orders(axes: Axes, *, believed: bool = True) -> None:
    """What lines and rings mean, in the lower left corner; crosses too unless all is believed."""
    lines = [
        Line2D([], [], color=INK, linewidth=WIDTH, linestyle=STYLES[True], label="first order"),
        Line2D([], [], color=INK, linewidth=WIDTH, linestyle=STYLES[False], label="second order"),
        Line2D([], [], color=INK, linestyle="", label="boundaries meet", **RING),
    ]
    if not believed:
        lines.append(Line2D([], [], color=INK, linestyle="", marker="x", label="not believed"))
    axes.legend(handles=lines, loc="lower left", fontsize=6, handlelength=2.2, borderaxespad=0.3)


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


def save_exact_phases(diagram: ExactDiagram, path: Path) -> Path:
    """The diagram with its colour key as a file; the format follows the suffix."""
    plane = diagram.plane
    with house_style():
        figure = Figure(figsize=(4.9, 3.4))
        axes, key = figure.subplots(1, 2, width_ratios=(10, 2.6))
        draw_exact_phases(axes, diagram)
        draw_orders(axes, believed=bool(diagram.believed.all()))
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
