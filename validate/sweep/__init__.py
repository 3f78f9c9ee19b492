"""Sweeps: any grid of settings and seeds, trained tile by tile, killed and resumed at will.

A tile is one file, written whole or not at all, whose name is the hash of all that determines it.
Tiles are trained in this process, in worker processes, or wherever an executor takes them
(docs/sweeps.md). Names are imported from their homes when first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from superposition.validate.sweep.grid import Grid as Grid
    from superposition.validate.sweep.model_list import trained as trained
    from superposition.validate.sweep.result import SweepResult as SweepResult
    from superposition.validate.sweep.resumable import sweep as sweep
    from superposition.validate.sweep.setting import Setting as Setting
    from superposition.validate.sweep.setting import standard_setting as standard_setting
    from superposition.validate.sweep.stored_sweep import open_sweep as open_sweep

_HOME = {
    "Grid": "grid",
    "Setting": "setting",
    "SweepResult": "result",
    "open_sweep": "stored_sweep",
    "standard_setting": "setting",
    "sweep": "resumable",
    "trained": "model_list",
}
__all__ = list(_HOME)


def __getattr__(name: str) -> Any:
    """Import a public name from where it is defined."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    """The public names."""
    return sorted(_HOME)
