"""What the rows of a packing are: points, lines, or the toy model's directions and biases."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from superposition.numerics.packing.packing import Packing

WITH_BIASES = "one-active"  # free norms, and a last column of biases


def is_of_lines(packing: Packing) -> bool:
    """Whether the points stand for lines: signs and phases then mean nothing."""
    return packing.energy in ("lines", "complex-lines") or packing.energy.endswith(" lines")


def has_biases(packing: Packing) -> bool:
    """Whether the rows are weights with their bias, not unit vectors."""
    return packing.energy == WITH_BIASES


def directions_of(packing: Packing) -> NDArray[Any]:
    """The points without the biases."""
    return packing.points[:, :-1] if has_biases(packing) else packing.points
