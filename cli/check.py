"""``superposition check``: theory, exact optimum and training, confronted number by number."""

from __future__ import annotations

import argparse
from pathlib import Path

DESCRIPTION = """\
Train the models that the theory speaks of, on samples alone, and compare them with the closed
forms and with the exact optimum. Every check is a claim; its tolerances were fixed before the
models that it judges at standard size were trained.

sizes: smoke (a minute), standard (some twenty minutes on two cores), paper (hours).

Trained models are kept in FOLDER/trained: an interrupted run goes on from there. The report is
printed and written to FOLDER/report.json and FOLDER/report.html (with --only to files named for
the checks). The exit status is 1 if a check stays unresolved.

examples:
  superposition check
  superposition check --size standard
  superposition check --size standard --only phases-of-F5 --only correlated-sets
"""
UNRESOLVED = 1


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    command = commands.add_parser(
        "check",
        help="confront the theory with trained models",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument(
        "--size", default="smoke", metavar="SIZE", help="smoke, standard or paper (default smoke)"
    )
    command.add_argument(
        "--only", action="append", default=[], metavar="ID", help="one check; may be repeated"
    )
    command.add_argument("--list", action="store_true", help="the ids and claims, nothing is run")
    command.add_argument(
        "--folder",
        type=Path,
        default=Path("results/check"),
        help="where models and reports go (default results/check)",
    )
    command.add_argument("--quiet", action="store_true", help="no progress")
    command.set_defaults(run=run)


def run(parsed: argparse.Namespace) -> int:
    """Run the checks and print each as soon as it is done."""
    from superposition.validate.check.report import summary, told_outcome, write_reports
    from superposition.validate.check.run import chosen_checks, run_checks

    if parsed.list:
        for check in chosen_checks(parsed.only):
            print(f"{check.id}: {check.claim}")
        return 0
    asked, results = chosen_checks(parsed.only), []
    try:
        for check, outcome in run_checks(parsed.size, parsed.folder, parsed.only, not parsed.quiet):
            results.append((check, outcome))
            print(told_outcome(check, outcome) + "\n", flush=True)
            parsed.folder.mkdir(parents=True, exist_ok=True)
            paths = write_reports(results, parsed.size, parsed.folder, asked)
    except KeyboardInterrupt:
        told = f"what there is, is in {parsed.folder}; the same command goes on from there."
        raise KeyboardInterrupt(told) from None
    print(f"{summary(results)}; see {paths[0]} and {paths[1]}")
    return UNRESOLVED if any(outcome.status == "unresolved" for _, outcome in results) else 0
