"""Named arrays on disk: one file, written whole or not at all, checked by hash when read."""

from __future__ import annotations

import hashlib
import warnings
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from superposition.numerics.atomic_file import atomic_path

Arrays = Mapping[str, np.ndarray[Any, np.dtype[Any]]]
# What numpy and zipfile raise, depending on which byte is wrong: RuntimeError where it seems to ask
# for a password or a compression that is none, TypeError for a single array.
DAMAGED = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    EOFError,
    RuntimeError,
    zlib.error,
    zipfile.BadZipFile,
)


def write(path: Path, arrays: Arrays) -> None:
    """Write ``arrays`` to ``path`` with their hash: the whole file or, if killed, no file."""
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez(file, allow_pickle=False, sha256=np.array(hash_of(arrays)), **arrays)


def read(path: Path) -> dict[str, np.ndarray[Any, np.dtype[Any]]] | None:
    """The arrays in ``path``, or None (with a warning) if the file is damaged."""
    arrays = whole(path)
    if arrays is None:
        warnings.warn(f"{path} is damaged and will be made again.", stacklevel=2)
    return arrays


def whole(path: Path) -> dict[str, np.ndarray[Any, np.dtype[Any]]] | None:
    """The arrays in ``path``, or None if there is no such file or it is damaged."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {key: archive[key] for key in archive.files}
        if str(arrays.pop("sha256")) == hash_of(arrays):
            return arrays
    except DAMAGED:
        pass
    return None


def hash_of(arrays: Arrays) -> str:
    """The SHA-256 of names, types, shapes and contents."""
    digest = hashlib.sha256()
    for key in sorted(arrays):
        array = np.ascontiguousarray(arrays[key])
        digest.update(f"{key} {array.dtype} {array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()
