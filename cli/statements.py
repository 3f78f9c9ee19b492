"""``superposition statements``: the registry on the terminal."""

from __future__ import annotations

import argparse

DESCRIPTION = """\
Every formula the project claims: its id, or with an id the formula and its source. With
--check it is confronted with its numerical twin over 200 drawn parameter sets.

examples:
  superposition statements
  superposition statements antipodal-pair/loss
  superposition statements antipodal-pair/loss --check
"""


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    command = commands.add_parser(
        "statements",
        help="the formulas, their sources, and whether they hold",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("ids", nargs="*", metavar="ID", help="statements to show (default: list)")
    command.add_argument("--check", action="store_true", help="confront with the numerical twin")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """List, show, or check; the exit status is 1 if a checked statement does not hold."""
    from superposition.theory.registry import statements

    known = statements()
    for id in options.ids:
        if id not in known:
            raise ValueError(
                f"statement is {id!r}; 'superposition statements' lists the {len(known)} there are."
            )
    holding = True
    for id in options.ids or known:
        statement = known[id]
        print(f"{id}: {statement.claim}" if options.ids else id, flush=True)
        if options.ids:
            print(f"  {statement.name} = {statement.expression}\n  source: {statement.source}")
        if options.check:
            from superposition.numerics.confrontation import confront

            verdict = confront(statement)
            holding &= verdict.holds
            word = "holds" if verdict.holds else f"DOES NOT HOLD at {verdict.worst_at}"
            print(f"  {word}: {verdict.draws} draws, largest relative error {verdict.worst:.1e}")
    return 0 if holding else 1
