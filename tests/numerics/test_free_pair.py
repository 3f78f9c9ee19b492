"""The numerical boundary of the pair with two free norms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from superposition.numerics.enumeration import relu_output_loss
from superposition.numerics.free_pair import pair_boundary
from superposition.theory.balanced_antipodal_pair import BalancedPair


@pytest.mark.parametrize("density", [0.05, 0.3])
def test_on_the_boundary_both_cost_the_same(density: float) -> None:
    point = pair_boundary(density)
    assert point.converged
    W, b = point.pair[:2] * np.array([1, -1]), point.pair[2:]
    importance = np.array([1, point.importance])
    stored = relu_output_loss(np.outer(W, W), b, importance, np.full(2, density))
    dropped = point.importance * (density / 3 - density**2 / 4)
    assert float(stored) == pytest.approx(dropped, abs=1e-8 * density**2)


@pytest.mark.parametrize("density", [0.05, 0.3, 0.5])
def test_freedom_lowers_the_boundary(density: float) -> None:
    """Two free norms need less importance than one, and one less than the unit pair."""
    cost = float(BalancedPair().relative_cost(density))
    balanced, unit = cost / (1 - cost), 2 * density / (4 - 5 * density)
    assert pair_boundary(density).importance < balanced < unit


@pytest.mark.parametrize("density", [0, 1e-9, 0.6, 1, -1, "a", [0.1]])
def test_other_densities_are_refused(density: Any) -> None:
    with pytest.raises(ValueError, match="density (is|has) .*(0.0001|in \\(0, 1|number)"):
        pair_boundary(density)
