r"""Transform for features that switch on in sets, and for value laws of one's own.

.. math:: E(x_i - z_+)^2 = E x_i^2 + \text{few} + \frac1\pi \int_0^\infty \mathrm{Re}
          \Big[ e^{sc} \Big( \frac{2}{s^3} \prod_U \chi_U
          - \frac{2}{s^2} \psi \prod_{U \not\ni i} \chi_U \Big) - \text{few}(s) \Big] d\omega

U: a unit, that is a feature or set that switches on by itself, with probability p,

together (correlated): χ = q + p Π_{j∈U} φ(s a_j), ψ = p φ'(s a_i) Π_{j∈U, j≠i} φ(s a_j)
one of k (anticorrelated): χ = q + (p/k) Σ_{j∈U} φ(s a_j), ψ = (p/k) φ'(s a_i)

few: nothing active and, where the values are uniform or binary, exactly one feature active,
both in closed form. Cost O(n² N); products of all other units by running products.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device

from superposition.numerics.expectation.activity.cube_faces import faces_of_cubes
from superposition.numerics.expectation.activity.cube_moments import moments_over_cubes
from superposition.numerics.expectation.kinks import kinked
from superposition.numerics.expectation.problem import OutputProblem
from superposition.numerics.expectation.result import OutputLosses
from superposition.numerics.expectation.sampling import Unit, units_of
from superposition.numerics.expectation.transform.contour import Contour, choose_contour, nodes
from superposition.numerics.expectation.transform.many_active import (
    SETTLED,
    estimated_error,
    node_counts,
)
from superposition.numerics.expectation.transform.value_transform import value_transform
from superposition.theory.features.values import Binary, GivenValues, ValueLaw

ROUNDING = 1e-14  # relative to the terms summed: more than in many_active, as strata are subtracted


@dataclass(frozen=True, eq=False)
class Output:
    """One output of a batch: slopes (n, B), offset (B,), and what its features are."""

    own: int
    slopes: Any
    offset: Any
    units: tuple[Unit, ...]
    values: ValueLaw

    def alone(self) -> tuple[float, list[float]]:
        """P(nothing active) and P(exactly feature j active)."""
        silent = [1 - unit.probability for unit in self.units]
        alone = [0.0] * int(self.slopes.shape[0])
        if not isinstance(self.values, GivenValues):
            for at, unit in enumerate(self.units):
                others = float(np.prod(silent[:at] + silent[at + 1 :]))
                if len(unit.members) == 1 or not unit.together:
                    for j in unit.members:
                        alone[j] = others * unit.probability / len(unit.members)
        return float(np.prod(silent)), alone


def losses(
    problem: OutputProblem, tolerance: float, most_nodes: int, gradient: bool
) -> OutputLosses:
    """E(x_i - x'_i)² of every output, densities without leading axes."""
    xp = array_namespace(problem.rows)
    n, lead = int(problem.rows.shape[-1]), problem.rows.shape[:-2]
    units, values = units_of(problem.features), problem.features.values
    entries = xp.reshape(problem.rows, (-1, n, n))
    biases = xp.reshape(problem.bias, (-1, n))
    second = problem.second_moment
    weight = xp.max(xp.reshape(problem.importance, (-1, n)), axis=0)
    scale = xp.sum(problem.importance * second, axis=-1)
    share = tolerance * float(xp.min(scale)) / n
    found = []
    for i in range(n):
        allowed = share / float(weight[i]) if weight[i] > 0 else 1.0
        output = Output(i, entries[:, i, :].T, biases[:, i], units, values)
        found.append(_one_output(output, allowed, SETTLED / tolerance, most_nodes, gradient))
    value, error, d_offset, size = (
        xp.reshape(xp.stack([one[at] for one in found], axis=-1), (*lead, n)) for at in (0, 1, 3, 4)
    )
    d_rows = xp.stack([one[2].T for one in found], axis=1)
    return OutputLosses(
        value + second,
        ROUNDING * (second + xp.abs(value) + size),
        xp.reshape(d_rows, (*lead, n, n)) if gradient else None,
        d_offset if gradient else None,
        kinked(problem),
        error,
    )


def _one_output(
    output: Output, target: float, settled: float, most: int, gradient: bool
) -> tuple[Any, ...]:
    """Value, error, derivatives by slopes (n, B) and offset, and the terms' magnitude, (B,)."""
    xp = array_namespace(output.slopes)
    values, few_slopes, few_offset = _few(output)

    def log_factors(phi: Any) -> Any:
        # Of a set that is always on, χ may underflow: its logarithm must not be -∞.
        factors = _factors(output, None, [phi])[0]
        return sum(xp.log(xp.maximum(chi, xp.full_like(chi, 1e-300))) for chi in factors)

    contour = choose_contour(output.slopes, output.offset, output.values, log_factors)
    pieces, count = [], 0
    for larger in node_counts(most):
        pieces.append(_piece(output, contour, count, larger, gradient))
        count = larger
        partial = xp.cumulative_sum(xp.concat([piece[0] for piece in pieces], axis=1), axis=1)
        error, steep = estimated_error(partial)
        allowed = target * xp.ones_like(error)
        if bool(xp.all(xp.abs(error) <= xp.where(steep, settled * allowed, allowed))):
            break
    d_slopes, d_offset = few_slopes, few_offset
    for piece in pieces:
        d_slopes, d_offset = d_slopes + piece[1], d_offset + piece[2]
    size = sum(piece[3] for piece in pieces)
    return values + partial[:, -1], error, d_slopes, d_offset, size


def _few(output: Output) -> tuple[Any, Any, Any]:
    """The closed forms of nothing and exactly one feature active, with derivatives."""
    xp = array_namespace(output.slopes)
    nothing, alone = output.alone()
    positive = xp.maximum(output.offset, xp.zeros_like(output.offset))
    value, d_offset = nothing * positive**2, 2 * nothing * positive
    if not any(alone):
        return value, 0 * output.slopes, d_offset
    low, high = output.values.support
    levels = faces_of_cubes(1, ((0,),), low == 0, isinstance(output.values, Binary))
    n, batch = output.slopes.shape
    moments, _ = moments_over_cubes(
        xp.reshape(output.slopes, (1, -1)),
        xp.reshape(xp.broadcast_to(output.offset[None, :], (n, batch)), (-1,)),
        (low, high),
        levels,
        {(): 2, (0,): 1, (0, 0): 0},
    )
    m = {key: xp.reshape(moment[0], (n, batch)) for key, moment in moments.items()}
    length = high - low
    weight = xp.asarray(alone, dtype=output.slopes.dtype, device=device(output.slopes))[:, None]
    product = low * m[(), 1] + length * m[(0,), 1]
    step = low * m[(), 0] + length * m[(0,), 0]
    square_step = low**2 * m[(), 0] + 2 * low * length * m[(0,), 0] + length**2 * m[(0, 0), 0]
    own = output.own
    value = value + xp.sum(weight * m[(), 2], axis=0) - 2 * alone[own] * product[own]
    d_offset = d_offset + 2 * xp.sum(weight * m[(), 1], axis=0) - 2 * alone[own] * step[own]
    is_own = xp.asarray(
        np.arange(n) == own, dtype=output.slopes.dtype, device=device(output.slopes)
    )[:, None]
    return value, 2 * weight * (product - is_own * square_step), d_offset


def _piece(output: Output, contour: Contour, first: int, last: int, gradient: bool) -> Any:
    """The integrand at some nodes (B, N); its derivatives and magnitude summed over them."""
    xp = array_namespace(output.slopes)
    s = nodes(contour, first, last)
    phi = [
        [value_transform(output.values, s * slope[:, None], order) for slope in _rows(output)]
        for order in (range(3) if gradient else range(2))
    ]
    chi, chi_slopes = _factors(output, s, phi)
    others = _products_of_others(chi)
    own_unit = next(at for at, unit in enumerate(output.units) if output.own in unit.members)
    psi, psi_slopes = _own_factor(output.units[own_unit], output.own, s, phi)
    rest = others[own_unit]
    nothing, alone = output.alone()
    few = nothing + sum(alone[j] * phi[0][j] for j in range(len(alone)))
    front = xp.exp(s * _active(contour, output.offset)[:, None])
    front = front * _active(contour, contour.step)[:, None] / np.pi
    integrand = 2 / s**3 * (chi[own_unit] * rest - few)
    integrand = front * (
        integrand - 2 / s**2 * (psi * rest - alone[output.own] * phi[1][output.own])
    )
    size = xp.sum(xp.abs(integrand), axis=1)
    if not gradient:
        return xp.real(integrand), 0 * output.slopes, 0 * output.offset, size
    d_slopes = []
    where = {j: at for at, unit in enumerate(output.units) for j in unit.members}
    without = _products_of_others([c for at, c in enumerate(chi) if at != own_unit])
    short = [at for at in range(len(chi)) if at != own_unit]
    for j, at in sorted(where.items()):
        change = 2 / s**3 * (chi_slopes[j] * others[at] - alone[j] * s * phi[1][j])
        if at == own_unit:
            change = change - 2 / s**2 * psi_slopes[j] * rest
        else:
            change = change - 2 / s**2 * psi * chi_slopes[j] * without[short.index(at)]
        if j == output.own:
            change = change + 2 / s**2 * alone[j] * s * phi[2][j]
        d_slopes.append(xp.sum(xp.real(front * change), axis=1))
    return xp.real(integrand), xp.stack(d_slopes), xp.sum(xp.real(integrand * s), axis=1), size


def _rows(output: Output) -> list[Any]:
    return [output.slopes[j] for j in range(int(output.slopes.shape[0]))]


def _active(contour: Contour, per_row: Any) -> Any:
    """Zero on rows whose form is never positive."""
    return array_namespace(per_row).where(contour.active, per_row, 0 * per_row)


def _factors(output: Output, s: Any, phi: list[list[Any]]) -> tuple[list[Any], dict[int, Any]]:
    """χ of every unit and, from φ' if it is there, its derivatives by the members' slopes."""
    chi: list[Any] = []
    slopes: dict[int, Any] = {}
    for unit in output.units:
        p, k = unit.probability, len(unit.members)
        if unit.together:
            of_members = [phi[0][j] for j in unit.members]
            rest = _products_of_others(of_members)
            chi.append(1 - p + p * rest[0] * of_members[0])
            pairs = zip(unit.members, rest, strict=True) if len(phi) > 1 else ()
            slopes |= {j: p * s * phi[1][j] * r for j, r in pairs}
        else:
            chi.append(1 - p + p / k * sum(phi[0][j] for j in unit.members))
            slopes |= {j: p / k * s * phi[1][j] for j in unit.members if len(phi) > 1}
    return chi, slopes


def _own_factor(unit: Unit, own: int, s: Any, phi: list[list[Any]]) -> tuple[Any, dict[int, Any]]:
    """ψ, and its derivatives by the slopes of the own unit's members."""
    p, k = unit.probability, len(unit.members)
    second = phi[2][own] if len(phi) > 2 else 0
    if not unit.together:
        zero = 0 * s
        return p / k * phi[1][own], {
            j: p / k * s * second if j == own else zero for j in unit.members
        }
    others = [j for j in unit.members if j != own]
    rest = _products_of_others([phi[0][j] for j in others])
    product = rest[0] * phi[0][others[0]] if others else 1 + 0 * s
    slopes = {j: p * phi[1][own] * s * phi[1][j] * r for j, r in zip(others, rest, strict=True)}
    return p * phi[1][own] * product, slopes | {own: p * s * second * product}


def _products_of_others(factors: list[Any]) -> list[Any]:
    """Π of all factors but one, for every one, without division."""
    if not factors:
        return []
    one = 1 + 0 * factors[0]
    ahead, behind = [one], [one]
    for at in range(len(factors) - 1):
        ahead.append(ahead[-1] * factors[at])
        behind.append(behind[-1] * factors[len(factors) - 1 - at])
    return [a * b for a, b in zip(ahead, reversed(behind), strict=True)]
