"""Gradients and second-order products: against differences, autograd, and at the kinks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from superposition.numerics import (
    Enumeration,
    Sampling,
    Strata,
    Transform,
    expected_loss,
    expected_loss_gradient,
    second_order_product,
)
from superposition.numerics.expectation.activity import patterns
from superposition.numerics.expectation.compiled import compiled
from superposition.numerics.expectation.problem import Features, OutputProblem
from superposition.theory import Anticorrelated, Correlated, FeatureLaw, Independent, Values

seeds = st.integers(0, 10**6)
MODELS = ("relu-output", "linear", "relu-hidden")


def drawn(seed: int, most: int = 5) -> tuple[dict[str, Any], dict[str, Any]]:
    """A random problem away from kinks, and a direction."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, most + 1))
    m = int(rng.integers(1, n + 1))
    problem: dict[str, Any] = {
        "W": rng.normal(size=(m, n)),
        "b": rng.choice([-1, 1], n) * rng.uniform(0.05, 0.5, n),
        "importance": rng.uniform(0.1, 2, n),
        "density": rng.choice([1e-3, 0.1, 0.5, 1.0], n),
    }
    if rng.random() < 0.5:
        problem["W_out"] = rng.normal(size=(n, m))
    direction: dict[str, Any] = {
        name: rng.normal(size=problem[name].shape)
        for name in ("W", "b", "W_out")
        if name in problem
    }
    return problem, direction


def moved(problem: dict[str, Any], direction: dict[str, Any], t: float) -> dict[str, Any]:
    """The problem a step t along the direction."""
    return problem | {name: problem[name] + t * step for name, step in direction.items()}


def along(gradient: Any, direction: dict[str, Any]) -> float:
    """gradient · direction."""
    return float(sum((getattr(gradient, name) * step).sum() for name, step in direction.items()))


def richardson(function: Any, step: float) -> Any:
    """f'(0), the error of the central difference at h and h/2 extrapolated away."""
    coarse, fine = ((function(h) - function(-h)) / (2 * h) for h in (step, step / 2))
    return (4 * fine - coarse) / 3


@settings(max_examples=60)
@given(seeds, st.sampled_from(MODELS), st.sampled_from([Values.UNIT, Values.SIGNED]))
def test_gradients_are_slopes(seed: int, model: str, values: Any) -> None:
    problem, direction = drawn(seed, most=3 if model == "relu-hidden" else 5)
    problem |= {"model": model, "values": values}
    found = expected_loss_gradient(**problem)
    slope = richardson(lambda t: expected_loss(**moved(problem, direction, t)).value, 1e-3)
    size = found.loss.scale + abs(slope)
    assert along(found, direction) == pytest.approx(slope, abs=1e-7 * size)


@settings(max_examples=40)
@given(seeds)
def test_enumeration_against_autograd(seed: int) -> None:
    """Torch differentiates the array twin of the recurrence: value and gradient to 1e-12."""
    problem, _ = drawn(seed)
    rows = torch.tensor(problem.get("W_out", problem["W"].T) @ problem["W"], requires_grad=True)
    b = torch.tensor(problem["b"], requires_grad=True)
    importance, density = (torch.tensor(problem[name]) for name in ("importance", "density"))
    asked = OutputProblem(rows, b, importance, Features(density, Values.UNIT), relu=True)
    losses = patterns.losses(asked, gradient=False).losses
    (importance * losses).sum().backward()
    fixed = OutputProblem(
        rows.detach().numpy(),
        b.detach().numpy(),
        importance.numpy(),
        Features(density.numpy(), Values.UNIT),
        relu=True,
    )
    found = patterns.losses(fixed, gradient=True)
    weight = problem["importance"]
    size = 1 + float((weight * found.losses).sum())
    assert np.allclose(losses.detach().numpy(), found.losses, rtol=0, atol=1e-13 * size)
    assert rows.grad is not None
    assert b.grad is not None
    assert np.allclose(rows.grad.numpy(), weight[:, None] * found.d_rows, rtol=0, atol=1e-12 * size)
    assert np.allclose(b.grad.numpy(), weight * found.d_bias, rtol=0, atol=1e-12 * size)


def test_autograd_went_through_the_array_twin() -> None:
    """The comparison above would be void if tensors took the compiled kernel."""
    form = torch.zeros((1, 1), dtype=torch.float64)
    assert not compiled(form)
    assert compiled(form.numpy())


