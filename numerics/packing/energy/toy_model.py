r"""The toy model's own energies: its loss while one feature is active, of free or unit vectors.

.. math:: L_1 = \sum_i I_i \Big[ J(G_{ii}, b_i) + \sum_{j \ne i} K(G_{ij}, b_i) \Big],
          \qquad G_{ij} = w_i \cdot w_j

w_i: feature i's direction, its column of W, here a row; b_i: its bias; I: (n,) importances; J, K:
``one_active_terms``. With S_ij = I_i ∂K/∂h (∂J/∂g on the diagonal) the gradient by the rows is
(S + Sᵀ) W. On the sphere all w_i have one squared norm g and all biases are b: a generalised
Thomson energy with the pair potential t ↦ (I_i + I_j) K(g t, b).
Source: ``theory.relu_output_model.one_active_feature``; the sparse limit of the toy model.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from superposition.numerics.packing.energy.one_active_terms import Jet, benefit, interference
from superposition.numerics.packing.energy.smooth_energy import Array, Points
from superposition.theory.domain import check_finite, check_importance, check_scalar


@dataclass(frozen=True, eq=False)
class OneActive:
    """L_1 with every norm and bias free: points (…, n, m + 1) are the w_i with b_i as last entry.

    importance: a number or (n,). At a dead feature of bias 0 the gradient is that of the side on
    which the feature is silent. Raises ``ValueError`` for an importance that is negative or not
    finite.

    >>> pair = np.array([[1.0, 0.0], [-1.0, 0.0]])  # the antipodal pair at bias 0 loses nothing
    >>> float(OneActive().value(pair))
    0.0
    """

    importance: ArrayLike = 1.0

    def __post_init__(self) -> None:
        """Refuse importances that are none."""
        check_importance(self.importance)

    @property
    def name(self) -> str:
        """``one-active``."""
        return "one-active"

    @property
    def on_sphere(self) -> bool:
        """Never: norms and biases are free."""
        return False

    def value(self, points: Points) -> Array:
        """L_1, (…)."""
        total: Array = self._jets(points)[1].value.sum((-1, -2))
        return total

    def gradient(self, points: Points) -> tuple[Array, Points]:
        """L_1 (…) and its gradient (…, n, m + 1)."""
        weights, jet = self._jets(points)
        by_rows = (jet.h + np.swapaxes(jet.h, -1, -2)) @ weights
        return jet.value.sum((-1, -2)), _joined(by_rows, jet.b.sum(-1))

    def hessian_product(
        self, points: Points, direction: Points, side: Points | None = None
    ) -> Points:
        """The Hessian's product with ``direction``, (…, n, m + 1).

        side: the direction on whose side the second derivatives are taken where a slope and its
        bias both vanish (the product with it itself is then the one-sided second-order form's);
        by default what vanishes counts as silent.
        """
        towards = None
        if side is not None:
            change = side[..., :-1] @ np.swapaxes(points[..., :-1], -1, -2)
            towards = change + np.swapaxes(change, -1, -2), side[..., -1:]
        weights, jet = self._jets(points, towards)
        moved, lift = direction[..., :-1], direction[..., -1:]
        change = moved @ np.swapaxes(weights, -1, -2)
        change = change + np.swapaxes(change, -1, -2)
        slopes = jet.hh * change + jet.hb * lift
        by_rows = (slopes + np.swapaxes(slopes, -1, -2)) @ weights
        by_rows = by_rows + (jet.h + np.swapaxes(jet.h, -1, -2)) @ moved
        return _joined(by_rows, (jet.hb * change + jet.bb * lift).sum(-1))

    def _jets(
        self, points: Points, towards: tuple[Array, Array] | None = None
    ) -> tuple[Array, Jet]:
        """The w_i, and the jets of I_i K(G_ij, b_i), of I_i J on the diagonal."""
        weights, bias = points[..., :-1], points[..., -1:]
        gram = weights @ np.swapaxes(weights, -1, -2)
        side = None if towards is None else (towards[0], np.broadcast_to(towards[1], gram.shape))
        return weights, _terms(gram, np.broadcast_to(bias, gram.shape), self.importance, side)


@dataclass(frozen=True)
class OneActivePotential:
    """t ↦ 2 K(g t, b): the pair potential of equally important features, for ``PairEnergy``.

    squared_norm: g > 0; bias: b. Raises ``ValueError`` where one of them is no finite number, or
    g is not positive.

    >>> float(OneActivePotential(1.0, 0.0).jet(np.array(-0.5))[0])
    0.0
    """

    squared_norm: float
    bias: float

    def __post_init__(self) -> None:
        """Refuse a norm or a bias that is none."""
        _check_norm_and_bias(self.squared_norm, self.bias)

    @property
    def name(self) -> str:
        """``one-active`` with norm and bias."""
        return f"one-active:{self.squared_norm:g},{self.bias:g}"

    def jet(self, t: Array) -> tuple[Array, Array, Array]:
        """f, f' and f'' at t, elementwise."""
        g = self.squared_norm
        found = interference(g * np.asarray(t), np.asarray(self.bias))
        return 2 * found.value, 2 * g * found.h, 2 * g**2 * found.hh


@dataclass(frozen=True, eq=False)
class OneActiveOnSphere:
    """L_1 of unit vectors (…, n, m): directions only, at one squared norm g and one bias b.

    importance: a number or (n,). Raises ``ValueError`` for a norm that is not positive, a bias
    that is not finite and bad importances.

    >>> float(OneActiveOnSphere(1.0, 0.0).value(np.array([[1.0], [-1.0]])))
    0.0
    """

    squared_norm: float
    bias: float
    importance: ArrayLike = 1.0

    def __post_init__(self) -> None:
        """Refuse a norm, a bias or importances that are none."""
        _check_norm_and_bias(self.squared_norm, self.bias)
        check_importance(self.importance)

    @property
    def name(self) -> str:
        """``one-active`` with norm and bias."""
        return OneActivePotential(self.squared_norm, self.bias).name

    @property
    def on_sphere(self) -> bool:
        """Always."""
        return True

    def value(self, points: Points) -> Array:
        """L_1, (…)."""
        total: Array = self._jet(points).value.sum((-1, -2))
        return total

    def gradient(self, points: Points) -> tuple[Array, Points]:
        """L_1 (…) and its gradient by the directions, (…, n, m); x_i·x_i does not vary."""
        jet = self._jet(points)
        return jet.value.sum((-1, -2)), self._slopes(jet.h) @ points

    def hessian_product(self, points: Points, direction: Points) -> Points:
        """The Hessian's product with ``direction``, (…, n, m)."""
        jet = self._jet(points)
        change = direction @ np.swapaxes(points, -1, -2)
        change = change + np.swapaxes(change, -1, -2)
        curved = self._slopes(jet.hh * change) @ points
        return self.squared_norm * curved + self._slopes(jet.h) @ direction

    def _slopes(self, one_way: Array) -> Array:
        """Both ways, without the diagonal, per unit of x_i·x_j."""
        both = self.squared_norm * (one_way + np.swapaxes(one_way, -1, -2))
        diagonal = np.arange(both.shape[-1])
        both[..., diagonal, diagonal] = 0.0
        return both

    def _jet(self, points: Points) -> Jet:
        cosines = points @ np.swapaxes(points, -1, -2)
        diagonal = np.arange(points.shape[-2])
        cosines[..., diagonal, diagonal] = 1.0
        bias = np.full(cosines.shape, float(self.bias))
        return _terms(self.squared_norm * cosines, bias, self.importance)


def _terms(
    gram: Array, bias: Array, importance: ArrayLike, side: tuple[Array, Array] | None = None
) -> Jet:
    """I_i K(G_ij, b_i), of I_i J(G_ii, b_i) on the diagonal, with derivatives: (…, n, n)."""
    diagonal = np.arange(gram.shape[-1])
    others = interference(gram, bias, side)
    own = benefit(gram[..., diagonal, diagonal], bias[..., diagonal, diagonal])
    weight = np.broadcast_to(np.asarray(importance, dtype=float), gram.shape[-1:])[:, None]
    parts = {}
    for part in Jet.__dataclass_fields__:
        whole = np.array(getattr(others, part))
        whole[..., diagonal, diagonal] = getattr(own, part)
        parts[part] = weight * whole
    return Jet(**parts)


def _joined(rows: Array, last: Array) -> Array:
    return np.concatenate([rows, last[..., None]], axis=-1)


def _check_norm_and_bias(squared_norm: float, bias: float) -> None:
    for value, name in ((squared_norm, "squared_norm"), (bias, "bias")):
        check_scalar(value, name)
        check_finite(value, name)
    if squared_norm <= 0:
        raise ValueError(f"squared_norm is {squared_norm:g}; it must be positive.")
