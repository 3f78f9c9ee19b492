"""Published values of packings: facts with their sources, which a search can be held against."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

TABLES = {
    "coulomb": ("coulomb",),
    "max-cosine": ("spherical codes", "max-cosine"),  # the one with more digits first
    "lines": ("lines",),
    "complex-lines": ("complex-lines",),
}


@dataclass(frozen=True)
class Published:
    """A published value; digits: how far it is to be trusted, absolute; source: where it stands."""

    value: float
    digits: float
    source: str


def published_value(points: int, dim: int, energy: str) -> Published | None:
    """What is published for N points in d dimensions under the energy of that name, if known here.

    >>> published_value(12, 3, "coulomb").value
    49.165253058
    """
    for name in TABLES.get(energy, ()):
        table = _tables()[name]
        value = table["values"].get(f"{dim},{points}")
        if value is not None:
            digits = table["digits"] * (abs(value) if table["relative"] else 1.0)
            source = table.get("sources", {}).get(f"{dim},{points}", table["source"])
            return Published(float(value), digits, source)
    return None


@cache
def _tables() -> dict[str, Any]:
    home = files("superposition.numerics.packing") / "published_values.json"
    tables: dict[str, Any] = json.loads(home.read_text(encoding="utf-8"))
    return tables
