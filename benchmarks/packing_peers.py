"""What a user would otherwise take to pack points: scipy, pymanopt and geoopt, written well.

Every peer descends from one start (N, d) of unit rows and answers with rows of unit length. Each
has the gradient from one Gram matrix in place, and the loosest tolerance that lets it end within
1e-9 of a minimum's energy: what is compared is the time of starts that can count.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pymanopt import Problem
from pymanopt import function as backends
from pymanopt.manifolds import Elliptope, Oblique
from pymanopt.optimizers import ConjugateGradient, TrustRegions
from scipy.optimize import minimize

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # geoopt compiles what torch no longer wants compiled
    from geoopt import ManifoldParameter, Sphere
    from geoopt.optim import RiemannianLineSearch

Array = NDArray[np.float64]
Descent = Callable[[Array], Array]
STEEPNESS = 5e-5  # of the energy per point: the gradient norm at which pymanopt and geoopt stop
DECREASE = 1e-10  # of the energy in one step: where scipy stops
EXAMPLE = 0.005  # ε in the published example
SHARPENING = (0.1, 0.01, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9)
MOST = 20_000  # iterations: more than any descent that ends needs


class GramCoulomb:
    """Σ_{i<j} 1/r_ij, its gradient and Hessian product, from one Gram matrix that is kept."""

    def __init__(self, count: int) -> None:
        self.inverse = np.empty((count, count))
        self.cube = np.empty((count, count))
        self.seen: Array | None = None
        self.energy = 0.0

    def at(self, x: Array) -> float:
        """The energy of unit rows; twice asked at the same rows it is not computed again."""
        if x is self.seen:
            return self.energy
        inverse = self.inverse
        np.matmul(x, x.T, out=inverse)
        inverse *= -2.0
        inverse += 2.0
        np.fill_diagonal(inverse, np.inf)
        np.sqrt(inverse, out=inverse)
        np.reciprocal(inverse, out=inverse)
        np.multiply(inverse, inverse, out=self.cube)
        self.cube *= inverse
        self.seen, self.energy = x, 0.5 * float(inverse.sum())
        return self.energy

    def gradient(self, x: Array) -> Array:
        """∂E/∂x."""
        self.at(x)
        return self.cube @ x

    def hessian(self, x: Array, v: Array) -> Array:
        """The Hessian's product with v: d(1/r³) = 3 d(x·y)/r⁵."""
        self.at(x)
        change = v @ x.T
        change = change + change.T
        change *= self.cube
        change *= self.inverse
        change *= self.inverse
        return 3.0 * change @ x + self.cube @ v


def scipy_descent(count: int) -> Descent:
    """L-BFGS-B in free coordinates, normalised inside: the strongest thing a user would write."""
    coulomb = GramCoulomb(count)

    def cost(flat: Array) -> tuple[float, Array]:
        raw = flat.reshape(count, 3)
        norms = np.sqrt(np.einsum("ij,ij->i", raw, raw))[:, None]
        x = raw / norms
        energy = coulomb.at(x)
        gradient = coulomb.cube @ x
        gradient -= np.einsum("ij,ij->i", gradient, x)[:, None] * x
        gradient /= norms
        return energy, gradient.ravel()

    def descend(start: Array) -> Array:
        options = {"ftol": DECREASE, "gtol": 0.0, "maxiter": MOST, "maxfun": MOST, "maxcor": 10}
        found = minimize(cost, start.ravel(), jac=True, method="L-BFGS-B", options=options)
        return _unit(found.x.reshape(count, 3))

    return descend


def pymanopt_descent(count: int, optimizer: type[Any]) -> Descent:
    """Conjugate gradients or trust regions on the oblique manifold, derivatives given."""
    manifold = Oblique(3, count)
    coulomb = GramCoulomb(count)
    held: list[Array] = [np.empty((3, count)), np.empty((count, 3))]

    def rows(x: Array) -> Array:
        """The same array for the same point, so that the Gram matrix is kept."""
        if x is not held[0]:
            held[:] = [x, np.ascontiguousarray(x.T)]
        return held[1]

    problem = Problem(
        manifold,
        backends.numpy(manifold)(lambda x: coulomb.at(rows(x))),
        euclidean_gradient=backends.numpy(manifold)(lambda x: coulomb.gradient(rows(x)).T),
        euclidean_hessian=backends.numpy(manifold)(lambda x, v: coulomb.hessian(rows(x), v.T).T),
    )

    def descend(start: Array) -> Array:
        steepness = STEEPNESS * coulomb.at(start) / count
        descent = optimizer(
            min_gradient_norm=steepness, min_step_size=1e-12, max_iterations=MOST, verbosity=0
        )
        x = np.ascontiguousarray(start.T)
        found: Array = descent.run(problem, initial_point=x).point.T
        return found

    return descend


