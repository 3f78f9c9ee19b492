"""A phase diagram of 1000 × 1000 points against a plain loop over compositions in numpy.

Floor: a candidate costs three multiply-adds a point and one comparison; with three candidates
that is about 12 flops and a few passes over 8 MB a point array, so memory traffic rules.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from superposition.theory.phase_diagram import phases

IMPORTANCE = np.geomspace(0.1, 10, 1000)[None, :]
DENSITY = np.geomspace(0.01, 1, 1000)[:, None]


def seconds(function: Callable[[], object], repeats: int = 5) -> float:
    """The median CPU time of a call."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        function()
        times.append(time.process_time() - start)
    return float(np.median(times))


def by_hand() -> object:
    """What a user would write: the three losses of n = 2, m = 1, stacked, argmin."""
    r, p = np.broadcast_arrays(IMPORTANCE, DENSITY)
    variance = p / 3 - p**2 / 4
    return np.stack([r * variance, (1 + r) * p**2 / 6, variance]).argmin(axis=0)


def test_a_million_points_cost_no_more_than_by_hand() -> None:
    """In process, imports and the symbolic part aside."""
    diagram = phases(features=2, hidden=1)
    diagram.phase(1.0, 0.5)  # compiles λ(p)
    np.testing.assert_array_equal(diagram.phase(IMPORTANCE, DENSITY), by_hand())
    ours, theirs = seconds(lambda: diagram.phase(IMPORTANCE, DENSITY)), seconds(by_hand)
    copy = seconds(lambda: np.zeros((1000, 1000)) + IMPORTANCE)
    print(
        f"\nphase diagram, 10^6 points: {ours:.3f} s; by hand {theirs:.3f} s "
        f"(ratio {ours / theirs:.2f}); one pass over memory {copy:.4f} s"
    )
    assert ours < 2 * theirs


def test_the_balanced_pair_costs_little_more() -> None:
    """The balanced pair: a root per density, not per point."""
    unit, balanced = phases(2, 1), phases(2, 1, pair="balanced")
    unit.phase(1.0, 0.5), balanced.phase(1.0, 0.5)
    ours = seconds(lambda: balanced.phase(IMPORTANCE, DENSITY))
    plain = seconds(lambda: unit.phase(IMPORTANCE, DENSITY))
    print(f"\nbalanced pair: {ours:.3f} s, unit pair {plain:.3f} s (ratio {ours / plain:.2f})")
    assert ours < 5 * plain
