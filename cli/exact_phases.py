"""``superposition phases --exact``: what is really optimal, computed instead of predicted."""

from __future__ import annotations

import argparse
import csv
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from superposition.paper.stage_progress import stage_progress

if TYPE_CHECKING:
    from superposition.numerics import ExactDiagram, Plane
    from superposition.numerics.phase_diagram.boundary import Boundary

DEFAULTS: dict[str, Any] = {
    "grid": 100,
    "refine": 1,
    "starts": 16,
    "seed": 0,
    "no_biases": False,
    "importance": (0.1, 10.0),
    "density": (0.01, 1.0),
    "folder": Path("superposition-phases"),
    "workers": 1,
    "quiet": False,
}
ONE_PLACE = ("starts", "seed", "no_biases")  # what --at minds
STARTS_AT_ONE_PLACE = 64
MOST_CELLS = 1000  # per axis: a million cells, some hours
PICTURES, TABLES = (".pdf", ".png", ".svg"), (".npz", ".csv", ".json")


def add_to(command: argparse.ArgumentParser) -> None:
    """Add the options; all are None unless given."""
    group = command.add_argument_group("the exact optimum, instead of the prediction")
    group.add_argument(
        "--exact",
        action="store_true",
        help="compute the global minimum of the exact expected loss in every cell",
    )
    numbers = {
        "grid": "cells per axis",
        "refine": "how often cells at a boundary are divided",
        "starts": f"random starts per cell, at least ({STARTS_AT_ONE_PLACE} with --at)",
        "seed": "of the random starts",
        "workers": "processes",
    }
    for name, words in numbers.items():
        group.add_argument(
            f"--{name}", type=int, metavar="N", help=f"{words} (default {DEFAULTS[name]})"
        )
    for name in ("importance", "density"):
        low, high = DEFAULTS[name]
        group.add_argument(
            f"--{name}",
            type=float,
            nargs=2,
            metavar=("LO", "HI"),
            help=f"its range (default {low:g} to {high:g})",
        )
    group.add_argument(
        "--folder",
        type=Path,
        metavar="DIR",
        help="where finished tiles of cells are kept, so that an interrupted command goes on "
        f"(default {DEFAULTS['folder']})",
    )
    for name, words in (("no-biases", "biases fixed at zero"), ("quiet", "no progress")):
        group.add_argument(f"--{name}", action="store_const", const=True, help=words)


def given(options: argparse.Namespace, names: Iterable[str]) -> list[str]:
    """The options among ``names`` that were given."""
    return [name for name in names if getattr(options, name) is not None]


def refuse(options: argparse.Namespace, names: Iterable[str], rule: str) -> None:
    """Raise ``ValueError``, naming the first of ``names`` that was given, and the rule."""
    for name in given(options, names):
        value = getattr(options, name)
        told = " ".join(map(str, value)) if isinstance(value, list | tuple) else value
        raise ValueError(f"--{name.replace('_', '-')} is {told}; {rule}.")


def run(options: argparse.Namespace) -> int:
    """Compute, print, and save where asked."""
    if options.at:
        rule = "it cannot be given together with --exact --at, which computes no diagram"
        refuse(options, [name for name in DEFAULTS if name not in ONE_PLACE], rule)
        if options.save:
            raise ValueError(f"--save is {options.save[0]}; {rule}.")
        starts = STARTS_AT_ONE_PLACE if options.starts is None else options.starts
        for importance, density in options.at:
            print(_told_minimum(_filled(options), importance, density, starts))
        return 0
    options = _filled(options)
    _prepare(options)
    diagram = _computed(options)
    print(_told(diagram))
    for path in options.save:
        _save(diagram, path, options)
        print(f"saved {path}")
    print(f"finished tiles are kept in {options.folder}: the same command is quick")
    return 0


def _filled(options: argparse.Namespace) -> argparse.Namespace:
    """The options, with the defaults of those that were not given."""
    missing = {name: value for name, value in DEFAULTS.items() if not given(options, [name])}
    return argparse.Namespace(**(vars(options) | missing))


def _plane(options: argparse.Namespace) -> Plane:
    from superposition.numerics import importance_and_density

    return importance_and_density(
        options.features,
        options.hidden,
        importance=options.importance,
        density=options.density,
        biases=not options.no_biases,
    )


