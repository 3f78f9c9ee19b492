"""F2: how to read a picture of a model: WᵀW with the bias strip, then the bars ‖W_i‖.

One trained ReLU output model, n = 20, m = 5, I_i = 0.7^i, density 0.1 (choice).
Claim: the picture can be read. Which features are dropped, dedicated or in antipodal pairs is
seen in WᵀW, it fills all m dimensions, and it predicts the model's loss within 5 %. (Training
need not find the best composition; the facts say which one that would be.)
Source: Elhage et al. 2022, "Basic results".
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from superposition.paper.figures.figure import Drawn, PaperFigure
from superposition.paper.weight_picture import draw_bias, draw_gram, draw_norms
from superposition.theory.composition import Composition, best_composition

Weights = NDArray[np.float64]
FEATURES, HIDDEN, DECAY, DENSITY = 20, 5, 0.7, 0.1
TOLERANCE = 0.05  # of the predicted loss


def draw(trained_models: Path, progress: bool) -> Drawn:
    """Train (once), check the claim, draw."""
    from superposition.validate.instances import Instances
    from superposition.validate.schedule import Schedule
    from superposition.validate.sweep.model_list import trained

    instances = Instances(
        importance=DECAY ** np.arange(FEATURES, dtype=np.float64)[None, :],
        density=np.full((1, FEATURES), DENSITY),
        seed=np.zeros(1, dtype=np.int64),
        hidden=HIDDEN,
    )
    schedule = Schedule(steps=6000, batch=512, learning_rate=0.01, last_learning_rate=0.0005)
    models = trained("f02", instances, schedule, trained_models, progress=progress)
    W, b = models.W[0].astype(float), models.b[0].astype(float)
    return Drawn(_picture(W, b), _facts(W, b))


def _facts(W: Weights, b: Weights) -> dict[str, str]:
    importance = DECAY ** np.arange(FEATURES, dtype=np.float64)
    read = composition_read_from(W)
    assert read.hidden == HIDDEN, f"read as {read}: not {HIDDEN} dimensions in use"
    predicted = read.loss(importance.tolist(), [DENSITY] * FEATURES)
    loss = _sampled_loss(W, b, importance)
    assert abs(loss / predicted - 1) < TOLERANCE, f"the loss is {loss:.3g}, not {predicted:.3g}"
    best = best_composition(importance.tolist(), DENSITY, HIDDEN)
    return {
        "stored features": str(FEATURES - len(read.dropped)),
        "hidden dimensions": str(HIDDEN),
        "composition": str(read),
        "loss over predicted": f"{loss / predicted:.2f}",
        "best composition": str(best.composition),
        "loss over best": f"{predicted / best.loss:.2f}",
    }


def composition_read_from(W: Weights) -> Composition:
    """What the picture shows: dropped where a bar is missing, paired where two are opposite."""
    norms = np.linalg.norm(W, axis=0)
    stored = norms > 0.5
    opposite = (W.T @ W < -0.5) & stored & stored[:, None]
    assert opposite.sum(axis=0).max() <= 1, "a feature is opposite to more than one other"
    alone = stored & ~opposite.any(axis=0)
    return Composition(
        dropped=tuple(np.flatnonzero(~stored).tolist()),
        dedicated=tuple(np.flatnonzero(alone).tolist()),
        pairs=tuple((int(i), int(j)) for i, j in np.argwhere(np.triu(opposite))),
    )


def _sampled_loss(W: Weights, b: Weights, importance: Weights, samples: int = 400_000) -> float:
    """The expected loss on fresh samples: 2^20 active sets are too many to enumerate."""
    rng = np.random.default_rng(1)
    shape = (samples, FEATURES)
    x = np.where(rng.random(shape) < DENSITY, rng.random(shape), 0)
    error = (x - np.maximum(x @ (W.T @ W) + b, 0)) ** 2
    return float((error @ importance).mean())


def _picture(W: Weights, b: Weights) -> Figure:
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
    claim="Dropped, dedicated and paired features are read off the matrix and predict the loss.",
    draw=draw,
)
