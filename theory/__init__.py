"""What is claimed: closed forms, derived by sympy, each with its source.

Nothing here is computed before it is asked for, and sympy is imported with the first
formula: ``import superposition.theory`` is quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from superposition.theory.boundary import Boundary as Boundary
    from superposition.theory.composition import BestComposition as BestComposition
    from superposition.theory.composition import Composition as Composition
    from superposition.theory.composition import best_composition as best_composition
    from superposition.theory.feature_dimensionality import dimensionality as dimensionality
    from superposition.theory.feature_dimensionality import interference as interference
    from superposition.theory.features.feature_law import FeatureLaw as FeatureLaw
    from superposition.theory.features.feature_sets import Anticorrelated as Anticorrelated
    from superposition.theory.features.feature_sets import Correlated as Correlated
    from superposition.theory.features.feature_sets import Independent as Independent
    from superposition.theory.features.values import GivenValues as GivenValues
    from superposition.theory.features.values import Uniform as Uniform
    from superposition.theory.features.values import ValueLaw as ValueLaw
    from superposition.theory.features.values import Values as Values
    from superposition.theory.phase import Phase as Phase
    from superposition.theory.phase_diagram import PhaseDiagram as PhaseDiagram
    from superposition.theory.phase_diagram import TriplePoint as TriplePoint
    from superposition.theory.phase_diagram import phases as phases
    from superposition.theory.registry import statements as statements
    from superposition.theory.statement import Statement as Statement

_HOME = {
    "Anticorrelated": "features.feature_sets",
    "BestComposition": "composition",
    "Boundary": "boundary",
    "Composition": "composition",
    "Correlated": "features.feature_sets",
    "FeatureLaw": "features.feature_law",
    "Independent": "features.feature_sets",
    "Phase": "phase",
    "PhaseDiagram": "phase_diagram",
    "Statement": "statement",
    "TriplePoint": "phase_diagram",
    "GivenValues": "features.values",
    "Uniform": "features.values",
    "ValueLaw": "features.values",
    "Values": "features.values",
    "best_composition": "composition",
    "dimensionality": "feature_dimensionality",
    "interference": "feature_dimensionality",
    "phases": "phase_diagram",
    "statements": "registry",
}

__all__ = list(_HOME)


def __getattr__(name: str) -> Any:
    """Import a public name from its home when it is first asked for."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return list(__all__)
