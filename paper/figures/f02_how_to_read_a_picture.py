"""F2: how to read a picture of a model: WᵀW with the bias strip, then the bars ‖W_i‖.

One trained ReLU output model, n = 20, m = 5, I_i = 0.7^i, density 0.1 (choice).
Claim: the bars are read off the matrix (their squares are its diagonal, their colour the
rest of the row), and the model stores more than m features.
Source: Elhage et al. 2022, "Basic results".
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from superposition.paper.figures.figure import Drawn, PaperFigure
from superposition.paper.weight_picture import draw_bias, draw_gram, draw_norms
from superposition.theory.feature_dimensionality import interference

FEATURES, HIDDEN, DECAY, DENSITY = 20, 5, 0.7, 0.1


def draw(trained_models: Path, progress: bool) -> Drawn:
    """Train (once), check the claim, draw."""
    from superposition.validate.instances import Instances
    from superposition.validate.stored_runs import trained
    from superposition.validate.training import Schedule

    instances = Instances(
        importance=DECAY ** np.arange(FEATURES, dtype=np.float64)[None, :],
        density=np.full((1, FEATURES), DENSITY),
        seed=np.zeros(1, dtype=np.int64),
        hidden=HIDDEN,
    )
    schedule = Schedule(steps=6000, batch=512, learning_rate=0.01, last_learning_rate=0.0005)
    models = trained("f02", instances, schedule, trained_models, progress=progress)
    W, b = models.W[0].astype(float), models.b[0].astype(float)
    return Drawn(_picture(W, b), _facts(W))


def _facts(W: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> dict[str, str]:
    gram = W.T @ W
    norms = np.linalg.norm(W, axis=0)
    assert np.allclose(norms**2, np.diag(gram)), "the bars are not the diagonal of WᵀW"
    rest = (gram**2).sum(axis=1) - np.diag(gram) ** 2
    assert np.allclose(interference(W) * norms**2, rest), "the colour is not the rest of the row"
    stored = int((norms > 0.5).sum())
    assert stored > HIDDEN, f"only {stored} features are stored in {HIDDEN} dimensions"
    return {"stored features": str(stored), "hidden dimensions": str(HIDDEN)}


def _picture(
    W: np.ndarray[tuple[int, int], np.dtype[np.float64]],
    b: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> Figure:
    figure = Figure(figsize=(6.4, 3.0))
    left, middle, right = figure.subplots(1, 3, width_ratios=(10, 0.7, 7))
    heat = draw_gram(left, W)
    draw_bias(middle, b)
    bars = draw_norms(right, W)
    figure.colorbar(heat, ax=left, location="left", label="entry of $W^T W$ and b", aspect=30)
    figure.colorbar(bars, ax=right, label="interference", aspect=30)
    figure.suptitle(
        f"ReLU output model, n = {FEATURES}, m = {HIDDEN}, "
        f"importance ${DECAY:g}^i$, density {DENSITY:g}"
    )
    return figure


FIGURE = PaperFigure(
    number="F2",
    slug="f02-how-to-read-a-picture",
    title="How to read a picture of a model",
    claim="The bars are read off the matrix, and more features than dimensions are stored.",
    draw=draw,
)
