r"""The question: the best arrangement of N points in d dimensions under an energy.

.. math:: \min_{x_1, …, x_N} E(x_1, …, x_N), \qquad \|x_i\| = 1

One problem, several methods: quasi-Newton descents and Newton's method for smooth energies, a
sharpened energy and interior points for largest cosines. The answer says how far it is to be
trusted.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from superposition.numerics.packing.contacts import contacts_of
from superposition.numerics.packing.energy.largest_cosine import LargestCosine
from superposition.numerics.packing.energy.named import Energy, energy_named
from superposition.numerics.packing.energy.pair_energy import PairEnergy
from superposition.numerics.packing.energy.smooth_energy import Array
from superposition.numerics.packing.evidence import Standing, standing_of
from superposition.numerics.packing.largest_method import LargestMethod
from superposition.numerics.packing.method import Method
from superposition.numerics.packing.newton import polish, tangential_norm
from superposition.numerics.packing.packing import Packing
from superposition.numerics.packing.pairs import Pairs, complex_coordinates, real_coordinates
from superposition.numerics.packing.search import Budget, Found, Progress, search
from superposition.numerics.packing.smooth_method import SmoothMethod
from superposition.numerics.packing.start import Space
from superposition.theory.domain import check_count, check_finite

LARGEST_HESSIAN = 2500  # numbers in the points: beyond, Newton's method would take minutes
MOST_STARTS = 2048  # unless said otherwise; hard problems want more
ENOUGH, LEAST_SMOOTH, LEAST_LARGEST = 10, 2, 24  # the least: starts per point


def pack(
    points: int,
    dim: int,
    energy: str | Energy = "coulomb",
    *,
    starts: int | None = None,
    seconds: float | None = None,
    seed: int = 0,
    workers: int = 1,
    initial: ArrayLike | None = None,
    progress: Callable[[Progress], object] | None = None,
) -> Packing:
    """The best arrangement of N = ``points`` unit vectors in d = ``dim`` dimensions that is found.

    energy: a name (``energy_named``) or an object with value, gradient and Hessian product; for
    "one-active" the rows of the result are (w_i, b_i), of any norm. The search ends when the
    value meets a proven bound or the published value; where nothing is published, when ten
    starts (moves from the best apart) have ended at the best, but not before two starts per point
    (24 for a largest cosine); after ``starts`` starts (2048 unless ``seconds`` is given), or
    after ``seconds``. initial: (N, d), a first start, for instance an earlier result. workers:
    threads. The result depends on the seed alone, unless ``seconds`` ended it. progress: called
    after every round of starts. Ctrl-C returns the best so far, marked ``interrupted``.

    Raises ``ValueError`` for N < 1, d < 1, an unknown energy, an initial arrangement that is not
    (N, d), finite and of distinct non-zero rows, and for numbers out of range.

    >>> found = pack(4, 3)
    >>> round(found.value, 9), found.evidence
    (3.674234614, 'proven')
    """
    asked = energy_named(energy) if isinstance(energy, str) else energy
    space, is_complex = _space(points, dim, asked)
    largest = isinstance(asked, LargestCosine)
    budget = _budget(starts, seconds, (LEAST_LARGEST if largest else LEAST_SMOOTH) * space.points)
    check_count(seed, "seed", at_least=0)
    check_count(workers, "workers")
    first = None if initial is None else _initial(initial, space, is_complex)
    field = "complex" if is_complex else "real"
    several = space.points > 1 and dim > 1 and not space.free
    standing = standing_of(points, dim, asked, field) if several else Standing(None, None)
    if not space.free and (space.dimension == 1 or points == 1):
        return _without_choice(points, dim, asked)
    if standing.published is not None:
        budget = replace(budget, enough=None)  # a better arrangement is known to be there
    method: Method
    scale = _identity
    if isinstance(asked, LargestCosine):
        method = LargestMethod.best(space)
        scale = _root if asked.lines else _identity
        budget = replace(budget, target=_target(standing, asked))
    else:
        method = SmoothMethod.best(asked, space)
        budget = replace(budget, target=standing.target)
    found = search(
        method, space, budget, seed=seed, workers=workers, initial=first,
        progress=None if progress is None else lambda p: progress(replace(p, best=scale(p.best))),
    )  # fmt: skip
    settings = {"points": points, "dim": dim, "energy": asked.name, "starts": starts,
                "seconds": seconds, "seed": seed}  # fmt: skip
    return _answer(asked, space, found, standing, settings)


def _answer(
    energy: Energy, space: Space, found: Found, standing: Standing, settings: dict[str, Any]
) -> Packing:
    """The result, with its certificate or its signature."""
    rows = complex_coordinates(found.points) if space.forms == 2 else found.points
    contacts = signature = None
    if isinstance(energy, LargestCosine):
        contacts = contacts_of(Pairs.of(found.points, energy.lines, space.forms == 2))
        gradient_norm = math.nan if contacts is None else contacts.residual
    elif rows.size > LARGEST_HESSIAN:
        gradient_norm = tangential_norm(energy, rows)
    else:
        polished = polish(energy, rows)
        rows, gradient_norm = polished.points, polished.gradient_norm
        signature = polished.signature
    value = float(energy.value(rows))
    evidence, why = standing.evidence(value)
    bound, published = standing.bound, standing.published
    return Packing(
        points=rows,
        energy=energy.name,
        value=value,
        gradient_norm=gradient_norm,
        starts=found.starts,
        reached=found.reached,
        seconds=found.seconds,
        evidence=evidence,
        why=why,
        signature=signature,
        contacts=contacts,
        bound=None if bound is None else bound.value,
        bound_name="" if bound is None else bound.name,
        published=None if published is None else published.value,
        published_source="" if published is None else published.source,
        interrupted=found.interrupted,
        settings=settings,
    )


def _space(points: int, dim: int, energy: Energy) -> tuple[Space, bool]:
    points, dim = check_count(points, "points"), check_count(dim, "dim")
    if not isinstance(energy, LargestCosine | PairEnergy):
        columns = dim if energy.on_sphere else dim + 1  # a bias beside the weights
        return Space(points, columns, free=not energy.on_sphere), False
    if energy.lines and energy.field == "complex":
        return Space(points, 2 * dim, forms=2), True
    return Space(points, dim, forms=int(energy.lines)), False


def _budget(starts: int | None, seconds: float | None, least: int) -> Budget:
    if starts is not None:
        check_count(starts, "starts")
    if seconds is not None and not (math.isfinite(seconds) and seconds > 0):
        raise ValueError(f"seconds is {seconds}; it must be a finite number above 0.")
    if starts is None and seconds is None:
        starts = MOST_STARTS
    return Budget(starts, seconds, ENOUGH, least)


def _initial(initial: ArrayLike, space: Space, is_complex: bool) -> Array:
    """The first start in real coordinates."""
    try:
        if not is_complex and np.iscomplexobj(np.asarray(initial)):
            raise ValueError
        given: NDArray[Any] = np.asarray(initial, dtype=complex if is_complex else float)
    except (TypeError, ValueError):
        raise ValueError("initial contains entries that are no numbers of the field.") from None
    shape = (space.points, space.dimension // 2 if is_complex else space.dimension)
    if given.shape != shape:
        raise ValueError(f"initial has shape {given.shape}; it must be (N, d), here {shape}.")
    rows = real_coordinates(given)
    check_finite(rows, "initial")
    if space.free:
        return rows
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    if not np.all(norms > 0):
        raise ValueError("initial contains a row of zeros; every row must have a direction.")
    unit: Array = rows / norms
    if shape[1] > 1:
        cosines = Pairs.of(unit, space.forms > 0, is_complex).cosines
        if np.any(cosines[np.triu_indices(space.points, 1)] > 1 - 1e-15):
            raise ValueError("initial contains two rows of one direction; all must be distinct.")
    return unit


def _without_choice(points: int, dim: int, energy: Energy) -> Packing:
    """One point, or one dimension, where there are the two points ±1 and one line."""
    smooth = not isinstance(energy, LargestCosine)
    if points == 1 and not smooth:
        raise ValueError(f"points is 1; the largest cosine ({energy.name}) needs at least two.")
    lines = isinstance(energy, LargestCosine | PairEnergy) and energy.lines
    if points > (1 if lines else 2) and smooth:
        raise ValueError(
            f"points is {points} with dim 1; in one dimension there is room for two points or one "
            f"line, and the energy {energy.name} of points in one place is infinite."
        )
    rows = np.zeros((points, dim))
    rows[:, 0] = np.where(np.arange(points) % 2, -1.0, 1.0)
    settings = {"points": points, "dim": dim, "energy": energy.name}
    return Packing(
        points=rows, energy=energy.name, value=float(energy.value(rows)), gradient_norm=0.0,
        starts=0, reached=0, seconds=0.0, evidence="proven",
        why="Up to rotation there is no other arrangement.",
        signature=(0, points * (dim - 1), 0) if smooth else None, settings=settings,
    )  # fmt: skip


def _target(standing: Standing, energy: LargestCosine) -> float | None:
    """The target in terms of c: the cosine, squared for lines."""
    target = standing.target
    return target**2 if target is not None and energy.lines else target


def _identity(value: float) -> float:
    return value


def _root(value: float) -> float:
    return math.sqrt(max(value, 0.0))
