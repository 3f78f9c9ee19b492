"""``superposition pack``: the best arrangement of N points in d dimensions under an energy."""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from superposition.paper.search_progress import Told, search_progress

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from superposition.numerics.packing.packing import Packing

DESCRIPTION = """\
The best arrangement of N points on the unit sphere in d dimensions that is found from many
random starts. Prints its value, what the points are (name, symmetry, dimensionality) and what
speaks for it: proven, the published value, or the best found. Ctrl-C keeps the best so far.

energies:
  coulomb, log, riesz:S, gaussian:A   sums over all pairs
  max-cosine                          the largest cosine (Tammes)
  lines, complex-lines                the largest |cosine| of lines (coherence)
  one-active                          the toy model's loss while one feature is active

examples:
  superposition pack --points 12 --dim 3
  superposition pack --points 8 --dim 3 --energy max-cosine --save antiprism.pdf
  superposition pack --points 24 --dim 4 --energy riesz:2 --seconds 10 --workers 2
  superposition pack --points 9 --dim 3 --energy complex-lines --save lines.json
  superposition pack --points 12 --dim 3 --save points.csv --save packing.npz
  superposition pack --points 12 --dim 3 --energy log --initial packing.npz
"""
NUMBERS = {
    "points": "N, at least 1",
    "dim": "d, at least 1",
    "starts": "starts at most (default 2048, or as many as the seconds allow)",
    "seed": "of the random starts (default 0)",
    "workers": "threads (default 1)",
}
PICTURES, TABLES = (".pdf", ".png", ".svg"), (".csv", ".npz", ".json")


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    command = commands.add_parser(
        "pack",
        help="the best arrangement of points on a sphere",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for name, words in NUMBERS.items():
        command.add_argument(
            f"--{name}", type=int, metavar="N", required=name in ("points", "dim"), help=words
        )
    command.set_defaults(seed=0, workers=1)
    command.add_argument(
        "--energy", default="coulomb", metavar="NAME", help="what is minimised (default coulomb)"
    )
    command.add_argument("--seconds", type=float, metavar="S", help="no start begins after these")
    command.add_argument(
        "--initial",
        type=Path,
        metavar="FILE",
        help="the first start: a saved .npz or .json, or a .csv with a row per point",
    )
    command.add_argument(
        "--save",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="save the points as .csv, everything as .npz or .json, or the picture as .pdf, .png "
        "or .svg; may be repeated",
    )
    command.add_argument("--quiet", action="store_true", help="no progress")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Search, print, and save where asked; what an interrupted search has found too."""
    initial = _prepared(options)
    try:
        with search_progress(options.quiet) as progress:
            packing = _packed(options, initial, progress)
    except KeyboardInterrupt:
        raise KeyboardInterrupt("nothing was found yet, and nothing is saved.") from None
    try:
        _tell(packing, options.save)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            "the search was over; only the files named above are saved."
        ) from None
    if packing.interrupted:
        raise KeyboardInterrupt(
            f"this is the best of {packing.starts} start{'s' * (packing.starts != 1)}."
        )
    return 0


def _tell(packing: Packing, paths: Iterable[Path]) -> None:
    """Print the packing, and save it."""
    from superposition.cli.told_packing import told_packing

    print(told_packing(packing))
    for path in paths:
        _save(packing, path)
        print(f"saved {path}")


def _prepared(options: argparse.Namespace) -> NDArray[Any] | None:
    """The initial points; what can fail at the end of a long search is tried before it."""
    from superposition.theory.domain import check_count

    for name in ("points", "dim", "workers"):
        check_count(getattr(options, name), name)
    check_count(options.seed, "seed", at_least=0)
    if options.starts is not None:
        check_count(options.starts, "starts")
    if options.seconds is not None and not (0 < options.seconds < math.inf):
        raise ValueError(f"seconds is {options.seconds:g}; it must be a finite number above 0.")
    _check_energy(options.energy)
    initial = None if options.initial is None else _initial(options)
    for path in options.save:
        if path.suffix.lower() not in TABLES + PICTURES:
            raise ValueError(
                f"save is {str(path)!r}; its suffix must be one of {', '.join(TABLES + PICTURES)}."
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix.lower() in PICTURES:
            import superposition.paper.packing_picture  # noqa: F401
    return initial


def _initial(options: argparse.Namespace) -> NDArray[Any]:
    from superposition.numerics.packing.stored_packing import read_points

    points = read_points(options.initial)
    columns = options.dim + (options.energy == "one-active")  # with the bias
    if points.shape != (options.points, columns):
        raise ValueError(
            f"initial is {str(options.initial)!r}, which holds {points.shape[0]} rows of "
            f"{points.shape[1]} numbers; it must hold {options.points} of {columns}."
        )
    return points


def _check_energy(name: str) -> None:
    """Raise ``ValueError`` unless there is such an energy."""
    from superposition.numerics.packing import energy_named

    energy_named(name)


def _packed(options: argparse.Namespace, initial: NDArray[Any] | None, progress: Told) -> Packing:
    from superposition.numerics.packing import pack

    return pack(
        options.points,
        options.dim,
        options.energy,
        starts=options.starts,
        seconds=options.seconds,
        seed=options.seed,
        workers=options.workers,
        initial=initial,
        progress=progress,
    )


def _save(packing: Packing, path: Path) -> None:
    if path.suffix.lower() in PICTURES:
        from superposition.cli.told_packing import name_of
        from superposition.paper.packing_picture import save_packing_picture

        save_packing_picture(packing, path, name_of(packing))
    else:
        from superposition.numerics.packing.stored_packing import save_packing

        save_packing(packing, path)
