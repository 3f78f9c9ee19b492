r"""One question, one answer: the expected loss of a toy model, its gradient, its curvature.

.. math:: L(W, b) = \sum_i I_i \, E\big(t_i - x'_i\big)^2

t: the features x, or |x| for the absolute value model; x': what the model makes of x. Nothing
is sampled unless asked for: the expectation is computed, with an estimate of how wrong it is.
Source: the loss of Elhage et al. 2022; the methods are those of ``methods.py``.

The arguments all three functions share
    W: (…, m, n), column W_i the direction of feature i; leading axes: a batch of models.
    b: (…, n) or a number, the biases.
    importance: (…, n) or a number, I_i ≥ 0.
    density: (…, n) or a number in (0, 1], p = 1 - S of independent features; or a
        ``FeatureLaw``, with correlated or anticorrelated sets and values of its own.
    W_out: (…, n, m), for untied weights; None: Wᵀ.
    model: "relu-output", "linear", "relu-hidden" or "absolute-value".
    values: the law of an active feature's value, beside densities given as numbers.
    method: None for the best known choice, or ``Enumeration()``, ``Strata()``,
        ``Transform()``, ``Sampling()``, ``Moments()``.
    tolerance: the error asked for, relative to max(L, Σ I_i E t_i²).
One method serves a whole batch. ``error`` speaks of the loss: its gradient is exact to rounding
by moments, enumeration and (as the gradient of the strata) strata, else good to about the
error times the number of nodes or to the statistics of the draws.
Numpy arrays give numpy arrays; torch tensors give tensors on their device, the loss with an
analytic backward. All three raise ``ValueError`` where an argument is not as described, or a
method named cannot be used on the problem.
"""

from __future__ import annotations

from typing import Any

from array_api_compat import array_namespace, is_torch_array

from superposition.numerics.expectation.asked import Asked, real
from superposition.numerics.expectation.method import Method
from superposition.numerics.expectation.methods import Enumeration, candidates
from superposition.numerics.expectation.model import Weights
from superposition.numerics.expectation.problem import OutputProblem, Path
from superposition.numerics.expectation.result import (
    ExpectedLoss,
    LossGradient,
    OutputChange,
    OutputLosses,
    SecondOrderProduct,
    combined,
)
from superposition.theory.domain import check_finite, check_scalar
from superposition.theory.features.values import ValueLaw, Values

TOLERANCE = 1e-9
HIDDEN = ("relu-hidden", "absolute-value")


def expected_loss(
    W: Any,
    b: Any = 0.0,
    importance: Any = 1.0,
    density: Any = 1.0,
    *,
    W_out: Any = None,
    model: str = "relu-output",
    values: ValueLaw = Values.UNIT,
    method: Method | None = None,
    tolerance: float = TOLERANCE,
) -> ExpectedLoss:
    """L with its summands, an error estimate and the method; arguments as in the module.

    >>> found = expected_loss([[1, -1]], density=0.5)  # the antipodal pair: p²/3
    >>> print(f"{found.value:.12f} {found.method}")
    0.083333333333 enumeration
    """
    asked = Asked.of(W, b, importance, density, W_out, model, values)
    _check_tolerance(tolerance)
    if model in HIDDEN:
        from superposition.numerics.expectation.hidden_layer import question

        return question.loss_and_gradient(asked, method, tolerance, gradient=False).loss
    problem = asked.output_problem()
    if is_torch_array(problem.rows):
        from superposition.numerics.expectation import torch_twin

        return torch_twin.differentiable(problem, method, tolerance)
    return answer(problem, method, tolerance, gradient=False)[0]


