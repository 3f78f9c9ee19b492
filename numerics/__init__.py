"""What is computed: exact expected losses, exact quadrature, and the twins of the theory.

Names are imported from their homes when first asked for: ``import superposition.numerics``
is quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from superposition.numerics.expectation.methods import Enumeration as Enumeration
    from superposition.numerics.expectation.methods import Moments as Moments
    from superposition.numerics.expectation.methods import Sampling as Sampling
    from superposition.numerics.expectation.methods import Strata as Strata
    from superposition.numerics.expectation.methods import Transform as Transform
    from superposition.numerics.expectation.question import expected_loss as expected_loss
    from superposition.numerics.expectation.question import (
        expected_loss_gradient as expected_loss_gradient,
    )
    from superposition.numerics.expectation.question import (
        second_order_product as second_order_product,
    )
    from superposition.numerics.expectation.result import ExpectedLoss as ExpectedLoss
    from superposition.numerics.expectation.result import LossGradient as LossGradient
    from superposition.numerics.expectation.result import SecondOrderProduct as SecondOrderProduct

_HOME = {
    "Enumeration": "expectation.methods",
    "ExpectedLoss": "expectation.result",
    "LossGradient": "expectation.result",
    "Moments": "expectation.methods",
    "Sampling": "expectation.methods",
    "SecondOrderProduct": "expectation.result",
    "Strata": "expectation.methods",
    "Transform": "expectation.methods",
    "expected_loss": "expectation.question",
    "expected_loss_gradient": "expectation.question",
    "second_order_product": "expectation.question",
}

__all__ = list(_HOME)


def __getattr__(name: str) -> Any:
    """Import a public name from its home when it is first asked for."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return list(__all__)
