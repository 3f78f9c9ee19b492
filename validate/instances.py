"""What is trained at once: many models of one shape, each with its own setting and seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from superposition.theory.domain import check_count, check_density, check_importance


@dataclass(frozen=True)
class Instances:
    """S models of n features and m hidden dimensions.

    importance, density: (S, n); seed: (S,) whole numbers; hidden: m. A model's weights and
    data follow from its seed alone, whatever else is trained beside it.
    Raises ``ValueError`` for densities outside (0, 1], bad importances, negative seeds, or
    shapes that disagree.
    """

    importance: NDArray[np.float64]
    density: NDArray[np.float64]
    seed: NDArray[np.int64]
    hidden: int

    def __post_init__(self) -> None:
        check_count(self.hidden, "hidden")
        check_importance(self.importance)
        check_density(self.density)
        shape = np.shape(self.importance)
        if len(shape) != 2 or np.shape(self.density) != shape:
            raise ValueError(
                f"importance has shape {shape} and density {np.shape(self.density)}; "
                "both must be (models, features)."
            )
        if np.shape(self.seed) != shape[:1]:
            raise ValueError(
                f"seed has shape {np.shape(self.seed)}; it must be ({shape[0]},), one per model."
            )
        if np.any(np.asarray(self.seed) < 0):
            raise ValueError(f"seed contains {np.min(self.seed)}; a seed must not be negative.")

    @property
    def count(self) -> int:
        """The number of models S."""
        return int(self.importance.shape[0])

    @property
    def features(self) -> int:
        """The number of features n."""
        return int(self.importance.shape[1])

    def tiles(self, size: int) -> Iterator[Instances]:
        """The same models in groups of at most ``size``, in order."""
        for start in range(0, self.count, size):
            part = slice(start, start + size)
            yield Instances(self.importance[part], self.density[part], self.seed[part], self.hidden)


def grid(
    importance: ArrayLike, density: ArrayLike, features: int, hidden: int, seeds: int
) -> Instances:
    """The phase diagram's models: every (density, extra importance), ``seeds`` models each.

    importance: (X,) of the extra, last feature, the others have 1; density: (Y,). The models
    are ordered density first, then importance, then seed; every model has a seed of its own.
    """
    extra, p = np.asarray(importance, dtype=float), np.asarray(density, dtype=float)
    models = p.size * extra.size * seeds
    importances = np.ones((p.size, extra.size, seeds, features))
    importances[..., -1] = extra[None, :, None]
    densities = np.broadcast_to(p[:, None, None, None], importances.shape)
    return Instances(
        importances.reshape(models, features),
        densities.reshape(models, features).copy(),
        np.arange(models, dtype=np.int64),
        hidden,
    )
