"""Packing: the best arrangement of N points on a sphere, under any of the energies met here.

Names are imported from their homes when first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from superposition.numerics.packing.bounds.best_bound import bounds_for as bounds_for
    from superposition.numerics.packing.energy.named import energy_named as energy_named
    from superposition.numerics.packing.names.recognise import recognise as recognise
    from superposition.numerics.packing.packing import Packing as Packing
    from superposition.numerics.packing.question import pack as pack
    from superposition.numerics.packing.search import Progress as Progress
    from superposition.numerics.packing.stored_packing import load_packing as load_packing

_HOME = {
    "Packing": "packing",
    "Progress": "search",
    "bounds_for": "bounds.best_bound",
    "energy_named": "energy.named",
    "load_packing": "stored_packing",
    "pack": "question",
    "recognise": "names.recognise",
}
__all__ = list(_HOME)


def __getattr__(name: str) -> Any:
    """The object itself, imported now."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