@settings(max_examples=30)
@given(seeds)
def test_transform_gradient_agrees(seed: int) -> None:
    problem, _ = drawn(seed)
    one = expected_loss_gradient(**problem, method=Enumeration())
    other = expected_loss_gradient(**problem, method=Transform(), tolerance=1e-10)
    for name in ("W", "b"):
        exact, found = getattr(one, name), getattr(other, name)
        assert np.allclose(exact, found, rtol=0, atol=2e-6 * (1 + np.abs(exact).max()))


@given(seeds)
def test_strata_gradient_is_that_of_the_strata(seed: int) -> None:
    problem, direction = drawn(seed, most=4)
    found = expected_loss_gradient(**problem, method=Strata())
    slope = richardson(
        lambda t: expected_loss(**moved(problem, direction, t), method=Strata()).value, 1e-3
    )
    assert along(found, direction) == pytest.approx(slope, abs=1e-7 * (1 + abs(slope)))


def test_sampled_gradient_is_the_twin_of_the_hidden_one() -> None:
    rng = np.random.default_rng(1)
    W, W_out, b = rng.normal(size=(3, 4)), rng.normal(size=(4, 3)), rng.normal(size=4) / 4
    arguments: dict[str, Any] = {
        "W_out": W_out,
        "density": 0.3,
        "values": Values.SIGNED,
        "model": "absolute-value",
    }
    one = expected_loss_gradient(W, b, **arguments)
    other = expected_loss_gradient(W, b, **arguments, method=Sampling(200_000))
    mixed = expected_loss_gradient(W, b, **arguments, method=Strata())
    assert one.loss.method == "enumeration"
    assert mixed.loss.method == "strata and sampling"
    for found in (other, mixed):
        assert abs(found.loss.value - one.loss.value) <= found.loss.error
        for name in ("W", "W_out", "b"):
            exact = getattr(one, name)
            assert np.allclose(getattr(found, name), exact, atol=0.03 * np.abs(exact).max())


@settings(max_examples=40)
@given(
    seeds, st.sampled_from(["relu-output", "linear"]), st.sampled_from([Values.UNIT, Values.SIGNED])
)
def test_products_are_changes_of_the_gradient(seed: int, model: str, values: Any) -> None:
    problem, direction = drawn(seed, most=4)
    problem |= {"model": model, "values": values}
    found = second_order_product(
        along_W=direction["W"],
        along_b=direction["b"],
        along_W_out=direction.get("W_out"),
        **problem,
    )
    for name in direction:
        change = richardson(
            lambda t, name=name: getattr(
                expected_loss_gradient(**moved(problem, direction, t)), name
            ),
            1e-3,
        )
        size = 1 + np.abs(change).max()
        assert np.allclose(getattr(found, name), change, rtol=0, atol=1e-5 * size)
    assert found.curvature == pytest.approx(along(found, direction), rel=1e-9, abs=1e-9)


@settings(max_examples=40)
@given(seeds)
def test_products_are_symmetric_away_from_kinks(seed: int) -> None:
    """u · H v = v · H u."""
    problem, first = drawn(seed)
    rng = np.random.default_rng(seed + 1)
    second = {name: rng.normal(size=step.shape) for name, step in first.items()}
    products = [
        second_order_product(along_W=d["W"], along_b=d["b"], along_W_out=d.get("W_out"), **problem)
        for d in (first, second)
    ]
    assume(not any(product.one_sided.any() for product in products))
    one, other = along(products[0], second), along(products[1], first)
    assert one == pytest.approx(other, rel=1e-8, abs=1e-8)


KINKED = {
    "dedicated": (np.eye(3)[:2], np.zeros(3)),
    "pair": (np.array([[1.0, -1.0, 0.0]]), np.array([0.0, 0.0, 0.125])),
    "zero": (np.zeros((2, 3)), np.zeros(3)),
}
LAWS = {
    "independent": np.array([0.2, 0.5, 0.9]),
    "correlated": FeatureLaw((Correlated(2, 0.3), Independent((0.5,)))),
    "signed": FeatureLaw.independent([0.2, 0.5, 0.9], Values.SIGNED),
    "signed-correlated": FeatureLaw((Correlated(2, 0.3), Independent((0.5,))), Values.SIGNED),
    "one-of-two": FeatureLaw((Anticorrelated(2, 1.0), Independent((0.5,)))),
}


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("kinked", KINKED)
def test_products_are_one_sided_at_kinks(kinked: str, law: str) -> None:
    """Where a zero bias meets silence, the change along d and along -d differ; both are right."""
    (W, b), density = KINKED[kinked], LAWS[law]
    rng = np.random.default_rng(3)
    d_W, d_b = rng.normal(size=W.shape), rng.normal(size=3)
    t = 1e-7
    for side in (1, -1):
        found = second_order_product(W, b, side * d_W, side * d_b, density=density)
        assert found.one_sided.any() or law == "one-of-two"  # never silent: no kink
        ahead, further = (
            expected_loss_gradient(W + s * side * d_W, b + s * side * d_b, density=density)
            for s in (t, 2 * t)
        )
        for name in ("W", "b"):
            change = (getattr(further, name) - getattr(ahead, name)) / t
            assert np.allclose(getattr(found, name), change, atol=2e-5)


