"""Weights from a file: .npz or .safetensors, under any of the common names, either orientation.

W is wanted as (m, n), a column per feature, and W_out as (n, m). Which axis of a stored matrix is
the features' is told by the length of b; where it cannot (a square matrix, no biases), by the
orientation the caller must name. Biases of the hidden layer must be zero: the models have none.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from superposition.numerics.expectation.model import Weights
from superposition.numerics.stored_arrays import DAMAGED

NAMES = {
    "W": ("W", "weight", "encoder.weight", "W1", "W_1", "W_in", "w1", "w"),
    "b": ("b", "bias", "b_final", "decoder.bias", "b2", "b_2"),
    "W_out": ("W_out", "decoder.weight", "W2", "W_2", "w2"),
    "hidden bias": ("b1", "b_1", "encoder.bias", "b_in", "b_hidden", "hidden_bias"),
}
SUFFIXES = (".npz", ".safetensors")
ORIENTATIONS = ("features-last", "features-first")


@dataclass(frozen=True, eq=False)
class ReadWeights(Weights):
    """The weights of one model; notes: what of the file was not used, and what it lacked."""

    notes: tuple[str, ...] = ()


def read_weights(
    path: Path, orientation: str | None = None, model: int | None = None
) -> ReadWeights:
    """One model from a file: W (m, n), b (n,) (zeros if there are none), W_out (n, m) or None.

    orientation: "features-last" if W is stored as (m, n), "features-first" if as (n, m), None to
    go by b; model: its number along a leading axis, from 0, needed where there is one.
    Raises ``ValueError`` for another suffix, a damaged file, missing or ambiguous names, arrays
    that are no finite numbers or do not fit each other, a square W whose orientation is not named,
    biases of the hidden layer that are not zero; ``OSError`` if there is no such file.
    """
    path = Path(path)
    if orientation is not None and orientation not in ORIENTATIONS:
        raise ValueError(
            f"orientation is {orientation!r}; it must be one of {', '.join(ORIENTATIONS)}."
        )
    arrays = _arrays(path)
    stored = {role: _named(arrays, role, path) for role in NAMES}
    W, b, W_out = stored["W"], stored["b"], stored["W_out"]
    if W is None:
        there = ", ".join(sorted(arrays)) or "nothing"
        raise ValueError(
            f"{path} holds {there}; the weights must be called one of {', '.join(NAMES['W'])}."
        )
    _refuse_hidden_bias(stored["hidden bias"], arrays, path)
    W, b, W_out = _chosen(W, b, W_out, model, path)
    flipped = _flipped(W, b, W_out, orientation, path)
    W = W.T if flipped else W
    notes = _notes(arrays, path)
    b = np.zeros(W.shape[1]) if b is None else b
    if b.shape not in ((), (W.shape[1],)):
        raise ValueError(f"b in {path} has shape {b.shape}; W of {W.shape} needs ({W.shape[1]},).")
    if W_out is not None:
        W_out = _fitting(W_out, W, flipped, path)
    return ReadWeights(W.copy(), np.broadcast_to(b, W.shape[1:]).copy(), W_out, notes)


def _notes(arrays: dict[str, NDArray[Any]], path: Path) -> tuple[str, ...]:
    """What is in the file and was not used, and biases that were not in it."""
    notes = []
    unused = sorted(set(arrays) - {name for names in NAMES.values() for name in names})
    if unused:
        are = "is" if len(unused) == 1 else "are"
        notes.append(f"{path} also holds {', '.join(unused)}, which {are} not used.")
    if not set(NAMES["b"]) & set(arrays):
        notes.append(
            f"{path} holds no biases (they would be called {', '.join(NAMES['b'])}): they are "
            "taken to be zero."
        )
    return tuple(notes)


def _refuse_hidden_bias(
    bias: NDArray[np.float64] | None, arrays: dict[str, NDArray[Any]], path: Path
) -> None:
    """Raise ``ValueError`` where the file has biases of the hidden layer that do something."""
    if bias is not None and bias.any():
        name = next(name for name in NAMES["hidden bias"] if name in arrays)
        raise ValueError(
            f"{name} in {path} holds biases of the hidden layer, up to {np.abs(bias).max():.3g}; "
            "they must be zero, for these models have none there."
        )


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Everything in the file by name."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise ValueError(f"weights is {str(path)!r}; its suffix must be one of .npz, .safetensors.")
    with path.open("rb"):  # a missing file or a folder is no damaged file
        pass
    if suffix == ".safetensors":
        return _safetensors(path)
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            wanted = {name for names in NAMES.values() for name in names}
            # What is not wanted is not read: it may be text, or pickled.
            return {
                name: archive[name] if name in wanted else np.empty(0) for name in archive.files
            }
    except DAMAGED as error:
        # Of whatever is no archive numpy says that it is pickled.
        pickled = "Object arrays" in str(error)
        why = "it holds pickled objects" if pickled else "it is damaged"
        raise ValueError(
            f"weights is {str(path)!r}, and {why}; it must be an .npz file of plain arrays."
        ) from None


def _safetensors(path: Path) -> dict[str, NDArray[Any]]:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return load_file(path)
    except (SafetensorError, json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError):
        # Numbers of other kinds than numpy's, such as bfloat16, are a KeyError or a TypeError.
        raise ValueError(
            f"weights is {str(path)!r}, which cannot be read; it must be a whole .safetensors file "
            "of numbers that numpy knows (float64, float32, float16)."
        ) from None


def _named(arrays: dict[str, NDArray[Any]], role: str, path: Path) -> NDArray[np.float64] | None:
    """The array of one role, under whichever of its names it is stored."""
    found = [name for name in NAMES[role] if name in arrays]
    if not found:
        return None
    if len(found) > 1:
        raise ValueError(f"{path} holds {' and '.join(found)}; {role} must be only one of them.")
    array = arrays[found[0]]
    if array.dtype.kind not in "fiu":
        raise ValueError(f"{found[0]} in {path} has type {array.dtype}; it must be real numbers.")
    array = array.astype(float)
    if not np.isfinite(array).all():
        worst = array[~np.isfinite(array)].ravel()[0]
        raise ValueError(f"{found[0]} in {path} contains {worst}; every entry must be finite.")
    return array


def _chosen(
    W: NDArray[np.float64],
    b: NDArray[np.float64] | None,
    W_out: NDArray[np.float64] | None,
    model: int | None,
    path: Path,
) -> tuple[NDArray[np.float64], NDArray[np.float64] | None, NDArray[np.float64] | None]:
    """One model of a leading axis."""
    if W.ndim not in (2, 3) or W.size == 0:
        raise ValueError(
            f"W in {path} has shape {W.shape}; it must be a matrix, or one for each of many models."
        )
    if W.ndim == 2:
        if model is not None:
            raise ValueError(f"model is given, but {path} holds a single one; leave it out.")
        row_or_column = b is not None and b.ndim == 2 and 1 in b.shape
        return W, b.ravel() if b is not None and row_or_column else b, W_out
    count = len(W)
    if model is None:
        raise ValueError(f"{path} holds {count} models; say which one, by its number.")
    if not 0 <= model < count:
        raise ValueError(
            f"{path} holds {count} model{'s' * (count != 1)}; there is none beyond these."
        )
    for name, part, axes in (("b", b, 2), ("W_out", W_out, 3)):
        if part is not None and part.ndim == axes and len(part) != count:
            raise ValueError(
                f"{name} in {path} has shape {part.shape}; it must be for {count} models, as W is."
            )
    return (
        W[model],
        b[model] if b is not None and b.ndim == 2 else b,
        W_out[model] if W_out is not None and W_out.ndim == 3 else W_out,
    )


def _flipped(
    W: NDArray[np.float64],
    b: NDArray[np.float64] | None,
    W_out: NDArray[np.float64] | None,
    orientation: str | None,
    path: Path,
) -> bool:
    """Whether W is stored as (n, m)."""
    if orientation is not None:
        return orientation == "features-first"
    rows, columns = W.shape
    if rows == columns:
        square = [part for part in (W, W_out) if part is not None and part.shape == W.shape]
        if all(np.array_equal(part, part.T) for part in square):
            return False
        raise ValueError(
            f"W in {path} has shape {W.shape}, square, and may be read either way; orientation "
            f"must be one of {', '.join(ORIENTATIONS)}."
        )
    if b is None or b.ndim != 1:
        raise ValueError(
            f"{path} holds no vector of biases, so W of shape {W.shape} may be read either way; "
            f"orientation must be one of {', '.join(ORIENTATIONS)}."
        )
    if len(b) not in (rows, columns):
        raise ValueError(
            f"b in {path} has {len(b)} entries and W shape {W.shape}; one axis of W must be as "
            "long as b."
        )
    return bool(len(b) == rows)


def _fitting(
    W_out: NDArray[np.float64], W: NDArray[np.float64], flipped: bool, path: Path
) -> NDArray[np.float64]:
    """W_out as (n, m): its shape decides, or for a square one the orientation of W."""
    wanted = W.shape[::-1]
    if W_out.shape not in (W.shape, wanted):
        raise ValueError(f"W_out in {path} has shape {W_out.shape}; it must be {wanted}.")
    turned = flipped if wanted == W.shape else W_out.shape != wanted
    return np.array(W_out.T if turned else W_out)
