"""What ``superposition pack`` prints: the value, what the points are, and why to believe it."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from superposition.numerics.packing.kind_of_points import directions_of, has_biases, is_of_lines

if TYPE_CHECKING:
    from superposition.numerics.packing.contacts import Contacts
    from superposition.numerics.packing.names.recognise import Recognised
    from superposition.numerics.packing.packing import Packing

MOST_ORBITS = 8
SIGNS = ("negative", "zero", "positive")


def told_packing(packing: Packing) -> str:
    """One row per fact, and the sentence of evidence."""
    points, dim = directions_of(packing).shape
    field = "complex " if np.iscomplexobj(packing.points) else ""
    facts = [("value", _value(packing))]
    residual = "gradient norm" if packing.contacts is None else "KKT residual"
    facts.append((residual, f"{packing.gradient_norm:.1e}"))
    if packing.signature is not None:
        told = zip(packing.signature, SIGNS, strict=True)
        facts.append(("Hessian", ", ".join(f"{count} {sign}" for count, sign in told)))
    if packing.contacts is not None:
        facts.append(("contacts", _contacts(packing.contacts)))
    reached = f"{packing.reached} of {_counted(packing.starts, 'start')}, {packing.seconds:.1f} s"
    facts.append(("reached by", reached))
    facts += _biased(packing) if has_biases(packing) else _structure(recognised(packing), points)
    if packing.bound is not None:
        facts.append(("proven bound", f"{packing.bound:.15g}{_by(packing.bound_name)}"))
    if packing.published is not None:
        facts.append(("published", f"{packing.published:.15g}"))  # by whom: the last sentence
    what = "line" if is_of_lines(packing) else "point"
    head = f"{_counted(points, what)} in {_counted(dim, f'{field}dimension')}: {packing.energy}"
    rows = [f"  {name:<14} {words}" for name, words in facts]
    return "\n".join([head, *rows, f"  {packing.evidence}: {packing.why}"])


@lru_cache(maxsize=1)  # asked when it is printed, and again when it is drawn
def recognised(packing: Packing) -> Recognised:
    """What the points or lines are; not for the toy model's weights, which are no unit vectors."""
    from superposition.numerics.packing.names.recognise import recognise

    return recognise(packing.points, lines=is_of_lines(packing))


def name_of(packing: Packing) -> str | None:
    """What the points, lines or weights are called."""
    if not has_biases(packing):
        return recognised(packing).name
    from superposition.numerics.geometry.geometry import geometry_of

    return geometry_of(directions_of(packing).T, packing.points[:, -1]).name


def _biased(packing: Packing) -> list[tuple[str, str]]:
    """The structure of weights with biases."""
    from superposition.theory.feature_dimensionality import dimensionality

    shares = np.sort(dimensionality(directions_of(packing).T))[::-1]
    told = ", ".join(f"{share:.6g}" for share in shares[:MOST_ORBITS])
    more = ", …" * (len(shares) > MOST_ORBITS)
    return [("name", name_of(packing) or "none"), ("dimensionality", told + more)]


def _value(packing: Packing) -> str:
    """The value; of a largest cosine with its angle."""
    if packing.contacts is None or not abs(packing.value) <= 1:
        return f"{packing.value:.15g}"
    return f"{packing.value:.15g} (angle {math.degrees(math.acos(packing.value)):.12g}°)"


def _contacts(contacts: Contacts) -> str:
    loose = [str(point + 1) for point in contacts.rattlers]
    rattlers = f"rattlers: {', '.join(loose)}" if loose else "no rattlers"
    return f"{len(contacts.pairs)}, {'rigid' if contacts.rigid else 'not rigid'}, {rattlers}"


def _structure(seen: Recognised, points: int) -> list[tuple[str, str]]:
    symmetry = "not computed"
    if seen.symmetry is not None:
        group = f" ({seen.point_group})" if seen.point_group else ""
        symmetry = f"{seen.symmetry}{group}"
    facts = [("name", seen.name or "none that is common"), ("symmetry", symmetry)]
    if seen.orbits is None:
        least, most = seen.dimensionality.min(), seen.dimensionality.max()
        alike = most - least < 1e-9
        told = f"{least:.9g} (each)" if alike else f"{least:.9g} to {most:.9g}"
        facts.append(("dimensionality", told))
    else:
        facts.append(("dimensionality", _orbits(seen, points)))
    if len(seen.factors) > 1:
        parts = [f"{factor.name or len(factor.points)}" for factor in seen.factors]
        facts.append(("tegum factors", ", ".join(parts[:MOST_ORBITS]) + ", …" * (len(parts) > 8)))
    facts.append(("design", f"strength {seen.design_strength}"))
    return facts


def _orbits(seen: Recognised, points: int) -> str:
    """D of each orbit."""
    told = []
    for orbit, share in zip(seen.orbits or (), seen.orbit_dimensionality, strict=True):
        whose = "each" if len(orbit) == points else _counted(len(orbit), "point")
        told.append(f"{share:.9g} ({whose})")
    more = f", … ({len(told)} orbits)" if len(told) > MOST_ORBITS else ""
    return ", ".join(told[:MOST_ORBITS]) + more


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"


def _by(source: str) -> str:
    return f" ({source})" if source else ""
