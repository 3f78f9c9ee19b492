"""``superposition companion``: the theory companion as a PDF."""

from __future__ import annotations

import argparse

from superposition.cli.figures import add_folder_to

DESCRIPTION = """\
Write companion.pdf: every formula printed from the registry with its check mark, beside
the figures. Figures that are missing are drawn first; checks that are still valid are kept.

examples:
  superposition companion
  superposition companion --folder /tmp/pictures
"""


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    command = commands.add_parser(
        "companion",
        help="the theory companion as a PDF",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_folder_to(command)
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Compile, and say where."""
    from superposition.paper.companion import make_companion

    print(f"companion: {make_companion(options.folder, progress=not options.quiet)}")
    return 0
