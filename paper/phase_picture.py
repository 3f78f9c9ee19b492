"""The picture of a phase diagram: regions, boundaries and labels over importance × density."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
from numpy.typing import NDArray

from superposition.paper.house_style import INK, house_style, save
from superposition.paper.phase_colours import colour, draw_key
from superposition.theory.phase import Phase
from superposition.theory.phase_diagram import PhaseDiagram

IMPORTANCE, DENSITY = (0.1, 10.0), (0.01, 1.0)
WORDS = {
    "dropped": "not represented",
    "paired": "in superposition",
    "dedicated": "dedicated dimension",
}
NORM = {"dropped": 0.0, "paired": 1.0, "dedicated": 1.0}
INTERFERENCE = {"dropped": 0.0, "paired": 1.0, "dedicated": 0.0}


def draw_phases(axes: Axes, diagram: PhaseDiagram, pixels: int = 400) -> None:
    """Regions coloured by the extra feature's norm and interference, boundaries, labels."""
    importance, density = np.geomspace(*IMPORTANCE, pixels), np.geomspace(*DENSITY, pixels)
    number = diagram.phase(importance[None, :], density[:, None])
    norm = np.array([NORM[phase.extra] for phase in diagram.phases])
    shared = np.array([INTERFERENCE[phase.extra] for phase in diagram.phases])
    axes.pcolormesh(
        importance,
        density,
        colour(norm[number], shared[number]),
        rasterized=True,
        shading="nearest",
    )
    for boundary in diagram.boundaries:
        points = boundary.points(*IMPORTANCE)
        axes.plot(points[:, 0], points[:, 1], color=INK, linewidth=1.2, solid_capstyle="round")
    for index in np.unique(number):
        _label(axes, diagram.phases[index], number == index, importance, density)
    set_axes(axes)


def save_phases(diagram: PhaseDiagram, path: Path) -> Path:
    """The diagram with its colour key as a file; the format follows the suffix."""
    with house_style():
        figure = Figure(figsize=(4.6, 3.2))
        axes, key = figure.subplots(1, 2, width_ratios=(10, 2.6))
        draw_phases(axes, diagram)
        axes.set_title(
            f"{diagram.features} features, {diagram.hidden} hidden, {diagram.pair.name} pair"
        )
        draw_key(key)
        return save(figure, path)


def set_axes(axes: Axes) -> None:
    """Importance from 0.1 to 10 and density from 1 (top) to 0.01 (bottom), both logarithmic."""
    axes.set(xscale="log", yscale="log", xlim=IMPORTANCE, ylim=DENSITY)
    axes.set(xlabel="relative importance of the extra feature", ylabel="density p = 1 - S")
    plain = FuncFormatter(lambda value, _: f"{value:g}")
    for axis, ticks in ((axes.xaxis, (0.1, 1, 10)), (axes.yaxis, (0.01, 0.1, 1))):
        axis.set_major_locator(FixedLocator(ticks))
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(plain)


def _label(
    axes: Axes,
    phase: Phase,
    region: NDArray[np.bool_],
    importance: NDArray[np.float64],
    density: NDArray[np.float64],
) -> None:
    """The region's words at its innermost point, in ink on white and white on colour."""
    from scipy.ndimage import distance_transform_edt

    # Words are wide and low: a step up or down counts three times a step aside.
    depth = distance_transform_edt(np.pad(region, 1), sampling=(3, 1))[1:-1, 1:-1]
    # In the middle of the deepest part: a thin strip is equally deep all along.
    row, column = np.round(np.argwhere(depth >= 0.95 * depth.max()).mean(axis=0)).astype(int)
    dark = phase.extra == "dedicated"
    axes.text(
        importance[column],
        density[row],
        WORDS[phase.extra] + _rest(phase),
        ha="center",
        va="center",
        fontsize=7,
        color="white" if dark else INK,
        path_effects=[
            withStroke(linewidth=1.5, foreground="#0b4f8a" if dark else "white", alpha=0.6)
        ],
    )


def _rest(phase: Phase) -> str:
    """What happens to the ordinary features, where that is not said by the extra one."""
    pairs = len(phase.composition.pairs) - (phase.extra == "paired")
    last = len(phase.composition.dropped) + len(phase.composition.dedicated)
    dropped = len(phase.composition.dropped) - (phase.extra == "dropped")
    parts = [f"{pairs} pair of others" * (pairs == 1), f"{pairs} pairs of others" * (pairs > 1)]
    parts.append(f"{dropped} other{'s' * (dropped > 1)} dropped" * (dropped > 0 and last > 0))
    said = ", ".join(part for part in parts if part)
    return f"\n({said})" if said else ""
