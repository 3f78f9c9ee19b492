"""X5: which spherical codes are minima of the toy model's loss, and at which densities.

Left: one feature active at a time. What a feature of each code loses at the best common norm and
bias, beside the least loss of as many features over all weights and biases that was found. Right:
the exact loss; pale where the code is a local minimum, dark where it is the global one.
Claim: every code called a minimum has a gradient that vanishes and no falling direction, and at
every limit of a dark bar code and competitor lose the same.
Source: the record of ``numerics.packing.bridge``.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from superposition.numerics.expectation.question import expected_loss
from superposition.numerics.packing.bridge.record import recorded
from superposition.numerics.packing.energy.toy_model import OneActive
from superposition.paper.figures.figure import Drawn, PaperFigure
from superposition.paper.house_style import FAINT, INK

# By verdict: marker, filling, what the legend says; colour-blind safe (Okabe and Ito).
MARKS = {
    "global minimum": ("o", "#0072b2", "code: the least loss found"),
    "local minimum": ("o", "white", "code: a local minimum"),
    "saddle": ("X", "#d55e00", "code: a saddle"),
    "not critical": ("D", "#e69f00", "code: not critical"),
}
LOCAL, GLOBAL = "#bcd7e8", "#0072b2"
EQUAL = 1e-9  # of a loss per feature


def draw(trained_models: Path, progress: bool) -> Drawn:  # noqa: ARG001
    """Draw both panels from the record and check it."""
    found = recorded()
    lossy = [row for row in found["codes"] if row["loss"] > EQUAL]
    figure = Figure(figsize=(7.4, 5.2))
    left, right = figure.subplots(1, 2, width_ratios=(1.15, 1))
    _draw_codes(left, lossy)
    _draw_densities(right, found["densities"])
    return Drawn(figure, _facts(found))


def _draw_codes(axes: Axes, rows: list[dict[str, Any]]) -> None:
    """One row a code: its loss, the least loss found as a bar, the way between them."""
    for place, row in enumerate(reversed(rows)):
        loss = row["loss"] / row["points"]
        if row["free"] is not None:
            least = row["free"]["loss"] / row["points"]
            axes.plot([least, loss], [place] * 2, color=FAINT, linewidth=0.8, zorder=1)
            axes.plot([least], [place], "|", color=INK, markersize=9, zorder=2)
        marker, filling, _ = MARKS[row["verdict"]]
        axes.plot(
            [loss], [place], marker, color=INK, markerfacecolor=filling, markersize=5, zorder=3
        )
    for marker, filling, words in MARKS.values():
        axes.plot([], [], marker, color=INK, markerfacecolor=filling, markersize=5, label=words)
    axes.plot([], [], "|", color=INK, markersize=9, label="all weights and biases")
    axes.legend(loc="upper left", bbox_to_anchor=(0, 0.95), fontsize=6)
    axes.set_yticks(
        range(len(rows)),
        [f"{row['name']}  {row['points']} in {row['dimension']}" for row in reversed(rows)],
    )
    axes.set(xscale="log", xlim=(0.004, 0.4), xlabel="loss of a feature, one active at a time")
    axes.set_xticks(
        [0.005, 0.01, 0.02, 0.05, 0.1, 0.2], ["0.005", "0.01", "0.02", "0.05", "0.1", "0.2"]
    )
    axes.minorticks_off()
    axes.set_title("one feature active at a time", fontsize=7)
    _bare(axes)


def _draw_densities(axes: Axes, rows: list[dict[str, Any]]) -> None:
    """One row a code: where it is a local minimum, and where the global one."""
    for place, row in enumerate(reversed(rows)):
        low, high = row["followed"]
        for start, end in _ranges(low, high, row["local_at_first"], row["local_limits"]):
            axes.barh(place, end - start, left=start, height=0.62, color=LOCAL, linewidth=0)
        low, high = row["searched"][0], row["searched"][-1]
        for start, end in _ranges(low, high, row["global_at_first"], row["global_limits"]):
            axes.barh(place, end - start, left=start, height=0.3, color=GLOBAL, linewidth=0)
        for limit in row["local_limits"]:
            aside = 0.01 if limit["ends"] else -0.01
            side = "left" if limit["ends"] else "right"
            at = limit["density"]
            axes.text(at + aside, place, f"{at:.4f}", ha=side, va="center", fontsize=5.5)
        for limit in row["global_limits"]:
            at = limit["density"]
            axes.text(at, place + 0.43, f"{at:.4f}", ha="center", va="center", fontsize=5.5)
    axes.set_yticks(
        range(len(rows)),
        [f"{row['name']}\n{row['features']} in {row['hidden']}" for row in reversed(rows)],
    )
    axes.set(xlim=(0, 1), ylim=(-0.6, len(rows) - 0.35), xlabel="density p = 1 - S")
    axes.set_title("dark: the global minimum; pale: a local one", fontsize=7)
    _bare(axes)


def _bare(axes: Axes) -> None:
    axes.tick_params(axis="y", length=0, labelsize=6.5)
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)


def _ranges(
    low: float, high: float, inside: bool, limits: Iterable[dict[str, Any]]
) -> list[tuple[float, float]]:
    """The parts of [low, high] in which the code is a minimum."""
    edges = [low, *(limit["density"] for limit in limits), high]
    return [edges[k : k + 2] for k in range(len(edges) - 1) if (k % 2 == 0) == inside]  # type: ignore[misc]


def _facts(found: dict[str, Any]) -> dict[str, str]:
    codes, ranges = found["codes"], found["densities"]
    for row in codes:
        _check_code(row)
    worst = max(
        _difference(limit, limit["density"]) for row in ranges for limit in row["global_limits"]
    )
    assert worst <= EQUAL, f"losses differ by {worst:.1e} at a limit"
    named = {row["name"]: row for row in codes}
    own, tammes = named["Thomson 8"]["relaxed"], named["Tammes antiprism"]
    facts = {
        verdict: _listed(row["name"] for row in codes if row["verdict"] == verdict)
        for verdict in (*MARKS, "no loss", "no loss, not unique")
    }
    best = [row for row in codes if row["verdict"] == "global minimum"]
    facts |= {
        "reached": _listed(row["name"] for row in best if row["free"]["reached"]),
        "not reached": _listed(row["name"] for row in best if not row["free"]["reached"]),
    }
    facts |= {
        "beaten by": _listed(
            f"{row['name']} by {row['free']['geometry']}"
            for row in codes
            if row["free"] and row["dimension"] == 2 and row["loss"] > row["free"]["loss"] + EQUAL
        ),
        "antiprism's loss": f"{own['loss'] / 8:.6f}",
        "Tammes antiprism's loss": f"{tammes['loss'] / 8:.6f}",
        "tight antiprism's loss": f"{named['tight antiprism']['loss'] / 8:.6f}",
        "antiprism's dimensionality": f"{own['dimensionality']:.4f}",
        "worst difference": f"{worst:.0e}",
    }
    return facts | {row["name"]: _sentence(row) for row in ranges}


def _check_code(row: dict[str, Any]) -> None:
    """What the record calls a minimum is one, and the free minimum's loss is its weights'."""
    if row["verdict"] in {"global minimum", "local minimum"}:
        assert row["gradient_norm"] <= EQUAL
        assert row["signature"][0] == 0
    if row["free"] is not None:
        W, b = (np.array(part) for part in row["free"]["weights"])
        loss = float(OneActive().value(np.append(W.T, b[:, None], axis=1)))
        assert abs(loss - row["free"]["loss"]) <= EQUAL * row["points"]


def _difference(limit: dict[str, Any], density: float) -> float:
    losses = [
        expected_loss(np.array(W), np.array(b), 1.0, density).value
        for W, b in (limit["code"], limit["other"])
    ]
    return float(abs(losses[0] / losses[1] - 1))


def _listed(names: Iterable[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _sentence(row: dict[str, Any]) -> str:
    """For instance: global minimum up to 0.706404 (then …), local minimum up to 0.713013."""
    parts = []
    for kind, first in (("global", row["global_at_first"]), ("local", row["local_at_first"])):
        limits = row[f"{kind}_limits"]
        told = [
            f"{'up to' if limit['ends'] else 'from'} {limit['density']:.7f}"
            + (f" ({'then' if limit['ends'] else 'before'} {_short(limit['competitor'])})")
            * bool(limit["competitor"])
            for limit in limits
        ]
        where = " and ".join(told) or ("throughout" if first else "nowhere")
        parts.append(f"{kind} minimum {where}")
    ranges = ((row["searched"][0], row["searched"][-1]), row["followed"])
    return "; ".join(
        f"{part}, looked at from {low:g} to {high:g}"
        for part, (low, high) in zip(parts, ranges, strict=True)
    )


def _short(competitor: str) -> str:
    """The geometry without its symmetry, unless that is what broke."""
    geometry, _, symmetry = competitor.partition(", symmetry")
    return (geometry if symmetry else competitor).replace("2 digon", "2 digons")


FIGURE = PaperFigure(
    number="X5",
    slug="x05-codes-in-the-toy-model",
    title="Which spherical codes are minima of the toy model, and at which densities",
    claim="What is called a minimum is one, and at every limit code and competitor lose the same.",
    draw=draw,
)
