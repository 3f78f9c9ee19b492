r"""The two-dimensional colour map of the phase diagrams: norm × interference of one feature.

White: the feature is not represented (norm 0). Blue: it has a dimension to itself (norm 1,
interference 0). Orange: it is in superposition (norm 1, interference 1). Blue and orange
differ for every common form of colour blindness.
"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from numpy.typing import ArrayLike, NDArray

WHITE, DEDICATED, SHARED = (np.array(to_rgb(name)) for name in ("white", "#0b4f8a", "#e8833a"))


def colour(norm: ArrayLike, interference: ArrayLike) -> NDArray[np.float64]:
    """RGB, shape (…, 3), of a feature of this norm and interference, both clipped to [0, 1]."""
    n = np.clip(np.asarray(norm, dtype=float), 0, 1)[..., None]
    s = np.clip(np.asarray(interference, dtype=float), 0, 1)[..., None]
    return np.asarray((1 - n) * WHITE + n * ((1 - s) * DEDICATED + s * SHARED))


def draw_key(axes: Axes) -> None:
    """The colour map itself, as a small square with labelled edges."""
    ramp = np.linspace(0, 1, 64)
    axes.imshow(colour(ramp[:, None], ramp[None, :]), origin="lower", extent=(0, 1, 0, 1))
    axes.set(xticks=[0, 1], yticks=[0, 1], xlabel="interference", ylabel="norm ‖W‖")
    axes.set_xticklabels(["0", "≥1"])
    axes.set_yticklabels(["0", "≥1"])
    axes.set_title("extra feature", fontsize=7)
