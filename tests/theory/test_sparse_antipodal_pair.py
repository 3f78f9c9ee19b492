"""The sparse limit of the pair with two norms, against minimisation at small densities."""

from __future__ import annotations

import numpy as np
import pytest
import sympy

from superposition.numerics.free_pair import pair_boundary
from superposition.theory.sparse_antipodal_pair import boundary, storing_importance
from superposition.theory.symbols import rho


def test_the_boundary_is_the_least_importance() -> None:
    norm, least = boundary()
    assert norm == 2 - sympy.sqrt(2)
    assert sympy.simplify(least - (2 + sympy.sqrt(2)) / 8) == 0
    values = [float(storing_importance().subs(rho, x)) for x in np.linspace(0.01, 1, 200)]
    assert min(values) >= float(least)
    assert min(values) == pytest.approx(float(least), rel=1e-4)
    assert storing_importance().subs(rho, 1) == sympy.Rational(1, 2)  # the paper's slope


def test_free_minimisation_tends_to_it_linearly_in_the_density() -> None:
    """Over both norms and both biases: r*/p → (2 + √2)/8 and the second norm → 2 - √2."""
    norm, least = map(float, boundary())
    points = [pair_boundary(density) for density in (0.02, 0.01, 0.005)]
    assert all(point.converged for point in points)
    gaps = np.array([point.importance / point.density - least for point in points])
    np.testing.assert_allclose(gaps[:-1] / gaps[1:], 2, rtol=0.1)
    assert points[-1].pair[1] == pytest.approx(norm, abs=0.002)
