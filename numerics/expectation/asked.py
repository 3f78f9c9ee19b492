"""What was asked: the arguments, checked, in double precision, in one array namespace."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from array_api_compat import array_namespace, is_torch_array

from superposition.numerics.expectation.model import MODELS, Weights
from superposition.numerics.expectation.problem import Features, OutputProblem
from superposition.theory.domain import check_density, check_finite, check_importance
from superposition.theory.features.feature_law import FeatureLaw
from superposition.theory.features.feature_sets import Independent
from superposition.theory.features.values import ValueLaw, Values

LARGEST = 1e75  # the fourth power is still a number


@dataclass(frozen=True, eq=False)
class Asked:
    """A model with its weights, importances and features; arrays in double precision.

    weights: W (…, m, n), b (…, n), W_out (…, n, m) or None; importance: (…, n);
    features: the law of the features; model: one of ``MODELS``.
    """

    weights: Weights
    importance: Any
    features: Features
    model: str

    @classmethod
    def of(
        cls,
        W: Any,
        b: Any,
        importance: Any,
        density: Any,
        W_out: Any,
        model: str,
        values: ValueLaw,
    ) -> Asked:
        """Check the arguments; ``ValueError`` with a whole sentence where one is wrong."""
        if str(model) not in MODELS:
            raise ValueError(f"model is {model!r}; it must be one of {', '.join(MODELS)}.")
        like = next(
            (part for part in (W, b, importance, density, W_out) if is_torch_array(part)), None
        )
        W = real(W, "W", like)
        if W.ndim < 2 or 0 in W.shape[-2:]:
            raise ValueError(f"W has shape {tuple(W.shape)}; it must be (…, m, n).")
        n, m = int(W.shape[-1]), int(W.shape[-2])
        b = _per_feature(b, "b", n, W)
        if W_out is not None:
            W_out = real(W_out, "W_out", W)
            if tuple(W_out.shape[-2:]) != (n, m):
                raise ValueError(
                    f"W_out has shape {tuple(W_out.shape)}; W of shape {tuple(W.shape)} needs "
                    f"(…, {n}, {m})."
                )
        elif model == "absolute-value":
            raise ValueError("W_out is missing; the absolute value model has untied weights.")
        importance = _per_feature(importance, "importance", n, W)
        check_importance(_host(importance))
        features = _features(density, values, n, W)
        asked = cls(Weights(W, b, W_out), importance, features, model)
        if 0 in asked.lead():
            raise ValueError(f"the batch is empty: its leading axes are {asked.lead()}.")
        return asked

    def lead(self) -> tuple[int, ...]:
        """The leading axes of the batch; ``ValueError`` where they do not broadcast."""
        parts = {
            "W": self.weights.W.shape[:-2],
            "b": self.weights.b.shape[:-1],
            "importance": self.importance.shape[:-1],
            "density": self.features.density.shape[:-1],
        }
        if self.weights.W_out is not None:
            parts["W_out"] = self.weights.W_out.shape[:-2]
        try:
            return np.broadcast_shapes(*(tuple(shape) for shape in parts.values()))
        except ValueError:
            told = ", ".join(f"{name} {tuple(shape)}" for name, shape in parts.items())
            raise ValueError(
                f"the leading axes {told} do not broadcast; each must be the batch's or 1."
            ) from None

    def output_problem(self) -> OutputProblem:
        """One linear form per output, broadcast to the whole batch."""
        xp = array_namespace(self.weights.W)
        rows = self.weights.rows()
        n, lead = int(rows.shape[-1]), self.lead()
        # Products of W's entries round; two units in the last place, independent of each other.
        second = self.features.density * self.features.moment(2)
        size = self.weights.rows_size() ** 2 * second[..., None, :]
        rounding = 2.3e-16 * xp.sqrt(xp.sum(size, axis=-1))
        return OutputProblem(
            xp.broadcast_to(rows, (*lead, n, n)),
            xp.broadcast_to(self.weights.b, (*lead, n)),
            xp.broadcast_to(self.importance, (*lead, n)),
            self.features,
            self.model == "relu-output",
            rounding,
        )


def _features(density: Any, values: ValueLaw, n: int, like: Any) -> Features:
    if isinstance(density, FeatureLaw):
        if values != Values.UNIT:
            raise ValueError("values is given twice; a FeatureLaw brings its own values.")
        if density.size != n:
            raise ValueError(f"density is a law of {density.size} features; W has n = {n}.")
        sets, values = density.sets, density.values
        marginal = [block.density_of(i) for block in sets for i in range(block.size)]
        check_density(marginal)
        independent = all(isinstance(block, Independent) or block.size == 1 for block in sets)
        array = _per_feature([float(p) for p in marginal], "density", n, like)
        return Features(array, values, None if independent else sets)
    if not isinstance(values, ValueLaw):
        raise ValueError(
            f"values is {values!r}; it must be a value law: Values.UNIT, Values.SIGNED, "
            "Values.BINARY, Uniform(low, high) or GivenValues(…)."
        )
    array = _per_feature(density, "density", n, like)
    check_density(_host(array))
    return Features(array, values)


def _per_feature(value: Any, name: str, n: int, like: Any) -> Any:
    """(…, n) from a number or an array whose last axis is the features'."""
    array = real(value, name, like)
    if array.ndim == 0:
        return array_namespace(like).broadcast_to(array, (n,))
    if array.shape[-1] != n:
        raise ValueError(
            f"{name} has shape {tuple(array.shape)}; its last axis must have one entry per "
            f"feature, that is {n}."
        )
    return array


def real(value: Any, name: str, like: Any) -> Any:
    """A finite array in double precision, where ``like`` lives."""
    if is_torch_array(value) or (like is not None and is_torch_array(like)):
        device = value.device if is_torch_array(value) else like.device
        array: Any = _converted(lambda: _double_tensor(value, device), value, name)
    else:
        array = _converted(lambda: _doubles(value), value, name)
    check_finite(_host(array), name)
    if bool((abs(array) > LARGEST).any()):
        raise ValueError(
            f"{name} has an entry of magnitude {float(abs(array).max()):g}; the loss is quartic in "
            f"the weights, so entries must stay below {LARGEST:g}."
        )
    return array


def _doubles(value: Any) -> Any:
    array = np.asarray(value)
    if array.dtype.kind not in "fiu":
        raise TypeError
    return array.astype(np.float64)


def _double_tensor(value: Any, device: Any) -> Any:
    import torch

    if not is_torch_array(value):
        return torch.as_tensor(_doubles(value), device=device)
    tensor = value.to(device)
    if tensor.dtype == torch.bool or tensor.is_complex():
        raise TypeError
    return tensor.to(torch.float64)


def _converted(convert: Callable[[], Any], value: Any, name: str) -> Any:
    try:
        return convert()
    except (TypeError, ValueError, OverflowError, RuntimeError):
        raise ValueError(f"{name} is {value!r}; it must be an array of numbers.") from None


def _host(array: Any) -> Any:
    return array.detach().cpu().numpy() if is_torch_array(array) else array
