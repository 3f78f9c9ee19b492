"""The entry point: parse, dispatch, and say what went wrong in one sentence."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import version

from superposition.cli import analyse, check, companion, figures, pack, phases, statements

DESCRIPTION = """\
Predicted phase boundaries, closed forms and figures of Toy Models of Superposition.

examples:
  superposition phases --features 2 --hidden 1
  superposition statements antipodal-pair/loss
  superposition pack --points 12 --dim 3
  superposition analyse weights.npz --density 0.1
  superposition check
  superposition figures F5
  superposition companion
"""
BAD_INPUT, INTERRUPTED = 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status is 0, 2 for bad input, 130 when interrupted."""
    parsed = parser().parse_args(arguments)
    try:
        status: int = parsed.run(parsed)
    except ValueError as error:
        print(f"superposition: {error}", file=sys.stderr)
        return BAD_INPUT
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("superposition"):
            raise
        print(
            f"superposition: this command needs the package {error.name}, which is not installed; "
            "install the extras with: pip install 'toy-superposition[all]'",
            file=sys.stderr,
        )
        return BAD_INPUT
    except OSError as error:
        place = f" {error.filename}" if error.filename else ""
        print(f"superposition: cannot read or write{place}: {error.strerror}.", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt as stopped:
        told = str(stopped) or "the same command goes on from here."
        print(f"\nsuperposition: interrupted; {told}", file=sys.stderr)
        return INTERRUPTED
    return status


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(
        prog="superposition",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=version("toy-superposition"))
    commands = top.add_subparsers(required=True, metavar="command")
    for command in (phases, statements, pack, analyse, check, figures, companion):
        command.add_to(commands)
    return top
