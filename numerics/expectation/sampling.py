r"""Sampling: the independent twin, stratified by how many units are active.

.. math:: L \approx \sum_k P(k)\, \frac{1}{D_k} \sum_{d \le D_k} \ell(x_{k,d}), \qquad
          \sigma^2 = \sum_k P(k)^2 \frac{s_k^2}{D_k}

A unit is what switches on its own: an independent feature, a correlated or an anticorrelated
set. k: the number of active units, whose law is known; draws are never spent on k = 0 beyond
one, and a stratum gets draws in proportion to P(k) s_k, s_k from a first tenth of them and
from what it may not have seen yet.
Given k, units are drawn one after the other from their exact conditional law. Source: stratified
sampling with Neyman's allocation; the conditional law is the Poisson-binomial's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from superposition.numerics.expectation.problem import Features, OutputProblem
from superposition.numerics.expectation.result import OutputLosses
from superposition.theory.features.feature_sets import Anticorrelated, Correlated, Independent
from superposition.theory.features.values import Binary, GivenValues, Uniform

Array = np.ndarray[Any, np.dtype[np.float64]]
LEAST_DRAWS = 64
NUMBERS = 2**22  # held at a time: batches of draws are cut accordingly
NEGLIGIBLE = 1e-17


@dataclass(frozen=True, eq=False)
class Unit:
    """Features that switch on together (``together``) or one at a time, with one probability."""

    members: tuple[int, ...]
    probability: float
    together: bool


def units_of(features: Features) -> tuple[Unit, ...]:
    """The units of a law of the features."""
    if features.sets is None:
        return tuple(Unit((i,), float(p), True) for i, p in enumerate(features.density))
    units: list[Unit] = []
    start = 0
    for block in features.sets:
        members = tuple(range(start, start + block.size))
        if isinstance(block, Independent):
            units += [
                Unit((i,), float(p), True) for i, p in zip(members, block.density, strict=True)
            ]
        elif isinstance(block, Correlated | Anticorrelated):
            units.append(Unit(members, float(block.density), isinstance(block, Correlated)))
        else:
            raise ValueError(
                f"sets holds {block!r}; sampling knows independent, correlated "
                "and anticorrelated sets."
            )
        start += block.size
    return tuple(units)


@dataclass(frozen=True, eq=False)
class StratifiedSampler:
    """Draws of x given that exactly k units are active."""

    features: Features
    units: tuple[Unit, ...]
    tails: Array

    @classmethod
    def of(cls, features: Features) -> StratifiedSampler:
        """The sampler of a law; ``tails[j, r]``: P(exactly r of the units from j on)."""
        units = units_of(features)
        tails = np.zeros((len(units) + 1, len(units) + 2))
        tails[-1, 0] = 1
        for j in range(len(units) - 1, -1, -1):
            p = units[j].probability
            tails[j] = (1 - p) * tails[j + 1]
            tails[j, 1:] += p * tails[j + 1, :-1]
        return cls(features, units, tails)

    def probability(self, active: int) -> float:
        """P(k)."""
        return float(self.tails[0, active])

    def draw(self, active: int, draws: int, rng: np.random.Generator) -> Array:
        """x, (draws, n), with exactly ``active`` units on."""
        x = np.zeros((draws, self.features.size))
        left = np.full(draws, active)
        for j, unit in enumerate(self.units):
            whole, rest = self.tails[j, left], self.tails[j + 1, np.maximum(left - 1, 0)]
            chance = np.where(left > 0, unit.probability * rest, 0) / np.where(whole > 0, whole, 1)
            on = np.flatnonzero(rng.random(draws) < chance)
            left[on] -= 1
            if unit.together:
                values = self._values(rng, (len(on), len(unit.members)))
                x[on[:, None], np.array(unit.members)] = values
            else:
                chosen = rng.integers(len(unit.members), size=len(on))
                x[on, np.array(unit.members)[chosen]] = self._values(rng, (len(on),))
        return x

    def _values(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        values = self.features.values
        if isinstance(values, Binary):
            return np.ones(shape)
        if isinstance(values, Uniform):
            return rng.uniform(values.low, values.high, shape)
        if isinstance(values, GivenValues) and values.sample is not None:
            return np.asarray(values.sample(rng, shape), dtype=float)
        raise ValueError("values has no sample function; sampling needs GivenValues(…, sample=…).")


@dataclass(frozen=True, eq=False)
class Estimate:
    """Means of a vector-valued function of x, and the standard error of each entry."""

    mean: Array
    standard_error: Array


def stratified_mean(
    function: Callable[[Array], Array],
    features: Features,
    draws: int,
    seed: int,
    batch: int,
    least: int = 0,
) -> Estimate:
    """E function(x) over at least ``least`` active units; function: (D, n) ↦ (D, q)."""
    sampler, rng = StratifiedSampler.of(features), np.random.default_rng(seed)
    counts = range(least, len(sampler.units) + 1)
    strata = [k for k in counts if sampler.probability(k) > NEGLIGIBLE]
    first = {k: 1 if k == 0 else max(LEAST_DRAWS, draws // 10 // len(strata)) for k in strata}
    sums = {k: _sums(function, sampler, k, first[k], rng, batch) for k in strata}
    largest = _largest(sums.values())
    wish = {
        k: sampler.probability(k) * np.sqrt(sums[k].variance(largest).sum()) for k in strata if k
    }
    whole, left = sum(wish.values()), max(draws - sum(first.values()), 0)
    for k, share in wish.items():
        more = int(left * share / whole) if whole > 0 else 0
        if more > 0:
            sums[k] = sums[k].with_more(_sums(function, sampler, k, more, rng, batch))
    largest = _largest(sums.values())
    mean = sum(sampler.probability(k) * sums[k].total / sums[k].draws for k in strata)
    variance = sum(
        sampler.probability(k) ** 2 * sums[k].variance(largest) / sums[k].draws for k in strata if k
    )
    return Estimate(np.asarray(mean), np.sqrt(np.asarray(variance + 0 * mean)))


@dataclass(frozen=True, eq=False)
class _Sums:
    """Sums over the draws of one stratum: of f, of f² and the largest |f|, (q,)."""

    draws: int
    total: Array
    square: Array
    largest: Array

    def with_more(self, other: _Sums) -> _Sums:
        """Both together."""
        return _Sums(
            self.draws + other.draws,
            self.total + other.total,
            self.square + other.square,
            np.maximum(self.largest, other.largest),
        )

    def variance(self, largest: Array) -> Array:
        """Of one draw: as seen, and as if one draw more had given the ``largest`` value.

        What happens once in a thousand draws is not seen in sixty; a variance of zero there
        would be believed.
        """
        spread = self.square - self.total**2 / self.draws
        seen = np.maximum(spread, 0) / max(self.draws - 1, 1)
        return np.asarray(seen + largest**2 / self.draws)


def _largest(sums: Iterable[_Sums]) -> Array:
    return np.asarray(np.max([one.largest for one in sums], axis=0))


def _sums(
    function: Callable[[Array], Array],
    sampler: StratifiedSampler,
    active: int,
    draws: int,
    rng: np.random.Generator,
    batch: int,
) -> _Sums:
    parts: _Sums | None = None
    for start in range(0, draws, batch):
        found = function(sampler.draw(active, min(batch, draws - start), rng))
        part = _Sums(
            len(found), found.sum(axis=0), (found**2).sum(axis=0), np.abs(found).max(axis=0)
        )
        parts = part if parts is None else parts.with_more(part)
    assert parts is not None
    return parts


def losses(problem: OutputProblem, draws: int, seed: int, gradient: bool) -> OutputLosses:
    """E(x_i - x'_i)² of every output; ``bounds`` are four standard errors."""
    lead, n = problem.rows.shape[:-2], problem.rows.shape[-1]
    found = [_one_model(problem, index, draws, seed, gradient) for index in np.ndindex(*lead)]
    mean = np.reshape([one.mean for one in found], (*lead, -1))
    error = 4 * np.reshape([one.standard_error for one in found], (*lead, -1))
    return OutputLosses(
        mean[..., :n],
        error[..., :n],
        mean[..., 2 * n + 1 :].reshape(*lead, n, n) if gradient else None,
        mean[..., n + 1 : 2 * n + 1] if gradient else None,
        total_bound=error[..., n],
    )


def _one_model(
    problem: OutputProblem, index: tuple[int, ...], draws: int, seed: int, gradient: bool
) -> Estimate:
    """Per output, in total and, if asked, the derivatives by b and A, in one row."""
    lead = problem.rows.shape[:-1]
    rows = problem.rows[index]
    bias, importance = (
        np.broadcast_to(array, lead)[index] for array in (problem.bias, problem.importance)
    )
    density = np.broadcast_to(problem.features.density, lead)[index]
    features = Features(density, problem.features.values, problem.features.sets)

    def of_draws(x: Array) -> Array:
        z = x @ rows.T + bias
        error = x - (np.maximum(z, 0) if problem.relu else z)
        found = [error**2, error**2 @ importance[:, None]]
        if gradient:
            slope = -2 * error * ((z > 0) if problem.relu else 1)
            found += [slope, (slope[:, :, None] * x[:, None, :]).reshape(len(x), -1)]
        return np.concatenate(found, axis=1)

    width = len(bias) * (len(bias) + 2 if gradient else 2)
    return stratified_mean(of_draws, features, draws, seed, max(16, NUMBERS // width))
