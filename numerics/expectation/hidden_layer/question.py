r"""The question asked of the models with a nonlinear hidden layer.

The expectation no longer factorises into outputs. Few features: every active set, exactly.
Many: up to two active features exactly, the rest by stratified sampling with its error,

.. math:: L = \sum_{|A| \le 2} P(A)\, L_A + \sum_{k \ge 3} P(k)\, \overline{L}_k \pm 4 \sigma

Sets of features (correlated, anticorrelated) that are too many to enumerate are sampled.
The computation runs in numpy, model by model; tensors are taken and given back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import comb, factorial
from typing import Any

import numpy as np
from array_api_compat import is_torch_array

from superposition.numerics.expectation import sampling
from superposition.numerics.expectation.asked import Asked
from superposition.numerics.expectation.hidden_layer import patterns
from superposition.numerics.expectation.hidden_layer.problem import HiddenLosses, HiddenProblem
from superposition.numerics.expectation.method import Method
from superposition.numerics.expectation.methods import Enumeration, Sampling, Strata
from superposition.numerics.expectation.problem import Features
from superposition.numerics.expectation.result import ExpectedLoss, LossGradient
from superposition.theory.features.values import Binary, GivenValues

MOST_CELLS = 5e6  # cells times outputs of one model: some ten seconds
EXACT = 2  # active features of the exact strata


@dataclass(frozen=True, eq=False)
class _Answer:
    """One model's losses per output (n,), the error of the total, gradient, and the method."""

    found: HiddenLosses
    error: float
    method: str


def loss_and_gradient(
    asked: Asked, method: Method | None, tolerance: float, gradient: bool
) -> LossGradient:
    """The loss of every model of the batch and, if asked, its gradient."""
    lead = asked.lead()
    like = asked.weights.W
    if is_torch_array(like) and not gradient:
        for name, part in (("importance", asked.importance), ("density", asked.features.density)):
            if part.requires_grad:
                raise ValueError(
                    f"{name} requires a gradient; with a hidden layer only weights have one."
                )
    wanted = gradient or (is_torch_array(like) and _wants_gradient(asked))
    problems = [_problem(asked, index, lead) for index in np.ndindex(*lead)]
    answers = [_answer(problem, method, wanted) for problem in problems]

    def gathered(arrays: list[Any]) -> Any:
        stacked = np.asarray(arrays)
        return stacked.reshape((*lead, *stacked.shape[1:]))

    per_feature = gathered(
        [p.importance * a.found.losses for p, a in zip(problems, answers, strict=True)]
    )
    silent = gathered(
        [float((p.importance * p.features.density).sum() * p.features.moment(2)) for p in problems]
    )
    value, error = per_feature.sum(axis=-1), gathered([a.error for a in answers])
    scale = np.maximum(value, silent)
    names = sorted({a.method for a in answers})
    loss = ExpectedLoss(
        _back(value, like),
        _back(per_feature, like),
        _back(error, like),
        _back(scale, like),
        _back(np.isfinite(error) & (error <= tolerance * scale), like),
        ", ".join(names),
    )
    if not wanted:
        return LossGradient(loss, None, None, None, None)
    tied = asked.weights.W_out is None
    d_W, d_W_out, d_b = (
        None if name == "d_W_out" and tied else gathered([getattr(a.found, name) for a in answers])
        for name in ("d_W", "d_W_out", "d_bias")
    )
    if is_torch_array(like) and not gradient:
        from superposition.numerics.expectation.hidden_layer import torch_twin

        value = torch_twin.differentiable(asked, loss.value, d_W, d_W_out, d_b)
        return LossGradient(replace(loss, value=value), None, None, None, None)
    flags = [a.found.one_sided for a in answers]
    one_sided = None if any(f is None for f in flags) else _back(gathered(flags), like)
    out = None if d_W_out is None else _back(d_W_out, like)
    return LossGradient(loss, _back(d_W, like), _back(d_b, like), out, one_sided)


def _wants_gradient(asked: Asked) -> bool:
    weights = asked.weights
    return any(
        part is not None and part.requires_grad for part in (weights.W, weights.b, weights.W_out)
    )


def _problem(asked: Asked, index: tuple[int, ...], lead: tuple[int, ...]) -> HiddenProblem:
    """One model of the batch, in numpy."""

    def one(array: Any, axes: int) -> Any:
        host = array.detach().cpu().numpy() if is_torch_array(array) else np.asarray(array)
        return np.broadcast_to(host, (*lead, *host.shape[host.ndim - axes :]))[index]

    weights, features = asked.weights, asked.features
    return HiddenProblem(
        one(weights.W, 2),
        None if weights.W_out is None else one(weights.W_out, 2),
        one(weights.b, 1),
        one(asked.importance, 1),
        Features(one(features.density, 1), features.values, features.sets),
        asked.model == "absolute-value",
    )


