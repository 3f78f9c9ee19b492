"""What is in a tile's file: the settings and inputs of its models, and what became of them."""

from __future__ import annotations

import hashlib
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from superposition.numerics.stored_arrays import whole
from superposition.validate.parameters import Parameters
from superposition.validate.training import History, TrainedModels

Arrays = dict[str, NDArray[Any]]


def content(path: Path, told: str = "will be made again") -> Arrays | None:
    """What is in a tile's file; None if there is none, or if it is damaged or misnamed.

    In the second case a warning says so, and what is done about it: ``told``.
    """
    arrays = sound(path)
    if arrays is None and path.exists():
        warnings.warn(f"{path} is damaged and {told}.", stacklevel=2)
    return arrays


def sound(path: Path) -> Arrays | None:
    """The same without a warning."""
    arrays = whole(path)
    if arrays is not None and "settings" in arrays:
        name = fingerprint(str(arrays["settings"]))
        if path.stem.endswith(f"-{name}"):
            return arrays
    return None


def models_in(arrays: Arrays) -> TrainedModels:
    """The models of a tile, every field as the trainer returned it."""
    history = None
    if "history_steps" in arrays:
        parts = {name: arrays.get(f"history_{name}") for name in ("W", "b", "W_out")}
        moments = [
            Parameters(**{name: None if part is None else part[at] for name, part in parts.items()})  # type: ignore[arg-type]
            for at in range(len(arrays["history_steps"]))
        ]
        history = History(arrays["history_steps"], tuple(moments), arrays["history_loss"])
    return TrainedModels(
        arrays["W"], arrays["b"], arrays.get("W_out"), arrays["steps"], arrays["loss"], history
    )


def arrays_of(models: TrainedModels) -> Arrays:
    """``models_in``, the other way."""
    arrays = named(models) | {"steps": models.steps, "loss": models.loss}
    if models.history is not None:
        moments = [named(each) for each in models.history.parameters]
        arrays |= {f"history_{name}": np.stack([m[name] for m in moments]) for name in moments[0]}
        arrays |= {"history_steps": models.history.steps, "history_loss": models.history.loss}
    return arrays


def named(parameters: Parameters | TrainedModels) -> Arrays:
    """W, b and, if untied, W_out."""
    arrays: Arrays = {"W": parameters.W, "b": parameters.b}
    return arrays if parameters.W_out is None else arrays | {"W_out": parameters.W_out}


def fingerprint(settings: str) -> str:
    """The hash that a tile's file name ends in."""
    return hashlib.sha256(settings.encode()).hexdigest()[:16]
