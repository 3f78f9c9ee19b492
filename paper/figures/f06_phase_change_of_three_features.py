"""F6: the phase diagram of n = 3, m = 2, the third feature the extra one.

Left: candidates: drop the extra one, drop another, the extra one in an antipodal pair, the two
others paired. Middle: the global minimum of the exact expected loss. Right: trained models, 5 a
point, the worst by exact loss dropped, norm and interference of the extra feature averaged.
Grid 20 × 20 (choice). The lines are those of the exact optimum.
Claim: all four candidates meet at (1, 4/7) and no other candidate is ever best; trained models
reach the exact optimum.
Source: Elhage et al. 2022, "Phase change".
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from superposition.paper import exact_diagrams
from superposition.paper.exact_phase_picture import (
    draw_boundaries,
    draw_exact_phases,
    draw_legend,
    narrow_words,
    order_handles,
)
from superposition.paper.figures.figure import Drawn, PaperFigure
from superposition.paper.phase_colours import draw_key
from superposition.paper.phase_picture import draw_phases
from superposition.paper.trained_grid import TrainedGrid, draw_trained, train_grid
from superposition.theory.phase_diagram import PhaseDiagram, phases

SEEDS = 5
TOLERANCE = 0.02  # of the loss


def draw(trained_models: Path, progress: bool) -> Drawn:
    """Train, compute, check the claim, draw prediction, optimum and training side by side."""
    predicted = phases(features=3, hidden=2)
    exact = exact_diagrams.whole(3, 2, trained_models, progress)
    models = train_grid("f06", 3, 2, SEEDS, trained_models, progress)
    facts = _predicted_facts(predicted) | _trained_facts(models, models.optimum)
    figure = Figure(figsize=(7.4, 2.7))
    left, middle, right, key = figure.subplots(1, 4, width_ratios=(10, 10, 10, 2.6))
    draw_phases(left, predicted, size=6)
    left.set_title("predicted: fixed configurations")
    draw_exact_phases(middle, exact, words=narrow_words, size=6, smallest=0.08)
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
    return Drawn(figure, facts)


def _predicted_facts(diagram: PhaseDiagram) -> dict[str, str]:
    (meeting,) = diagram.triple_points
    assert (str(meeting.importance), str(meeting.density)) == ("1", "4/7"), "not at (1, 4/7)"
    assert len(meeting.phases) == len(diagram.regions) == 4, "not the paper's four phases"
    return {"phases": str(len(diagram.regions)), "meeting density": str(meeting.density)}


def _trained_facts(models: TrainedGrid, optimum: NDArray[np.float64]) -> dict[str, str]:
    excess = models.best / optimum
    optimal = float((excess <= 1 + TOLERANCE).mean())
    assert optimal >= 0.8, f"training reaches the exact optimum in only {optimal:.0%} of cells"
    assert excess.min() > 1 - 1e-6, f"a trained model is better than the optimum: {excess.min()}"
    return {
        "models a cell": str(SEEDS),
        "tolerance": f"{100 * TOLERANCE:g} %",
        "cells optimal": f"{100 * optimal:.1f} %",
        "median excess": f"{100 * (np.median(excess) - 1):.2g} %",
    }


FIGURE = PaperFigure(
    number="F6",
    slug="f06-phase-change-of-three-features",
    title="Phase change: three features in two dimensions",
    claim="Four candidates meet at importance 1 and density 4/7; trained models reach the exact "
    "optimum, which has more phases.",
    draw=draw,
)
