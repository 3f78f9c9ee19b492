"""X4: which geometry is optimal where, for up to six equally important features.

One row for every (n, m): the phases from sparse to dense, as the search over all weights and
biases found them, and the densities at which one gives way to the next. Solid: first order;
dashed: second order.
Claim: at every crossing of first order the weights on both sides lose the same.
Source: the record of ``numerics.phase_diagram.sequence_record``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from superposition.numerics.expectation.question import expected_loss
from superposition.numerics.phase_diagram.sequence_record import DENSITIES, SIZES, recorded
from superposition.paper.figures.figure import Drawn, PaperFigure
from superposition.paper.house_style import INK

# By the largest factor; colour-blind safe (Okabe and Ito), pale enough for ink.
COLOURS = {
    "shared rays": "#d9d9d9",
    "irregular": "#d9d9d9",
    "hexagon": "#b5a3d0",
    "pentagon": "#8fc7e8",
    "digon": "#9fd3c1",
    "triangle": "#f5d58a",
    "tetrahedron": "#e9a77c",
    "dimensions": "#d9d9d9",
}
EQUAL = 1e-9  # of the loss
LETTER, CLOSE = 0.0075, 0.03  # of the axis: a letter's width, numbers that would overlap


def draw(trained_models: Path, progress: bool) -> Drawn:  # noqa: ARG001
    """Draw the rows and check the crossings."""
    figure = Figure(figsize=(7.4, 3.6))
    axes = figure.subplots()
    records = [recorded(*size) for size in SIZES]
    for row, found in enumerate(records):
        _draw_row(axes, len(records) - 1 - row, found)
    axes.set(xlim=(0, 1), ylim=(-0.5, len(records) - 0.5))
    axes.set(xlabel="density p = 1 - S", title="optimal geometry of equally important features")
    axes.set_yticks(
        range(len(records)),
        [f"n = {found['features']}, m = {found['hidden']}" for found in reversed(records)],
    )
    axes.tick_params(axis="y", length=0)
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    return Drawn(figure, _facts(records))


def _draw_row(axes: Axes, place: int, found: dict[str, Any]) -> None:
    """One (n, m): coloured ranges, their names, and the crossings."""
    edges = [DENSITIES[0], *(one["density"] for one in found["crossings"]), DENSITIES[1]]
    names = [one["before"] for one in found["crossings"]]
    names.append(found["crossings"][-1]["after"] if names else found["ranges"][0]["phase"])
    for low, high, name in zip(edges[:-1], edges[1:], names, strict=True):
        axes.barh(place, high - low, left=low, height=0.62, color=_colour(name), linewidth=0)
        words = _short(name)
        if high - low > LETTER * max(map(len, words.split("\n"))):
            axes.text((low + high) / 2, place, words, ha="center", va="center", fontsize=6)
    told = -1.0
    for one in found["crossings"]:
        axes.plot(
            [one["density"]] * 2,
            [place - 0.31, place + 0.31],
            color=INK,
            linewidth=0.9,
            linestyle="-" if one["first_order"] else (0, (2, 1.5)),
        )
        if one["density"] - told > CLOSE:
            told = one["density"]
            axes.text(told, place + 0.41, f"{told:.4f}", ha="center", va="center", fontsize=5.5)


def _colour(name: str) -> str:
    return next(colour for word, colour in COLOURS.items() if word in name)


def _short(name: str) -> str:
    """The geometry without its symmetry, in as many lines as it has parts."""
    geometry, _, symmetry = name.partition(", ")
    unequal = "\n(unequal norms)" if geometry == "digon" and symmetry == "no symmetry" else ""
    return (
        f"{geometry}{unequal}".replace("2 digon", "2 digons")
        .replace(" + ", "\n+ ")
        .replace(" of shared", "\nof shared")
    )


def _facts(records: list[dict[str, Any]]) -> dict[str, str]:
    worst = 0.0
    for found in records:
        assert found["believed"], "a minimum that the record does not believe"
        for one in found["crossings"]:
            if one["first_order"]:
                before, after = (
                    expected_loss(np.array(W), np.array(b), 1.0, one["density"]).value
                    for W, b in (one["weights_before"], one["weights_after"])
                )
                worst = max(worst, abs(before / after - 1))
    assert worst <= EQUAL, f"losses differ by {worst:.1e} at a crossing"
    facts = {
        f"{found['features']} in {found['hidden']}": _sentence(found["crossings"])
        for found in records
    }
    return facts | {
        "crossings": str(sum(len(found["crossings"]) for found in records)),
        "worst difference": f"{worst:.0e}",
    }


def _sentence(crossings: list[dict[str, Any]]) -> str:
    """For instance: digon + dedicated up to 0.5218377, then triangle."""
    parts = [f"{one['before']} up to {one['density']:.7f}" for one in crossings]
    return ", ".join([*parts, f"then {crossings[-1]['after']}"])


FIGURE = PaperFigure(
    number="X4",
    slug="x04-geometries-of-equal-features",
    title="Which geometry at which density: equally important features",
    claim="At every first-order crossing the weights on both sides lose the same.",
    draw=draw,
)
