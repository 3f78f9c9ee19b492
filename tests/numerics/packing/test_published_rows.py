"""A quick part of the published tables, found again from random starts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from superposition.numerics.packing import pack
from tests.repository import ROOT


def table(name: str) -> Any:
    path = ROOT / "tests" / "reference" / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8"))


def sized(rows: dict[str, Any], most_dim: int, most_points: int) -> Iterator[tuple[int, int, Any]]:
    """(N, d, row)."""
    for key, row in rows.items():
        dim, points = map(int, key.split(","))
        if dim <= most_dim and points <= most_points:
            yield points, dim, row


THOMSON = [(int(n), e) for n, e in table("thomson_energies")["energies"].items() if int(n) <= 60]
TAMMES = [(int(n), r["max_cos"]) for n, r in table("tammes_s2")["rows"].items() if int(n) <= 40]
LINES = [
    (points, dim, f"{prefix}lines", row["coherence"])
    for field, prefix in (("real", ""), ("complex", "complex-"))
    for points, dim, row in sized(table("line_packings")[field], 4, 16)
    if (points, dim, field) != (16, 3, "complex")  # hundreds of starts
]
OPTIMAL = list(sized(table("universally_optimal")["rows"], 8, 60))


def test_the_tables_are_read() -> None:
    assert [len(rows) for rows in (THOMSON, TAMMES, LINES, OPTIMAL)] == [30, 19, 31, 8]


@pytest.mark.parametrize(("points", "published"), THOMSON)
def test_thomson(points: int, published: float) -> None:
    found = pack(points, 3)
    assert found.value == pytest.approx(published, rel=1e-9)
    assert found.gradient_norm < 1e-9
    assert found.evidence in ("proven", "known")
    assert found.signature is not None
    assert found.signature[0] == 0


@pytest.mark.parametrize(("points", "published"), TAMMES)
def test_tammes(points: int, published: float) -> None:
    found = pack(points, 3, "max-cosine")
    assert found.value == pytest.approx(published, abs=2e-9)  # the table's angles have 9 digits
    assert found.gradient_norm < 1e-12
    assert found.evidence in ("proven", "known")


@pytest.mark.parametrize(("points", "dim", "energy", "published"), LINES)
def test_lines(points: int, dim: int, energy: str, published: float) -> None:
    """Lower values count as well: some published coordinates stop short of their packing."""
    found = pack(points, dim, energy)
    assert found.value <= published + 1e-9
    assert found.value >= published - 1e-8


@pytest.mark.parametrize(("points", "dim", "cosine"), [(10, 4, 1 / 6), (24, 4, 1 / 2)])
def test_proven_codes(points: int, dim: int, cosine: float) -> None:
    assert table("spherical_codes")["rows"][f"{dim},{points}"]["max_cos"] == pytest.approx(cosine)
    found = pack(points, dim, "max-cosine")
    assert found.value == pytest.approx(cosine, abs=1e-12)
    assert found.evidence == "proven"


@pytest.mark.parametrize(
    ("points", "dim", "row"), OPTIMAL, ids=[row["name"] for *_, row in OPTIMAL]
)
def test_universally_optimal_codes_from_random_starts(
    points: int, dim: int, row: dict[str, Any]
) -> None:
    energies = row["energies"]
    for energy, value in (("coulomb", energies["coulomb"]), ("log", energies["log"]),
                          (f"riesz:{dim - 2}", energies["harmonic_riesz_s_nminus2"])):  # fmt: skip
        found = pack(points, dim, energy)
        assert found.value == pytest.approx(value, rel=1e-12)
        assert found.evidence == "proven"
