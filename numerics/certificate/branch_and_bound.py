r"""No minimiser with a loss at most ℓ in a region of (W_1, W_2): branch and bound.

.. math:: L = F(W_1^2, W_1 W_2, b_1) + r F(W_2^2, W_1 W_2, b_2)

Given the weights each bias belongs to one output, so a box of weights carries two lists of
cells (``output_cell``), one per output, and the two are only joined through multipliers g:

.. math:: L \ge \min_{cells_1} \big( F_1 - g \cdot (W - W_c) \big)
              + \min_{cells_2} \big( r F_2 + g \cdot (W - W_c) \big)

for every g; with g near ∇F_1 = -r ∇F_2 the mean value forms lose only second order. A box is
done with when this bound exceeds ℓ, or when ∂L/∂W_1 or ∂L/∂W_2 keeps one sign on it, or when no
cell of one output can be stationary in its bias. A cell whose bound exceeds ℓ is dropped from
its box and all boxes within. What is not done is halved, the direction that blurs the bound
most first.

Why stationarity may be asked for. {L ≤ ℓ} is compact for ℓ ≤ r v (``search_region``), so that L
has a minimiser there if it goes that low. L is differentiable but where W_i = b_i = 0, and
there the loss falls at the rate p as b_i grows: no minimiser. So a minimiser is stationary in
all four parameters, and none is at a loss ≤ ℓ in a box that is done with.

r ≤ 1: importance of the second feature; p: density. Floats only choose what to split; every
inequality is decided by balls. Source: derived here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from flint import arb

from superposition.numerics.certificate.output_cell import (
    Cell,
    Interval,
    Slopes,
    bias_interval,
    cells,
    half_width,
    halves,
    middle,
    slopes,
)
from superposition.numerics.certificate.search_region import own_feature_loss

CROWD = 40  # cells of one output; beyond, the weights are split first


class Box(NamedTuple):
    """Weights, and the biases that are not excluded yet (None: all)."""

    first: Interval
    second: Interval
    biases: tuple[tuple[Interval, ...] | None, tuple[Interval, ...] | None] = (None, None)


@dataclass(frozen=True)
class Search:
    """How a search ended: boxes and cells looked at, and where it was stuck (None: nowhere).

    lower: what is proven about the loss on the box where it was stuck, as a float to read;
    counterexample: (W_1, W_2, b_1, b_2) with L < ℓ, if that is why it was stuck.
    """

    boxes: int
    cells: int
    stuck: Box | None = None
    lower: float = math.nan
    counterexample: tuple[float, float, float, float] | None = None

    @property
    def excluded(self) -> bool:
        """Whether no minimiser with loss ≤ ℓ is in the region."""
        return self.stuck is None


class _Found(NamedTuple):
    children: list[Box]
    cells: int
    lower: float = math.nan
    counterexample: tuple[float, float, float, float] | None = None


class _Low(NamedTuple):
    """A cell, the lower bound of its loss, and how much each weight blurs that."""

    cell: Cell
    bound: Any
    blur: tuple[float, float]


class _Bounds(NamedTuple):
    lower: Any
    alive: tuple[list[Cell], list[Cell]]
    blur: tuple[float, float]  # by W_1 and by W_2, for the lowest cells
    split: tuple[list[Cell], list[Cell]]  # cells that the bias blurs more than the weights


def exclude(importance: Any, p: Any, target: Any, region: Iterable[Box], budget: int) -> Search:
    """Look for a minimiser with L ≤ target in the region; balls r ≤ 1, p and target ≤ r v.

    region: boxes in W_1 ≥ 0 and W_2 of one sign each; budget: cells to look at before giving up.
    """
    waiting = list(region)[::-1]
    boxes = looked = 0
    while waiting:
        box = waiting.pop()
        boxes += 1
        if _far(box, importance, p, target):
            continue
        found = _examine(box, importance, p, target)
        looked += found.cells
        if found.counterexample or (found.children and looked > budget):
            return Search(boxes, looked, box, found.lower, found.counterexample)
        waiting += found.children
    return Search(boxes, looked)


def _far(box: Box, importance: Any, p: Any, target: Any) -> bool:
    """Whether the cost of each output's own feature is enough, whatever else it does."""
    first, second = (own_feature_loss(interval, p) for interval in (box.first, box.second))
    return bool(first + importance * second > target)


def _examine(box: Box, importance: Any, p: Any, target: Any) -> _Found:
    """What is left of a box."""
    over = slopes(box.first, box.second), slopes(box.second, box.first)
    weight = arb(1), importance
    half = half_width(box.first), half_width(box.second)
    biases = [box.biases[k] or (bias_interval(over[k], p),) for k in (0, 1)]
    lists = cells(over[0], biases[0], p, weight[0]), cells(over[1], biases[1], p, weight[1])
    cost = sum(len(intervals) for intervals in biases)
    while True:
        if not lists[0] or not lists[1] or _slanted(lists):
            return _Found([], cost)
        best = _lowest(lists[0]), _lowest(lists[1])
        bounds = _bounds(lists, best, half, target)
        if bounds.lower > target:
            return _Found([], cost)
        if best[0].middle + best[1].middle < target:
            return _Found([box], cost, float(bounds.lower), _centre(box, best))
        if not any(bounds.split):
            return _Found(_split(box, bounds), cost, float(bounds.lower))
        lists, more = _refined(bounds, over, p, weight)
        cost += more