def expected_loss_gradient(
    W: Any,
    b: Any = 0.0,
    importance: Any = 1.0,
    density: Any = 1.0,
    *,
    W_out: Any = None,
    model: str = "relu-output",
    values: ValueLaw = Values.UNIT,
    method: Method | None = None,
    tolerance: float = TOLERANCE,
) -> LossGradient:
    """L and its gradient by W, b and, if given, W_out; arguments as in the module.

    >>> found = expected_loss_gradient([[1, -1]], density=0.5)  # ∂L/∂b = -p²/3 per output
    >>> found.b
    array([-0.08333333, -0.08333333])
    """
    asked = _without_graph(Asked.of(W, b, importance, density, W_out, model, values))
    _check_tolerance(tolerance)
    if model in HIDDEN:
        from superposition.numerics.expectation.hidden_layer import question

        return question.loss_and_gradient(asked, method, tolerance, gradient=True)
    problem = asked.output_problem()
    loss, outputs = answer(problem, method, tolerance, gradient=True)
    weight = problem.importance
    d_W, d_W_out = asked.weights.pull_back(outputs.d_rows * weight[..., None])
    return LossGradient(loss, d_W, outputs.d_bias * weight, d_W_out, outputs.one_sided)


def second_order_product(
    W: Any,
    b: Any,
    along_W: Any,
    along_b: Any,
    importance: Any = 1.0,
    density: Any = 1.0,
    *,
    W_out: Any = None,
    along_W_out: Any = None,
    model: str = "relu-output",
    values: ValueLaw = Values.UNIT,
    method: Method | None = None,
) -> SecondOrderProduct:
    """The change of the gradient along (along_W, along_b, along_W_out), on that side.

    along_W, along_b, along_W_out: the direction, shaped like the parameters (0 for none); the
    other arguments as in the module. Linear and ReLU output models.

    >>> up, down = (  # a silent output's bias
    ...     second_order_product([[1.0, 0.0]], 0.0, 0.0, [0.0, side], density=0.5)
    ...     for side in (1.0, -1.0)
    ... )
    >>> print(up.curvature, down.curvature, up.one_sided)
    2.0 0.0 [ True  True]
    """
    asked = _without_graph(Asked.of(W, b, importance, density, W_out, model, values))
    if model in HIDDEN:
        raise ValueError(
            f"model is {model!r}; second-order products are known for linear and relu-output."
        )
    along = _direction(asked.weights, along_W, along_b, along_W_out)
    problem = asked.output_problem()
    xp = array_namespace(problem.rows)
    shape = problem.rows.shape
    path = Path(
        xp.broadcast_to(asked.weights.rows_change(along), shape),
        xp.broadcast_to(along.b, problem.bias.shape),
        xp.broadcast_to(asked.weights.rows_curve(along), shape),
    )
    change = _gradient_change(problem, path, method)
    weight = problem.importance
    product_W, product_out = asked.weights.pull_back_change(
        along, change.side * weight[..., None], change.d_rows * weight[..., None]
    )
    product_b = change.d_bias * weight
    curvature = xp.sum(product_W * along.W, axis=(-2, -1)) + xp.sum(product_b * along.b, axis=-1)
    if product_out is not None:
        curvature = curvature + xp.sum(product_out * along.W_out, axis=(-2, -1))
    return SecondOrderProduct(product_W, product_b, product_out, change.one_sided, curvature[()])


def answer(
    problem: OutputProblem, method: Method | None, tolerance: float, gradient: bool
) -> tuple[ExpectedLoss, OutputLosses]:
    """The first method that keeps the tolerance, else the one with the least error."""
    xp = array_namespace(problem.rows)
    best: tuple[ExpectedLoss, OutputLosses] | None = None
    for chosen in _chosen(problem, method):
        outputs = chosen.losses(problem, tolerance, gradient)
        loss = _total(problem, outputs, tolerance, chosen.name)
        if bool(xp.all(loss.converged)):
            return loss, outputs
        if best is None or bool(xp.max(loss.relative_error) < xp.max(best[0].relative_error)):
            best = loss, outputs
    if best is None:
        raise ValueError(
            f"values is {problem.features.values!r}; with one density vector per model, only "
            "Uniform(low, high) and Binary() are known."
        )
    return best


