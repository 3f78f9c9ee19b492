r"""The hidden-layer models set by set: on every cell of linearity, exact simplex integrals.

.. math:: L_i = \sum_A P(A) \sum_{C} P(C \mid A) \, E\big[(t_i - (z_i)_+)^2 \,\big|\, C\big]

Given the active set A, x is uniform on a box. The cells C are its simplices, cut where a hidden
neuron or the target |x_j| has its kink and then, output by output, where z_i = 0; on them all is
affine. The integrand is continuous, so no derivative falls on the cuts:

.. math:: \partial_{b_i} = -2 E[r_i s_i], \quad
          \partial_{W^{out}_{il}} = -2 \sum_j W_{lj} G_{lij}, \quad
          \partial_{W_{lj}} = -2 \sum_i W^{out}_{il} G_{lij}, \quad
          G_{lij} = E\big[r_i s_i \, 1(h_l > 0) \, x_j\big]

with r = t - z, s = 1(z > 0), before importances. A neuron or an output that is 0 on all of a
cell counts as silent there. Nothing is subtracted but t and z at the vertices, so a loss that
is exactly 0 comes out as the square of a rounding error.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from superposition.numerics.expectation.hidden_layer.problem import (
    Array,
    HiddenLosses,
    HiddenProblem,
)
from superposition.numerics.expectation.hidden_layer.simplex_cells import (
    SNAP,
    Simplices,
    box_simplices,
    mean_product,
    refined,
)
from superposition.theory.features.values import Binary, Uniform, ValueLaw

NUMBERS_PER_BLOCK = 2**16  # numbers worked on at a time, half a MB: they grow as they are cut
ROUNDING = 2.3e-16


def enumeration(problem: HiddenProblem, gradient: bool) -> HiddenLosses:
    """Every active set of positive probability; 2^n of them if features are independent."""
    if problem.features.sets is None:
        return strata(problem, problem.size, gradient)[0]
    return pattern_losses(problem, problem.features.law().active_sets(), gradient)


def strata(problem: HiddenProblem, most_active: int, gradient: bool) -> tuple[HiddenLosses, float]:
    """The sets of at most ``most_active`` features, and the probability of all the others.

    The losses are the part of the expectation on those sets; nothing stands for the rest.
    """
    if problem.features.sets is not None:
        raise ValueError("density is a law with sets of features; strata need independent ones.")
    density = np.asarray(problem.features.density, dtype=float)
    n, drawn = problem.size, list[tuple[tuple[int, ...], float]]()
    for k in range(min(most_active, n) + 1):
        sets = list(combinations(range(n), k))
        active = np.zeros((len(sets), n), dtype=bool)
        np.put_along_axis(active, np.array(sets, dtype=int).reshape(len(sets), k), True, axis=1)
        drawn += zip(sets, np.where(active, density, 1 - density).prod(axis=1), strict=True)
    return pattern_losses(problem, drawn, gradient), _more_active(density, most_active)


def _more_active(density: Array, most_active: int) -> float:
    """P(more than ``most_active`` features are active), a sum of positive terms."""
    counts = np.zeros(most_active + 2)  # the last entry gathers all larger counts
    counts[0] = 1
    for p in density:
        moved = p * counts
        counts = (1 - p) * counts
        counts[1:] += moved[:-1]
        counts[-1] += moved[-1]
    return float(counts[-1])


def pattern_losses(
    problem: HiddenProblem,
    active_sets: Iterable[tuple[tuple[int, ...], float]],
    gradient: bool,
) -> HiddenLosses:
    """Σ_A P(A) E[(t_i - (z_i)_+)² | A] over the given sets, with the gradient if asked."""
    by_size: dict[int, dict[tuple[int, ...], float]] = defaultdict(dict)
    for active, probability in active_sets:
        if probability > 0:
            by_size[len(active)][tuple(active)] = float(probability)
    sums = _Sums.zeros(problem)
    for k, drawn in by_size.items():
        patterns = _Patterns(
            problem,
            np.array(list(drawn), dtype=int).reshape(len(drawn), k),
            np.array(list(drawn.values())),
        )
        for cells in patterns.cells():
            for block in patterns.blocks(cells):
                patterns.add(block, sums, gradient)
    return _found(problem, sums, gradient)


@dataclass(eq=False)
class _Sums:
    """What is added up over cells: losses, their terms' size and E[r s], (n,); G, (m, n, n)."""

    losses: Array
    sizes: Array
    residuals: Array
    G: Array
    kinked: Array

    @classmethod
    def zeros(cls, problem: HiddenProblem) -> _Sums:
        n, m = problem.size, problem.hidden
        return cls(np.zeros(n), np.zeros(n), np.zeros(n), np.zeros((m, n, n)), np.zeros(n, bool))


