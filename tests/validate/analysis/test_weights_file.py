"""Weights from files: common names, either orientation; what is wrong is said in a sentence."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

from superposition.validate.analysis import read_weights
from superposition.validate.analysis.weights_file import NAMES

W = np.arange(6.0).reshape(2, 3)
B = np.array([0.1, 0.2, 0.3])
OUT = np.arange(6.0).reshape(3, 2) - 2


def written(path: Path, arrays: dict[str, Any]) -> Path:
    if path.suffix == ".npz":
        np.savez(path, allow_pickle=True, **arrays)
    else:
        save_file({name: np.ascontiguousarray(part) for name, part in arrays.items()}, path)
    return path


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
@pytest.mark.parametrize("flipped", [False, True])
@pytest.mark.parametrize("number", range(8))
def test_every_name_and_orientation_is_read(
    suffix: str, flipped: bool, number: int, tmp_path: Path
) -> None:
    names = {role: NAMES[role][number % len(NAMES[role])] for role in ("W", "b", "W_out")}
    turned = {"W": W.T if flipped else W, "b": B, "W_out": OUT.T if flipped else OUT}
    path = written(tmp_path / f"w{suffix}", {names[role]: turned[role] for role in names})
    found = read_weights(path)
    np.testing.assert_array_equal(found.W, W)
    np.testing.assert_array_equal(found.b, B)
    np.testing.assert_array_equal(found.W_out, OUT)
    assert found.notes == ()


@settings(max_examples=20)
@given(seed=st.integers(0, 10**6))
def test_a_square_matrix_goes_by_the_orientation(
    seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    square = np.random.default_rng(seed).normal(size=(3, 3))
    arrays = {"W": square, "b": B, "W_out": 2 * square}
    path = written(tmp_path_factory.mktemp("w") / "w.npz", arrays)
    with pytest.raises(ValueError, match=r"has shape \(3, 3\), square, and may be read either way"):
        read_weights(path)
    found = read_weights(path, "features-last")
    np.testing.assert_array_equal(found.W, square)
    np.testing.assert_array_equal(found.W_out, 2 * square)
    found = read_weights(path, "features-first")
    np.testing.assert_array_equal(found.W, square.T)
    np.testing.assert_array_equal(found.W_out, 2 * square.T)


def test_a_square_matrix_that_reads_the_same_needs_no_orientation(tmp_path: Path) -> None:
    same = np.array([[2.0, 1.0], [1.0, 0.0]])
    path = written(tmp_path / "w.npz", {"W": same, "b": np.zeros(2)})
    np.testing.assert_array_equal(read_weights(path).W, same)
    other = written(tmp_path / "o.npz", {"W": same, "b": np.zeros(2), "W_out": np.triu(same)})
    with pytest.raises(ValueError, match="may be read either way"):
        read_weights(other)


@pytest.mark.parametrize("name", NAMES["hidden bias"])
def test_biases_of_the_hidden_layer_must_be_zero(name: str, tmp_path: Path) -> None:
    arrays = {"W1": W, "b2": B, "W2": OUT}
    path = written(tmp_path / "w.npz", arrays | {name: np.array([0.0, -0.3])})
    with pytest.raises(
        ValueError, match="biases of the hidden layer, up to 0.3; they must be zero"
    ):
        read_weights(path)
    none = written(tmp_path / "none.npz", arrays | {name: np.zeros(2)})
    found = read_weights(none)
    np.testing.assert_array_equal(found.b, B)
    assert found.notes == ()


def test_what_is_not_used_is_listed(tmp_path: Path) -> None:
    path = written(tmp_path / "w.npz", {"W": W, "biases": B, "sha256": np.array("text")})
    found = read_weights(path, "features-last")
    np.testing.assert_array_equal(found.b, np.zeros(3))
    unused, lacking = found.notes
    assert unused == f"{path} also holds biases, sha256, which are not used."
    assert lacking.startswith(f"{path} holds no biases (they would be called b, bias, b_final, ")
    assert lacking.endswith("): they are taken to be zero.")


@pytest.mark.parametrize("shape", [(1, 3), (3, 1)])
def test_biases_may_be_a_row_or_a_column(shape: tuple[int, int], tmp_path: Path) -> None:
    path = written(tmp_path / "w.npz", {"W": W.T, "b": B.reshape(shape)})
    found = read_weights(path)
    np.testing.assert_array_equal(found.W, W)
    np.testing.assert_array_equal(found.b, B)


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_a_folder_is_no_file(suffix: str, tmp_path: Path) -> None:
    folder = tmp_path / f"folder{suffix}"
    folder.mkdir()
    with pytest.raises(IsADirectoryError) as refused:
        read_weights(folder)
    assert refused.value.strerror
    assert refused.value.filename == str(folder)


def test_one_of_many_models_is_chosen(tmp_path: Path) -> None:
    many = np.stack([W, 2 * W, 3 * W, 4 * W])
    path = written(tmp_path / "w.npz", {"W": many, "b": np.stack([B] * 4) * [[1], [2], [3], [4]]})
    found = read_weights(path, model=2)
    np.testing.assert_array_equal(found.W, 3 * W)
    np.testing.assert_allclose(found.b, 3 * B)
    shared = written(tmp_path / "shared.npz", {"W": many, "b": B})
    np.testing.assert_array_equal(read_weights(shared, model=0).b, B)


def test_without_biases_they_are_zero(tmp_path: Path) -> None:
    path = written(tmp_path / "w.npz", {"W": W, "sha256": np.array("text")})
    np.testing.assert_array_equal(read_weights(path, "features-last").b, np.zeros(3))
    np.testing.assert_array_equal(read_weights(path, "features-first").b, np.zeros(2))
    with pytest.raises(ValueError, match="holds no vector of biases, so W of shape"):
        read_weights(path)


def test_single_precision_is_read_exactly(tmp_path: Path) -> None:
    path = written(tmp_path / "w.safetensors", {"W": W.astype(np.float32), "b": B.astype("f4")})
    found = read_weights(path)
    assert found.W.dtype == found.b.dtype == np.float64
    np.testing.assert_array_equal(found.b, B.astype(np.float32).astype(float))


BAD: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "no weights": ({"kernel": W, "b": B}, {}, "the weights must be called one of W, weight,"),
    "two of them": ({"W": W, "weight": W, "b": B}, {}, "W must be only one of them."),
    "nan": ({"W": W * np.nan, "b": B}, {}, "contains nan; every entry must be finite."),
    "infinite": ({"W": W, "b": B * np.inf}, {}, "contains inf; every entry must be finite."),
    "text": ({"W": np.array([["a"]]), "b": B}, {}, "it must be real numbers."),
    "complex": ({"W": W * 1j, "b": B}, {}, "has type complex128; it must be real numbers."),
    "pickled": ({"W": np.array([None, 1]), "b": B}, {}, "and it holds pickled objects; it must be"),
    "vector": ({"W": B, "b": B}, {}, "has shape (3,); it must be a matrix"),
    "nothing": ({"W": np.zeros((0, 3)), "b": B}, {}, "has shape (0, 3); it must be a matrix"),
    "b of another length": ({"W": W, "b": np.ones(4)}, {}, "one axis of W must be as long as b."),
    "b against the orientation": (
        {"W": W, "b": B},
        {"orientation": "features-first"},
        "has shape (3,); W of (3, 2) needs (2,).",
    ),
    "b a matrix": ({"W": W.T @ W, "b": W}, {}, "b in"),
    "W_out": (
        {"W": W, "b": B, "W_out": np.ones((4, 4))},
        {},
        "has shape (4, 4); it must be (3, 2).",
    ),
    "orientation": ({"W": W, "b": B}, {"orientation": "wide"}, "orientation is 'wide'; it must be"),
    "model of one": ({"W": W, "b": B}, {"model": 0}, "holds a single one; leave it out."),
    "which model": ({"W": np.stack([W, W]), "b": B}, {}, "holds 2 models; say which one"),
    "no such model": ({"W": np.stack([W, W]), "b": B}, {"model": 2}, "there is none beyond these."),
    "b for others": (
        {"W": np.stack([W, W]), "b": np.stack([B] * 3)},
        {"model": 0},
        "it must be for 2 models, as W is.",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_makes_no_sense_is_refused(name: str, tmp_path: Path) -> None:
    arrays, options, sentence = BAD[name]
    path = written(tmp_path / "w.npz", arrays)
    with pytest.raises(ValueError, match=re.escape(sentence)) as refused:
        read_weights(path, **options)
    assert str(refused.value).endswith(".")
    assert "\n" not in str(refused.value)


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    for suffix in (".npz", ".safetensors"):
        whole = written(tmp_path / f"w{suffix}", {"W": W, "b": B}).read_bytes()
        for number, part in enumerate((b"", b"PK nothing", whole[:-20], whole[: len(whole) // 2])):
            path = tmp_path / f"damaged{number}{suffix}"
            path.write_bytes(part)
            with pytest.raises(ValueError, match="it must be a"):
                read_weights(path)
    single = tmp_path / "single.npz"
    with single.open("wb") as file:
        np.save(file, W)
    with pytest.raises(ValueError, match="it must be an"):
        read_weights(single)
    with pytest.raises(FileNotFoundError):
        read_weights(tmp_path / "none.npz")
    with pytest.raises(ValueError, match=r"its suffix must be one of \.npz, \.safetensors\."):
        read_weights(tmp_path / "weights.pt")
