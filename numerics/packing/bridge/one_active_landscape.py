r"""The one-active loss as a landscape: what the descents and curvatures of ``optimum`` ask of it.

.. math:: θ = (W_1, …, W_n, b_1, …, b_n) \mapsto L_1(W, b), \nabla L_1, \nabla^2 L_1

A feature at a time is active: this is the toy model conditioned on that, in which a bias above
zero costs nothing while all features are silent. In the sparse limit p → 0 of the toy model it
would cost (b_i)_+²/p: there biases are not positive, and a dead feature costs 1/3 instead of
1/3 - 1/(4n). A minimum of L_1 without positive biases is one of the sparse limit too.
Source: ``packing.energy.toy_model``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from superposition.numerics.expectation.hessian import LossHessian
from superposition.numerics.optimum.landscape import Landscape
from superposition.numerics.packing.energy.toy_model import OneActive

Array = NDArray[np.float64]
LARGEST = 2**21  # numbers in one block of Hessian products


class OneActiveLandscape(Landscape):
    """R settings of n features in m dimensions, one active at a time; density is not looked at."""

    @classmethod
    def of(cls, features: int, hidden: int, count: int = 1) -> OneActiveLandscape:
        """``count`` times the same n equally important features in m dimensions.

        >>> OneActiveLandscape.of(3, 2).size
        9
        """
        ones = np.ones((count, features))
        return cls(hidden, ones, ones)

    @property
    def scale(self) -> Array:
        """Σ I_i/3, (R,): what storing nothing costs at zero bias."""
        return np.asarray(self.importance.sum(axis=1) / 3)

    def rows(self, index: NDArray[np.intp] | NDArray[np.bool_] | slice) -> OneActiveLandscape:
        """Some of the settings."""
        return OneActiveLandscape(self.hidden, self.importance[index], self.density[index])

    def as_points(self, parameters: Array) -> Array:
        """θ (R, D) as the points (R, n, m + 1) of ``OneActive``."""
        W, b = self.split(parameters)
        return np.concatenate([np.swapaxes(W, 1, 2), b[..., None]], axis=-1)

    def evaluate(self, points: Array, along: Array | None = None) -> LossHessian:
        """L_1, gradient and Hessian at one point per setting; along: (R, D), for one-sidedness."""
        R, D = len(points), self.size
        loss, gradient = np.empty(R), np.empty((R, D))
        hessian, one_sided = np.empty((R, D, D)), np.empty(R, dtype=bool)
        unit = self.as_points(np.eye(D))
        block = max(1, LARGEST // self.features**2)
        for row in range(R):  # a batch of Hessians would not fit into the cache
            energy = OneActive(self.importance[row])
            model = self.rows(slice(row, row + 1))
            here = model.as_points(points[row : row + 1])[0]
            side = None if along is None else model.as_points(along[row : row + 1])[0]
            value, slope = energy.gradient(here)
            loss[row] = value
            gradient[row] = _as_parameters(slope)
            for first in range(0, D, block):
                part = slice(first, first + block)
                hessian[row, part] = _as_parameters(energy.hessian_product(here, unit[part], side))
            gram = here[:, :-1] @ here[:, :-1].T
            one_sided[row] = bool(np.any((gram == 0) & (here[:, -1:] == 0)))
        return LossHessian(loss, gradient, (hessian + np.swapaxes(hessian, 1, 2)) / 2, one_sided)


def _as_parameters(points: Array) -> Array:
    """(…, n, m + 1) as (…, D)."""
    rows = points[..., :-1].reshape(*points.shape[:-2], -1)
    return np.concatenate([rows, points[..., -1]], axis=-1)
