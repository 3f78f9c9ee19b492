"""Analysis: what a trained model is, from its weights alone.

Numpy in, numpy out: no torch, no pictures. Names are imported from their homes when first asked
for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from superposition.validate.analysis.analysis import Analysis as Analysis
    from superposition.validate.analysis.analysis import analyse as analyse
    from superposition.validate.analysis.asymmetric_motif import (
        asymmetric_motifs as asymmetric_motifs,
    )
    from superposition.validate.analysis.input_norm import mean_input_norm as mean_input_norm
    from superposition.validate.analysis.neurons import canonical_rescaling as canonical_rescaling
    from superposition.validate.analysis.neurons import features_served as features_served
    from superposition.validate.analysis.neurons import monosemanticity as monosemanticity
    from superposition.validate.analysis.neurons import neuron_order as neuron_order
    from superposition.validate.analysis.polishing import nearby_optimum as nearby_optimum
    from superposition.validate.analysis.pose import canonical_pose as canonical_pose
    from superposition.validate.analysis.snapping import geometry_of_trained as geometry_of_trained
    from superposition.validate.analysis.snapping import snapped_weights as snapped_weights
    from superposition.validate.analysis.snapping import (
        tegum_factors_of_trained as tegum_factors_of_trained,
    )
    from superposition.validate.analysis.stored_analysis import load_analysis as load_analysis
    from superposition.validate.analysis.stored_analysis import save_analysis as save_analysis
    from superposition.validate.analysis.stored_features import (
        dimensions_per_feature as dimensions_per_feature,
    )
    from superposition.validate.analysis.turned_distance import (
        distance_up_to_rotation as distance_up_to_rotation,
    )
    from superposition.validate.analysis.vulnerability import (
        adversarial_vulnerability as adversarial_vulnerability,
    )
    from superposition.validate.analysis.vulnerability import (
        relative_vulnerability as relative_vulnerability,
    )
    from superposition.validate.analysis.weights_file import read_weights as read_weights

_HOME = {
    "Analysis": "analysis",
    "adversarial_vulnerability": "vulnerability",
    "analyse": "analysis",
    "asymmetric_motifs": "asymmetric_motif",
    "canonical_pose": "pose",
    "canonical_rescaling": "neurons",
    "dimensions_per_feature": "stored_features",
    "distance_up_to_rotation": "turned_distance",
    "features_served": "neurons",
    "geometry_of_trained": "snapping",
    "load_analysis": "stored_analysis",
    "mean_input_norm": "input_norm",
    "monosemanticity": "neurons",
    "nearby_optimum": "polishing",
    "neuron_order": "neurons",
    "read_weights": "weights_file",
    "relative_vulnerability": "vulnerability",
    "save_analysis": "stored_analysis",
    "snapped_weights": "snapping",
    "tegum_factors_of_trained": "snapping",
}
__all__ = list(_HOME)


def __getattr__(name: str) -> Any:
    """Import a public name from where it is defined."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    """The public names."""
    return sorted(_HOME)
