r"""Where an antipodal pair, free in both norms and biases, first beats dropping a feature.

n = 2, m = 1, importances 1 and r, density p. The pair's loss is minimised numerically over
W = (w_1, -w_2) and b = (b_1, b_2); the boundary is the importance r*(p) at which that
minimum equals the loss r v of dropping the second feature. No closed form is known; as
p → 0, r*/p tends to (2 + √2)/8 (``theory/sparse_antipodal_pair.py``). Up to p = 1/2 the second
norm jumps there, from 0 to between 0.58 and 0.76. At p = 0.6 the least loss lies at the
smallest norm that the search allows: the pair is then no configuration apart from the
dropped feature, and a boundary between the two is not what this computes. So p ≤ 1/2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from superposition.numerics.enumeration import relu_output_loss
from superposition.theory.domain import check_density, check_scalar
from superposition.theory.phase_diagram import variance

# Starts in the scaled variables ((w_1 - 1)/√p, w_2, b_1/p, b_2/p).
STARTS = ((0.0, 1.0, 0.1, 0.1), (0.0, 0.6, 0.0, 0.0), (0.0, 0.6, 0.3, 0.3))


@dataclass(frozen=True)
class PairBoundary:
    """A point of the boundary: density, importance r*, and the pair (w_1, w_2, b_1, b_2) there.

    converged: whether every minimisation on the way met its tolerance.
    """

    density: float
    importance: float
    pair: NDArray[np.float64]
    converged: bool


def pair_boundary(density: float) -> PairBoundary:
    """r*(p) at one density p in [1e-4, 1/2], to about 1e-7 relative.

    Raises ``ValueError`` for another density.
    """
    from scipy.optimize import brentq

    check_scalar(density, "density")
    check_density(density)
    if not 1e-4 <= density <= 0.5:
        raise ValueError(
            f"density is {density:g}; the pair's boundary is computed for densities in "
            "[0.0001, 0.5]."
        )
    dropping = float(variance(density))
    every = []

    def gain(importance: float) -> float:
        loss, _, converged = _best_pair(importance, density)
        every.append(converged)
        return (loss - importance * dropping) / density**2

    # The unit pair already beats dropping at the upper end; near zero no pair does.
    low, high = 0.2 * density, 4 * density / (2 - density)
    importance = float(brentq(gain, low, high, xtol=1e-11 * density, rtol=1e-11))
    _, pair, converged = _best_pair(importance, density)
    return PairBoundary(density, importance, pair, converged and all(every))


def _best_pair(importance: float, density: float) -> tuple[float, NDArray[np.float64], bool]:
    """The least loss over pairs that store both features, its place, and whether it converged."""
    from scipy.optimize import minimize

    # In a sparse pair w_1 is pinned by a term in p and the biases by one of order 1, while
    # w_2 feels p²: these scales make all four alike.
    scales = np.array([np.sqrt(density), 1, density, density])

    def losses(scaled: NDArray[np.float64]) -> NDArray[np.float64]:
        pairs = np.array([1.0, 0, 0, 0]) + scales * scaled
        return _loss(pairs, importance, density) / density**2

    def gradient(scaled: Any) -> NDArray[np.float64]:
        step = 1e-5
        shifts = np.concatenate([np.eye(4), -np.eye(4)]) * step
        values = losses(scaled + shifts)
        slope: NDArray[np.float64] = (values[:4] - values[4:]) / (2 * step)
        return slope

    root = np.sqrt(density)
    limit = 2 / density
    bounds = [(-0.8 / root, 1 / root), (0.2, 2), (-limit, limit), (-limit, limit)]
    fits = [
        minimize(
            lambda x: float(losses(x[None])[0]),
            np.array(start),
            jac=gradient,
            method="L-BFGS-B",
            bounds=bounds,
            options={"ftol": 1e-15, "gtol": 1e-7, "maxiter": 500},
        )
        for start in STARTS
    ]
    best = min(fits, key=lambda fit: fit.fun)
    pair = np.array([1.0, 0, 0, 0]) + scales * best.x
    return float(best.fun) * density**2, pair, bool(best.success)


def _loss(pair: NDArray[np.float64], importance: float, density: float) -> NDArray[np.float64]:
    W = pair[:, :2] * np.array([1, -1])
    gram = W[:, :, None] * W[:, None, :]
    return relu_output_loss(gram, pair[:, 2:], np.array([1, importance]), np.full(2, density))
