r"""F27: the exact loss of n = 2, m = 1 without bias, over (W₁, W₂), at three densities.

Equal importance. Two kinds of minimum: the antipodal pair, W₁ = -W₂, and the confused one,
W₁ = W₂ = 1/√2, which outputs the mean of both features. The densities: sparse, the one at
which both cost the same, and 1.
Claim: the antipodal pair is optimal when features are sparse; in the dense corner the confused
minimum is, W₁W₂ > 0. Both are minima at all three densities: training without biases may end in
either, about equally good ones where the candidates' triple point is.
Source: Elhage et al. 2022, "Phase change".
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.contour import QuadContourSet
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.optimize import brentq

from superposition.numerics.enumeration import relu_output_loss
from superposition.numerics.optimum.curvature import least_curvature
from superposition.numerics.optimum.descent import descend
from superposition.numerics.optimum.landscape import Landscape
from superposition.numerics.optimum.minimum import global_minimum
from superposition.paper.figures.figure import Drawn, PaperFigure
from superposition.paper.house_style import INK, SEQUENTIAL

Array = NDArray[np.float64]
SPARSE, DENSE = 0.1, 1.0
REACH, PIXELS, STARTS = 1.6, 201, 60
GLOBAL: Any = {"marker": "*", "color": "white", "markeredgecolor": INK, "markersize": 9, "ls": ""}
LOCAL: Any = {"marker": "o", "color": "white", "markeredgecolor": INK, "markersize": 4.5, "ls": ""}
LEVELS = 0.05 * 2 ** np.arange(0, 8.1, 0.5)  # of a feature's variance


@dataclass(frozen=True)
class Surface:
    """The minima at one density, (K, 2), their losses, and the global one's."""

    density: float
    minima: Array
    loss: Array
    best: float


def draw(trained_models: Path, progress: bool) -> Drawn:
    """Find the minima, check the claim, draw the three surfaces."""
    del trained_models, progress
    change = float(brentq(lambda p: _gap(surface(p)), 0.4, 0.8, xtol=1e-12))
    surfaces = [surface(density) for density in (SPARSE, change, DENSE)]
    facts = _facts(surfaces)
    figure = Figure(figsize=(7.4, 2.6))
    panels = figure.subplots(1, 3, sharey=True)
    words = ("sparse", "both equally good", "dense")
    heat = None
    for axes, found, told in zip(panels, surfaces, words, strict=True):
        heat = _draw(axes, found)
        axes.set_title(f"{told}: p = {found.density:.3g}")
    panels[0].set_ylabel("$W_2$")
    _legend(panels[0])
    assert heat is not None
    bar = figure.colorbar(
        heat, ax=panels, aspect=25, pad=0.02, shrink=0.8, format="%g", ticks=LEVELS[::2]
    )
    bar.set_label("loss / variance of a feature")
    return Drawn(figure, facts)


def surface(density: float) -> Surface:
    """The local minima from a lattice of starts, and the least loss that a global search finds."""
    # No start on an axis or a diagonal: descents from there can end on saddles.
    along = np.linspace(-1.3, 1.3, 8)
    starts = np.array([[a + 0.013, b - 0.007] for a in along for b in along])
    settings = (np.ones((len(starts), 2)), np.full((len(starts), 2), density))
    landscape = Landscape(1, *settings, biases=False)
    ends = descend(landscape, starts)
    curvature = least_curvature(landscape, ends.points).value
    kept = (ends.gradient_norm < 1e-9) & (curvature > 1e-6 * landscape.scale)
    _, first = np.unique(np.round(ends.points[kept], 6), axis=0, return_index=True)
    best = global_minimum(2, 1, density=density, biases=False, starts=STARTS)
    assert best.believed, best.why
    return Surface(density, ends.points[kept][first], ends.loss[kept][first], best.loss)


def _gap(found: Surface) -> float:
    """By how much the confused minimum is worse than the antipodal one."""
    aligned = found.minima.prod(axis=1) > 0
    return float(found.loss[aligned].min() - found.loss[~aligned].min())


def _facts(surfaces: list[Surface]) -> dict[str, str]:
    sparse, change, dense = surfaces
    for found in surfaces:
        aligned = found.minima.prod(axis=1) > 0
        assert abs(found.loss.min() / found.best - 1) < 1e-9, "the lattice missed the minimum"
        assert aligned.sum() == (~aligned).sum() == 2, f"not two pairs of minima: {found.minima}"
        assert np.allclose(np.abs(found.minima[aligned]), 2**-0.5), "not at 1/√2"
    assert _gap(sparse) > 0 > _gap(dense), "the dense optimum does not have W₁W₂ > 0"
    pair = np.abs(dense.minima[dense.minima.prod(axis=1) < 0]).max()
    return {
        "sparse density": f"{sparse.density:g}",
        "density of the change": f"{change.density:.4f}",
        "dense density": f"{dense.density:g}",
        "confused norm": f"{2**-0.5:.4f}",
        "dense pair's norm": f"{pair:.3f}",
        "dense loss ratio": f"{_ratio(dense):.2f}",
        "sparse loss ratio": f"{_ratio(sparse):.2f}",
    }


def _ratio(found: Surface) -> float:
    """The antipodal minimum's loss over the confused one's."""
    aligned = found.minima.prod(axis=1) > 0
    return float(found.loss[~aligned].min() / found.loss[aligned].min())


def _draw(axes: Axes, found: Surface) -> QuadContourSet:
    along = np.linspace(-REACH, REACH, PIXELS)
    W = np.stack(np.meshgrid(along, along), axis=-1).reshape(-1, 1, 2)
    equal = np.ones(2)
    loss = relu_output_loss(W.mT @ W, np.zeros(2), equal, found.density * equal)
    scale = Landscape(1, equal[None], found.density * equal[None]).scale[0] / 2
    heights = (loss / scale).reshape(PIXELS, PIXELS)
    heat = axes.contourf(
        along, along, heights, LEVELS, cmap=SEQUENTIAL, norm=LogNorm(), extend="both"
    )
    axes.contour(along, along, heights, LEVELS, colors=INK, linewidths=0.3)
    level = found.loss.min() * (1 + 1e-6)
    for place, its_loss in zip(found.minima, found.loss, strict=True):
        axes.plot(*place, **(GLOBAL if its_loss <= level else LOCAL))
    axes.set(xticks=[-1, 0, 1], yticks=[-1, 0, 1], xlabel="$W_1$", aspect="equal")
    return heat


def _legend(axes: Axes) -> None:
    for style, words in ((GLOBAL, "global minimum"), (LOCAL, "local minimum")):
        axes.plot([], [], label=words, **style)
    axes.legend(loc="lower left", fontsize=6, frameon=True, framealpha=0.8, borderaxespad=0.3)


FIGURE = PaperFigure(
    number="F27",
    slug="f27-loss-surface",
    title="The exact loss surface of two features in one dimension, without bias",
    claim="Sparse features are best antipodal; in the dense corner the optimum is the confused "
    "minimum, both weights of one sign.",
    draw=draw,
)
