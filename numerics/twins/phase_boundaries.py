"""Twins of the phase boundaries: the density where two brute-force losses cross."""

from __future__ import annotations

from typing import Any

from superposition.numerics.twins.configurations import dropped, pair
from superposition.numerics.twins.twin import root_between, twin


@twin("phase-boundaries/extra-dropped")
def extra_dropped(r: Any) -> Any:
    """Where the pair costs as much as dropping the feature of importance r."""
    return root_between(lambda p: (pair(1, r, p, p) - dropped(r, p)) / p, 1e-8, 1)


@twin("phase-boundaries/ordinary-dropped")
def ordinary_dropped(r: Any) -> Any:
    """Where the pair costs as much as dropping the feature of importance 1."""
    return root_between(lambda p: (pair(1, r, p, p) - dropped(1, p)) / p, 1e-8, 1)
