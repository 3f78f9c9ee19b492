"""X3: what is really optimal without biases, n = 2, m = 1.

Claim: no feature is ever dropped. Below a first-order line the optimum is the antipodal pair;
above it both features point the same way, the confused phase, whose output mixes them: at equal
importance both weights are 1/√2 (the minimum of F27).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from superposition.numerics.optimum.minimum import global_minimum
from superposition.numerics.phase_diagram.exact_diagram import ExactDiagram
from superposition.paper import exact_diagrams
from superposition.paper.exact_phase_picture import draw_exact_phases, draw_legend, order_handles
from superposition.paper.figures.figure import Drawn, PaperFigure
from superposition.paper.phase_colours import draw_key

Array = NDArray[np.float64]
WORDS = {
    "aligned pair (extra, ordinary)": "confused:\nboth weights of one sign",
    "digon (extra, ordinary)": "in superposition",
}


def draw(trained_models: Path, progress: bool) -> Drawn:
    """Compute (once), check the claim, draw."""
    diagram = exact_diagrams.whole(2, 1, trained_models, progress, biases=False)
    facts = _facts(diagram)
    figure = Figure(figsize=(4.6, 3.2))
    axes, key = figure.subplots(1, 2, width_ratios=(10, 2.6))
    draw_exact_phases(axes, diagram, words=lambda name: WORDS[name])
    draw_legend(axes, order_handles(diagram))
    axes.set_title("exact optimum without biases")
    draw_key(key)
    return Drawn(figure, facts)


def _facts(diagram: ExactDiagram) -> dict[str, str]:
    assert diagram.believed.all(), f"{np.sum(~diagram.believed)} cells are not believed"
    assert set(diagram.phases) == set(WORDS), f"other phases than two: {diagram.phases}"
    (line,) = diagram.boundaries
    assert line.first_order, "the boundary is not of first order"
    corner = global_minimum(2, 1, density=1.0, biases=False)
    assert np.allclose(np.abs(corner.W), 2**-0.5), f"at (1, 1) the weights are {corner.W}"
    assert corner.W.prod() > 0, "at (1, 1) the weights have opposite signs"
    aligned = diagram.phases.index("aligned pair (extra, ordinary)")
    return {
        "cells": str(diagram.phase.size),
        "aligned": f"{100 * (diagram.phase == aligned).mean():.1f} %",
        "density at importance one": f"{_density_at_one(line.x, line.y):.3f}",
        "weight in the corner": f"{np.abs(corner.W).max():.4f}",
        "largest residual": f"{np.abs(line.residual).max():.0e}",
    }


def _density_at_one(x: Array, y: Array) -> float:
    order = np.argsort(x)
    return float(np.interp(0.0, np.log(x[order]), y[order]))


FIGURE = PaperFigure(
    number="X3",
    slug="x03-what-is-really-optimal-without-biases",
    title="What is really optimal without biases: two features in one dimension",
    claim="Nothing is dropped: the optimum is an antipodal pair, or above a first-order line two "
    "weights of one sign.",
    draw=draw,
)
