"""``superposition phases``: boundaries, phases and diagrams of the toy model of the toy model."""

from __future__ import annotations

import argparse
import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from superposition.cli import exact_phases

if TYPE_CHECKING:
    from superposition.theory.boundary import Boundary
    from superposition.theory.phase_diagram import PhaseDiagram

DESCRIPTION = """\
Phase boundaries of n features in m hidden dimensions: n - 1 ordinary features and an extra
one of relative importance r, all of density p. Prints the phases, their boundaries as
formulas and the points where they meet. With --exact nothing is predicted: the global minimum
of the exact expected loss is computed in every cell, and boundaries are traced between cells.

examples:
  superposition phases --features 2 --hidden 1
  superposition phases --features 3 --hidden 2 --at 0.5 0.1
  superposition phases --features 4 --hidden 2 --ordinary 1 0.9 0.8
  superposition phases --features 2 --hidden 1 --pair balanced --save diagram.pdf
  superposition phases --features 2 --hidden 1 --save grid.csv --save diagram.json
  superposition phases --features 2 --hidden 1 --exact --workers 2 --save diagram.npz
  superposition phases --features 3 --hidden 2 --exact --at 1.07 0.64
"""
PREDICTED: dict[str, Any] = {"ordinary": [1.0], "pair": "unit", "points": 100}
MOST_POINTS = 2000  # four million rows of a saved grid
PICTURES, TABLES = (".pdf", ".png", ".svg"), (".csv", ".json")


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    command = commands.add_parser(
        "phases",
        help="predicted phase boundaries, printed or saved",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("--features", type=int, required=True, help="n, at least 2")
    command.add_argument("--hidden", type=int, required=True, help="m, at least 1")
    command.add_argument(
        "--ordinary",
        type=float,
        nargs="+",
        metavar="I",
        help="importance of the ordinary features: one number, or n - 1 of them (default 1)",
    )
    command.add_argument(
        "--pair",
        help="unit: the paper's pair of unit norm and zero bias (default); "
        "balanced: the pair at its best common norm and bias",
    )
    command.add_argument(
        "--at",
        type=float,
        nargs=2,
        action="append",
        default=[],
        metavar=("R", "P"),
        help="print the phase at importance R and density P (with --exact: the global minimum); "
        "may be repeated",
    )
    command.add_argument(
        "--save",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="save the diagram as .csv (grid), .json (everything), .pdf, .png or .svg, with "
        "--exact also as .npz; may be repeated",
    )
    command.add_argument("--points", type=int, help="points per axis of a saved grid (default 100)")
    exact_phases.add_to(command)
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the diagram, and save it where asked."""
    from superposition.theory.domain import check_count
    from superposition.theory.phase_diagram import phases

    if options.exact:
        exact_phases.refuse(options, PREDICTED, "it cannot be given together with --exact")
        return exact_phases.run(options)
    exact_phases.refuse(options, exact_phases.DEFAULTS, "it can be given only with --exact")
    for name, value in PREDICTED.items():
        if not exact_phases.given(options, [name]):
            setattr(options, name, value)
    check_count(options.points, "points", at_least=2)
    if options.points > MOST_POINTS:
        raise ValueError(f"points is {options.points}; it must be at most {MOST_POINTS}.")
    for path in options.save:
        _check_suffix(path)
    ordinary = options.ordinary[0] if len(options.ordinary) == 1 else options.ordinary
    diagram = phases(options.features, options.hidden, ordinary, options.pair)
    for importance, density in options.at:
        print(diagram.phases[int(diagram.phase(importance, density))])
    if not options.at:
        print(_told(diagram))
    for path in options.save:
        _save(diagram, path, options.points)
        print(f"saved {path}")
    return 0


def _told(diagram: PhaseDiagram) -> str:
    lines = [
        f"{diagram.features} features in {diagram.hidden} hidden dimensions",
        f"r: importance of feature {diagram.features}, the extra one; p: density",
        "",
        "phases",
    ]
    numbers = {phase: number for number, phase in enumerate(diagram.phases)}
    lines += [f"  [{numbers[phase]}] {phase}" for phase in diagram.regions]
    if diagram.boundaries:
        lines += ["", "boundaries"]
    for boundary in diagram.boundaries:
        one, other = boundary.phases
        lines.append(f"  [{numbers[one]}] | [{numbers[other]}]   {boundary}{_sampled(boundary)}")
    if diagram.pair.density_expression() is None and diagram.boundaries:
        lines.append("  λ(p): a member's loss in the pair over the loss of dropping it")
    if diagram.triple_points:
        lines += ["", "points where phases meet"]
    for point in diagram.triple_points:
        meeting = " ".join(f"[{numbers[phase]}]" for phase in point.phases)
        lines.append(f"  r = {point.importance}, p = {_number(point.density)}   {meeting}")
    return "\n".join(lines)


def _sampled(boundary: Boundary) -> str:
    """A few points of a boundary that has no formula for its density."""
    if boundary.vertical or boundary.density is not None:
        return ""
    points = boundary.points(0.1, 10, count=3)
    return "".join(f"\n              p = {p:.6g} at r = {r:.4g}" for r, p in points)


def _number(value: Any) -> str:
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def _check_suffix(path: Path) -> None:
    if path.suffix.lower() not in PICTURES + TABLES:
        raise ValueError(
            f"save is {str(path)!r}; its suffix must be one of {', '.join(TABLES + PICTURES)}."
        )


def _save(diagram: PhaseDiagram, path: Path, points: int) -> None:
    from superposition.numerics.atomic_file import write_text

    suffix = path.suffix.lower()
    if suffix == ".csv":
        write_text(path, _grid(diagram, points))
    elif suffix == ".json":
        write_text(path, json.dumps(_everything(diagram, points), indent=1, ensure_ascii=False))
    else:
        from superposition.paper.phase_picture import save_phases

        save_phases(diagram, path)


def _grid(diagram: PhaseDiagram, points: int) -> str:
    """One row per (importance, density): the phase, the extra feature's place, the loss."""
    importance, density = np.geomspace(0.1, 10, points), np.geomspace(0.01, 1, points)
    number = diagram.phase(importance[None, :], density[:, None])
    loss = diagram.loss(importance[None, :], density[:, None])
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["importance", "density", "phase", "extra", "composition", "loss"])
    for row, p in enumerate(density):
        for column, r in enumerate(importance):
            phase = diagram.phases[number[row, column]]
            table.writerow(
                [
                    repr(float(r)),
                    repr(float(p)),
                    int(number[row, column]),
                    phase.extra,
                    str(phase.composition),
                    repr(float(loss[row, column])),
                ]
            )
    return text.getvalue()


def _everything(diagram: PhaseDiagram, points: int) -> dict[str, Any]:
    """The diagram as plain data: settings, phases, boundaries as formulas and as points."""
    from importlib.metadata import version

    numbers = {phase: number for number, phase in enumerate(diagram.phases)}
    return {
        "version": version("toy-superposition"),
        "features": diagram.features,
        "hidden": diagram.hidden,
        "ordinary": [str(value) for value in diagram.ordinary],
        "pair": diagram.pair.name,
        "phases": [
            {
                "number": numbers[phase],
                "extra": phase.extra,
                "dedicated": phase.composition.dedicated,
                "pairs": phase.composition.pairs,
                "dropped": phase.composition.dropped,
            }
            for phase in diagram.regions
        ],
        "boundaries": [
            {
                "phases": [numbers[phase] for phase in boundary.phases],
                "formula": str(boundary),
                "points": boundary.points(0.1, 10, points).tolist(),
            }
            for boundary in diagram.boundaries
        ],
        "triple_points": [
            {
                "importance": float(point.importance),
                "density": float(point.density),
                "exact": [str(point.importance), str(point.density)],
                "phases": [numbers[phase] for phase in point.phases],
            }
            for point in diagram.triple_points
        ],
    }