def _refined(
    bounds: _Bounds, over: tuple[Slopes, Slopes], p: Any, weight: tuple[Any, Any]
) -> tuple[tuple[list[Cell], list[Cell]], int]:
    """The cells with the blurred ones halved, and how many were looked at."""
    lists, cost = [], 0
    for k in (0, 1):
        chosen = {cell.bias for cell in bounds.split[k]}
        intervals = [part for cell in bounds.split[k] for part in halves(cell.bias)]
        kept = [cell for cell in bounds.alive[k] if cell.bias not in chosen]
        lists.append(kept + cells(over[k], intervals, p, weight[k]))
        cost += len(intervals)
    return (lists[0], lists[1]), cost


def _slanted(lists: tuple[list[Cell], list[Cell]]) -> bool:
    """Whether ∂L/∂W_1 or ∂L/∂W_2 keeps its sign, whichever cells the biases are in."""
    by_first = _union([c.own for c in lists[0]]) + _union([c.other for c in lists[1]])
    by_second = _union([c.other for c in lists[0]]) + _union([c.own for c in lists[1]])
    return bool(by_first > 0 or by_first < 0 or by_second > 0 or by_second < 0)


def _union(balls: list[Any]) -> Any:
    hull = balls[0]
    for other in balls[1:]:
        hull = hull.union(other)
    return hull


def _gradient(cell: Cell, output: int) -> tuple[Any, Any]:
    """∂/∂W_1 and ∂/∂W_2 of the output's loss."""
    return (cell.own, cell.other) if output == 0 else (cell.other, cell.own)


def _centre(box: Box, best: tuple[Cell, Cell]) -> tuple[float, float, float, float]:
    """The point that two cells were evaluated at."""
    return middle(box.first), middle(box.second), middle(best[0].bias), middle(best[1].bias)


def _lowest(row: list[Cell]) -> Cell:
    return min(row, key=lambda cell: float(cell.middle))


def _bounds(
    lists: tuple[list[Cell], list[Cell]],
    best: tuple[Cell, Cell],
    half: tuple[Any, Any],
    target: Any,
) -> _Bounds:
    """Lower bounds of all cells with one pair of multipliers, and what they leave to do."""
    slants = [[float(slant.mid()) for slant in _gradient(best[k], k)] for k in (0, 1)]
    g = [arb((ours - theirs) / 2) for ours, theirs in zip(*slants, strict=True)]
    lows = (
        [_low(cell, 0, g, half) for cell in lists[0]],
        [_low(cell, 1, [-g[0], -g[1]], half) for cell in lists[1]],
    )
    lowest = [min(row, key=lambda low: low.bound) for row in lows]  # exact numbers
    alive: tuple[list[Cell], list[Cell]] = ([], [])
    split: tuple[list[Cell], list[Cell]] = ([], [])
    for k in (0, 1):
        for low in lows[k]:
            if low.bound + lowest[1 - k].bound > target:
                continue
            alive[k].append(low.cell)
            if float(low.cell.reach) > sum(low.blur) + sum(lowest[1 - k].blur):
                split[k].append(low.cell)
        if len(alive[k]) > CROWD:
            split[k].clear()
    blur = [lowest[0].blur[j] + lowest[1].blur[j] for j in (0, 1)]
    return _Bounds(lowest[0].bound + lowest[1].bound, alive, (blur[0], blur[1]), split)


def _low(cell: Cell, output: int, g: list[Any], half: tuple[Any, Any]) -> _Low:
    """The lower bound of a cell's loss less g · (W - W_c): mean value form, or monotony."""
    slant = _gradient(cell, output)
    blur = [half[j] * (slant[j] - g[j]).abs_upper() for j in (0, 1)]
    by_mean = cell.middle - blur[0] - blur[1] - cell.reach
    by_monotony = cell.least - half[0] * abs(g[0]) - half[1] * abs(g[1])
    bound = by_mean.max(by_monotony).lower()
    if not bound.is_finite():  # a ball without bounds bounds nothing
        bound = arb.neg_inf()
    return _Low(cell, bound, (float(blur[0]), float(blur[1])))


def _split(box: Box, bounds: _Bounds) -> list[Box]:
    """Both halves along the weight that blurs the bound more."""
    biases = tuple(cell.bias for cell in bounds.alive[0]), tuple(c.bias for c in bounds.alive[1])
    if bounds.blur[0] >= bounds.blur[1]:
        return [Box(part, box.second, biases) for part in _parts(box.first)]
    return [Box(box.first, part, biases) for part in _parts(box.second)]


def _parts(interval: Interval) -> tuple[Interval, Interval]:
    """Two intervals that cover one: halves, or equal ratios where the ends differ in scale."""
    low, high = sorted(abs(end) for end in interval)
    if low == 0 or high <= 2 * low:
        return halves(interval)
    cut = math.copysign(math.sqrt(low) * math.sqrt(high), interval[0] + interval[1])
    return (interval[0], cut), (cut, interval[1])