def test_kinked_gradient_says_so() -> None:
    """A dropped feature without bias: the loss itself has a kink, -2 E[x (b)_+]."""
    W = np.array([[1.0, 0.0]])
    found = expected_loss_gradient(W, 0.0, density=0.5)
    assert found.one_sided.tolist() == [False, True]
    assert found.b[1] == 0  # the silent side
    assert expected_loss_gradient(W, [0, 1e-9], density=0.5).b[1] == pytest.approx(-0.5)


@pytest.mark.parametrize("density", [0.05, 1.0])
def test_products_by_transform(density: float) -> None:
    rng = np.random.default_rng(4)
    W, d_W, d_b = rng.normal(size=(2, 5)), rng.normal(size=(2, 5)), rng.normal(size=5)
    exact = second_order_product(W, -0.1, d_W, d_b, density=density, method=Enumeration())
    found = second_order_product(W, -0.1, d_W, d_b, density=density, method=Transform())
    assert found.curvature == pytest.approx(exact.curvature, rel=1e-5)
    assert np.allclose(found.W, exact.W, atol=1e-4 * np.abs(exact.W).max())


def test_products_are_known_where_the_transform_refuses() -> None:
    """Nine features, one dropped: the method that can is found."""
    W = np.random.default_rng(9).normal(size=(2, 9))
    W[:, 4] = 0
    found = second_order_product(W, 0.0, np.ones((2, 9)), 0.0, density=0.1)
    exact = second_order_product(W, 0.0, np.ones((2, 9)), 0.0, density=0.1, method=Enumeration())
    assert found.curvature == exact.curvature


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("kinked", KINKED)
def test_methods_agree_on_the_kinks(kinked: str, law: str) -> None:
    (W, b), density = KINKED[kinked], LAWS[law]
    exact = expected_loss_gradient(W, b, density=density, method=Enumeration())
    for method in (Transform(), Sampling(100)):
        found = expected_loss_gradient(W, b, density=density, method=method)
        assert np.array_equal(found.one_sided, exact.one_sided)


def test_hidden_layers_tell_their_kinks() -> None:
    dead = expected_loss_gradient([[0.0]], W_out=[[1.0]], model="relu-hidden")
    assert dead.one_sided.tolist() == [True]
    alive = expected_loss_gradient([[1.0]], 0.5, W_out=[[1.0]], model="relu-hidden")
    assert alive.one_sided.tolist() == [False]


def test_products_refuse_in_sentences() -> None:
    with pytest.raises(ValueError, match="moves an entry of W_out W that is zero"):
        second_order_product(np.eye(2), 0.0, np.ones((2, 2)), 0.0, density=0.1, method=Transform())
    with pytest.raises(ValueError, match="strata has no second-order products"):
        second_order_product(np.eye(2), 0.0, 0.0, 1.0, density=0.1, method=Strata())
    with pytest.raises(ValueError, match=r"along_W has shape \(3,\)"):
        second_order_product(np.eye(2), 0.0, np.ones(3), 0.0, density=0.1)
    with pytest.raises(ValueError, match="tied weights have no W_out"):
        second_order_product(np.eye(2), 0.0, 0.0, 0.0, density=0.1, along_W_out=np.eye(2))
    for wrong in (np.nan, np.inf, None, 1j, True, "a"):
        with pytest.raises(ValueError, match="along_b"):
            second_order_product(np.eye(2), 0.0, 0.0, wrong, density=0.1)
    with pytest.raises(ValueError, match="independent features with uniform values"):
        second_order_product(
            np.eye(2), 0.0, 0.0, 1.0, density=0.1, values=Values.BINARY, method=Transform()
        )
    with pytest.raises(ValueError, match="relu-hidden"):
        second_order_product(np.eye(2), 0.0, 0.0, 0.0, density=0.1, model="relu-hidden")
