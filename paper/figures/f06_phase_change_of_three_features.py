"""F6: the predicted phase diagram of n = 3, m = 2, the third feature the extra one.

Candidates: drop the extra one, drop another, the extra one in an antipodal pair, the two
others paired. Claim: all four meet at (1, 4/7), and there is no other phase.
Source: Elhage et al. 2022, "Phase change".
"""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from superposition.paper.figures.figure import Drawn, PaperFigure
from superposition.paper.phase_colours import draw_key
from superposition.paper.phase_picture import draw_phases
from superposition.theory.phase_diagram import PhaseDiagram, phases


def draw(trained_models: Path, progress: bool) -> Drawn:
    """Check the claim and draw; nothing is trained."""
    del trained_models, progress
    diagram = phases(features=3, hidden=2)
    facts = _facts(diagram)
    figure = Figure(figsize=(4.6, 3.2))
    axes, key = figure.subplots(1, 2, width_ratios=(10, 2.6))
    draw_phases(axes, diagram)
    axes.set_title("predicted: three features in two dimensions")
    draw_key(key)
    return Drawn(figure, facts)


def _facts(diagram: PhaseDiagram) -> dict[str, str]:
    (meeting,) = diagram.triple_points
    assert (str(meeting.importance), str(meeting.density)) == ("1", "4/7"), "not at (1, 4/7)"
    assert len(meeting.phases) == len(diagram.regions) == 4, "not the paper's four phases"
    return {"phases": str(len(diagram.regions)), "meeting density": str(meeting.density)}


FIGURE = PaperFigure(
    number="F6",
    slug="f06-phase-change-of-three-features",
    title="Phase change: three features in two dimensions, predicted",
    claim="Four phases, all meeting at importance 1 and density 4/7.",
    draw=draw,
)
