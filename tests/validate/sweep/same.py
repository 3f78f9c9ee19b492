"""Two results are the same, bit for bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from superposition.validate.sweep import SweepResult

ARRAYS = (
    "W", "b", "W_out", "loss", "steps", "seed", "importances", "densities", "paces", "scales",
)  # fmt: skip


def assert_same(one: SweepResult, other: SweepResult) -> None:
    assert one.missing == other.missing == 0
    assert one.about == other.about
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    assert (one.history is None) == (other.history is None)
    if one.history is not None and other.history is not None:
        np.testing.assert_array_equal(one.history.loss, other.history.loss)
        pairs = zip(one.history.parameters, other.history.parameters, strict=True)
        for first, second in pairs:
            for name in ("W", "b", "W_out"):
                np.testing.assert_array_equal(getattr(first, name), getattr(second, name))


def tiles(folder: Path) -> dict[str, bytes]:
    """The tiles that are there, by name."""
    return {path.name: path.read_bytes() for path in folder.glob("tile-*.npz")}
