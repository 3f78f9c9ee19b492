r"""The linear model without bias: another problem, with another optimum.

Without bias the loss is ‖D_I^{1/2} (1 - G) S^{1/2}‖² with S = E x xᵀ, not the
covariance. S has the large eigenvector (1, …, 1), so the mean direction is worth storing:

* equal importance: uncentred PCA. G projects on the m leading eigenvectors of S; for
  equal densities the sum direction comes first and the loss is (n - m) v, while storing
  m single features costs (n - m) p/3.
* any importance: L ≥ Σ_{k>m} λ_k(D^{1/2} S D^{1/2}), the eigenvalues in falling order
  (Eckart–Young), attained by G = D^{-1/2} P D^{1/2} with P their leading projection. That G
  is symmetric, as WᵀW must be, only if P commutes with D: always at equal importance.
* any importance, one hidden dimension: along W = √t u the loss is a parabola in t,

.. math:: \min_t L = \operatorname{tr}(D S) - \frac{(u^T D S u)_+^2}{(u^T S u)(u^T D u)}

  (a negative overlap uᵀDSu leaves t = 0: such a direction is not worth storing);

* n = 2, m = 1, W ∝ (1, τ): the best direction is a root of the quartic

.. math:: 9 p^2 (1+r)\, τ (r τ^2 - 1) + 12 p r (τ^4 - 1) - 16 (r - 1)\, τ (r τ^2 + 1) = 0

D = diag(I); r: importance of the second feature over the first; p: their density.
Source: derived here.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import sympy
from numpy.typing import ArrayLike, NDArray

from superposition.theory.domain import (
    check_count,
    check_density,
    check_finite,
    check_importance,
    check_scalar,
    check_vector,
)
from superposition.theory.features import moments
from superposition.theory.features.feature_law import FeatureLaw
from superposition.theory.statement import Argument, Statement
from superposition.theory.symbols import m, n, p, r

tau = sympy.Symbol("tau", real=True)


def lower_bound(importance: ArrayLike, law: FeatureLaw, hidden: int) -> float:
    """The sum of all but the ``hidden`` largest eigenvalues of D^{1/2} S D^{1/2}.

    No linear model without bias loses less; at equal importance ``principal_weights`` attain it.
    """
    check_vector(importance, law.size, "importance")
    check_importance(importance)
    hidden = check_count(hidden, "hidden")
    root = np.sqrt(np.asarray(importance, dtype=float))
    eigenvalues = np.linalg.eigvalsh(root[:, None] * law.second_moments() * root)
    return float(eigenvalues[: max(law.size - hidden, 0)].sum())


def principal_weights(law: FeatureLaw, hidden: int) -> NDArray[np.float64]:
    """The best W at equal importance: the leading eigenvectors of E x xᵀ, (hidden, n).

    >>> W = principal_weights(FeatureLaw.independent([0.5, 0.5]), hidden=1)
    >>> np.allclose(abs(W), 0.5**0.5)  # the sum of both features
    True
    """
    hidden = min(check_count(hidden, "hidden"), law.size)
    _, vectors = np.linalg.eigh(law.second_moments())
    return np.asarray(vectors[:, ::-1][:, :hidden].T)


def loss_along(direction: Any, importance: Any, law: FeatureLaw) -> Any:
    """The loss of W ∝ ``direction`` at its best norm, m = 1.

    Entries may be symbols; they then stand for directions of positive overlap uᵀDSu, as all
    are whose entries have one sign. Raises ``ValueError`` for the direction 0.
    """
    check_vector(direction, law.size, "direction")
    check_finite(direction, "direction", symbols=True)
    check_vector(importance, law.size, "importance")
    check_importance(importance, symbols=True)
    S, D, u = law.second_moments(), np.diag(importance), np.asarray(direction)
    overlap, power, weight = (u @ M @ u for M in (D @ S, S, D))
    if not power:
        raise ValueError("direction is 0; it must have at least one entry that is not.")
    if not getattr(overlap, "free_symbols", None) and (overlap <= 0 or not weight):
        return np.trace(D @ S)
    return np.trace(D @ S) - overlap**2 / (power * weight)


@cache
def profile() -> sympy.Expr:
    """The loss of the direction (1, τ) at its best norm, n = 2, m = 1."""
    return sympy.factor(loss_along([1, tau], [1, r], FeatureLaw.independent([p, p])))


@cache
def quartic() -> sympy.Poly:
    """The polynomial in τ whose roots hold the best direction (the numerator's last factor).

    >>> quartic().degree()
    4
    """
    numerator = sympy.numer(sympy.factor(sympy.diff(profile(), tau)))
    _, factors = sympy.factor_list(numerator, tau)
    return sympy.Poly(max(factors, key=lambda pair: sympy.degree(pair[0], tau))[0], tau)


def best_direction(importance: float, density: float) -> tuple[float, float]:
    """The best τ = W_2/W_1 and its loss, for n = 2, m = 1 without bias.

    importance: of the second feature, the first has 1; from 1e-6 to 1e6.

    >>> τ, loss = best_direction(importance=1.0, density=0.5)
    >>> round(τ, 9), round(loss, 9)
    (1.0, 0.104166667)
    """
    check_scalar(density, "density")
    check_density(density)
    check_scalar(importance, "importance")
    check_importance(importance)
    if not 1e-6 <= importance <= 1e6:
        raise ValueError(f"importance is {importance:g}; it must lie in [1e-06, 1e+06].")
    coefficients = [
        float(value.subs({r: importance, p: density})) for value in quartic().all_coeffs()
    ]
    roots = np.roots(coefficients)
    real = roots[np.abs(roots.imag) < 1e-7 * (1 + np.abs(roots))].real
    losses = _profile_function()(importance, density, real)
    best = int(np.argmin(losses))
    return float(real[best]), float(losses[best])


@cache
def _profile_function() -> Any:
    return sympy.lambdify((r, p, tau), profile(), "numpy")


def statements() -> tuple[Statement, ...]:
    """Equal importance in closed form; n = 2, m = 1 along every direction."""
    importance = Argument(r, 0.01, 20, corners=(0.1, 1, 10))
    density = Argument(p, 0, 1, corners=(1e-9, 1))
    direction = Argument(tau, 0, 3, corners=(0, 1, 1e-9))
    L = sympy.Function("L_min")
    along = sympy.Function("L")(tau, r, p)
    return (
        Statement(
            id="linear-model/optimum-without-bias",
            claim="Without bias and at equal importance, the mean direction is stored first: the "
            "loss is (n - m) v, where m features stored one by one would leave (n - m) p/3.",
            name=L(n, m, p),
            expression=(n - m) * moments.variance(),
            arguments=(
                Argument(n, 2, 4, integer=True),
                Argument(m, 1, n - 1, integer=True),
                density,
            ),
            source="derived here (uncentred principal components)",
        ),
        Statement(
            id="linear-model/direction-without-bias",
            claim="Two features of importance 1 and r in one dimension without bias: the loss "
            "along W ∝ (1, τ), τ ≥ 0, at its best norm.",
            name=along,
            expression=profile(),
            arguments=(importance, density, direction),
            source="derived here",
        ),
        Statement(
            id="linear-model/best-direction-without-bias",
            claim="Its slope in τ vanishes at the roots of a quartic; at r = 1 the best is τ = 1, "
            "the sum of both features.",
            name=sympy.Derivative(along, tau),
            expression=sympy.factor(sympy.diff(profile(), tau)),
            arguments=(importance, density, direction),
            source="derived here",
        ),
    )