def _found(problem: HiddenProblem, sums: _Sums, gradient: bool) -> HiddenLosses:
    """The sums as losses and derivatives."""
    rounding = (4 + (problem.size + problem.hidden) / 2) * ROUNDING
    errors = rounding * sums.sizes
    if not gradient:
        return HiddenLosses(sums.losses, errors, one_sided=sums.kinked)
    weight = -2 * np.asarray(problem.importance, dtype=float)
    d_W = np.einsum("i,il,lij->lj", weight, problem.readout, sums.G)
    d_W_out = weight[:, None] * np.einsum("lj,lij->il", problem.W, sums.G)
    if problem.W_out is None:
        d_W, d_W_out = d_W + d_W_out.T, None
    d_bias = weight * sums.residuals
    return HiddenLosses(sums.losses, errors, d_W, d_W_out, d_bias, sums.kinked)


@dataclass(frozen=True, eq=False)
class _Patterns:
    """Active sets of one size k, (P, k), with their probabilities, (P,)."""

    problem: HiddenProblem
    active: Array
    probability: Array

    @property
    def k(self) -> int:
        """The number of active features."""
        return int(self.active.shape[1])

    def cells(self) -> Iterator[Simplices]:
        """The cells on which the hidden layer is linear, by x (k columns) and W x (m columns)."""
        vertices, share = _simplices(self.problem.features.values, self.k)
        lead = (len(self.active), len(vertices))
        columns = range(self.k, self.k + self.problem.hidden)
        most = NUMBERS_PER_BLOCK // (vertices.shape[1] * (self.k + self.problem.hidden)) + 1
        for start in range(0, lead[0] * lead[1], most):
            chosen = np.arange(start, min(start + most, lead[0] * lead[1]))
            pattern, simplex = np.unravel_index(chosen, lead)
            x = vertices[simplex]
            values = np.concatenate([x, self._hidden(x, pattern)], axis=2)
            measure = self.probability[pattern] * share[simplex]
            yield from refined(Simplices(values, measure, pattern), columns, most)

    def _hidden(self, x: Array, pattern: Array) -> Array:
        """W x at vertices (S, v, k) of the given patterns, (S, v, m)."""
        columns = np.moveaxis(self.problem.W[:, self.active], 0, 2)[pattern]  # (S, k, m)
        return _snapped(x @ columns, np.abs(x) @ np.abs(columns))

    def blocks(self, cells: Simplices) -> Iterator[Simplices]:
        """The cells in portions for which all outputs fit into a block."""
        step = NUMBERS_PER_BLOCK // (cells.values.shape[1] * self.problem.size * 2) + 1
        for start in range(0, len(cells), step):
            yield cells.pick(slice(start, start + step))

    def add(self, cells: Simplices, sums: _Sums, gradient: bool) -> None:
        """Add what all outputs lose on the cells."""
        n, k = self.problem.size, self.k
        x, h = cells.values[:, :, :k], np.maximum(cells.values[:, :, k:], 0)
        readout = self.problem.readout
        size = np.abs(h) @ np.abs(readout).T + np.abs(self.problem.bias)
        z = _snapped(h @ readout.T + self.problem.bias, size)
        t = np.zeros_like(z)
        own = self.active[cells.owner]
        self._note_kinks(cells, z, own, sums)
        np.put_along_axis(t, np.broadcast_to(own[:, None, :], x.shape), x, axis=2)
        sums.sizes += np.einsum("s,svn->n", cells.measure, t**2 + size**2) / z.shape[1]
        seen = z.max(axis=1) > 0  # of the others only targets are lost
        np.put_along_axis(seen, own, True, axis=1)
        cell, output = np.nonzero(seen)
        values = [t[cell, :, output], z[cell, :, output]]
        if gradient:
            values += list(np.moveaxis(x[cell], 2, 0))
        pieces = Simplices(np.stack(values, axis=2), cells.measure[cell], cell * n + output)
        if self.problem.absolute:
            pieces = pieces.cut(0)
            pieces.values[:, :, 0] = np.abs(pieces.values[:, :, 0])
        pieces = pieces.cut(1)
        residual = pieces.values[:, :, 0] - np.maximum(pieces.values[:, :, 1], 0)
        lost = pieces.measure * mean_product(residual, residual)
        sums.losses += np.bincount(pieces.owner % n, lost, n)
        if gradient:
            speaking = pieces.values[:, :, 1].max(axis=1) > 0
            self._add_derivatives(cells, pieces.pick(speaking), residual[speaking], sums)

    def _note_kinks(self, cells: Simplices, z: Array, own: Array, sums: _Sums) -> None:
        """Outputs that are 0 on a cell of their own feature, or see a neuron that is 0 on one."""
        flat = np.take_along_axis(~z.any(axis=1), own, axis=1)
        sums.kinked[own[flat]] = True
        idle = ~cells.values[:, :, self.k :].any(axis=1)
        if self.k and idle.any():
            sees = (idle.astype(float) @ (self.problem.readout != 0).T.astype(float)) > 0
            sums.kinked |= (sees & (z.max(axis=1) > 0)).any(axis=0)

    def _add_derivatives(
        self, cells: Simplices, pieces: Simplices, residual: Array, sums: _Sums
    ) -> None:
        """Add E[r s] and G; pieces: where outputs are positive, owned by cell · n + output."""
        n, k = self.problem.size, self.k
        sums.residuals += np.bincount(pieces.owner % n, pieces.measure * residual.mean(axis=1), n)
        products = np.empty((len(cells), n, k))
        for j in range(k):
            product_x = pieces.measure * mean_product(residual, pieces.values[:, :, 2 + j])
            products[:, :, j] = np.bincount(pieces.owner, product_x, len(cells) * n).reshape(
                len(cells), n
            )
        speaking = (cells.values[:, :, k:].max(axis=1) > 0).astype(float)
        order = np.argsort(cells.owner, kind="stable")
        found, starts = np.unique(cells.owner[order], return_index=True)
        for pattern, held in zip(found, np.split(order, starts[1:]), strict=True):
            by_neuron = speaking[held].T @ products[held].reshape(len(held), n * k)
            sums.G[:, :, self.active[pattern]] += by_neuron.reshape(self.problem.hidden, n, k)


def _simplices(values: ValueLaw, k: int) -> tuple[Array, Array]:
    """Where k active features have their values: simplices (or the point of ones), and shares."""
    if isinstance(values, Binary):
        return np.ones((1, 1, k)), np.ones(1)
    if not isinstance(values, Uniform):
        raise ValueError(
            f"values are {values!r}; with a hidden layer they must be Uniform(low, high) or Binary."
        )
    return box_simplices(float(values.low), float(values.high), k)


def _snapped(values: Array, sizes: Array) -> Array:
    """Sums with those set to 0 that are noise beside their terms."""
    return np.where(np.abs(values) <= SNAP * sizes, 0, values)