def _gradient_change(problem: OutputProblem, path: Path, method: Method | None) -> OutputChange:
    """By the method asked for, or the first that can, the exact one in front."""
    methods = _chosen(problem, method)
    refusals = []
    for chosen in sorted(methods, key=lambda one: not isinstance(one, Enumeration)):
        try:
            return chosen.gradient_change(problem, path)
        except ValueError as refusal:
            refusals.append(str(refusal))
    raise ValueError(" ".join(refusals))


def _chosen(problem: OutputProblem, method: Method | None) -> list[Method]:
    if method is None:
        return candidates(problem)
    if not isinstance(method, Method):
        raise ValueError(
            f"method is {method!r}; it must be Enumeration(), Strata(), Transform(), Sampling(), "
            "Moments() or None."
        )
    refusal = method.refusal(problem)
    if refusal is not None:
        raise ValueError(f"method is {method.name}, which cannot be used here: {refusal}")
    return [method]


def _total(
    problem: OutputProblem, outputs: OutputLosses, tolerance: float, name: str
) -> ExpectedLoss:
    """Sum the outputs by importance; bounds add up, signed estimates partly cancel."""
    xp = array_namespace(problem.rows)
    weight = problem.importance
    per_feature = weight * outputs.losses
    value = xp.sum(per_feature, axis=-1)
    error = outputs.total_bound
    if error is None:
        error = xp.sum(weight * outputs.bounds, axis=-1)
    if outputs.estimates is not None:
        parts = weight * outputs.estimates
        error = error + combined(parts)
    losses = xp.maximum(outputs.losses, xp.zeros_like(value)[..., None])
    rounded = problem.rounding * (2 * xp.sqrt(losses) + problem.rounding)
    error = error + xp.sum(weight * rounded, axis=-1)
    # Should a method fail, it shows as an infinite error, never as a number to be trusted.
    possible = (outputs.losses <= problem.most * (1 + 1e-9)) & (
        outputs.losses >= -1e-6 * problem.most
    )
    trusted = xp.isfinite(value) & xp.isfinite(error) & xp.all(possible, axis=-1)
    error = xp.where(trusted, error, xp.full_like(error, xp.inf))
    silent = xp.sum(weight * problem.second_moment, axis=-1)
    scale = xp.maximum(value, silent)
    return ExpectedLoss(
        value[()],
        per_feature,
        error[()],
        scale[()],
        (trusted & (error <= tolerance * scale))[()],
        name,
    )


def _without_graph(asked: Asked) -> Asked:
    if not is_torch_array(asked.weights.W):
        return asked
    from superposition.numerics.expectation import torch_twin

    return torch_twin.detached(asked)


def _direction(weights: Weights, W: Any, b: Any, W_out: Any) -> Weights:
    xp = array_namespace(weights.W)
    if (W_out is not None) and weights.W_out is None:
        raise ValueError("along_W_out is given; tied weights have no W_out to move.")

    def like(value: Any, array: Any, name: str) -> Any:
        found = real(value, name, array)
        try:
            return xp.broadcast_to(found, array.shape)
        except (ValueError, RuntimeError):
            raise ValueError(
                f"{name} has shape {tuple(found.shape)}; it must be a number or shaped like "
                f"{name[6:]}, that is {tuple(array.shape)}."
            ) from None

    return Weights(
        like(W, weights.W, "along_W"),
        like(b, weights.b, "along_b"),
        None
        if weights.W_out is None
        else like(0.0 if W_out is None else W_out, weights.W_out, "along_W_out"),
    )


def _check_tolerance(tolerance: Any) -> None:
    check_finite(tolerance, "tolerance")
    check_scalar(tolerance, "tolerance")
    if not 0 < tolerance < 1:
        raise ValueError(f"tolerance is {tolerance!r}; it must lie between 0 and 1.")
