"""The picture of one model: WᵀW as a heat map, the bias strip, the bars of the norms."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from numpy.typing import NDArray

from superposition.paper.house_style import DIVERGING, FAINT, SEQUENTIAL
from superposition.theory.feature_dimensionality import interference

Weights = NDArray[np.float64]


def draw_gram(axes: Axes, W: Weights) -> ScalarMappable:
    """WᵀW on [-1, 1]: red negative, blue positive; feature 1 top left."""
    picture = axes.imshow(W.T @ W, cmap=DIVERGING, vmin=-1, vmax=1, interpolation="nearest")
    axes.set(xticks=[], yticks=[], xlabel="feature", ylabel="feature")
    axes.set_title("$W^T W$")
    return picture


def draw_bias(axes: Axes, b: Weights) -> None:
    """The biases as a strip beside the Gram matrix, on the same colours."""
    axes.imshow(b[:, None], cmap=DIVERGING, vmin=-1, vmax=1, interpolation="nearest", aspect="auto")
    axes.set(xticks=[], yticks=[])
    axes.set_title("b")


def draw_norms(axes: Axes, W: Weights) -> ScalarMappable:
    """Bars ‖W_i‖, the most important feature on top, coloured by interference on [0, 1]."""
    norms = np.linalg.norm(W, axis=0)
    colours = ScalarMappable(Normalize(0, 1), cmap=SEQUENTIAL)
    shares = np.clip(interference(W), 0, 1)
    axes.barh(np.arange(len(norms)), norms, color=colours.to_rgba(shares), height=0.85)
    axes.axvline(1, color=FAINT, linewidth=0.6, linestyle=":")
    axes.set(ylim=(len(norms) - 0.5, -0.5), xlim=(0, max(1.25, norms.max() * 1.05)), yticks=[])
    axes.set(xlabel="norm ‖$W_i$‖", ylabel="feature, most important on top")
    axes.set_title("‖$W_i$‖, coloured by interference")
    return colours
