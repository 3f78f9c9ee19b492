r"""The problem: features, one linear form per output, and what is lost there.

.. math:: L = \sum_i I_i \, E(x_i - x'_i)^2, \qquad x'_i = (z_i)_+ \text{ or } z_i, \qquad
          z_i = b_i + \sum_j A_{ij} x_j

A: (…, n, n), the rows; A = WᵀW for a tied model, W_out W for an untied one. b, I: (…, n).
Leading axes: a batch of models. Every output is a problem of its own, so the methods work on
single rows, each with its own feature first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device

from superposition.theory.features.feature_law import FeatureLaw
from superposition.theory.features.feature_sets import FeatureSet
from superposition.theory.features.values import Binary, Uniform, ValueLaw


@dataclass(frozen=True, eq=False)
class Features:
    """The law of the features, as arrays.

    density: (…, n), the marginal density of every feature; values: the law of an active
    feature's value; sets: None where all features are independent, else the sets side by
    side (then ``density`` has no leading axes).
    """

    density: Any
    values: ValueLaw
    sets: tuple[FeatureSet, ...] | None = None

    @property
    def size(self) -> int:
        """n."""
        return int(self.density.shape[-1])

    def moment(self, order: int) -> float:
        """E u^order of an active feature, in floats: the exact moment would import sympy."""
        if isinstance(self.values, Uniform):
            low, high = self.values.support
            powers = (low**i * high ** (order - i) for i in range(order + 1))
            return float(sum(powers) / (order + 1))
        return 1.0 if isinstance(self.values, Binary) else float(self.values.moment(order))

    def law(self) -> FeatureLaw:
        """The same as a ``FeatureLaw``, for one vector of densities."""
        if self.sets is not None:
            return FeatureLaw(self.sets, self.values)
        return FeatureLaw.independent([float(p) for p in self.density], self.values)


@dataclass(frozen=True, eq=False)
class OutputProblem:
    """One linear form per output: linear and ReLU output models, tied or untied."""

    rows: Any
    bias: Any
    importance: Any
    features: Features
    relu: bool
    rounding: Any = 0.0  # (…, n): √E δz², what the rounding of A's entries makes of every form

    @property
    def second_moment(self) -> Any:
        """E x_i², (…, n): what a silent output loses."""
        return self.features.density * self.features.moment(2)

    @property
    def most(self) -> Any:
        """2 E x_i² + 2 E z_i², (…, n): no output can lose more."""
        xp = array_namespace(self.rows)
        density, features = self.features.density, self.features
        mean = xp.sum(self.rows * (density * features.moment(1))[..., None, :], axis=-1)
        if features.sets is None:
            variance = density * features.moment(2) - (density * features.moment(1)) ** 2
            spread = xp.sum(self.rows**2 * variance[..., None, :], axis=-1)
        else:
            covariance = xp.asarray(
                features.law().covariance(), dtype=self.rows.dtype, device=device(self.rows)
            )
            spread = xp.sum(xp.matmul(self.rows, covariance) * self.rows, axis=-1)
        return 2 * self.second_moment + 2 * ((self.bias + mean) ** 2 + spread)


@dataclass(frozen=True, eq=False)
class Path:
    """A path of forms, A + t d_rows + t² curve, b + t d_bias: what a straight line of weights is.

    d_rows, curve: (…, n, n), d_bias: (…, n).
    """

    d_rows: Any
    d_bias: Any
    curve: Any


@dataclass(frozen=True, eq=False)
class Rows:
    """The outputs of a problem as R rows, the output's own feature first.

    slopes, density: (n, R); offset: (R,); shape: the shape (…, n) to give results back in;
    order: (n, n), the features in the order in which row i has them.
    """

    slopes: Any
    offset: Any
    density: Any
    shape: tuple[int, ...]
    order: np.ndarray[Any, Any]

    @classmethod
    def of(cls, rows: Any, bias: Any, density: Any) -> Rows:
        """Rows (…, n, n), biases (…, n) and densities (…, n), leading axes broadcast."""
        xp = array_namespace(rows)
        n = int(bias.shape[-1])
        shape = np.broadcast_shapes(rows.shape[:-1], bias.shape, density.shape)
        places = np.arange(n)  # row i: i first, then 0 … i - 1, then i + 1 …
        order = np.where(places == 0, places[:, None], places - (places <= places[:, None]))
        flat = xp.asarray((order + n * np.arange(n)[:, None]).ravel(), device=device(rows))
        lead = shape[:-1]
        entries = xp.reshape(xp.broadcast_to(rows, (*lead, n, n)), (-1, n * n))
        slopes = xp.reshape(xp.take(entries, flat, axis=1), (-1, n)).T
        columns = xp.asarray(order.ravel(), device=device(rows))
        densities = xp.reshape(xp.broadcast_to(density, (*lead, n)), (-1, n))
        own_first = xp.reshape(xp.take(densities, columns, axis=1), (-1, n)).T
        return cls(slopes, xp.reshape(xp.broadcast_to(bias, shape), (-1,)), own_first, shape, order)

    def back(self, per_row: Any) -> Any:
        """(R,) → (…, n)."""
        return array_namespace(per_row).reshape(per_row, self.shape)

    def forth(self, per_output: Any) -> Any:
        """(…, n) → (R,)."""
        xp = array_namespace(per_output)
        return xp.reshape(xp.broadcast_to(per_output, self.shape), (-1,))

    def features_back(self, per_feature: Any) -> Any:
        """(n, R), own feature first → (…, n, n) in the features' own order."""
        xp = array_namespace(per_feature)
        n = self.shape[-1]
        inverse = np.argsort(self.order, axis=1)
        flat = xp.asarray((inverse + n * np.arange(n)[:, None]).ravel(), device=device(per_feature))
        entries = xp.reshape(per_feature.T, (-1, n * n))
        return xp.reshape(xp.take(entries, flat, axis=1), (*self.shape, n))
