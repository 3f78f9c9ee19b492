"""Density ranges of codes, and the record of the bridge: what it says is so."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from superposition.numerics.expectation.question import expected_loss, expected_loss_gradient
from superposition.numerics.packing.bridge.compared_codes import compared_codes, followed_codes
from superposition.numerics.packing.bridge.density_range import (
    equal_features,
    followed,
    global_limits,
    local_limits,
    setting,
    sparse_start,
)
from superposition.numerics.packing.bridge.record import recorded, told
from superposition.numerics.packing.bridge.standing import code_in_the_toy_model, critical_point
from superposition.numerics.packing.codes import families
from superposition.numerics.phase_diagram.sequence_record import recorded as sequence
from superposition.theory.symmetric_arrangements.optimum import polygon_optimum, simplex_optimum

CODES = {row["name"]: row for row in recorded()["codes"]}
DENSITIES = {row["name"]: row for row in recorded()["densities"]}
QUICK = [one for one in compared_codes() if one.points().size <= 60]


@pytest.mark.parametrize("code", QUICK, ids=lambda code: code.name)
def test_the_table_is_found_again(code: Any) -> None:
    """Everything about the code itself; the free minimum from its weights."""
    stored = CODES[code.name]
    again = told(code.name, code_in_the_toy_model(code.points(), starts=0))
    for part in ("squared_norm", "bias", "loss", "dimensionality"):
        assert stored[part] == pytest.approx(again[part], abs=1e-8)
    assert stored["signature"] == again["signature"]
    if stored["free"] is None:
        return
    free = critical_point(*map(np.array, stored["free"]["weights"]))
    assert free.loss == pytest.approx(stored["free"]["loss"], abs=1e-9)
    assert stored["free"]["loss"] <= stored["loss"] + 1e-9
    if free.signature is not None:
        assert free.gradient_norm < 1e-9
        assert free.signature[0] == 0


def test_the_table_is_whole() -> None:
    assert list(CODES) == [code.name for code in compared_codes()]
    assert list(DENSITIES) == [code.name for code in followed_codes()]


@pytest.mark.parametrize("name", DENSITIES)
def test_every_limit_holds(name: str) -> None:
    """At a limit code and competitor are stationary; at a global one they lose the same."""
    row = DENSITIES[name]
    for kind in ("local_limits", "global_limits"):
        for limit in row[kind]:
            losses = []
            for weights in (limit["code"], limit["other"]):
                if weights is None:
                    continue
                W, b = map(np.array, weights)
                found = expected_loss_gradient(W, b, density=limit["density"])
                assert np.linalg.norm(found.W) < 1e-9
                assert np.linalg.norm(found.b) < 1e-9
                losses.append(expected_loss(W, b, density=limit["density"]).value)
            assert abs(limit["residual"]) < 1e-10
            assert np.ptp(losses) < 1e-11


@pytest.mark.parametrize(
    ("name", "size", "number"),
    [
        ("digon", (2, 1), 0),
        ("triangle", (3, 2), 0),
        ("square", (4, 2), 0),
        ("pentagon", (5, 2), 0),
        ("hexagon", (6, 2), 0),
        ("tetrahedron", (4, 3), 0),
    ],
)
def test_global_limits_are_those_of_the_phase_sequences(
    name: str, size: tuple[int, int], number: int
) -> None:
    """Found by another search, with other starts."""
    known = sequence(*size)["crossings"][number]["density"]
    assert DENSITIES[name]["global_limits"][0]["density"] == pytest.approx(known, abs=1e-8)


def test_limits_are_found_again() -> None:
    """The triangle takes over from a digon; the digon's symmetry breaks."""
    landscape = equal_features(3, 2)
    start = sparse_start(families.polygon(3), landscape)
    triangle = followed(landscape, start, [0.02, 0.2, 0.45, 0.6])
    assert local_limits(triangle) == ()
    at_first, (limit,) = global_limits(triangle, [0.45, 0.6], starts=8, seed=5)
    assert not at_first
    assert (limit.ends, limit.competitor) == (False, "digon + dedicated, symmetry 2")
    stored = DENSITIES["triangle"]["global_limits"][0]["density"]
    assert limit.density == pytest.approx(stored, abs=1e-9)
    landscape = equal_features(2, 1)
    start = sparse_start(families.simplex(1), landscape)
    (broken,) = local_limits(followed(landscape, start, [0.02, 0.3, 0.6, 0.8]))
    assert broken.ends
    stored = DENSITIES["digon"]["local_limits"][0]["density"]
    assert broken.density == pytest.approx(stored, abs=1e-9)


@pytest.mark.parametrize("density", [0.05, 0.3, 0.9])
def test_a_branch_is_the_best_norm_and_bias_of_the_theory(density: float) -> None:
    for code, known in (
        (families.simplex(3), simplex_optimum(4, density)),
        (families.polygon(5), polygon_optimum(5, density)),
    ):
        landscape = equal_features(*code.shape)
        path = np.append(np.geomspace(0.01, density, 8), min(1.0, 1.05 * density))
        branch = followed(landscape, sparse_start(code, landscape), path)
        W, b = landscape.split(branch.at(density)[None])
        assert np.sum(W[0] ** 2, axis=0) == pytest.approx(known.squared_norm, rel=1e-9)
        assert b[0] == pytest.approx(known.bias, rel=1e-9, abs=1e-12)
        loss = setting(landscape, density).evaluate(branch.at(density)[None]).loss
        assert float(loss[0]) == pytest.approx(len(code) * known.loss, rel=1e-10)


def test_bad_arguments_are_refused() -> None:
    landscape = equal_features(3, 2)
    with pytest.raises(ValueError, match="near no stationary point"):
        followed(landscape, np.full(landscape.size, 0.7), [0.1, 0.2])
    with pytest.raises(ValueError, match="a density p = 1 - S must lie"):
        followed(landscape, np.ones(landscape.size), [0.0, 0.2])