def geoopt_descent(count: int) -> Descent:
    """Riemannian conjugate gradients with line search, the gradient by torch."""
    upper = torch.triu_indices(count, count, 1)

    def descend(start: Array) -> Array:
        x = ManifoldParameter(torch.tensor(start), manifold=Sphere())
        optimiser = RiemannianLineSearch(
            [x], line_search_method="wolfe", cg_method="pr", transport_grad=True
        )

        def closure() -> float:
            optimiser.zero_grad()
            gram = x @ x.T
            energy = torch.rsqrt(2 - 2 * gram[upper[0], upper[1]]).sum()
            energy.backward()  # type: ignore[no-untyped-call]
            return float(energy.detach())

        before = np.inf
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # rounding ends its line search: no step then
            for step in range(MOST):
                energy = optimiser.step(closure)
                if optimiser.last_step_size is None:
                    break
                if step % 10 == 9:
                    if before - energy <= 10 * DECREASE * energy:
                        break
                    before = energy
        rows: Array = x.detach().numpy()
        return rows

    return descend


class SoftLargest:
    """ε log Σ_{i<j} exp(c_ij/ε), c the cosine or with ``lines`` its square, with derivatives."""

    def __init__(self, epsilon: float, lines: bool) -> None:
        self.epsilon, self.lines = epsilon, lines
        self.seen: Array | None = None
        self.value = 0.0
        self.gram = self.shares = self.slopes = np.empty((0, 0))

    def at(self, x: Array) -> float:
        """The value; twice asked at the same rows it is not computed again."""
        if x is self.seen:
            return self.value
        self.gram = x @ x.T
        c = self.gram**2 if self.lines else self.gram.copy()
        np.fill_diagonal(c, -np.inf)
        largest = float(c.max())
        self.shares = np.exp((c - largest) / self.epsilon)
        total = 0.5 * float(self.shares.sum())
        self.shares /= total
        self.slopes = self.shares * (2.0 * self.gram) if self.lines else self.shares
        self.seen, self.value = x, largest + self.epsilon * float(np.log(total))
        return self.value

    def gradient(self, x: Array) -> Array:
        """∂/∂x."""
        self.at(x)
        return self.slopes @ x

    def hessian(self, x: Array, v: Array) -> Array:
        """The Hessian's product with v."""
        self.at(x)
        change = v @ x.T
        change = change + change.T
        rate = 2.0 * self.gram * change if self.lines else change
        shares = self.shares * (rate - 0.5 * np.sum(self.shares * rate)) / self.epsilon
        slopes = shares * 2.0 * self.gram + self.shares * 2.0 * change if self.lines else shares
        product: Array = slopes @ x + self.slopes @ v
        return product


def largest(x: Array, lines: bool) -> float:
    """The largest cosine; without signs for lines."""
    gram = x @ x.T
    if lines:
        gram = np.abs(gram)
    return float(gram[np.triu_indices(len(x), 1)].max())


def pymanopt_example(start: Array, lines: bool, target: float) -> float:
    """What pymanopt's ``packing_on_the_sphere.py`` does; the largest cosine that it reaches.

    Elliptope, one ε, conjugate gradients, derivatives by torch, all as published.
    """
    del target
    count, dim = start.shape
    manifold = Elliptope(count, dim)
    i, j = torch.triu_indices(count, count, 1)

    def soft(x: torch.Tensor) -> torch.Tensor:
        c = (x @ x.T)[i, j]
        return EXAMPLE * torch.logsumexp((c * c if lines else c) / EXAMPLE, 0)

    problem = Problem(manifold, backends.pytorch(manifold)(soft))
    descent = ConjugateGradient(min_gradient_norm=1e-8, max_iterations=10**5, verbosity=0)
    return largest(_unit(descent.run(problem, initial_point=start).point), lines)


def pymanopt_sharpened(start: Array, lines: bool, target: float) -> float:
    """The same as its comment advises: smaller and smaller ε, trust regions; derivatives given.

    Sooner than it could know that it is there, it ends at ``target``.
    """
    manifold = Elliptope(*start.shape)
    found, best = start, np.inf
    for epsilon in SHARPENING:
        soft = SoftLargest(epsilon, lines)
        problem = Problem(
            manifold,
            backends.numpy(manifold)(soft.at),
            euclidean_gradient=backends.numpy(manifold)(soft.gradient),
            euclidean_hessian=backends.numpy(manifold)(soft.hessian),
        )
        descent = TrustRegions(min_gradient_norm=1e-8, max_iterations=10**5, verbosity=0)
        found = _unit(descent.run(problem, initial_point=found).point)
        best = min(best, largest(found, lines))
        if best <= target:
            break
    return best


def _unit(rows: Array) -> Array:
    unit: Array = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit
