"""The picture of a check: how far training is from what is expected, in tolerances.

Every comparison is a line: best, median and worst of the seeds beside the band in which the judged
one has to lie; a plane of cells is drawn twice, as what is optimal and as what the best seed is,
with the cells that differ marked.
"""

from __future__ import annotations

import io
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from superposition.validate.check.check import Outcome, Plane
from superposition.validate.check.comparison import Comparison

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

LIMIT = 30.0  # tolerances; what lies beyond is drawn there
BEST, MEDIAN, WORST = "#0072b2", "#56b4e9", "#999999"
DIFFERS = "#d55e00"
PHASES = ("#e8e8e8", "#9ad0f3", "#f3c987", "#9fd8c0", "#e6b4cd", "#f0e8a0", "#c7c3e8", "#cfa98f",
          "#6b6b6b", "#2f7fb5", "#b57e17", "#2f8f6f")  # fmt: skip
STILL: Any = {"svg.hashsalt": "superposition", "svg.fonttype": "none", "font.size": 9}


def picture(outcome: Outcome) -> str | None:
    """The picture as SVG, the same for the same outcome; None where matplotlib is not there."""
    if find_spec("matplotlib") is None:
        return None
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(STILL):
        if outcome.plane is None:
            figure = Figure(figsize=(9.5, 0.8 + 0.19 * len(outcome.comparisons)))
            _lines(figure.subplots(), outcome.comparisons)
        else:
            figure = Figure(figsize=(12, 4.2))
            _planes(figure.subplots(1, 2, sharey=True), outcome.plane)
        figure.set_layout_engine("constrained")
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata={"Date": None})
    return file.getvalue()[file.getvalue().index("<svg") :]


def in_tolerances(comparison: Comparison) -> tuple[float, float, float]:
    """Best, median and worst less what is expected, in tolerances, with sign.

    Where the claim is an inequality the tolerance is the distance of the bound to theory, to the
    optimum, or where nobody knows these to zero, and 1 or -1 is the bound.
    """
    centre, unit = _scale(comparison)
    found = comparison.found
    away = [(value - centre) / unit for value in (found.best, found.median, found.worst)]
    return away[0], away[1], away[2]


def _scale(comparison: Comparison) -> tuple[float, float]:
    """Where 0 is, and how long 1."""
    if comparison.bound is None:
        return comparison.expected, comparison.tolerance * comparison.scale
    known = comparison.theory if comparison.theory is not None else comparison.optimum
    inside = known is not None and (known < comparison.bound) == (comparison.within == "below")
    if known is not None and inside and known != comparison.bound:
        return known, abs(known - comparison.bound)
    return 0.0, abs(comparison.bound)


def _band(comparison: Comparison) -> tuple[float, float]:
    """From where to where the judged one may lie, in the units of ``in_tolerances``."""
    if comparison.bound is None:
        return -1.0, 1.0
    centre, unit = _scale(comparison)
    at = (comparison.bound - centre) / unit
    return (-np.inf, at) if comparison.within == "below" else (at, np.inf)


def _lines(axes: Axes, comparisons: tuple[Comparison, ...]) -> None:
    edge = 1.3 * LIMIT
    shown: list[Any] = [np.clip(in_tolerances(each), -LIMIT, LIMIT) for each in comparisons]
    places = np.arange(len(comparisons))[::-1]
    for place, each in zip(places, comparisons, strict=True):
        low, high = np.clip(_band(each), -edge, edge)
        label = "allowed" if place == places[0] else None
        axes.barh(place, high - low, 1.0, low, color="#dddddd", zorder=0, label=label)
    marks = (("worst", WORST, "|", 2), ("median", MEDIAN, "d", 1), ("best", BEST, "o", 0))
    for name, colour, mark, k in marks:
        values = [each[k] for each in shown]
        axes.scatter(values, places, s=18, c=colour, marker=mark, label=name, zorder=3 - k)
    wrong = [place for place, each in zip(places, comparisons, strict=True) if not each.agrees]
    if wrong:
        axes.scatter([edge / 1.15] * len(wrong), wrong, s=24, c=DIFFERS, marker="x",
                     label="does not agree")  # fmt: skip
    axes.set_xscale("symlog", linthresh=1)
    axes.set_xlim(-1.3 * LIMIT, 1.3 * LIMIT)
    axes.set_xticks([-10, -1, 0, 1, 10], ["-10", "-1", "0", "1", "10"])
    axes.set_yticks(places, [f"{each.where}: {each.what}" for each in comparisons])
    axes.set_ylim(-0.7, len(comparisons) - 0.3)
    axes.set_xlabel("found less expected, in tolerances")
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)


def _planes(both: Any, plane: Plane) -> None:
    from matplotlib.colors import BoundaryNorm, ListedColormap
    from matplotlib.patches import Patch

    count = len(plane.phases)
    colours = ListedColormap([PHASES[k % len(PHASES)] for k in range(count)])
    norm = BoundaryNorm(np.arange(count + 1) - 0.5, count)
    edges = _edges(plane.importance), _edges(plane.density)
    titles = ("exact optimum", "best of the trained models")
    for axes, phases, title in zip(both, (plane.phase, plane.found), titles, strict=True):
        axes.pcolormesh(*edges, phases, cmap=colours, norm=norm, rasterized=True)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlabel("relative importance of the extra feature")
        axes.set_title(title)
    both[0].set_ylabel("density p = 1 - S")
    y, x = np.nonzero(plane.judged & ~plane.agrees)
    differs = both[1].scatter(
        plane.importance[x], plane.density[y], marker="x", c=DIFFERS, label="differs"
    )
    y, x = np.nonzero(~plane.judged)
    near = both[1].scatter(
        plane.importance[x], plane.density[y], s=6, c="#222222", label="near a boundary"
    )
    patches = [Patch(color=colours(k), label=name) for k, name in enumerate(plane.phases)]
    both[1].legend(
        handles=[*patches, differs, near],
        loc="upper left",
        bbox_to_anchor=(1.01, 1.0),
        frameon=False,
    )


def _edges(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The edges of cells around ``values`` on a log axis."""
    step = np.sqrt(values[1] / values[0])
    return np.append(values / step, values[-1] * step)
