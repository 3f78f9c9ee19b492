"""F5: the phase diagram of n = 2, m = 1: predicted, really optimal, trained.

Left: the best of the fixed configurations, with two steps past the paper: the boundary of
the pair at its best common norm and bias (dashed), and with both norms and biases free
(dotted). Middle: the global minimum of the exact expected loss.
Right: trained models, 10 a point, the worst by exact loss dropped, norm and interference of
the extra feature averaged. Grid 20 × 20 (choice). The lines are those of the exact optimum.
Claim: the predicted boundaries meet at (1, 4/7), training reaches the predicted loss, and the
exact optimum's where it is lower.
Source: Elhage et al. 2022, "Phase change".
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from superposition.numerics.free_pair import pair_boundary
from superposition.paper import exact_diagrams
from superposition.paper.exact_phase_picture import (
    draw_boundaries,
    draw_exact_phases,
    draw_legend,
    narrow_words,
    order_handles,
)
from superposition.paper.figures.figure import Drawn, PaperFigure
from superposition.paper.house_style import INK
from superposition.paper.phase_colours import draw_key
from superposition.paper.phase_picture import IMPORTANCE, draw_phases
from superposition.paper.trained_grid import TrainedGrid, draw_trained, train_grid
from superposition.theory.phase_diagram import PhaseDiagram, phases

SEEDS = 10
TOLERANCE = 0.02  # of the loss
SPARSE, DENSE = 0.02, 0.45  # densities below and above which basins are counted


def draw(trained_models: Path, progress: bool) -> Drawn:
    """Train, compute, check the claim, draw prediction, optimum and training side by side."""
    predicted = phases(features=2, hidden=1)
    exact = exact_diagrams.whole(2, 1, trained_models, progress)
    models = train_grid("f05", 2, 1, SEEDS, trained_models, progress)
    figure = Figure(figsize=(7.4, 2.7))
    left, middle, right, key = figure.subplots(1, 4, width_ratios=(10, 10, 10, 2.6))
    draw_phases(left, predicted, size=6)
    _draw_steps_past_the_paper(left)
    left.set_title("predicted: fixed configurations")
    draw_exact_phases(middle, exact, words=narrow_words, size=6)
    draw_legend(middle, order_handles(exact))
    middle.set_title("exact optimum")
    draw_trained(right, models)
    draw_boundaries(right, exact)
    right.set_title(f"trained: {SEEDS} a point, less the worst")
    for axes in (left, middle, right):
        axes.set_xlabel("relative importance")
    for axes in (middle, right):
        axes.set(ylabel="", yticklabels=[])
    draw_key(key)
    return Drawn(figure, _facts(predicted, models, models.optimum))


def _facts(
    diagram: PhaseDiagram, models: TrainedGrid, optimum: NDArray[np.float64]
) -> dict[str, str]:
    (triple,) = diagram.triple_points
    assert (str(triple.importance), str(triple.density)) == ("1", "4/7"), "no triple point at 4/7"
    predicted = diagram.loss(models.importance[None, :], models.density[:, None])
    ratio, excess = models.best / predicted, models.best / optimum
    reached = float((ratio <= 1 + TOLERANCE).mean())
    optimal = float((excess <= 1 + TOLERANCE).mean())
    assert reached >= 0.95, f"training reaches the predicted loss in only {reached:.0%} of cells"
    assert optimal >= 0.9, f"training reaches the exact optimum in only {optimal:.0%} of cells"
    assert excess.min() > 1 - 1e-6, f"a trained model is better than the optimum: {excess.min()}"
    return {
        "triple density": str(triple.density),
        "models a cell": str(SEEDS),
        "tolerance": f"{100 * TOLERANCE:g} %",
        "cells reached": f"{100 * reached:.1f} %",
        "median loss ratio": f"{np.median(ratio):.4f}",
        "least loss ratio": f"{ratio.min():.3f}",
        "cells optimal": f"{100 * optimal:.1f} %",
        "median excess": f"{100 * (np.median(excess) - 1):.2g} %",
        "best basin": f"{100 * models.found.mean():.0f} %",
        "best basin, sparse": f"{100 * models.found[models.density < SPARSE].mean():.0f} %",
        "best basin, dense": f"{100 * models.found[models.density > DENSE].mean():.0f} %",
        "sparse": f"{SPARSE:g}",
        "dense": f"{DENSE:g}",
        "least gap": f"{(optimum / predicted).min():.3f}",
    }


def _draw_steps_past_the_paper(axes: Axes) -> None:
    """The pair's boundary at its best common norm and bias, and with both free."""
    for boundary in phases(features=2, hidden=1, pair="balanced").boundaries:
        points = boundary.points(*IMPORTANCE, count=80)
        axes.plot(*points.T, color=INK, linewidth=1, linestyle="--")
    free = [pair_boundary(density) for density in np.geomspace(0.03, 0.5, 8)]
    assert all(point.converged for point in free), "a minimisation of the free pair failed"
    importance = np.array([point.importance for point in free])
    density = [point.density for point in free]
    axes.plot(importance, density, color=INK, linewidth=1, linestyle=":")
    # Exchanging the features turns importance r into 1/r.
    axes.plot(1 / importance, density, color=INK, linewidth=1, linestyle=":")
    styles = (
        ("-", "unit pair (paper)"),
        ("--", "pair: best common norm, bias"),
        (":", "pair: two free norms, biases"),
    )
    for style, words in styles:
        axes.plot([], [], color=INK, linewidth=1, linestyle=style, label=words)
    axes.legend(loc="lower left", fontsize=6, handlelength=2.2, borderaxespad=0.3)


FIGURE = PaperFigure(
    number="F5",
    slug="f05-phase-change-of-two-features",
    title="Phase change: two features in one dimension",
    claim="The predicted boundaries meet at importance 1 and density 4/7; trained models reach "
    "the predicted loss, and the exact optimum's where it is lower.",
    draw=draw,
)
