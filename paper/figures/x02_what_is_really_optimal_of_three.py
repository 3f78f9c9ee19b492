"""X2: what is really optimal, n = 3, m = 2: the exact diagram, and a phase no candidate has.

Left: the paper's plane. Middle: equal importance and high density. Hatched: all three features
are in superposition together, none dedicated, none dropped, no two orthogonal. Right: the weights
of one such optimum.
Claim: there is such a region around importance 1, and in it the exact optimum costs less than
the best of the paper's compositions.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from superposition.numerics.optimum.landscape import Landscape
from superposition.numerics.optimum.minimum import Minimum, global_minimum
from superposition.numerics.optimum.search import global_minima
from superposition.numerics.phase_diagram.exact_diagram import ExactDiagram
from superposition.numerics.phase_diagram.states import phase_name
from superposition.paper import exact_diagrams
from superposition.paper.exact_phase_picture import (
    draw_exact_phases,
    draw_frame,
    draw_legend,
    extra_words,
    order_handles,
)
from superposition.paper.figures.figure import Drawn, PaperFigure
from superposition.paper.house_style import FAINT, INK
from superposition.paper.phase_colours import DEDICATED, SHARED, draw_key
from superposition.theory.phase_diagram import phases

Array = NDArray[np.float64]
NORM, GRAPH = 0.1, 0.01  # a stored feature's norm and an edge's |G_ij|, at least
IMPORTANCE, DENSITY = 1.07, 0.64  # of the optimum that is shown
MIDDLE = (0.93, 0.575)  # of the region


def draw(trained_models: Path, progress: bool) -> Drawn:
    """Compute (once), check the claim, draw."""
    whole = exact_diagrams.whole(3, 2, trained_models, progress)
    close = exact_diagrams.close(3, 2, trained_models, progress)
    best = global_minimum(3, 2, (1.0, 1.0, IMPORTANCE), DENSITY)
    facts = _facts(whole, close, best)
    figure = Figure(figsize=(7.4, 3.2))
    left, middle, right = figure.subplots(1, 3, width_ratios=(10, 10, 5))
    draw_exact_phases(left, whole, words=extra_words, smallest=0.08)
    draw_exact_phases(middle, close, words=_words)
    _mark_together(middle, close)
    draw_frame(left, close)
    middle.plot([IMPORTANCE], [DENSITY], "*", color="white", markeredgecolor=INK, markersize=8)
    left.set_title("exact optimum: three in two dimensions")
    middle.set_title("equal importance, high density")
    middle.set_ylabel("")
    draw_legend(left, order_handles(close))
    _draw_weights(right, best)
    draw_key(right.inset_axes((0.25, -0.62, 0.62, 0.42)))
    return Drawn(figure, facts)


def _together(name: str) -> bool:
    """Whether all features are in one tegum factor, in superposition together."""
    return "+" not in name


def _region(diagram: ExactDiagram) -> NDArray[np.bool_]:
    return np.array([_together(name) for name in diagram.phases])[diagram.phase]


def _facts(whole: ExactDiagram, close: ExactDiagram, best: Minimum) -> dict[str, str]:
    assert whole.believed.all(), f"{np.sum(~whole.believed)} cells are not believed"
    assert close.believed.all(), f"{np.sum(~close.believed)} cells are not believed"
    assert best.believed, best.why
    region = _region(close)
    assert region.any(), "no cell stores all three features together"
    assert best.geometry.together, f"the optimum shown is {best.geometry.name}"
    predicted = phases(features=3, hidden=2)
    gain = close.loss / predicted.loss(close.x[None, :], close.y[:, None])
    assert gain.max() < 1 + 1e-9, "a composition costs less than the exact optimum"
    exact_gain = close.loss / _least_apart(close)
    assert np.abs(exact_gain[~region] - 1).max() < 1e-9, "something else beats two at a time"
    assert not _by_thresholds(close)[~region].any(), "all three outside the region"
    place = np.unravel_index(exact_gain.argmin(), exact_gain.shape)
    here = best.loss / float(predicted.loss(IMPORTANCE, DENSITY))
    assert here < 0.99, f"the optimum shown costs {here:.3f} times the best composition"
    rows, columns = np.nonzero(region)
    norms = np.linalg.norm(best.W, axis=0)
    cosines = (best.W.T @ best.W) / np.outer(norms, norms)
    return {
        "cells": str(whole.phase.size),
        "phases": str(len(set(whole.phases) | set(close.phases))),
        "together": f"{100 * _region(whole).mean():.1f} %",
        "least importance": f"{close.x[columns].min():.2f}",
        "largest importance": f"{close.x[columns].max():.2f}",
        "least density": f"{close.y[rows].min():.2f}",
        "largest density": f"{close.y[rows].max():.2f}",
        "largest gain": f"{100 * (1 - gain[region].min()):.0f} %",
        "largest exact gain": f"{100 * (1 - exact_gain[region].min()):.1f} %",
        "its importance": f"{close.x[place[1]]:.2f}",
        "its density": f"{close.y[place[0]]:.2f}",
        "by thresholds": f"{100 * _by_thresholds(close)[region].mean():.0f} %",
        "importance shown": f"{IMPORTANCE:g}",
        "density shown": f"{DENSITY:g}",
        "phase shown": phase_name(best.geometry).split(" (")[0],
        "norms shown": ", ".join(f"{norm:.3f}" for norm in norms),
        "cosines shown": ", ".join(f"{cosines[pair]:.3f}" for pair in ((0, 1), (0, 2), (1, 2))),
        "biases shown": ", ".join(f"{bias:.3f}" for bias in best.b),
        "gain shown": f"{100 * (1 - here):.1f} %",
    }


def _least_apart(diagram: ExactDiagram) -> Array:
    """The least exact loss with at most two features sharing a dimension, (Y, X).

    One feature, an ordinary one or the extra one, has a dimension of its own; the other two are
    in the other dimension, where dropping one of them is among the minima.
    """
    ordinary = Landscape(1, np.ones((len(diagram.y), 2)), np.repeat(diagram.y[:, None], 2, axis=1))
    x, y = (part.ravel() for part in np.meshgrid(diagram.x, diagram.y))
    mixed = Landscape(1, np.stack([np.ones(len(x)), x], axis=1), np.repeat(y[:, None], 2, axis=1))
    shared = global_minima(mixed).loss.reshape(diagram.loss.shape)
    return np.minimum(shared, global_minima(ordinary).loss[:, None])


def _by_thresholds(diagram: ExactDiagram) -> NDArray[np.bool_]:
    """Every norm above 0.1, and the graph of |G_ij| > 0.01 connected: two edges of three."""
    gram = np.abs(np.swapaxes(diagram.W, -1, -2) @ diagram.W)
    edges = gram[..., [0, 0, 1], [1, 2, 2]] > GRAPH
    return np.asarray((edges.sum(axis=-1) >= 2) & (diagram.fields.norms > NORM).all(axis=-1))


def _words(name: str) -> str:
    """What a phase means for the extra feature, and whether two equal others are alike in it."""
    if _together(name):
        return ""
    return extra_words(name) + "\n(the others unequal)" * ("no symmetry" in name)


def _mark_together(axes: Axes, diagram: ExactDiagram) -> None:
    """Hatch and name the region in which all features are stored together."""
    axes.contourf(
        diagram.x,
        diagram.y,
        _region(diagram).astype(float),
        levels=[0.5, 1.5],
        colors="none",
        hatches=["///"],
    )
    axes.text(
        *MIDDLE,
        "all three together\nin superposition",
        ha="center",
        va="center",
        fontsize=7,
        path_effects=[withStroke(linewidth=2.5, foreground="white", alpha=0.9)],
    )


def _draw_weights(axes: Axes, best: Minimum) -> None:
    """The columns of W as arrows, the extra feature in another colour, and the unit circle."""
    axes.add_patch(Circle((0, 0), 1, fill=False, edgecolor=FAINT, linewidth=0.6, linestyle=":"))
    for number, (x, y) in enumerate(best.W.T, start=1):
        ink = DEDICATED if number < len(best.b) else SHARED
        axes.annotate("", (x, y), (0, 0), arrowprops={"arrowstyle": "->", "color": ink, "lw": 1.4})
        away = 1 + 0.28 / np.hypot(x, y)
        axes.text(x * away, y * away, f"$W_{number}$", ha="center", va="center", color=ink)
    axes.set(xlim=(-1.45, 1.45), ylim=(-1.45, 1.45), aspect="equal")
    axes.set_axis_off()
    axes.set_title(f"the optimum at the star:\nr = {IMPORTANCE:g}, p = {DENSITY:g}", fontsize=7)


FIGURE = PaperFigure(
    number="X2",
    slug="x02-what-is-really-optimal-of-three",
    title="What is really optimal: three features in two dimensions",
    claim="Around importance 1 at high density all three features are in superposition together, "
    "for less than the best of the paper's compositions costs.",
    draw=draw,
)
