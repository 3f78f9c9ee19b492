"""Packings come back from disk bit for bit; damaged and foreign files are refused."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from superposition.numerics import stored_arrays
from superposition.numerics.packing.contacts import Contacts
from superposition.numerics.packing.packing import Packing
from superposition.numerics.packing.stored_packing import (
    load_packing,
    points_as_csv,
    read_points,
    save_packing,
)

CONTACTS = Contacts(np.array([[0, 1], [1, 2]]), np.array([0.5, 0.5]), 1e-17, True, (3,))


def sphere(points: int = 5, dim: int = 3, field: type = float) -> np.ndarray[Any, Any]:
    draw = np.random.default_rng(points)
    X: np.ndarray[Any, Any] = draw.normal(size=(points, dim)).astype(field)
    if field is complex:
        X = X + 1j * draw.normal(size=(points, dim))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    return X


def packing(**changed: Any) -> Packing:
    given: dict[str, Any] = {
        "points": sphere(),
        "energy": "coulomb",
        "value": 6.474691494688162,
        "gradient_norm": 1e-16,
        "starts": 20,
        "reached": 7,
        "seconds": 0.1,
        "evidence": "best found",
        "why": "The best of 20 starts — 7 of them ended there.",
        "signature": (0, 3, 7),
        "settings": {"seed": 3, "most": np.inf, "of": {"ranks": [1, 2], "scale": 0.1}},
    }
    return Packing(**(given | changed))


def same(one: Any, other: Any) -> bool:
    """Equal in every type and every bit."""
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        told = [(array.dtype, array.shape, array.tobytes()) for array in (one, other)]
        return told[0] == told[1]
    if dataclasses.is_dataclass(one):
        names = [field.name for field in dataclasses.fields(one)]
        return all(same(getattr(one, name), getattr(other, name)) for name in names)
    return bool(one == other) and repr(one) == repr(other)


PACKINGS = {
    "a smooth energy": packing(),
    "contacts": packing(energy="max-cosine", value=-0.25, signature=None, contacts=CONTACTS),
    "complex lines": packing(energy="complex-lines", points=sphere(4, 2, complex), bound=0.5),
    "signed zeros": packing(points=np.array([[1.0, -0.0], [-0.0, -1.0]])),
    "complex signed zeros": packing(points=np.array([[complex(1, -0.0), complex(-0.0, 0)]])),
    "one point, no pair": packing(
        points=np.eye(1),
        energy="max-cosine",
        value=-np.inf,
        contacts=Contacts(np.zeros((0, 2), dtype=np.intp), np.zeros(0), 0.0, False, (0,)),
    ),
    "free norms": packing(energy="one-active", points=np.array([[2.0, 0.0], [0.0, 0.0]])),
}


@pytest.mark.parametrize("name", PACKINGS)
@pytest.mark.parametrize("suffix", [".npz", ".json"])
def test_a_packing_comes_back_bit_for_bit(name: str, suffix: str, tmp_path: Path) -> None:
    path = save_packing(PACKINGS[name], tmp_path / "new folder" / f"packing{suffix}")
    assert same(load_packing(path), PACKINGS[name])
    assert same(read_points(path), PACKINGS[name].points)


@pytest.mark.parametrize("name", PACKINGS)
def test_a_table_holds_the_points_bit_for_bit(name: str, tmp_path: Path) -> None:
    path = save_packing(PACKINGS[name], tmp_path / "points.csv")
    assert same(read_points(path), PACKINGS[name].points)


def test_tables_name_their_columns_and_may_lack_the_names(tmp_path: Path) -> None:
    assert points_as_csv(np.array([[1j, 1.5]])) == "x1_re,x1_im,x2_re,x2_im\n0,1,1.5,0\n"
    (tmp_path / "plain.csv").write_text("1, 0\n0, 1\n\n", encoding="utf-8")
    np.testing.assert_array_equal(read_points(tmp_path / "plain.csv"), np.eye(2))


def test_json_can_be_read_by_anyone(tmp_path: Path) -> None:
    path = save_packing(PACKINGS["contacts"], tmp_path / "packing.json")
    told = json.loads(path.read_text(encoding="utf-8"))["packing"]
    assert told["points"] == PACKINGS["contacts"].points.tolist()
    assert told["why"] == PACKINGS["contacts"].why
    assert told["contacts"] == {
        "pairs": [[0, 1], [1, 2]],
        "weights": [0.5, 0.5],
        "residual": 1e-17,
        "rigid": True,
        "rattlers": [3],
    }


@pytest.mark.parametrize("suffix", [".npz", ".json"])
def test_the_same_packing_makes_the_same_file(suffix: str, tmp_path: Path) -> None:
    one, other = (save_packing(packing(), tmp_path / f"{name}{suffix}") for name in "ab")
    assert one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize("suffix", [".npz", ".json"])
def test_damaged_files_are_refused_in_a_sentence(suffix: str, tmp_path: Path) -> None:
    path = save_packing(packing(), tmp_path / f"packing{suffix}")
    whole = path.read_bytes()
    middle = whole.index(b"0.1") if suffix == ".json" else len(whole) // 2
    changed = whole[:middle] + b"0.2" + whole[middle + 3 :]
    for damaged in (whole[:-200], changed, b"", b"[1]", b'{"packing": 1}', b"\xff\xfe"):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match="it must be a whole file that a packing wrote"):
            load_packing(path)


def test_foreign_files_are_refused_in_a_sentence(tmp_path: Path) -> None:
    stored_arrays.write(tmp_path / "other.npz", {"points": np.eye(2)})
    with pytest.raises(ValueError, match="it must be a whole file that a packing wrote"):
        load_packing(tmp_path / "other.npz")
    with pytest.raises(FileNotFoundError):
        load_packing(tmp_path / "missing.npz")
    with pytest.raises(ValueError, match=r"its suffix must be \.npz or \.json\."):
        load_packing(tmp_path / "points.csv")
    for act in (read_points, lambda path: save_packing(packing(), path)):
        with pytest.raises(ValueError, match=r"its suffix must be one of \.csv, \.npz, \.json\."):
            act(tmp_path / "points.txt")


@pytest.mark.parametrize("suffix", [".npz", ".json"])
@pytest.mark.parametrize(
    ("points", "sentence"),
    [
        (np.array([[1.0, 0.0], [0.0, np.nan]]), "point 2 in .* is not finite"),
        (np.array([[1.0, 0.0], [0.0, 1 + 1e-8]]), "point 2 in .* it must be 1 within 1e-09"),
        (np.ones(3), "they must be the rows of a matrix of numbers"),
        (np.zeros((0, 2)), "they must be the rows of a matrix of numbers"),
    ],
)
def test_points_off_the_sphere_are_refused(
    suffix: str, points: Any, sentence: str, tmp_path: Path
) -> None:
    path = save_packing(packing(points=points), tmp_path / f"packing{suffix}")
    with pytest.raises(ValueError, match=sentence):
        load_packing(path)


@pytest.mark.parametrize("text", ["", "x1,x2\n", "1,2\n3\n", "1,2\n3,nan\n", "x,y\n1,two\n", "a\n"])
def test_tables_of_no_points_are_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="must be|must hold"):
        read_points(tmp_path / "points.csv")


def test_what_cannot_be_stored_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"settings\.start is <object"):
        save_packing(packing(settings={"start": object()}), tmp_path / "packing.npz")
    assert not list(tmp_path.iterdir())