def _answer(problem: HiddenProblem, method: Method | None, gradient: bool) -> _Answer:
    if not isinstance(method, Method | None):
        raise ValueError(
            f"method is {method!r}; a hidden layer takes Enumeration(), Strata() or Sampling()."
        )
    if isinstance(problem.features.values, GivenValues) and not isinstance(method, Sampling):
        if method is not None:
            raise ValueError(
                f"method is {method.name}; with a hidden layer, values of one's own "
                "can only be sampled."
            )
        method = Sampling()
    if isinstance(method, Enumeration) or (method is None and cells(problem) <= MOST_CELLS):
        if cells(problem) > 20 * MOST_CELLS:
            raise ValueError(
                f"method is enumeration, which would visit {cells(problem):.1g} cells; it must "
                f"stay below {20 * MOST_CELLS:.1g}."
            )
        found = patterns.enumeration(problem, gradient)
        return _Answer(found, float(problem.importance @ found.errors), "enumeration")
    if method is None and problem.features.sets is not None:
        method = Sampling()
    if isinstance(method, Sampling):
        found, error = sampled(problem, method, 0, gradient)
        return _Answer(found, error, "sampling")
    if method is None or isinstance(method, Strata):
        exact, rest = patterns.strata(problem, EXACT, gradient)
        rounding = float(problem.importance @ exact.errors)
        if rest <= sampling.NEGLIGIBLE:
            return _Answer(exact, rounding, "strata")
        drawn, error = sampled(problem, Sampling(), EXACT + 1, gradient)
        return _Answer(_sum(exact, drawn), rounding + error, "strata and sampling")
    raise ValueError(
        f"method is {method.name}; a hidden layer takes Enumeration(), Strata() or Sampling()."
    )


def cells(problem: HiddenProblem) -> float:
    """About how many cells times outputs enumeration visits: k! (m + 1)^(k-1) a set."""
    features, m, n = problem.features, problem.hidden, problem.size
    if isinstance(features.values, Binary):
        of_size = [1.0] * (n + 1)
    else:
        low, high = features.values.support
        sides = 2.0 if low < 0 < high else 1.0
        of_size = [
            sides * factorial(min(k, 20)) * (m + 1.0) ** max(min(k, 20) - 1, 0)
            for k in range(n + 1)
        ]
    if features.sets is None:
        return n * sum(comb(n, k) * of_size[k] for k in range(min(n, 40) + 1))
    if len(sampling.units_of(features)) > 16:
        return float("inf")
    return n * sum(of_size[len(active)] for active, _ in features.law().active_sets())


def sampled(
    problem: HiddenProblem, method: Sampling, least_active: int, gradient: bool
) -> tuple[HiddenLosses, float]:
    """The part of the expectation with at least ``least_active`` units on, and its error."""
    n, m = problem.size, problem.hidden

    def of_draws(x: Any) -> Any:
        before = x @ problem.W.T
        h = np.maximum(before, 0)
        z = h @ problem.readout.T + problem.bias
        error = (np.abs(x) if problem.absolute else x) - np.maximum(z, 0)
        found = [error**2, error**2 @ problem.importance[:, None]]
        if gradient:
            d_z = -2 * problem.importance * error * (z > 0)
            d_h = (d_z @ problem.readout) * (before > 0)
            found += [
                d_z,
                (d_z[:, :, None] * h[:, None, :]).reshape(len(x), -1),
                (d_h[:, :, None] * x[:, None, :]).reshape(len(x), -1),
            ]
        return np.concatenate(found, axis=1)

    width = 2 * n + 1 + (2 * n * m if gradient else 0)
    batch = max(16, sampling.NUMBERS // width)
    estimate = sampling.stratified_mean(
        of_draws, problem.features, method.draws, method.seed, batch, least_active
    )
    mean, error = estimate.mean, 4 * estimate.standard_error
    if not gradient:
        return HiddenLosses(mean[:n], error[:n]), float(error[n])
    d_b, rest = mean[n + 1 : 2 * n + 1], mean[2 * n + 1 :]
    d_out, d_in = rest[: n * m].reshape(n, m), rest[n * m :].reshape(m, n)
    total = float(error[n])
    if problem.W_out is None:
        return HiddenLosses(mean[:n], error[:n], d_in + d_out.T, None, d_b), total
    return HiddenLosses(mean[:n], error[:n], d_in, d_out, d_b), total


def _sum(first: HiddenLosses, second: HiddenLosses) -> HiddenLosses:
    """Entry by entry, None where both have none."""
    sums = {
        name: None if getattr(first, name) is None else getattr(first, name) + getattr(second, name)
        for name in ("d_W", "d_W_out", "d_bias")
    }
    losses, errors = first.losses + second.losses, first.errors + second.errors
    return HiddenLosses(losses, errors, **sums, one_sided=first.one_sided)


def _back(array: Any, like: Any) -> Any:
    """As a numpy array or, beside tensors, a tensor where they live."""
    if not is_torch_array(like):
        return np.asarray(array)[()]
    import torch

    return torch.as_tensor(array, device=like.device)
