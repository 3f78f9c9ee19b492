"""Packings against the published tables, row by row: ``python benchmarks/published_packings.py``.

Not run by CI: it takes half an hour. A blind run knows no published value: the search then has to
decide by itself when to stop, as it has to for every row that nobody has published.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from superposition.numerics.packing import evidence, pack
from superposition.numerics.packing.packing import Packing

REFERENCE = Path(__file__).parent.parent / "tests" / "reference"


def rows(table: str) -> Iterator[tuple[int, int, str, float]]:
    """(N, d, energy, published value) of a table."""
    if table == "thomson":
        for count, value in _read("thomson_energies")["energies"].items():
            yield int(count), 3, "coulomb", value
    elif table == "tammes":
        for count, row in _read("tammes_s2")["rows"].items():
            yield int(count), 3, "max-cosine", row["max_cos"]
    elif table in ("lines", "complex-lines"):
        field = "real" if table == "lines" else "complex"
        for key, row in _read("line_packings")[field].items():
            dim, count = map(int, key.split(","))
            yield count, dim, table, row["coherence"]
    else:
        for key, row in _read("spherical_codes")["rows"].items():
            dim, count = map(int, key.split(","))
            yield count, dim, "max-cosine", row["max_cos"]


def _read(name: str) -> Any:
    return json.loads((REFERENCE / f"{name}.json").read_text(encoding="utf-8"))


def told(packing: Packing, dim: int, published: float, seconds: float) -> str:
    """One line."""
    relative = (packing.value - published) / abs(published or 1.0)
    return (
        f"{dim:3d} {len(packing.points):4d} {packing.value:20.14g} {relative:+10.2e} "
        f"{packing.gradient_norm:8.1e} {packing.starts:6d} {packing.reached:4d} {seconds:7.2f} s "
        f"{packing.evidence}"
    )


def main() -> None:
    """Run the rows that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    tables = ("thomson", "tammes", "lines", "complex-lines", "codes")
    parser.add_argument("table", choices=tables)
    parser.add_argument("--most-points", type=int, default=10**6)
    parser.add_argument("--least-points", type=int, default=1)
    parser.add_argument("--most-dim", type=int, default=10**6)
    parser.add_argument("--starts", type=int)
    parser.add_argument("--seconds", type=float, help="per row")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--blind", action="store_true")
    options = parser.parse_args()
    if options.blind:
        vars(evidence)["published_value"] = lambda *_: None
    whole, met, count = time.perf_counter(), 0, 0
    for points, dim, energy, published in rows(options.table):
        if not options.least_points <= points <= options.most_points or dim > options.most_dim:
            continue
        begun = time.perf_counter()
        packing = pack(
            points,
            dim,
            energy,
            starts=options.starts,
            seconds=options.seconds,
            seed=options.seed,
            workers=options.workers,
        )
        count += 1
        good = 1e-9 * (published if energy == "coulomb" else 1.0)
        met += packing.value <= published + good
        print(told(packing, dim, published, time.perf_counter() - begun), flush=True)
    print(f"{met} of {count} rows met, {time.perf_counter() - whole:.0f} s")


if __name__ == "__main__":
    main()
