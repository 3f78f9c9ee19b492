"""The parameters of S models, and where training begins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from superposition.theory.domain import check_finite
from superposition.validate.instances import Instances

Array = NDArray[np.float32]
WEIGHTS = 0  # the stream that a seed spawns for its weights


@dataclass(frozen=True, eq=False)
class Parameters:
    """W: (S, m, n), column W_i the direction of feature i; b: (S, n); W_out: (S, n, m) where the
    weights are untied, else None.
    """

    W: Array
    b: Array
    W_out: Array | None = None

    def checked(self, instances: Instances) -> Parameters:
        """A copy in float32; raises ``ValueError`` where it is not made for ``instances``."""
        shape = (instances.count, instances.hidden, instances.features)
        expected = {"W": shape, "b": shape[::2]}
        if instances.architecture.tied and self.W_out is not None:
            raise ValueError("W_out is given; a tied model has W_out = Wᵀ, it must be None.")
        if not instances.architecture.tied:
            expected["W_out"] = (shape[0], shape[2], shape[1])
        for name, wanted in expected.items():
            given = getattr(self, name)
            if given is not None:
                check_finite(given, f"initial {name}")
            if np.shape(given) != wanted:
                raise ValueError(
                    f"initial {name} has shape {np.shape(given)}; "
                    f"for these instances it must be {wanted}."
                )
            with np.errstate(over="ignore"):  # refused, not warned of
                check_finite(np.asarray(given, np.float32), f"initial {name}")
        if not instances.architecture.biased and np.any(self.b):
            raise ValueError("initial b is not zero; the architecture has no biases.")
        W_out = None if self.W_out is None else np.array(self.W_out, np.float32)
        return Parameters(np.array(self.W, np.float32), np.array(self.b, np.float32), W_out)

    def rows(self) -> Array:
        """θ, as the engines keep it, (S, R, n): the rows of W, those of W_outᵀ if untied, b."""
        readout = [] if self.W_out is None else [self.W_out.mT]
        return np.concatenate([self.W, *readout, self.b[:, None]], axis=1)

    @classmethod
    def of_rows(cls, theta: Array, hidden: int) -> Parameters:
        """What ``rows`` came from, as a copy; hidden: m."""
        tied = theta.shape[1] == hidden + 1
        W_out = None if tied else np.ascontiguousarray(theta[:, hidden : 2 * hidden].mT)
        return cls(theta[:, :hidden].copy(), theta[:, -1].copy(), W_out)

    def finite(self) -> NDArray[np.bool_]:
        """Whether all numbers of a model are, (S,)."""
        return np.asarray(np.isfinite(self.rows()).all((1, 2)))

    def without(self, lost: NDArray[np.bool_]) -> Parameters:
        """The same with no numbers for the models ``lost``, (S,)."""
        parts = (None if part is None else part.copy() for part in (self.W, self.b, self.W_out))
        kept = Parameters(*parts)  # type: ignore[arg-type]
        for part in (kept.W, kept.b, kept.W_out):
            if part is not None:
                part[lost] = np.nan
        return kept

    def taken(self, index: slice | NDArray[np.intp]) -> Parameters:
        """Those of some of the models."""
        W_out = None if self.W_out is None else self.W_out[index]
        return Parameters(self.W[index], self.b[index], W_out)


def xavier(instances: Instances, scale: ArrayLike = 1.0) -> Parameters:
    r"""Xavier-normal weights, as if each model were alone, and zero biases.

    .. math:: W_{ki} \sim N\big(0,\; \text{scale}^2 \cdot 2/(m + n)\big)

    scale: a number, or one a model (S,). Source: Glorot and Bengio 2010, equation 16.
    Raises ``ValueError`` for a scale that is negative or not finite.
    """
    each = _one_a_model(scale, instances, "scale")
    if np.any(each < 0):
        raise ValueError(f"scale is {np.min(each):g}; it must not be negative.")
    m, n = instances.hidden, instances.features
    spread = np.sqrt(2 / (m + n)) * each
    untied = not instances.architecture.tied
    draws = np.stack(
        [_stream(int(seed)).normal(size=(1 + untied, m, n)) for seed in instances.seed]
    )
    with np.errstate(over="ignore"):  # refused where training begins
        W = (spread[:, None, None, None] * draws).astype(np.float32)
    b = np.zeros((instances.count, n), np.float32)
    return Parameters(W[:, 0], b, np.ascontiguousarray(W[:, 1].mT) if untied else None)


def polygon(
    instances: Instances, corners: ArrayLike, radius: ArrayLike = 1.0, bias: ArrayLike = 0.0
) -> Parameters:
    """The first ``corners`` features at the corners of a regular polygon, the others nowhere.

    corners, radius, bias: a number each, or one a model (S,); the bias is that of the stored
    features. Raises ``ValueError`` unless m = 2, the weights are tied and 2 ≤ corners ≤ n.
    """
    if instances.hidden != 2 or not instances.architecture.tied:
        raise ValueError(
            f"hidden is {instances.hidden} and tied {instances.architecture.tied}; a polygon "
            "needs two hidden dimensions and tied weights."
        )
    k = _one_a_model(corners, instances, "corners")[:, None]
    if np.any((k < 2) | (k > instances.features) | (k != np.round(k))):
        raise ValueError(
            f"corners is {corners!r}; it must be whole numbers from 2 to {instances.features}."
        )
    size, shift = (
        _one_a_model(each, instances, name)[:, None]
        for each, name in ((radius, "radius"), (bias, "bias"))
    )
    number = np.arange(instances.features)
    stored, angle = number < k, 2 * np.pi * number / k
    W = np.stack([size * stored * np.cos(angle), size * stored * np.sin(angle)], axis=1)
    return Parameters(W.astype(np.float32), (shift * stored).astype(np.float32))


def beginning(instances: Instances, scale: ArrayLike, corners: ArrayLike) -> Parameters:
    """Xavier weights, where ``corners`` are 0, and polygons with so many where they are not.

    scale: of the former, the radius of the latter; both a number, or one a model (S,).
    """
    size, k = (
        _one_a_model(each, instances, name)
        for each, name in ((scale, "scale"), (corners, "corners"))
    )
    begin, posed = xavier(instances, size), np.flatnonzero(k)
    if len(posed):
        begin.W[posed] = polygon(instances.taken(posed), k[posed], size[posed]).W
    return begin


def _one_a_model(values: ArrayLike, instances: Instances, name: str) -> NDArray[np.float64]:
    """A number, or one a model, as (S,); raises ``ValueError`` for what is neither."""
    check_finite(values, name)
    array = np.asarray(values, float)
    if array.shape not in ((), (instances.count,)):
        raise ValueError(
            f"{name} has shape {array.shape}; it must be a number or ({instances.count},), one per "
            "model."
        )
    return np.broadcast_to(array, instances.count)


def _stream(seed: int) -> np.random.Generator:
    """The random stream of one model's weights."""
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence([seed, WEIGHTS])))
