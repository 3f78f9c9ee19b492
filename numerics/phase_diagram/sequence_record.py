r"""The record of phase sequences: which geometry is optimal where, for up to six equal features.

Made by ``python -m superposition.numerics.phase_diagram.sequence_record FOLDER``: half an hour,
one file per (n, m), so that an interrupted call goes on with the next. Every file holds the
phases with their ranges of density, and every crossing with its weights on both sides: whoever
reads it can evaluate both losses there.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from typing import Any

from superposition.numerics.atomic_file import write_text
from superposition.numerics.phase_diagram.phase_sequence import PhaseSequence, phase_sequence

# (n, m): points searched at first, random starts of each.
SIZES = {
    (2, 1): (60, 24),
    (3, 2): (100, 24),
    (4, 2): (100, 32),
    (4, 3): (100, 32),
    (5, 2): (100, 40),
    (5, 3): (100, 40),
    (6, 2): (48, 40),
}
DENSITIES = (0.01, 0.999)  # at p = 1 itself phases tie


def told(features: int, hidden: int, found: PhaseSequence) -> dict[str, Any]:
    """One sequence as plain numbers and names."""
    ranges = []
    for name, group in groupby(range(len(found.phases)), key=lambda k: found.phases[k]):
        numbers = list(group)
        ranges.append(
            {"phase": name, "from": found.density[numbers[0]], "to": found.density[numbers[-1]]}
        )
    crossings = [
        {
            "density": one.density,
            "before": one.before,
            "after": one.after,
            "first_order": one.first_order,
            "residual": one.residual,
            "jump": one.jump,
            "weights_before": [part.tolist() for part in one.weights_before],
            "weights_after": [part.tolist() for part in one.weights_after],
        }
        for one in found.crossings
    ]
    return {
        "features": features,
        "hidden": hidden,
        "made_by": "python -m superposition.numerics.phase_diagram.sequence_record",
        "version": version("toy-superposition"),
        "densities_searched": len(found.density),
        "least_found_by": int(found.found_by.min()),
        "believed": bool(found.believed.all()),
        "largest_gradient": float(found.gradient_norm.max()),
        "ranges": ranges,
        "crossings": crossings,
    }


def recorded(features: int, hidden: int) -> dict[str, Any]:
    """The record of one sequence, as it comes with the package.

    Raises ``ValueError`` for a pair (features, hidden) that is not recorded.

    >>> [round(one["density"], 6) for one in recorded(3, 2)["crossings"]]
    [0.521838]
    """
    if (features, hidden) not in SIZES:
        raise ValueError(
            f"features is {features} and hidden {hidden}; recorded are {sorted(SIZES)}."
        )
    home = files("superposition.numerics.phase_diagram") / "phase_sequences"
    text = (home / f"phases-of-{features}-in-{hidden}.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def record(folder: Path) -> None:
    """Every sequence of ``SIZES`` that ``folder`` does not hold yet."""
    for (features, hidden), (points, starts) in SIZES.items():
        path = folder / f"phases-of-{features}-in-{hidden}.json"
        if path.exists():
            continue
        sys.stderr.write(f"{features} features in {hidden} dimensions …\n")
        found = phase_sequence(features, hidden, DENSITIES, points, starts=starts)
        write_text(path, json.dumps(told(features, hidden, found), indent=1))
        sys.stderr.write(f"{path}\n")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("One argument is needed: the folder that the record goes to.")
    record(Path(sys.argv[1]))
