"""How theory and numerics are confronted with models trained by gradient descent.

Training knows no theory: data are sampled, the loss is the batch's. On the CPU the step is
compiled (numba); elsewhere it needs torch. Names are imported from their homes when first asked
for: ``import superposition.validate`` is quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from superposition.validate.architecture import ABSOLUTE_VALUE as ABSOLUTE_VALUE
    from superposition.validate.architecture import LINEAR as LINEAR
    from superposition.validate.architecture import RELU_HIDDEN as RELU_HIDDEN
    from superposition.validate.architecture import RELU_OUTPUT as RELU_OUTPUT
    from superposition.validate.architecture import Architecture as Architecture
    from superposition.validate.instances import Instances as Instances
    from superposition.validate.instances import Members as Members
    from superposition.validate.instances import grid as grid
    from superposition.validate.optimiser import SGD as SGD
    from superposition.validate.optimiser import Adam as Adam
    from superposition.validate.optimiser import AdamW as AdamW
    from superposition.validate.parameters import Parameters as Parameters
    from superposition.validate.parameters import polygon as polygon
    from superposition.validate.parameters import xavier as xavier
    from superposition.validate.schedule import Schedule as Schedule
    from superposition.validate.schedule import Stopping as Stopping
    from superposition.validate.schedule import log_spaced as log_spaced
    from superposition.validate.training import TrainedModels as TrainedModels
    from superposition.validate.training import train as train

_HOME = {
    "ABSOLUTE_VALUE": "architecture",
    "Adam": "optimiser",
    "AdamW": "optimiser",
    "Architecture": "architecture",
    "Instances": "instances",
    "LINEAR": "architecture",
    "Members": "instances",
    "Parameters": "parameters",
    "RELU_HIDDEN": "architecture",
    "RELU_OUTPUT": "architecture",
    "SGD": "optimiser",
    "Schedule": "schedule",
    "Stopping": "schedule",
    "TrainedModels": "training",
    "grid": "instances",
    "log_spaced": "schedule",
    "polygon": "parameters",
    "train": "training",
    "xavier": "parameters",
}

__all__ = list(_HOME)


def __getattr__(name: str) -> Any:
    """Import a public name from its home when it is first asked for."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return list(__all__)
