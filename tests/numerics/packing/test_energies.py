"""Energies: plain double loops, finite differences, what must change nothing, and their names."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from superposition.numerics.packing.energy.largest_cosine import LargestCosine
from superposition.numerics.packing.energy.named import energy_named
from superposition.numerics.packing.energy.pair_energy import PairEnergy, Potential
from superposition.numerics.packing.energy.potentials import (
    Gaussian,
    Logarithmic,
    Riesz,
    Sharpened,
)
from tests.numerics.packing.arrangements import (
    KINDS,
    drawn,
    isometry,
    largest,
    nearest,
    pair_sum,
)

FORMULAS: dict[str, tuple[Potential, Callable[[float], float]]] = {
    "coulomb": (Riesz(1), lambda r: 1 / r),
    "riesz": (Riesz(2.5), lambda r: r**-2.5),
    "log": (Logarithmic(), lambda r: -math.log(r)),
    "gaussian": (Gaussian(0.7), lambda r: math.exp(-0.7 * r * r)),
    "sharpened": (Sharpened(3, 0.5), lambda r: (0.5 / r**2) ** 8),
}
seeds = st.integers(0, 2**32 - 1)
counts, dims = st.integers(2, 7), st.integers(2, 5)
kinds = st.sampled_from(KINDS)
formulas = st.sampled_from(sorted(FORMULAS))


@given(formulas, kinds, seeds, counts, dims)
def test_values_are_sums_over_pairs(name: str, kind: str, seed: int, n: int, d: int) -> None:
    potential, formula = FORMULAS[name]
    batch = np.stack([drawn(seed + k, n, d, kind) for k in range(3)])
    assume(min(nearest(points, kind) for points in batch) > 0.05)
    found = PairEnergy(potential, kind != "points").value(batch)
    for value, points in zip(found, batch, strict=True):
        expected = pair_sum(points, formula, kind)
        size = pair_sum(points, lambda r: abs(formula(r)), kind)
        assert value == pytest.approx(expected, rel=1e-11, abs=1e-11 * size)


@given(formulas, kinds, seeds, counts, dims)
def test_gradients_and_hessian_products(name: str, kind: str, seed: int, n: int, d: int) -> None:
    energy, e = PairEnergy(FORMULAS[name][0], kind != "points"), 1e-6
    points, direction = drawn(seed, n, d, kind), drawn(seed + 1, n, d, kind)
    assume(nearest(points, kind) > 0.3)
    value, gradient = energy.gradient(points)
    assert value == pytest.approx(energy.value(points), rel=1e-14)
    up, down = (energy.gradient(points + sign * e * direction) for sign in (1, -1))
    along = float(np.vdot(gradient, direction).real)
    size = float(np.linalg.norm(gradient))
    assert along == pytest.approx(
        (up[0] - down[0]) / (2 * e), abs=1e-6 * size + 1e-8 * abs(float(value))
    )
    product = energy.hessian_product(points, direction)
    error = np.linalg.norm(product - (up[1] - down[1]) / (2 * e))
    assert error < 1e-5 * np.linalg.norm(product) + 1e-7 * size


@given(formulas, st.floats(-1, 0.99))
def test_jets_are_derivatives(name: str, t: float) -> None:
    jet, e = FORMULAS[name][0].jet, 1e-6
    _, slope, curvature = (float(part) for part in jet(np.array(t)))
    up, down = jet(np.array(t + e)), jet(np.array(t - e))
    assert slope == pytest.approx(float(up[0] - down[0]) / (2 * e), rel=2e-6)
    assert curvature == pytest.approx(float(up[1] - down[1]) / (2 * e), rel=2e-6)


@given(formulas | st.just("largest"), kinds, seeds, counts, dims)
def test_isometries_permutations_and_phases_change_nothing(
    name: str, kind: str, seed: int, n: int, d: int
) -> None:
    lines = kind != "points"
    points, rng = drawn(seed, n, d, kind), np.random.default_rng(seed)
    assume(nearest(points, kind) > 0.05)
    moved = (points @ isometry(seed, d, kind))[rng.permutation(n)]
    if lines:
        moved = moved * rng.choice([-1.0, 1.0], (n, 1))
    if kind == "complex lines":
        moved = moved * np.exp(2j * np.pi * rng.random((n, 1)))
    energy = LargestCosine(lines) if name == "largest" else PairEnergy(FORMULAS[name][0], lines)
    assert energy.value(moved) == pytest.approx(energy.value(points), rel=1e-9, abs=1e-11)


@given(kinds, seeds, counts, dims)
def test_the_largest_cosine_is_that_of_some_pair(kind: str, seed: int, n: int, d: int) -> None:
    points = drawn(seed, n, d, kind)
    energy = LargestCosine(kind != "points", "complex" if kind == "complex lines" else "real")
    expected = largest(points, kind)
    expected = expected if kind == "points" else math.sqrt(expected)
    assert float(energy.value(points)) == pytest.approx(expected, abs=1e-14)
    assert float(energy.value(points[:1])) == -math.inf


@given(st.sampled_from(["riesz", "gaussian"]), st.floats(1e-6, 1e6))
def test_the_name_of_an_energy_makes_it_again(family: str, number: float) -> None:
    energy = energy_named(f"{family}:{number!r}")
    assert isinstance(energy, PairEnergy)
    assert energy.potential in (Riesz(number), Gaussian(number))
    assert energy_named(energy.name) == energy


def test_plain_names_and_their_second_names() -> None:
    for name in ("coulomb", "log", "max-cosine", "lines", "complex-lines", "one-active"):
        assert energy_named(name).name == name
    assert energy_named("tammes") == energy_named("max-cosine") == LargestCosine()
    assert energy_named("coherence") == energy_named("lines") == LargestCosine(lines=True)
    assert energy_named("complex-lines") == LargestCosine(lines=True, field="complex")
    assert energy_named("riesz:1") == energy_named("coulomb")
    assert [energy_named(name).name for name in ("riesz:2.50", "gaussian:1e0")] == [
        "riesz:2.5", "gaussian:1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "name", ["", "Coulomb", "coulomb:1", "riesz", "riesz:", "riesz:nan", "riesz:inf", "gauss:1",
             "log:2", "riesz:1:2", "riesz: 1", "toy", "max_cosine", "sharpened:8"],
)  # fmt: skip
def test_unknown_names_are_told_what_is_allowed(name: str) -> None:
    with pytest.raises(ValueError, match=r"^energy is '.*'; it must be one of .*\.$") as refusal:
        energy_named(name)
    sentence = str(refusal.value)
    for allowed in ("coulomb", "log", "max-cosine", "lines", "complex-lines", "one-active",
                    "riesz:S", "gaussian:A"):  # fmt: skip
        assert allowed in sentence


@pytest.mark.parametrize(
    "name", ["riesz:0", "riesz:-1", "riesz:1e999", "riesz:+-", "gaussian:0", "gaussian:-1"]
)
def test_numbers_that_are_not_above_zero_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"must be a finite number above 0\.$"):
        energy_named(name)


@pytest.mark.parametrize("made", [Riesz, Gaussian])
@pytest.mark.parametrize("number", [0.0, -1.0, math.nan, math.inf])
def test_potentials_refuse_the_same(made: Callable[[float], object], number: float) -> None:
    with pytest.raises(ValueError, match="must be a finite number above 0"):
        made(number)
