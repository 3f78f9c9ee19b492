"""Packings below a published value: their points, kept in docs/packings, speak for themselves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog

from superposition.numerics.packing.contacts import contacts_of
from superposition.numerics.packing.packing import Packing
from superposition.numerics.packing.pairs import Pairs
from superposition.numerics.packing.stored_packing import load_packing
from tests.numerics.packing.arrangements import Array

ROOT = Path(__file__).parents[3]
KEPT = sorted((ROOT / "docs" / "packings").glob("*.json"))
TOUCHING = 1e-9


def published(packing: Packing) -> float:
    """The least largest cosine, in absolute value for lines, that the tables know."""
    points, dim = packing.points.shape
    if packing.energy == "lines":
        return float(_table("line_packings")["real"][f"{dim},{points}"]["coherence"])
    return float(_table("spherical_codes")["rows"][f"{dim},{points}"]["max_cos"])


def _table(name: str) -> Any:
    return json.loads((ROOT / f"tests/reference/{name}.json").read_text(encoding="utf-8"))


def cosines(packing: Packing) -> Array:
    """What must be small: cosines, for lines their absolute values; the diagonal is -1."""
    gram: Array = np.asarray(packing.points @ packing.points.T, dtype=float)
    np.fill_diagonal(gram, 0.0)
    gram = np.abs(gram) if packing.energy == "lines" else gram
    np.fill_diagonal(gram, -1.0)
    return gram


def test_there_are_some() -> None:
    assert KEPT


@pytest.mark.parametrize("path", KEPT, ids=[path.stem for path in KEPT])
def test_points_lie_below_the_published_value(path: Path) -> None:
    packing = load_packing(path)
    assert packing.energy in ("lines", "max-cosine")
    np.testing.assert_allclose(np.linalg.norm(packing.points, axis=1), 1, atol=1e-14)
    largest = cosines(packing).max()
    assert largest == pytest.approx(packing.value, abs=1e-15)
    assert largest < published(packing) - 1e-9
    assert packing.evidence == "best found"
    assert "below the published" in packing.why


@pytest.mark.parametrize("path", KEPT, ids=[path.stem for path in KEPT])
def test_they_are_local_optima_with_a_certificate(path: Path) -> None:
    packing = load_packing(path)
    contacts = contacts_of(Pairs.of(packing.points, packing.energy == "lines", False))
    assert contacts is not None
    assert contacts.residual < 1e-12
    assert contacts.weights.min() > 0
    assert contacts.rigid


@pytest.mark.parametrize("path", KEPT, ids=[path.stem for path in KEPT])
def test_no_small_motion_lowers_all_contacts(path: Path) -> None:
    """The linear programme of the best first-order motion, built from the points alone."""
    packing = load_packing(path)
    points, near = packing.points, cosines(packing)
    count, dim = points.shape
    gram, largest = points @ points.T, near.max()
    touching = [(i, j) for i in range(count) for j in range(i) if near[i, j] > largest - TOUCHING]
    rows = np.zeros((len(touching), count * dim + 1))
    for row, (i, j) in zip(rows, touching, strict=True):
        row[i * dim : (i + 1) * dim] = np.sign(gram[i, j]) * points[j]
        row[j * dim : (j + 1) * dim] = np.sign(gram[i, j]) * points[i]
        row[-1] = -1
    stay = np.zeros((count, count * dim + 1))
    for i in range(count):
        stay[i, i * dim : (i + 1) * dim] = points[i]
    found = linprog(
        np.eye(count * dim + 1)[-1],
        A_ub=rows,
        b_ub=np.zeros(len(rows)),
        A_eq=stay,
        b_eq=np.zeros(count),
        bounds=[(-1, 1)] * (count * dim) + [(None, None)],
    )
    assert found.success
    assert found.fun > -1e-8
