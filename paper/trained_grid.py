"""Trained models over the paper's plane, beside what is predicted and what is optimal.

Every cell's models are judged by their exact loss; the worst is dropped, the others averaged.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from superposition.numerics.enumeration import relu_output_loss
from superposition.paper.phase_colours import colour
from superposition.paper.phase_picture import DENSITY, IMPORTANCE, set_axes
from superposition.theory.feature_dimensionality import interference

Array = NDArray[np.float64]
CELLS = 20  # per axis


@dataclass(frozen=True)
class TrainedGrid:
    """Trained models over the diagram; every array (densities, importances).

    norm, interference: of the extra feature, averaged without the worst model;
    best: the least exact loss of a cell's models; optimum: the least loss there is; found: the
    share of a cell's models that ended in the basin of that optimum.
    """

    importance: Array
    density: Array
    norm: Array
    interference: Array
    best: Array
    optimum: Array
    found: Array


def train_grid(
    name: str, features: int, hidden: int, seeds: int, trained_models: Path, progress: bool
) -> TrainedGrid:
    """Train the grid (or read it), drop each cell's worst model by exact loss, average."""
    from superposition.validate.basins import basins
    from superposition.validate.instances import grid
    from superposition.validate.schedule import Schedule
    from superposition.validate.sweep.model_list import trained

    importance, density = np.geomspace(*IMPORTANCE, CELLS), np.geomspace(*DENSITY, CELLS)
    instances = grid(importance, density, features, hidden, seeds)
    models = trained(name, instances, Schedule(), trained_models, progress=progress)
    W, b = models.W.astype(float), models.b.astype(float)
    loss = relu_output_loss(W.mT @ W, b, instances.importance, instances.density)
    ended = basins(models, instances)
    shape = (CELLS, CELLS, seeds)
    kept = np.argsort(loss.reshape(shape), axis=-1)[..., :-1]

    def averaged(values: Array) -> Array:
        ours = np.take_along_axis(values.reshape(shape), kept, axis=-1)
        return np.asarray(ours.mean(axis=-1))

    return TrainedGrid(
        importance,
        density,
        averaged(np.minimum(np.linalg.norm(W[:, :, -1], axis=1), 1)),
        averaged(np.minimum(interference(W)[:, -1], 1)),
        loss.reshape(shape).min(axis=-1),
        ended.optimum.reshape(shape)[..., 0],
        ended.found.reshape(shape).mean(axis=-1),
    )


def draw_trained(axes: Axes, models: TrainedGrid) -> None:
    """The colours of the extra feature, averaged over a cell's models."""
    axes.pcolormesh(
        models.importance,
        models.density,
        colour(models.norm, models.interference),
        shading="nearest",
        rasterized=True,
    )
    set_axes(axes)