def _prepare(options: argparse.Namespace) -> None:
    """What can fail at the end of a long computation is tried before it."""
    from superposition.theory.domain import check_count

    if check_count(options.grid, "grid", at_least=2) > MOST_CELLS:
        raise ValueError(f"grid is {options.grid}; it must be at most {MOST_CELLS}.")
    check_count(options.refine, "refine", at_least=0)
    check_count(options.workers, "workers")
    check_count(options.seed, "seed", at_least=0)
    for path in options.save:
        if path.suffix.lower() not in PICTURES + TABLES:
            raise ValueError(
                f"save is {str(path)!r}; with --exact its suffix must be one of "
                f"{', '.join(TABLES + PICTURES)}."
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix.lower() in PICTURES:
            import superposition.paper.exact_phase_picture  # noqa: F401
    options.folder.mkdir(parents=True, exist_ok=True)


def _computed(options: argparse.Namespace) -> ExactDiagram:
    from superposition.numerics import exact_phase_diagram
    from superposition.numerics.worker_processes import worker_processes

    plane = _plane(options)
    try:
        with (
            worker_processes(options.workers) as executor,
            stage_progress(options.quiet) as progress,
        ):
            return exact_phase_diagram(
                plane,
                (options.grid, options.grid),
                refine=options.refine,
                starts=options.starts,
                seed=options.seed,
                folder=options.folder,
                executor=executor,
                progress=progress,
            )
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"finished tiles are kept in {options.folder} and the same command goes on from there."
        ) from None


def _told_minimum(
    options: argparse.Namespace, importance: float, density: float, starts: int
) -> str:
    """The global minimum at one place: its phase, its weights, and why to believe it."""
    from superposition.numerics import geometry_of, global_minimum
    from superposition.numerics.phase_diagram.states import phase_name
    from superposition.theory.domain import check_importance

    check_importance(importance)
    plane = _plane(options)
    best = global_minimum(
        options.features,
        options.hidden,
        (*plane.importance[:-1], importance),
        density,
        biases=plane.biases,
        starts=starts,
        seed=options.seed,
    )
    name = phase_name(geometry_of(best.W, best.b, plane.kinds))
    lines = [f"r = {importance:g}, p = {density:g}: {name}", f"  loss {best.loss:.15g}"]
    lines += [
        f"  {head} {_row(row)}" for head, row in zip(_heads(len(best.W)), best.W, strict=True)
    ]
    return "\n".join([*lines, f"  b {_row(best.b)}", f"  {best.why}"])


def _heads(rows: int) -> list[str]:
    return ["W", *" " * (rows - 1)]


def _row(numbers: Sequence[float] | np.ndarray[Any, Any]) -> str:
    return " ".join(f"{number:12.9f}" for number in numbers)


def _told(diagram: ExactDiagram) -> str:
    plane, cells = diagram.plane, diagram.phase.size
    n, m = len(plane.kinds), plane.hidden
    number = {name: place for place, name in enumerate(diagram.phases)}

    def numbered(names: Iterable[str], between: str) -> str:
        # A phase that only shows between cells has no number.
        return between.join(f"[{number[name]}]" if name in number else name for name in names)

    biases = "with biases" if plane.biases else "without biases"
    lines = [
        f"{n} features in {m} hidden dimension{'s' * (m > 1)}, {biases}: what is really optimal",
        f"r: importance of feature {n}, the extra one; p: density",
        "",
        f"phases, and their share of {cells} cells",
    ]
    for name, place in number.items():
        lines.append(f"  [{place}] {np.mean(diagram.phase == place):7.2%}  {name}")
    if diagram.boundaries:
        lines += ["", "boundaries, from (r, p) to (r, p)"]
    for line in sorted(diagram.boundaries, key=lambda line: -len(line.x)):
        lines.append(
            f"  {numbered(line.phases, ' | ')}  {_order(line)}  "
            f"({line.x[0]:.6g}, {line.y[0]:.6g}) to ({line.x[-1]:.6g}, {line.y[-1]:.6g})  "
            f"{len(line.x)} point{'s' * (len(line.x) > 1)}"
        )
    if diagram.meeting_points:
        lines += ["", "points where boundaries meet"]
    for point in diagram.meeting_points:
        at = f"r = {point.x:.8g}, p = {point.y:.8g}"
        if point.residual is None:  # known to one plaquette only
            at = f"r ≈ {point.x:.3g}, p ≈ {point.y:.3g}"
        lines.append(f"  {at}   {numbered(point.phases, ' ')}")
    return "\n".join([*lines, "", *_evidence(diagram)])


