"""F5: the phase diagram of n = 2, m = 1: predicted beside trained.

Left: the best of the fixed configurations, with two steps past the paper: the boundary of
the pair at its best common norm and bias (dashed), and with both norms and biases free
(dotted).
Right: trained models, 10 a point, the worst by exact loss dropped, norm and interference of
the extra feature averaged. Grid 20 × 20 (choice).
Claim: the predicted boundaries meet at (1, 4/7), and training reaches the predicted loss.
Source: Elhage et al. 2022, "Phase change".
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from superposition.numerics.enumeration import relu_output_loss
from superposition.numerics.free_pair import pair_boundary
from superposition.paper.figures.figure import Drawn, PaperFigure
from superposition.paper.house_style import INK
from superposition.paper.phase_colours import colour, draw_key
from superposition.paper.phase_picture import DENSITY, IMPORTANCE, draw_phases, set_axes
from superposition.theory.feature_dimensionality import interference
from superposition.theory.phase_diagram import PhaseDiagram, phases

CELLS, SEEDS = 20, 10
TOLERANCE = 0.02  # of the predicted loss


@dataclass(frozen=True)
class TrainedGrid:
    """Trained models over the diagram; every array (densities, importances).

    norm, interference: of the extra feature, averaged without the worst model;
    best: the least exact loss of a cell's models.
    """

    importance: NDArray[np.float64]
    density: NDArray[np.float64]
    norm: NDArray[np.float64]
    interference: NDArray[np.float64]
    best: NDArray[np.float64]


def train_grid(trained_models: Path, progress: bool, cells: int = CELLS) -> TrainedGrid:
    """Train the grid (or read it), drop each cell's worst model by exact loss, average."""
    from superposition.validate.instances import grid
    from superposition.validate.stored_runs import trained
    from superposition.validate.training import Schedule

    importance, density = np.geomspace(*IMPORTANCE, cells), np.geomspace(*DENSITY, cells)
    instances = grid(importance, density, features=2, hidden=1, seeds=SEEDS)
    models = trained("f05", instances, Schedule(), trained_models, progress=progress)
    W, b = models.W.astype(float), models.b.astype(float)
    loss = relu_output_loss(W.mT @ W, b, instances.importance, instances.density)
    shape = (cells, cells, SEEDS)
    kept = np.argsort(loss.reshape(shape), axis=-1)[..., :-1]

    def averaged(values: NDArray[np.float64]) -> NDArray[np.float64]:
        ours = np.take_along_axis(values.reshape(shape), kept, axis=-1)
        return np.asarray(ours.mean(axis=-1))

    return TrainedGrid(
        importance,
        density,
        averaged(np.minimum(np.abs(W[:, 0, 1]), 1)),
        averaged(np.minimum(interference(W)[:, 1], 1)),
        loss.reshape(shape).min(axis=-1),
    )


def draw(trained_models: Path, progress: bool) -> Drawn:
    """Train, check the claim, draw prediction beside training."""
    diagram = phases(features=2, hidden=1)
    models = train_grid(trained_models, progress)
    figure = Figure(figsize=(7.2, 3.1))
    left, right, key = figure.subplots(1, 3, width_ratios=(10, 10, 2.6))
    draw_phases(left, diagram)
    left.set_title("predicted: best of the fixed configurations")
    _draw_steps_past_the_paper(left)
    right.pcolormesh(
        models.importance,
        models.density,
        colour(models.norm, models.interference),
        shading="nearest",
        rasterized=True,
    )
    for boundary in diagram.boundaries:
        points = boundary.points(*IMPORTANCE)
        right.plot(points[:, 0], points[:, 1], color=INK, linewidth=0.8)
    set_axes(right)
    right.set_title(f"trained: {SEEDS} models a point, without the worst")
    draw_key(key)
    return Drawn(figure, _facts(diagram, models))


def _facts(diagram: PhaseDiagram, models: TrainedGrid) -> dict[str, str]:
    (triple,) = diagram.triple_points
    assert (str(triple.importance), str(triple.density)) == ("1", "4/7"), "no triple point at 4/7"
    predicted = diagram.loss(models.importance[None, :], models.density[:, None])
    ratio = models.best / predicted
    reached = float((ratio <= 1 + TOLERANCE).mean())
    assert reached >= 0.95, f"training reaches the predicted loss in only {reached:.0%} of cells"
    return {
        "triple density": str(triple.density),
        "models a cell": str(SEEDS),
        "tolerance": f"{100 * TOLERANCE:g} %",
        "cells reached": f"{100 * reached:.1f} %",
        "median loss ratio": f"{np.median(ratio):.4f}",
        "least loss ratio": f"{ratio.min():.3f}",
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
    claim="The predicted boundaries meet at importance 1 and density 4/7, and trained models "
    "reach the predicted loss.",
    draw=draw,
)
