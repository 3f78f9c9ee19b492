"""The same in torch: numbers, gradients by autograd, and what tensors keep."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from superposition.numerics import (
    Enumeration,
    Strata,
    Transform,
    expected_loss,
    expected_loss_gradient,
    second_order_product,
)
from superposition.theory import Correlated, FeatureLaw, Values

RNG = np.random.default_rng(0)
W, W_OUT, B = RNG.normal(size=(3, 2, 4)), RNG.normal(size=(4, 2)), RNG.normal(size=(3, 4)) / 4


def tensors(*arrays: Any) -> list[Any]:
    """As leaves of a graph."""
    return [torch.tensor(array, requires_grad=True) for array in arrays]


@pytest.mark.parametrize("values", [Values.UNIT, Values.SIGNED, Values.BINARY])
@pytest.mark.parametrize("method", [Enumeration(), Transform(), Strata()])
def test_numbers_and_gradients_are_numpys(method: Any, values: Any) -> None:
    w, b = tensors(W, B)
    found = expected_loss(w, b, 1.0, 0.3, method=method, values=values)
    found.value.sum().backward()
    numpys = expected_loss_gradient(W, B, 1.0, 0.3, method=method, values=values)
    within = 1e-12 + 2 * np.max(numpys.loss.error) if method.name == "transform" else 1e-12
    assert np.allclose(found.value.detach(), numpys.loss.value, rtol=0, atol=within)
    assert np.allclose(w.grad, numpys.W, rtol=0, atol=1e-6 if within > 1e-12 else 1e-12)
    assert np.allclose(b.grad, numpys.b, rtol=0, atol=1e-6 if within > 1e-12 else 1e-12)
    assert found.method == method.name


@pytest.mark.parametrize("model", ["relu-output", "linear", "relu-hidden", "absolute-value"])
def test_every_model_is_differentiable(model: str) -> None:
    w, w_out, b = tensors(W[0], W_OUT, B[0])
    found = expected_loss(w, b, 1.0, 0.3, W_out=w_out, model=model)
    (2 * found.value).backward()
    numpys = expected_loss_gradient(W[0], B[0], 1.0, 0.3, W_out=W_OUT, model=model)
    assert np.allclose(w.grad, 2 * numpys.W)
    assert np.allclose(w_out.grad, 2 * numpys.W_out)
    assert np.allclose(b.grad, 2 * numpys.b)


def test_backward_can_be_differentiated_again() -> None:
    w, b = tensors(W[:1], B[:1])

    def loss(w: Any, b: Any) -> Any:
        return expected_loss(w, b, 1.0, 0.3).value

    assert torch.autograd.gradcheck(loss, (w, b))
    assert torch.autograd.gradgradcheck(loss, (w, b))


def test_importances_are_differentiable() -> None:
    (importance,) = tensors(np.array([1.0, 2.0, 0.5, 1.5]))
    found = expected_loss(torch.tensor(W[0]), 0.1, importance, 0.3)
    found.value.backward()
    parts = found.per_feature.detach() / importance.detach()
    assert torch.allclose(importance.grad, parts)


def test_densities_are_not() -> None:
    (density,) = tensors(np.full(4, 0.3))
    with pytest.raises(ValueError, match="density requires a gradient"):
        expected_loss(torch.tensor(W[0]), 0.1, 1.0, density)


def test_tensors_come_back() -> None:
    w = torch.tensor(W, dtype=torch.float32)
    found = expected_loss_gradient(w, 0.1, 1.0, 0.3)
    product = second_order_product(w, 0.1, torch.ones_like(w), 0.0, 1.0, 0.3)
    for tensor in (found.loss.value, found.loss.error, found.W, found.b, product.W):
        assert isinstance(tensor, torch.Tensor)
        assert tensor.dtype == torch.float64
    law = FeatureLaw((Correlated(4, 0.2),))
    assert isinstance(expected_loss(w, 0.1, 1.0, law).value, torch.Tensor)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here")
@pytest.mark.parametrize("method", [Enumeration(), Transform()])
def test_gpu_gives_the_same(method: Any) -> None:
    found = expected_loss_gradient(torch.tensor(W, device="cuda"), 0.1, 1.0, 0.3, method=method)
    numpys = expected_loss_gradient(W, 0.1, 1.0, 0.3, method=method)
    assert np.allclose(found.loss.value.cpu(), numpys.loss.value, rtol=1e-8)
    assert np.allclose(found.W.cpu(), numpys.W, rtol=1e-6, atol=1e-8)
