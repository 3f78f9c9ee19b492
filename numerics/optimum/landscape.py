r"""The landscape: the exact expected loss of many settings as a function of one vector each.

.. math:: θ = (W_1, …, W_n, b_1, …, b_n) \mapsto L(W, b), \nabla L, \nabla^2 L

A row is one setting: importances and densities of n features in m hidden dimensions. Without
biases θ ends after the columns of W. The loss does not change when W is rotated: those
m(m - 1)/2 directions are the zero modes.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from superposition.numerics.expectation.hessian import LossHessian, loss_hessian
from superposition.numerics.expectation.problem import Features
from superposition.theory.features.values import ValueLaw, Values

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Landscape:
    """R settings of n features in m dimensions.

    hidden: m; importance, density: (R, n); biases: whether they are free, else zero; values: the
    law of an active feature's value.
    """

    hidden: int
    importance: Array
    density: Array
    biases: bool = True
    values: ValueLaw = Values.UNIT

    @property
    def features(self) -> int:
        """n."""
        return int(self.importance.shape[1])

    @property
    def size(self) -> int:
        """The number of parameters of one model, D."""
        return self.features * (self.hidden + int(self.biases))

    @property
    def scale(self) -> Array:
        """Σ I_i Var x_i, (R,): what storing nothing costs; gradients are judged against it.

        Where no feature varies (binary ones of density 1) Σ I_i E x_i² stands for it.
        """
        law = Features(self.density, self.values)
        second = self.density * law.moment(2)
        spread = second - (self.density * law.moment(1)) ** 2
        cost = np.sum(self.importance * spread, axis=1)
        return np.asarray(np.where(cost > 0, cost, np.sum(self.importance * second, axis=1)))

    def __len__(self) -> int:
        return len(self.importance)

    def rows(self, index: NDArray[np.intp] | NDArray[np.bool_] | slice) -> Landscape:
        """Some of the settings."""
        return Landscape(
            self.hidden, self.importance[index], self.density[index], self.biases, self.values
        )

    def split(self, points: Array) -> tuple[Array, Array]:
        """θ (R, D) as W (R, m, n) and b (R, n)."""
        n, m = self.features, self.hidden
        W = np.swapaxes(points[:, : n * m].reshape(-1, n, m), 1, 2)
        b = points[:, n * m :] if self.biases else np.zeros((len(points), n))
        return W, b

    def joined(self, W: Array, b: Array) -> Array:
        """W (R, m, n) and b (R, n) as θ (R, D)."""
        columns = np.swapaxes(W, 1, 2).reshape(len(W), self.features * self.hidden)
        return np.concatenate([columns, b], axis=1) if self.biases else columns

    def evaluate(self, points: Array, along: Array | None = None) -> LossHessian:
        """Loss, gradient and Hessian at one point per setting; along: (R, D), for one-sidedness."""
        D = self.size
        if len(points) == 0:
            none = np.zeros(0, dtype=bool)
            return LossHessian(np.zeros(0), np.zeros((0, D)), np.zeros((0, D, D)), none)
        found = loss_hessian(
            *self.split(points),
            self.importance,
            Features(self.density, self.values),
            None if along is None else self.split(along),
        )
        return LossHessian(
            found.loss, found.gradient[:, :D], found.hessian[:, :D, :D], found.one_sided
        )

    def zero_modes(self, points: Array) -> Array:
        """The directions in which W is rotated, (R, m(m - 1)/2, D), orthonormal (or zero)."""
        W, b = self.split(points)
        m = self.hidden
        modes = np.zeros((len(points), m * (m - 1) // 2, self.size))
        for number, (one, other) in enumerate(combinations(range(m), 2)):
            turned = np.zeros_like(W)
            turned[:, one], turned[:, other] = -W[:, other], W[:, one]
            modes[:, number] = self.joined(turned, 0 * b)
        if modes.shape[1] == 0:
            return modes
        # An orthonormal basis of their span; what rank is missing is left as zero vectors.
        _, sizes, basis = np.linalg.svd(modes, full_matrices=False)
        return np.asarray(basis * (sizes > 1e-9)[..., None])