def _order(line: Boundary) -> str:
    """The order; of a second one also the exponent with which the order parameters grow."""
    if line.first_order:
        return "first order"
    known = line.exponent[np.isfinite(line.exponent)]
    return "second order" + (f" (exponent {np.median(known):.2f})" if len(known) else "")


def _evidence(diagram: ExactDiagram) -> list[str]:
    """What speaks for the diagram, and what it cannot vouch for."""
    cells, believed = diagram.phase.size, int(diagram.believed.sum())
    norm = f"{diagram.gradient_norm.max():.1e}"
    lines = [
        f"{believed} of {cells} cells believed: two random starts agree, the gradient is ≤ {norm}"
    ]
    for row, column in np.argwhere(~diagram.believed)[:10]:
        lines.append(
            f"  not believed: r = {diagram.x[column]:.6g}, p = {diagram.y[row]:.6g}, found by "
            f"{diagram.found_by[row, column]} of {diagram.starts[row, column]} starts"
        )
    residuals = [np.abs(line.residual).max() for line in diagram.boundaries]
    if residuals:
        lines += [
            "boundaries: equal losses (first order) or a vanishing least curvature (second order),",
            f"to {max(residuals):.1e} of what storing nothing costs",
        ]
    return lines


def _save(diagram: ExactDiagram, path: Path, options: argparse.Namespace) -> None:
    from superposition.numerics.atomic_file import write_text

    suffix = path.suffix.lower()
    if suffix == ".npz":
        diagram.save(path)
    elif suffix == ".csv":
        write_text(path, _table(diagram))
    elif suffix == ".json":
        told = _everything(diagram, options)
        write_text(path, json.dumps(told, indent=1, ensure_ascii=False))
    else:
        from superposition.paper.exact_phase_picture import save_exact_phases

        save_exact_phases(diagram, path)


def _table(diagram: ExactDiagram) -> str:
    """One row per cell: what is optimal there, and what speaks for it."""
    fields = diagram.fields
    single = ("loss", "gradient_norm", "curvature", "found_by", "starts", "believed")
    per_feature = {
        "norm": fields.norms, "interference": fields.interference, "bias": fields.bias
    }  # fmt: skip
    features = range(len(diagram.plane.kinds))
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    many = [f"{name}_{i + 1}" for name in per_feature for i in features]
    table.writerow(["importance", "density", "phase", *single, *many])
    for row, column in np.ndindex(diagram.phase.shape):
        values = [getattr(diagram, name)[row, column].item() for name in single]
        values += [array[row, column, i].item() for array in per_feature.values() for i in features]
        place = [diagram.x[column].item(), diagram.y[row].item()]
        name = diagram.phases[diagram.phase[row, column]]
        table.writerow([*map(repr, place), name, *map(repr, values)])
    return text.getvalue()


def _everything(diagram: ExactDiagram, options: argparse.Namespace) -> dict[str, Any]:
    """The phases, boundaries and meeting points as plain data, with what made them."""
    from importlib.metadata import version

    plane = diagram.plane
    return {
        "versions": {name: version(name) for name in ("toy-superposition", "numpy", "scipy")},
        "features": len(plane.kinds),
        "hidden": plane.hidden,
        "biases": plane.biases,
        "importance": [plane.x.low, plane.x.high],
        "density": [plane.y.low, plane.y.high],
        "grid": options.grid,
        "refine": options.refine,
        "starts": options.starts,
        "seed": options.seed,
        "believed": int(diagram.believed.sum()),
        "cells": diagram.phase.size,
        "phases": [
            {"name": name, "share": float(np.mean(diagram.phase == place))}
            for place, name in enumerate(diagram.phases)
        ],
        "boundaries": [
            {
                "phases": list(line.phases),
                "order": "first" if line.first_order else "second",
                "importance": line.x.tolist(),
                "density": line.y.tolist(),
                "residual": line.residual.tolist(),
                "jump": line.jump.tolist(),
                "exponent": [None if np.isnan(beta) else float(beta) for beta in line.exponent],
            }
            for line in diagram.boundaries
        ],
        "meeting_points": [
            {
                "importance": point.x,
                "density": point.y,
                "phases": list(point.phases),
                "residual": point.residual,
            }
            for point in diagram.meeting_points
        ],
    }
