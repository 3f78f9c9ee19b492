"""What is computed: exact expected losses, exact quadrature, and the twins of the theory.

Names are imported from their homes when first asked for: ``import superposition.numerics``
is quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from superposition.numerics.certificate.certificate import Certificate as Certificate
    from superposition.numerics.certificate.certificate import certify as certify
    from superposition.numerics.certificate.record import certify_many as certify_many
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
    from superposition.numerics.geometry.geometry import Geometry as Geometry
    from superposition.numerics.geometry.geometry import OrderParameters as OrderParameters
    from superposition.numerics.geometry.geometry import geometry_of as geometry_of
    from superposition.numerics.geometry.geometry import order_parameters as order_parameters
    from superposition.numerics.optimum.minimum import Minimum as Minimum
    from superposition.numerics.optimum.minimum import global_minimum as global_minimum
    from superposition.numerics.phase_diagram.exact_diagram import ExactDiagram as ExactDiagram
    from superposition.numerics.phase_diagram.exact_diagram import (
        exact_phase_diagram as exact_phase_diagram,
    )
    from superposition.numerics.phase_diagram.plane import Axis as Axis
    from superposition.numerics.phase_diagram.plane import Plane as Plane
    from superposition.numerics.phase_diagram.plane import (
        importance_and_density as importance_and_density,
    )
    from superposition.numerics.phase_diagram.stored_diagram import load_diagram as load_diagram

_HOME = {
    "Axis": "phase_diagram.plane",
    "Certificate": "certificate.certificate",
    "Enumeration": "expectation.methods",
    "ExactDiagram": "phase_diagram.exact_diagram",
    "ExpectedLoss": "expectation.result",
    "Geometry": "geometry.geometry",
    "LossGradient": "expectation.result",
    "Minimum": "optimum.minimum",
    "Moments": "expectation.methods",
    "OrderParameters": "geometry.geometry",
    "Plane": "phase_diagram.plane",
    "Sampling": "expectation.methods",
    "SecondOrderProduct": "expectation.result",
    "Strata": "expectation.methods",
    "Transform": "expectation.methods",
    "certify": "certificate.certificate",
    "certify_many": "certificate.record",
    "exact_phase_diagram": "phase_diagram.exact_diagram",
    "expected_loss": "expectation.question",
    "expected_loss_gradient": "expectation.question",
    "geometry_of": "geometry.geometry",
    "global_minimum": "optimum.minimum",
    "importance_and_density": "phase_diagram.plane",
    "load_diagram": "phase_diagram.stored_diagram",
    "order_parameters": "geometry.geometry",
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
