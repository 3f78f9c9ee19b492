"""The exact loss of trained models: what seeds are ranked by, and what is downhill of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from superposition.numerics.expectation.question import expected_loss
from superposition.validate.analysis.polishing import NearbyOptimum, nearby_optimum
from superposition.validate.instances import Instances
from superposition.validate.parameters import Parameters
from superposition.validate.training import TrainedModels

Array = NDArray[np.float64]


def exact_losses(
    models: TrainedModels | Parameters, instances: Instances, tolerance: float = 1e-7
) -> Array:
    """The exact losses, (S,), to ``tolerance``, relative to what storing nothing costs.

    Raises ``ValueError`` where the architecture has no exact loss.
    """
    name = _known(instances)
    W, b = models.W.astype(float), models.b.astype(float)
    W_out = None if models.W_out is None else models.W_out.astype(float)
    if instances.sets is None and name in ("linear", "relu-output"):
        found = expected_loss(
            W, b, instances.importance, instances.density,
            W_out=W_out, model=name, values=instances.values, tolerance=tolerance,
        )  # fmt: skip
        return np.asarray(found.value, dtype=float)
    return np.array(
        [
            expected_loss(
                W[s], b[s], instances.importance[s], instances.law(s),
                W_out=None if W_out is None else W_out[s], model=name, tolerance=tolerance,
            ).value
            for s in range(instances.count)
        ]
    )  # fmt: skip


def polished(
    models: TrainedModels | Parameters, instances: Instances, model: int, most_steps: int = 2000
) -> NearbyOptimum:
    """The minimum of the exact loss downhill of one model; raises as ``exact_losses`` does."""
    W_out = None if models.W_out is None else models.W_out[model].astype(float)
    return nearby_optimum(
        models.W[model].astype(float),
        models.b[model].astype(float),
        instances.importance[model],
        instances.law(model),
        W_out=W_out,
        model=_known(instances),
        most_steps=most_steps,
    )


def _known(instances: Instances) -> str:
    name = instances.architecture.name
    if name is None:
        raise ValueError(
            f"architecture is {instances.architecture}; no exact loss is known for it."
        )
    return name
