"""Claims are honest: proven, known and best found mean what they say, and worsen with the value."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from superposition.numerics.packing import pack
from superposition.numerics.packing.energy.named import energy_named
from superposition.numerics.packing.evidence import Standing, standing_of
from superposition.numerics.packing.published import published_value
from tests.numerics.packing.arrangements import drawn

ENERGIES = ["coulomb", "log", "riesz:2", "gaussian:1", "max-cosine", "lines", "complex-lines"]
KNOWN = [(7, 3, "coulomb"), (8, 3, "coulomb"), (10, 3, "coulomb"), (16, 3, "coulomb"),
         (16, 3, "max-cosine"), (20, 3, "max-cosine"), (8, 3, "lines"), (16, 4, "lines"),
         (8, 2, "complex-lines")]  # fmt: skip
PROVEN = [(12, 3, "coulomb"), (5, 3, "log"), (6, 4, "max-cosine"), (8, 4, "riesz:2"),
          (10, 3, "max-cosine"), (6, 3, "lines"), (4, 2, "complex-lines"), (12, 4, "lines"),
          ]  # fmt: skip


def standing(points: int, dim: int, energy: str) -> Standing:
    field = "complex" if energy == "complex-lines" else "real"
    return standing_of(points, dim, energy_named(energy), field)


def rank(told: tuple[str, str]) -> int:
    """Proven, below the published, at it, above it or unheard of."""
    claim, why = told
    if claim == "proven":
        return 0
    if claim == "known":
        return 2
    return 1 if " below the published " in why else 3


@settings(max_examples=40)
@given(st.integers(2, 14), st.integers(2, 5), st.sampled_from(ENERGIES), st.integers(0, 2**32 - 1))
def test_no_arrangement_beats_a_bound(points: int, dim: int, energy: str, seed: int) -> None:
    known, asked = standing(points, dim, energy), energy_named(energy)
    kind = "complex lines" if energy == "complex-lines" else "points"
    value = float(asked.value(drawn(seed, points, dim, kind)))
    if known.bound is not None:
        assert value >= known.bound.value - 1e-9 * (1 + abs(value))
    claim, why = known.evidence(value)
    assert why.endswith((".", "here."))
    if claim == "proven":
        assert known.bound is not None
        assert value <= known.bound.value + 1e-9 * (1 + abs(value))


@pytest.mark.parametrize(("points", "dim", "energy"), PROVEN)
def test_what_is_proven_meets_its_bound(points: int, dim: int, energy: str) -> None:
    found = pack(points, dim, energy)
    assert found.evidence == "proven"
    assert found.bound is not None
    assert found.value == pytest.approx(found.bound, abs=1e-9, rel=1e-9)
    assert found.why.startswith("No arrangement does better: ")
    assert found.bound_name in found.why


@pytest.mark.parametrize(("points", "dim", "energy"), KNOWN)
def test_what_is_known_is_the_published_value(points: int, dim: int, energy: str) -> None:
    published = published_value(points, dim, energy)
    if published is None:  # odd rows are kept apart
        assert standing(points, dim, energy).published is None
        return
    found = pack(points, dim, energy)
    assert found.evidence == "known"
    assert abs(found.value - published.value) <= published.digits
    assert (found.published, found.published_source) == (published.value, published.source)
    assert published.source in found.why
    if found.bound is not None:  # and it is not proven
        assert found.value > found.bound + 1e-9


@pytest.mark.parametrize(("points", "dim", "energy"), [*KNOWN, *PROVEN])
def test_claims_worsen_with_the_value(points: int, dim: int, energy: str) -> None:
    known = standing(points, dim, energy)
    near = [place.value for place in (known.bound, known.published) if place is not None]
    steps = [sign * 10.0**-k for k in range(14) for sign in (1, -1)]
    values = sorted(value + step * (1 + abs(value)) for value in near for step in [0.0, *steps])
    ranks = [rank(known.evidence(value)) for value in values]
    assert ranks == sorted(ranks)
    assert ranks[-1] == 3


@pytest.mark.parametrize(("points", "dim", "energy"), KNOWN)
def test_a_worse_and_a_better_one_are_told(points: int, dim: int, energy: str) -> None:
    known = standing(points, dim, energy)
    if known.published is None:
        return
    value, digits = known.published.value, known.published.digits
    claim, why = known.evidence(value + 3 * digits)
    assert claim == "best found"
    assert "above the published" in why
    assert "a better arrangement is known" in why
    claim, why = known.evidence(value - 3 * digits)
    assert claim == "best found"
    assert "below the published" in why


@pytest.mark.parametrize(("points", "dim", "energy"), [*KNOWN, *PROVEN])
def test_no_search_ends_at_a_target_that_claims_nothing(points: int, dim: int, energy: str) -> None:
    known = standing(points, dim, energy)
    if known.target is not None:
        assert known.evidence(known.target)[0] in ("proven", "known")


def test_a_poor_search_does_not_claim_the_published_value() -> None:
    """Some first start out of these ends in another minimum, and is told to be worse."""
    claims = [pack(16, 3, "max-cosine", starts=1, seed=seed) for seed in range(12)]
    worse = [found for found in claims if found.value > 0.6122946164827 + 1e-6]
    assert worse
    assert {found.evidence for found in worse} == {"best found"}
    assert all("above the published" in found.why for found in worse)


def test_without_anything_known_it_is_the_best_found() -> None:
    assert Standing(None, None).evidence(1.0) == (
        "best found", "No published value is known here; this is the best found.",
    )  # fmt: skip
    assert Standing(None, None).target is None
    assert pack(9, 4, "riesz:3", starts=4).evidence == "best found"
