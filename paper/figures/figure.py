"""What a figure module offers: a number, a title, a way to draw, and where drawings go."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

from matplotlib.figure import Figure

from superposition.numerics.atomic_file import write_text
from superposition.paper.house_style import FORMATS, house_style, save

MODULES = (
    "f02_how_to_read_a_picture",
    "f05_phase_change_of_two_features",
    "f06_phase_change_of_three_features",
    "f10_polytopes_as_matrices",
    "f27_loss_surface",
    "x01_what_is_really_optimal_of_two",
    "x02_what_is_really_optimal_of_three",
    "x03_what_is_really_optimal_without_biases",
    "x04_geometries_of_equal_features",
    "x05_codes_in_the_toy_model",
)


@dataclass(frozen=True)
class Drawn:
    """A drawn figure and the facts it asserted, as numbers the companion can quote."""

    figure: Figure
    facts: dict[str, str]


@dataclass(frozen=True)
class PaperFigure:
    """One figure of the paper.

    number: the paper's, F and a number, or X and a number for what the paper does not have; slug:
    file name; title; claim: what it shows, asserted when drawn; draw: from the folder for trained
    models and exact diagrams, and whether to show progress.
    """

    number: str
    slug: str
    title: str
    claim: str
    draw: Callable[[Path, bool], Drawn]

    def path(self, folder: Path, kind: str) -> Path:
        """Where the file of this kind goes."""
        return folder / "figures" / f"{self.slug}.{kind}"


@cache
def paper_figures() -> dict[str, PaperFigure]:
    """Every figure by its number."""
    found = {}
    for module in MODULES:
        entry = import_module(f"superposition.paper.figures.{module}").FIGURE
        found[entry.number] = entry
    return found


def make_figure(number: str, folder: Path, progress: bool = True) -> list[Path]:
    """Draw one figure into ``folder/figures`` as PDF, PNG and SVG, with its facts as JSON.

    Trained models and exact diagrams are kept in ``folder/trained``: a second call only draws.
    Raises ``ValueError`` for an unknown number.
    """
    entry = paper_figure(number)
    with house_style():
        drawn = entry.draw(folder / "trained", progress)
    paths = [save(drawn.figure, entry.path(folder, kind)) for kind in FORMATS]
    facts = json.dumps(drawn.facts, indent=1, ensure_ascii=False)
    write_text(entry.path(folder, "json"), facts)
    return paths


def paper_figure(number: str) -> PaperFigure:
    """The figure called ``number``; ``ValueError`` if there is none."""
    if number not in paper_figures():
        raise ValueError(f"figure is {number!r}; it must be one of {', '.join(paper_figures())}.")
    return paper_figures()[number]
