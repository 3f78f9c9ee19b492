"""Certify the phase diagram: ``python -m superposition.numerics.certificate RECORD``."""

from __future__ import annotations

import argparse
import sys
from fractions import Fraction
from pathlib import Path

from superposition.numerics.certificate.certificate import BUDGET
from superposition.numerics.certificate.diagram import diagram_points
from superposition.numerics.certificate.record import certify_many


def main(arguments: list[str] | None = None) -> int:
    """Make or continue a record; 0 if every point of the diagram is proven."""
    parser = argparse.ArgumentParser(
        prog="python -m superposition.numerics.certificate",
        description="Prove the phases of two features in one dimension.",
    )
    parser.add_argument("record", type=Path, help="JSON file, made or continued")
    parser.add_argument("--workers", type=int, default=1, help="processes")
    parser.add_argument("--budget", type=int, default=BUDGET, help="cells a search may look at")
    parser.add_argument("--gap", type=Fraction, default=Fraction(1, 20), help="of loss enclosures")
    chosen = parser.parse_args(arguments)
    record = certify_many(
        diagram_points(),
        chosen.record,
        workers=chosen.workers,
        budget=chosen.budget,
        gap=chosen.gap,
        progress=_told,
    )
    return 0 if all(each.proven for each in record.certificates.values()) else 1


def _told(done: int, points: int) -> None:
    sys.stderr.write(f"\r{done} of {points} points")


if __name__ == "__main__":
    sys.exit(main())
