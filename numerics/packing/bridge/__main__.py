"""Make the record: ``python -m superposition.numerics.packing.bridge RECORD``."""

from __future__ import annotations

import sys
from pathlib import Path

from superposition.numerics.packing.bridge.record import record

if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("One argument is needed: the file that the record goes to.")
    record(Path(sys.argv[1]))
