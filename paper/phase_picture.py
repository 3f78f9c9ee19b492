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


def draw_phases(axes: Axes, diagram: PhaseDiagram, pixels: int = 400, size: float = 7) -> None:
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
        phase = diagram.phases[index]
        words, dark = WORDS[phase.extra] + _rest(phase), phase.extra == "dedicated"
        label_region(axes, words, number == index, importance, density, dark, size)
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


def set_axes(
    axes: Axes,
    importance: tuple[float, float] = IMPORTANCE,
    density: tuple[float, float] = DENSITY,
) -> None:
    """Importance to the right and density upwards, both logarithmic."""
    axes.set(xscale="log", yscale="log", xlim=importance, ylim=density)
    axes.set(xlabel="relative importance of the extra feature", ylabel="density p = 1 - S")
    plain = FuncFormatter(lambda value, _: f"{value:g}")
    for axis, (low, high) in ((axes.xaxis, importance), (axes.yaxis, density)):
        axis.set_major_locator(FixedLocator(_ticks(low, high)))
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(plain)


def _ticks(low: float, high: float) -> list[float]:
    """Powers of ten between low and high, with more of their multiples if those are few."""
    powers = [float(f"1e{k}") for k in range(-20, 21)]
    for factors in ((1,), (1, 2, 5), range(1, 10)):
        found = [k * ten for ten in powers for k in factors if low <= k * ten * (1 + 1e-9)]
        found = [value for value in found if value <= high * (1 + 1e-9)]
        if len(found) >= 3:
            return found
    return [low, high]


def label_region(
    axes: Axes,
    words: str,
    region: NDArray[np.bool_],
    importance: NDArray[np.float64],
    density: NDArray[np.float64],
    dark: bool,
    size: float = 7,
) -> None:
    """The region's words at its innermost point: white if the region is dark, else in ink."""
    from scipy.ndimage import distance_transform_edt

    # Words are wide and low: a step up or down counts three times a step aside.
    depth = distance_transform_edt(np.pad(region, 1), sampling=(3, 1))[1:-1, 1:-1]
    # In the middle of the deepest part: a thin strip is equally deep all along.
    row, column = np.round(np.argwhere(depth >= 0.95 * depth.max()).mean(axis=0)).astype(int)
    axes.text(
        importance[column],
        density[row],
        words,
        ha="center",
        va="center",
        fontsize=size,
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
