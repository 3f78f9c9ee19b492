"""``superposition figures``: regenerate figures of the paper."""

from __future__ import annotations

import argparse
from pathlib import Path

DESCRIPTION = """\
Regenerate figures as PDF, PNG and SVG. Trained models are kept beside them, so an
interrupted command goes on where it stopped and a second one only draws.

examples:
  superposition figures
  superposition figures F5 F6
  superposition figures F10 --folder /tmp/pictures
"""


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    command = commands.add_parser(
        "figures",
        help="regenerate figures of the paper",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("numbers", nargs="*", metavar="F", help="figures (default: all there are)")
    add_folder_to(command)
    command.set_defaults(run=run)


def add_folder_to(command: argparse.ArgumentParser) -> None:
    """The options shared by the commands that write results."""
    command.add_argument(
        "--folder", type=Path, default=Path("results"), help="where results go (default: results)"
    )
    command.add_argument("--quiet", action="store_true", help="no progress bars")


def run(options: argparse.Namespace) -> int:
    """Draw, and say where."""
    from superposition.paper.figures.figure import make_figure, paper_figure, paper_figures

    numbers = options.numbers or list(paper_figures())
    for number in numbers:
        paper_figure(number)
    for number in numbers:
        paths = make_figure(number, options.folder, progress=not options.quiet)
        entry = paper_figure(number)
        print(f"{number} {entry.title}\n   {entry.claim}", flush=True)
        for path in paths:
            print(f"   {path}", flush=True)
    return 0
