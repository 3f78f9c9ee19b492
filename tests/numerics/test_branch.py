"""Branches are followed as saddles too, and lose their stability where theory says."""

from __future__ import annotations

import numpy as np
import pytest

from superposition.numerics.optimum.branch import follow
from superposition.numerics.optimum.landscape import Landscape
from superposition.theory.stability_of_dropping import least_stable_importance
from superposition.theory.symmetric_arrangements.optimum import simplex_optimum


@pytest.mark.parametrize("density", [0.1, 0.65, 0.95])
def test_dropping_loses_its_stability_at_the_closed_form(density: float) -> None:
    """The dropped branch goes on beyond r*, and κ changes sign between its neighbours."""
    limit = float(least_stable_importance(density))
    importance = limit * np.linspace(0.9, 1.1, 21)
    path = Landscape(1, np.stack([np.ones(21), importance], axis=1), np.full((21, 2), density))
    branch = follow(path, np.array([1.0, 0.0, 0.0, density / 2]))
    assert branch.length == 21
    (last,) = branch.stability_limits
    assert importance[last] <= limit * (1 + 1e-12) <= importance[last + 1] * (1 + 1e-12)
    assert np.abs(branch.points[:, 1]).max() == 0
    assert branch.gradient_norm.max() < 1e-12


def test_the_triangle_is_the_closed_form_all_along() -> None:
    """Also where a digon beside a dedicated feature is better: the branch does not mind."""
    density = np.linspace(0.7, 0.3, 21)
    best = simplex_optimum(3, 0.7)
    angles = 2 * np.pi * np.arange(3) / 3 + 0.3
    W = np.sqrt(best.squared_norm) * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    path = Landscape(2, np.ones((21, 3)), np.repeat(density[:, None], 3, axis=1))
    branch = follow(path, np.concatenate([W.ravel(), np.full(3, best.bias)]))
    expected = [3 * simplex_optimum(3, float(p)).loss for p in density[::5]]
    np.testing.assert_allclose(branch.loss[::5], expected, rtol=1e-12)


def test_a_branch_that_ends_says_where() -> None:
    """The strong pair is no minimum of a far less important feature: the fold ends it."""
    importance = np.linspace(0.3, 0.001, 60)
    path = Landscape(1, np.stack([np.ones(60), importance], axis=1), np.full((60, 2), 0.1))
    branch = follow(path, np.array([1.005, -1.0, 0.001, 0.002]))
    assert 5 < branch.length < 60
    assert np.isnan(branch.loss[branch.length :]).all()


def test_a_start_of_another_size_is_refused() -> None:
    """One sentence, with both sizes."""
    path = Landscape(1, np.ones((1, 2)), np.full((1, 2), 0.1))
    with pytest.raises(ValueError, match=r"start has shape \(3,\); it must be \(4,\)"):
        follow(path, np.zeros(3))
