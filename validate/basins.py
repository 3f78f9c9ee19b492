r"""Which minimum a trained model found: its weights polished on the exact loss.

.. math:: (W, b)_{\text{trained}} \;\longrightarrow\; \text{the minimum downhill of it},
          \qquad \text{found} \iff L = \min L

Training knows samples only; the exact loss enters afterwards, to say in which basin it ended.
The share of models that found the best minimum is the answer to how often training from a
random start does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from superposition.numerics.geometry.geometry import Geometry, geometry_of
from superposition.numerics.optimum.descent import descend
from superposition.numerics.optimum.landscape import Landscape
from superposition.numerics.optimum.minimum import kinds_of
from superposition.numerics.optimum.search import SAME_LOSS, global_minima
from superposition.validate.architecture import RELU_OUTPUT
from superposition.validate.instances import Instances
from superposition.validate.training import TrainedModels

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Basins:
    """S trained models, each beside the minimum it would end in.

    loss: (S,), exact, as trained; polished: (S,), of the minimum downhill; optimum: (S,), of the
    best minimum of its setting that the search finds (a model below it would be news); scale:
    (S,), what storing nothing costs; W: (S, m, n), b: (S, n), the polished weights; best: W and b
    of the best minimum; kinds: every model's labels of interchangeable features.
    """

    loss: Array
    polished: Array
    optimum: Array
    scale: Array
    W: Array
    b: Array
    best: tuple[Array, Array]
    kinds: tuple[tuple[str, ...], ...]

    @property
    def found(self) -> NDArray[np.bool_]:
        """Whether the model ended in the basin of the best minimum, (S,)."""
        return np.asarray(self.polished <= self.optimum + SAME_LOSS * self.scale)

    @property
    def excess(self) -> Array:
        """How much more than the optimum the trained weights lose, relative, (S,)."""
        return np.asarray(self.loss / self.optimum - 1)

    def geometry(self, model: int) -> Geometry:
        """What the minimum downhill of one model is."""
        return geometry_of(self.W[model], self.b[model], self.kinds[model])


def basins(models: TrainedModels, instances: Instances, starts: int = 16) -> Basins:
    """Polish trained models on the exact loss, and compare with the best minimum of their setting.

    starts: random starts of the search for the best minimum, per setting.
    Raises ``ValueError`` where models and instances do not belong together, and for models other
    than tied ReLU output models of independent features.
    """
    if len(models.W) != instances.count:
        raise ValueError(
            f"models has {len(models.W)} models and instances {instances.count}; they must be the "
            "same ones."
        )
    if instances.architecture != RELU_OUTPUT or instances.sets is not None:
        raise ValueError(
            f"instances have the architecture {instances.architecture} and sets {instances.sets}; "
            "basins are known of tied ReLU output models of independent features."
        )
    landscape = Landscape(
        instances.hidden, instances.importance, instances.density, values=instances.values
    )
    trained = landscape.joined(models.W.astype(float), models.b.astype(float))
    ends = descend(landscape, trained)
    settings = np.concatenate([instances.importance, instances.density], axis=1)
    _, first, setting = np.unique(settings, axis=0, return_index=True, return_inverse=True)
    best = global_minima(landscape.rows(first), starts=starts)
    W, b = landscape.split(ends.points)
    kinds = [kinds_of(landscape.rows(np.array([row]))) for row in first]
    return Basins(
        landscape.evaluate(trained).loss,
        ends.loss,
        best.loss[setting.ravel()],
        landscape.scale,
        W,
        b,
        landscape.split(best.points[setting.ravel()]),
        tuple(kinds[row] for row in setting.ravel()),
    )
