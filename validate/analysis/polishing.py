r"""The exact optimum next to a trained model: its weights, polished on the exact expected loss.

.. math:: (W, b) \longrightarrow \text{the minimum of } L \text{ downhill of it}

Tied ReLU output models of few features go by Newton's steps with exact Hessians
(``numerics.optimum``); all others whose loss is computed without sampling by L-BFGS with exact
gradients. Both end at a local minimum; how good it is, is another question.
Source: Byrd, Lu, Nocedal and Zhu 1995 for L-BFGS.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize

from superposition.numerics.expectation.asked import Asked
from superposition.numerics.expectation.question import expected_loss_gradient
from superposition.numerics.optimum.descent import descend
from superposition.numerics.optimum.landscape import Landscape
from superposition.theory.domain import check_count
from superposition.theory.features.values import Binary, Uniform, ValueLaw, Values
from superposition.validate.analysis.turned_distance import distance_up_to_rotation

Array = NDArray[np.float64]
NEWTON = 7  # features; Hessians take 4^n
CONVERGED = 1e-5  # of what storing nothing costs


@dataclass(frozen=True, eq=False)
class NearbyOptimum:
    """Where polishing ended.

    W: (m, n); b: (n,); W_out: (n, m) or None; loss; gradient_norm; scale: Σ I_i E x_i², what
    gradients are judged by; distance: of all weights to the trained ones (of a tied model with a
    linear hidden layer up to rotation); method: "newton" or "l-bfgs"; steps.
    """

    W: Array
    b: Array
    W_out: Array | None
    loss: float
    gradient_norm: float
    scale: float
    distance: float
    method: str
    steps: int

    @property
    def converged(self) -> bool:
        """Whether the gradient vanishes: ‖∇L‖ ≤ 1e-5 · scale."""
        return self.gradient_norm <= CONVERGED * self.scale


def nearby_optimum(
    W: ArrayLike,
    b: ArrayLike = 0.0,
    importance: ArrayLike = 1.0,
    density: Any = 1.0,
    *,
    W_out: ArrayLike | None = None,
    model: str = "relu-output",
    values: ValueLaw = Values.UNIT,
    most_steps: int = 2000,
) -> NearbyOptimum:
    """The minimum downhill of one model; arguments as for ``expected_loss``.

    most_steps: of L-BFGS. Raises ``ValueError`` where ``expected_loss`` does, for a batch of
    models, and where the loss of the model is sampled: no minimum is known then.

    >>> found = nearby_optimum([[0.9, -1.1]], density=0.1)
    >>> print(f"{found.loss:.9f} {found.method} {found.distance:.2f}")
    0.003319484 newton 0.14
    """
    asked = Asked.of(W, b, importance, density, W_out, model, values)
    if asked.lead() != ():
        raise ValueError(f"W has shape {np.shape(W)}; it must be one model, (m, n).")
    known = isinstance(asked.features.values, Uniform | Binary) and asked.features.sets is None
    few = asked.features.size <= NEWTON
    if model == "relu-output" and W_out is None and known and few:
        return _by_newton(asked)
    return _by_quasi_newton(asked, density, values, check_count(most_steps, "most_steps"))


def _by_newton(asked: Asked) -> NearbyOptimum:
    W, b = np.asarray(asked.weights.W), np.asarray(asked.weights.b)
    landscape = Landscape(
        W.shape[0],
        np.array(asked.importance)[None],
        np.array(asked.features.density)[None],
        values=asked.features.values,
    )
    ends = descend(landscape, landscape.joined(W[None], b[None]))
    found_W, found_b = (part[0] for part in landscape.split(ends.points))
    return NearbyOptimum(
        found_W,
        found_b,
        None,
        float(ends.loss[0]),
        float(ends.gradient_norm[0]),
        _scale(asked),
        distance_up_to_rotation(W, found_W, b, found_b),
        "newton",
        int(ends.steps[0]),
    )


def _by_quasi_newton(
    asked: Asked, density: Any, values: ValueLaw, most_steps: int
) -> NearbyOptimum:
    tied = asked.weights.W_out is None
    parts = [asked.weights.W, asked.weights.b] + ([] if tied else [asked.weights.W_out])
    shapes = [np.shape(part) for part in parts]
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1]
    scale = _scale(asked) or 1.0

    def split(point: Array) -> list[Array]:
        pieces = zip(np.split(point, ends), shapes, strict=True)
        return [piece.reshape(shape) for piece, shape in pieces]

    def lost(point: Array) -> tuple[float, Array]:
        weights = split(point)
        found = expected_loss_gradient(
            weights[0],
            weights[1],
            asked.importance,
            density,
            W_out=None if tied else weights[2],
            model=asked.model,
            values=values,
        )
        if "sampling" in found.loss.method:
            raise ValueError(
                f"W has n = {shapes[1][0]} features; the loss of the {asked.model} model is then "
                "sampled, and it has no exact optimum."
            )
        slopes = [found.W, found.b] + ([] if tied else [found.W_out])
        gradient = np.concatenate([np.ravel(slope) for slope in slopes])
        return float(found.loss.value) / scale, gradient / scale

    start = np.concatenate([np.ravel(part) for part in parts])
    options = {"maxiter": most_steps, "maxfun": 2 * most_steps, "ftol": 0.0, "gtol": 1e-9}
    ended = minimize(lost, start, jac=True, method="L-BFGS-B", options=options | {"maxcor": 30})
    found = split(np.asarray(ended.x))
    plain = float(np.linalg.norm(ended.x - start))
    turned = tied and asked.model in ("linear", "relu-output")
    return NearbyOptimum(
        found[0],
        found[1],
        None if tied else found[2],
        float(ended.fun) * scale,
        float(np.linalg.norm(ended.jac)) * scale,
        scale,
        distance_up_to_rotation(parts[0], found[0], parts[1], found[1]) if turned else plain,
        "l-bfgs",
        int(ended.nit),
    )


def _scale(asked: Asked) -> float:
    """Σ I_i E x_i²."""
    second = np.asarray(asked.features.density) * asked.features.moment(2)
    return float(np.sum(np.asarray(asked.importance) * second))
