"""The exact diagrams of the paper's two planes, checked by hand: evidence, and two re-solvers.

Run ``python benchmarks/exact_diagram_check.py`` (minutes; ``--help`` for smaller versions). For
n = 2, m = 1 and n = 3, m = 2 it draws every cell's minimum, says how many are flagged and why,
how well the boundary points hold, and solves random cells again in two ways:

* by the same search with twenty times the random starts;
* by differential evolution on ``expected_loss``: no gradient, no Hessian, no descent and none of
  the starts of the search. W_1 = (a, 0, …), W_2 = (c, d, 0, …): no rotation is left.

A loss that either finds below the cell's by more than 1e-9 of what storing nothing costs ends
the command with status 1.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import differential_evolution, minimize

from superposition.numerics import expected_loss, importance_and_density
from superposition.numerics.optimum.landscape import Landscape
from superposition.numerics.optimum.search import global_minima
from superposition.numerics.phase_diagram.exact_diagram import ExactDiagram, exact_phase_diagram

Array = NDArray[np.float64]
STARTS, MORE = 16, 20
LOWER, REACHED = 1e-9, 1e-7  # of what storing nothing costs
RUNS = 8


@dataclass(frozen=True)
class Resolved:
    """What one re-solver found: cells, the largest improvement over ours, the largest failure to
    reach ours, both over what storing nothing costs, how many reached it to 1e-7, and seconds.
    """

    cells: int
    improvement: float
    shortfall: float
    reached: int
    seconds: float


def drawn_cells(diagram: ExactDiagram, count: int, seed: int) -> tuple[Landscape, Array]:
    """Random cells without repetition: their settings and our losses."""
    rows, columns = diagram.loss.shape
    chosen = np.random.default_rng(seed).choice(rows * columns, count, replace=False)
    j, i = np.divmod(chosen, columns)
    landscape = diagram.plane.landscape(i / (columns - 1), j / (rows - 1))
    return landscape, diagram.loss[j, i]


def by_more_starts(landscape: Landscape, ours: Array, seed: int) -> Resolved:
    """The same search, other starts and twenty times as many."""
    begin = time.process_time()
    count = MORE * STARTS
    found = global_minima(landscape, starts=count, most_starts=count, seed=seed)
    return _compared(landscape, ours, found.loss, time.process_time() - begin)


def by_differential_evolution(landscape: Landscape, ours: Array, seed: int) -> Resolved:
    """A global solver that knows nothing but the loss; up to eight runs until it is as low."""
    begin = time.process_time()
    losses = np.full(len(ours), np.inf)
    for k, target in enumerate(ours + REACHED * landscape.scale):
        for run in range(RUNS):
            found = independent_minimum(landscape.rows(slice(k, k + 1)), seed + 1000 * run)
            losses[k] = min(losses[k], found)
            if losses[k] <= target:
                break
    return _compared(landscape, ours, losses, time.process_time() - begin)


def independent_minimum(landscape: Landscape, seed: int) -> float:
    """The least expected loss of one setting by differential evolution, polished without ours."""
    n, m = landscape.features, landscape.hidden
    places = [(axis, i) for i in range(n) for axis in range(min(i + 1, m))]
    bounds = [(0.0 if axis == i else -1.6, 1.6) for axis, i in places] + [(-1.0, 1.2)] * n

    def losses(parameters: Array) -> Array:
        """Of models (D, S)."""
        W = np.zeros((parameters.shape[1], m, n))
        for place, value in zip(places, parameters, strict=False):
            W[(slice(None), *place)] = value
        found = expected_loss(
            W,
            parameters[len(places) :].T,
            importance=landscape.importance[0],
            density=landscape.density[0],
        )
        return np.asarray(found.value)

    best = differential_evolution(
        losses,
        bounds,
        popsize=20,
        maxiter=600,
        tol=1e-10,
        atol=0.0,
        rng=np.random.default_rng(seed),
        polish=False,
        vectorized=True,
        updating="deferred",
    )
    polished = minimize(
        lambda point: float(losses(point[:, None])[0]), best.x, method="BFGS", tol=1e-12
    )
    return float(min(best.fun, polished.fun))


def _compared(landscape: Landscape, ours: Array, theirs: Array, seconds: float) -> Resolved:
    gain = (ours - theirs) / landscape.scale
    return Resolved(
        len(ours),
        float(np.max(gain)),
        float(np.max(-gain)),
        int(np.sum(gain > -REACHED)),
        seconds,
    )


def told_diagram(diagram: ExactDiagram) -> bool:
    """Print the evidence; whether every cell that fails the criterion is flagged."""
    for name, values, worst in (
        ("gradient", diagram.gradient_norm, np.max),
        ("found by", diagram.found_by, np.min),
        ("starts", diagram.starts, np.max),
        ("curvature", diagram.curvature, np.min),
    ):
        print(f"  {name}: {worst.__name__} {worst(values):.3g}")
    good = (diagram.gradient_norm <= 1e-10) & (diagram.found_by >= 2)
    flagged = ~diagram.believed
    print(f"  flagged cells: {flagged.sum()} of {flagged.size}")
    for j, i in np.argwhere(flagged)[:10]:
        print(
            f"    r = {diagram.x[i]:.6g}, p = {diagram.y[j]:.6g}: gradient "
            f"{diagram.gradient_norm[j, i]:.1e}, found by {diagram.found_by[j, i]} of "
            f"{diagram.starts[j, i]}, {diagram.phases[diagram.phase[j, i]]}"
        )
    for line in diagram.boundaries:
        order = "first" if line.first_order else "second"
        print(
            f"  {' | '.join(line.phases)}: {len(line.x)} points, {order} order, worst residual "
            f"{np.abs(line.residual).max():.1e}"
        )
    residual = max((float(np.abs(line.residual).max()) for line in diagram.boundaries), default=0.0)
    print(f"  worst residual of all boundary points: {residual:.1e}")
    return bool(np.all(good | flagged)) and residual <= 1e-9


def told_resolved(name: str, found: Resolved) -> bool:
    """Print what a re-solver found; whether it found nothing lower."""
    print(
        f"  {name}: {found.cells} cells, largest improvement {found.improvement:.1e}, reached ours "
        f"in {found.reached}, largest shortfall {found.shortfall:.1e}, {found.seconds:.0f} s"
    )
    return found.improvement <= LOWER


def main(arguments: list[str] | None = None) -> int:
    """Check both planes and print what was found; 1 if something was not as it should be."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--grid", type=int, default=100)
    parser.add_argument("--cells", type=int, default=300, help="solved again with more starts")
    parser.add_argument("--independent", type=int, nargs=2, default=(300, 300), metavar="CELLS")
    parser.add_argument("--plane", choices=("2-in-1", "3-in-2", "both"), default="both")
    parser.add_argument("--seed", type=int, default=2022)
    asked = parser.parse_args(arguments)
    fine = True
    for (n, m), independent in zip(((2, 1), (3, 2)), asked.independent, strict=True):
        if asked.plane not in ("both", f"{n}-in-{m}"):
            continue
        begin = time.process_time()
        diagram = exact_phase_diagram(
            importance_and_density(n, m), (asked.grid, asked.grid), starts=STARTS
        )
        seconds = time.process_time() - begin
        print(f"n = {n}, m = {m}: {asked.grid} × {asked.grid} cells in {seconds:.0f} s")
        fine &= told_diagram(diagram)
        landscape, ours = drawn_cells(diagram, max(asked.cells, independent), asked.seed)
        for name, count, solver in (
            (f"{MORE} times the starts", asked.cells, by_more_starts),
            ("differential evolution", independent, by_differential_evolution),
        ):
            some = landscape.rows(slice(count)), ours[:count]
            fine &= told_resolved(name, solver(*some, asked.seed))
    print("as it should be" if fine else "NOT as it should be")
    return 0 if fine else 1


if __name__ == "__main__":
    raise SystemExit(main())
