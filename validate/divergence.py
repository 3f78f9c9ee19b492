r"""Which trained models are none: those that diverged, and those whose loss blew up.

.. math:: L_0 = \sum_i I_i \, E\, t_i^2, \qquad E\, t_i^2 = p_i \, E\, u^2

L_0: what storing nothing costs; t: the target, x or |x|; p: a feature's own density; u: the value
of an active one.
"""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

from superposition.validate.instances import Instances
from superposition.validate.schedule import Schedule

Array = NDArray[np.float64]
BLOWN_UP = 1000  # times the loss of storing nothing


def loss_of_nothing(instances: Instances) -> Array:
    """What storing nothing costs every model, (S,).

    >>> models = Instances([[1.0, 0.5]], [[0.3, 0.6]], [0], hidden=1)
    >>> loss_of_nothing(models)
    array([0.2])
    """
    low, high = instances.values.support
    square = (low * low + low * high + high * high) / 3
    density = np.concatenate([instances.marginal(*part) for part in instances.parts()], axis=1)
    return np.asarray((instances.importance * density).sum(1) * square)


def blown_up(loss: Array, instances: Instances) -> NDArray[np.bool_]:
    """Which models have a finite ``loss`` (S,) that is far above that of storing nothing."""
    return np.asarray(loss > BLOWN_UP * loss_of_nothing(instances))


def tell_diverged(loss: Array, instances: Instances, schedule: Schedule) -> None:
    """Warn of the models that diverged, whose ``loss`` (S,) is no number, and of blown up ones.

    Raises ``ValueError`` if all diverged.
    """
    lost, blown = np.isnan(loss), blown_up(loss, instances)
    if lost.any():
        told = f"{_which(lost, instances, schedule, 'diverged')}; try a smaller one."
        if lost.all():
            raise ValueError(told)
        warnings.warn(told, stacklevel=3)
    if blown.any():
        blew = f"ended with a loss more than {BLOWN_UP} times that of storing nothing"
        warnings.warn(
            f"{_which(blown, instances, schedule, blew)}; try a smaller one.", stacklevel=3
        )


def _which(models: NDArray[np.bool_], instances: Instances, schedule: Schedule, what: str) -> str:
    """How many there are, and all of the first."""
    first = int(np.argmax(models))
    pace = 1.0 if instances.pace is None else float(instances.pace[first])
    return (
        f"{np.count_nonzero(models)} of {len(models)} models {what}, the first of them model "
        f"{first} (seed {instances.seed[first]}) at a learning rate of "
        f"{pace * schedule.learning_rate:g}"
    )
