"""F10: polytopes of features, and the low-rank matrices WᵀW they are.

Claim: N unit vectors of a tight frame in d dimensions have rank WᵀW = d and D = d/N.
Source: Elhage et al. 2022, "The Geometry of Superposition".
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from mpl_toolkits.mplot3d.axes3d import Axes3D
from numpy.typing import NDArray

from superposition.paper.figures.figure import Drawn, PaperFigure
from superposition.paper.house_style import DIVERGING, FAINT, INK
from superposition.theory.feature_dimensionality import dimensionality
from superposition.theory.polytopes import Polytope, digon, polygon, simplex, square_antiprism

POLYTOPES = (digon(), polygon(3), simplex(3), polygon(5), square_antiprism())


def draw(trained_models: Path, progress: bool) -> Drawn:
    """Check the claim and draw: vertices above, Gram matrices below."""
    del trained_models, progress
    facts = {polytope.name: _dimensionality(polytope) for polytope in POLYTOPES}
    figure = Figure(figsize=(7.2, 3.3))
    count = len(POLYTOPES)
    heat = None
    for column, polytope in enumerate(POLYTOPES, start=1):
        W = np.array(polytope.vertices.tolist(), dtype=float)
        solid = polytope.dimension == 3
        above = figure.add_subplot(2, count, column, projection="3d" if solid else None)
        _draw_vertices(above, W)
        above.set_title(f"{polytope.name}\nD = {facts[polytope.name]}", fontsize=8)
        below = figure.add_subplot(2, count, count + column)
        heat = below.imshow(W.T @ W, cmap=DIVERGING, vmin=-1, vmax=1)
        below.set(xticks=[], yticks=[])
        below.set_xlabel(f"{W.shape[1]} features, rank {polytope.dimension}", fontsize=7)
    assert heat is not None
    figure.colorbar(
        heat, ax=figure.axes[1::2], label="entry of $W^T W$", shrink=0.8, aspect=20, fraction=0.03
    )
    return Drawn(figure, facts)


def _dimensionality(polytope: Polytope) -> str:
    W = np.array(polytope.vertices.tolist(), dtype=float)
    d, N = W.shape
    exact = polytope.dimensionality()
    assert np.linalg.matrix_rank(W.T @ W) == d, f"{polytope.name}: WᵀW has another rank than {d}"
    assert np.allclose(W @ W.T, N / d * np.eye(d)), f"{polytope.name} is not a tight frame"
    assert np.allclose(dimensionality(W), float(exact)), f"{polytope.name}: D is not {exact}"
    assert np.isclose(float(exact), d / N), f"{polytope.name}: D is not {d}/{N}"
    return str(exact)


def _draw_vertices(axes: Axes, W: NDArray[np.float64]) -> None:
    """The vectors W_i from the origin, and edges between nearest neighbours."""
    if W.shape[0] == 1:
        W = np.vstack([W, np.zeros_like(W)])
    gram = W.T @ W
    nearest = np.max(gram - 2 * np.eye(len(gram)), axis=1)
    for i, j in zip(*np.triu_indices(len(gram), 1), strict=True):
        if len(gram) > 2 and gram[i, j] > min(nearest[i], nearest[j]) - 0.25:
            axes.plot(*W[:, [i, j]], color=FAINT, linewidth=0.7)
    for vertex in W.T:
        axes.plot(*np.column_stack([np.zeros_like(vertex), vertex]), color="#0b4f8a", linewidth=1.3)
    axes.plot(*W, linestyle="", marker="o", markersize=3.5, color=INK)
    limits = (-1.15, 1.15)
    axes.set(xlim=limits, ylim=limits)
    if not isinstance(axes, Axes3D):
        axes.set_aspect("equal")
    else:
        axes.set_zlim(limits)
        axes.set_box_aspect((1, 1, 1), zoom=1.75)
        axes.view_init(elev=18, azim=25)
    axes.set_axis_off()


FIGURE = PaperFigure(
    number="F10",
    slug="f10-polytopes-as-matrices",
    title="Polytopes and the low-rank matrices they are",
    claim="A tight frame of N unit vectors in d dimensions has rank d and dimensionality d/N.",
    draw=draw,
)
