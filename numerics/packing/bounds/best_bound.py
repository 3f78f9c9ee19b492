r"""The largest proven lower bound on an energy of N points in d dimensions that is known here.

.. math:: E ≥ \max(\text{proven optimum}, \text{universally optimal code}, \text{Levenshtein},
          \text{orthoplex}, \text{Fejes Tóth}, \text{linear programme})

For a largest cosine of lines the value is μ, not μ². Sources: as each bound says.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from superposition.numerics.packing.bounds.bound import Bound, Space
from superposition.numerics.packing.bounds.cosine_programme import cosine_programme
from superposition.numerics.packing.bounds.levenshtein_nodes import levenshtein_nodes
from superposition.numerics.packing.bounds.linear_programme import programme_bound
from superposition.numerics.packing.bounds.proven_optima import proven_optimum
from superposition.numerics.packing.energy.largest_cosine import LargestCosine
from superposition.numerics.packing.energy.pair_energy import PairEnergy
from superposition.numerics.packing.energy.potentials import Gaussian, Logarithmic, Riesz
from superposition.theory.domain import check_count

if TYPE_CHECKING:
    from superposition.theory.packing.code import Code

Array = NDArray[np.float64]
ABSOLUTELY_MONOTONE = (Riesz, Logarithmic, Gaussian)  # from their first derivative on
LARGEST_DEGREE = 12  # of Levenshtein's, up to which the linear programme is asked: it gains little
HIGHER = 8  # the linear programme's degree, above that of Levenshtein's quadrature
ROUNDING = 1e-12  # bounds that differ by less are equal: the first, most telling, is given
LEVENSHTEIN = "Levenshtein 1998, Universal bounds for codes and designs"
DELSARTE = "Delsarte, Goethals and Seidel 1977; Odlyzko and Sloane 1979; verified here"
YUDIN = "Delsarte 1973; Yudin 1993; verified here"
UNIVERSAL = "Boyvalenkov, Dragnev, Hardin, Saff and Stoyanova 2016; Cohn and Kumar 2007"


def bounds_for(
    points: int, dim: int, energy: LargestCosine | PairEnergy, field: str = "real"
) -> Bound | None:
    """The best bound on ``energy`` for N ≥ 2 points, or None where no proof is known here.

    field: "real" or "complex", of the lines of a pair energy (a largest cosine has its own).
    Raises ``ValueError`` for less than two points or one dimension.

    >>> bounds_for(8, 3, LargestCosine()).source
    'Schütte and van der Waerden 1951'
    >>> round(bounds_for(12, 3, PairEnergy(Riesz(1.0))).value, 9)
    49.165253058
    """
    check_count(points, "points", at_least=2)
    check_count(dim, "dim", at_least=2)
    found = all_bounds(points, dim, energy, field)
    best = max((bound.value for bound in found), default=0.0)
    rounding = ROUNDING * max(1.0, abs(best))
    return next((bound for bound in found if bound.value >= best - rounding), None)


def all_bounds(
    points: int, dim: int, energy: LargestCosine | PairEnergy, field: str = "real"
) -> list[Bound]:
    """Every bound that applies; of equal ones the first is the most telling.

    >>> [bound.name for bound in all_bounds(7, 6, LargestCosine())]
    ['simplex, universally optimal', 'simplex bound (Levenshtein, degree 1)']
    """
    if isinstance(energy, LargestCosine):
        return _cosine_bounds(points, dim, energy)
    if not energy.on_sphere or not isinstance(energy.potential, ABSOLUTELY_MONOTONE):
        return []
    return _energy_bounds(points, dim, energy, field)


def _cosine_bounds(points: int, dim: int, energy: LargestCosine) -> list[Bound]:
    """Bounds on the largest cosine of points, or the coherence of lines."""
    if energy.lines:
        return _coherence_bounds(points, dim, energy.field)
    found = []
    optimum = proven_optimum(points, dim, energy)
    code = _proven_code(points, dim)
    if optimum is not None:
        found.append(optimum)
    if code is not None:
        value = float(code.largest_cosine)
        found.append(Bound(value, f"{code.name}, {code.status}", code.source))
    space = Space(dim)
    nodes = levenshtein_nodes(points, space)
    name = f"Levenshtein, degree {nodes.degree}"
    if nodes.degree == 1:
        name = f"simplex bound ({name})"
    found.append(Bound(float(nodes.nodes[-1]), name, LEVENSHTEIN))
    if points >= dim + 2:
        found.append(Bound(0.0, "orthoplex bound", "Rankin 1955"))
    if dim == 3 and points > 2:
        angle = math.pi * points / (6 * (points - 2))
        value = (1 / math.tan(angle) ** 2 - 1) / 2
        found.append(Bound(value, "Fejes Tóth's bound", "Fejes Tóth 1943"))
    if code is None and optimum is None and 2 < nodes.degree <= LARGEST_DEGREE:
        degree = nodes.degree + HIGHER
        value = cosine_programme(points, space, max(bound.value for bound in found), degree)
        found.append(Bound(value, f"linear programme, degree {degree}", DELSARTE))
    return found


def _coherence_bounds(points: int, dim: int, field: str) -> list[Bound]:
    """Bounds on |⟨x, y⟩|, as square roots of those on its square."""
    if points <= dim:
        return [Bound(0.0, "orthonormal lines", "no modulus is negative")]
    space = Space(dim, f"{field} lines")
    nodes = levenshtein_nodes(points, space)
    name = "Welch bound" if nodes.degree == 1 else f"Levenshtein, degree {nodes.degree}"
    source = "Welch 1974" if nodes.degree == 1 else LEVENSHTEIN
    found = [Bound(math.sqrt(nodes.nodes[-1]), name, source)]
    if points > space.design_size(2):
        source = "Conway, Hardin and Sloane 1996; Rankin 1955"
        found.append(Bound(math.sqrt(1 / dim), "orthoplex bound", source))
    if nodes.degree > 1 and nodes.degree <= LARGEST_DEGREE:
        degree = nodes.degree + HIGHER
        square = cosine_programme(points, space, max(b.value for b in found) ** 2, degree)
        found.append(Bound(math.sqrt(square), f"linear programme, degree {degree}", DELSARTE))
    return found


def _energy_bounds(points: int, dim: int, energy: PairEnergy, field: str) -> list[Bound]:
    """Bounds on a sum over pairs."""
    found = []
    kind = f"{field} lines" if energy.lines else "points"
    if not energy.lines:
        code = _proven_code(points, dim)
        optimum = proven_optimum(points, dim, energy)
        if optimum is not None:
            found.append(optimum)
        if code is not None and code.status == "universally optimal":
            inner_products = np.array([float(t) for t in code.inner_products])
            shares = np.array(code.multiplicities) / points
            value = _sum(points, inner_products, shares, energy)
            found.append(Bound(value, f"{code.name}, universally optimal", code.source))
    elif points <= dim:
        value = _sum(points, np.zeros(1), np.array([1 - 1 / points]), energy)
        return [Bound(value, "orthonormal lines", "f increases with |⟨x, y⟩|²")]
    space = Space(dim, kind)
    nodes = levenshtein_nodes(points, space)
    value = _sum(points, nodes.nodes, nodes.weights, energy)
    settled = bool(found)
    found.append(Bound(value, f"universal lower bound, degree {nodes.degree}", UNIVERSAL))
    if not settled and nodes.degree <= LARGEST_DEGREE:
        degree = nodes.degree + HIGHER
        value = programme_bound(points, space, energy.potential.jet, degree, nodes.nodes)
        found.append(Bound(value, f"linear programme, degree {degree}", YUDIN))
    return found


def _sum(points: int, t: Array, weights: Array, energy: PairEnergy) -> float:
    """N²/2 Σ ρ_i f(α_i)."""
    return float(points**2 / 2 * (weights @ energy.potential.jet(t)[0]))


@cache
def _proven_code(points: int, dim: int) -> Code | None:
    """The code of the catalogue that is proven best as a packing, if there is one."""
    from superposition.theory.packing.catalogue import known_code  # sympy: only when asked

    code = known_code(points, dim)
    proven = ("universally optimal", "optimal spherical code")
    return code if code is not None and code.status in proven else None
