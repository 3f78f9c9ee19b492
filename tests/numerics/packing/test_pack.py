"""The question: one answer for a seed, without numba too, trivial cases, and what is refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from superposition.numerics.packing import largest_method, pack, smooth_method
from superposition.numerics.packing.codes.catalogue import built
from superposition.numerics.packing.energy.pair_energy import PairEnergy
from superposition.numerics.packing.energy.potentials import Riesz
from superposition.numerics.packing.packing import Packing
from superposition.numerics.packing.search import Progress
from tests.numerics.packing.arrangements import drawn, largest, pair_sum

PROBLEMS = [(7, 3, "coulomb"), (7, 3, "max-cosine"), (5, 3, "lines"), (5, 2, "complex-lines"),
            (9, 4, "riesz:3"), (6, 4, "max-cosine")]  # fmt: skip
SMALL: list[tuple[int, int, str, float]] = [
    (4, 3, "coulomb", 6 * math.sqrt(3 / 8)), (5, 3, "coulomb", 6.474691494688162),
    (6, 3, "log", -6.238324625039507), (12, 3, "coulomb", 49.1652530576288),
    (5, 4, "gaussian:1", 10 * math.exp(-2.5)), (7, 3, "max-cosine", 0.2101383127306033),
    (8, 3, "tammes", (2 * math.sqrt(2) - 1) / 7), (6, 3, "lines", 5**-0.5),
    (6, 3, "coherence", 5**-0.5), (4, 2, "complex-lines", 3**-0.5),
]  # fmt: skip


def same(one: Packing, other: Packing) -> bool:
    return bool(
        np.array_equal(one.points, other.points)
        and (one.value, one.starts, one.reached) == (other.value, other.starts, other.reached)
    )


@pytest.mark.parametrize(("points", "dim", "energy"), PROBLEMS)
def test_the_answer_depends_on_the_seed_alone(points: int, dim: int, energy: str) -> None:
    first = pack(points, dim, energy, starts=16, seed=3)
    assert same(first, pack(points, dim, energy, starts=16, seed=3))
    assert same(first, pack(points, dim, energy, starts=16, seed=3, workers=2))
    assert first.settings == {"points": points, "dim": dim, "energy": energy, "starts": 16,
                              "seconds": None, "seed": 3}  # fmt: skip


@settings(max_examples=12)
@given(st.integers(0, 2**31), st.sampled_from(SMALL))
def test_every_seed_proves_the_same_value(seed: int, problem: tuple[int, int, str, float]) -> None:
    points, dim, energy, expected = problem
    found = pack(points, dim, energy, seed=seed)
    assert found.value == pytest.approx(expected, abs=1e-12, rel=1e-12)
    assert found.evidence == "proven"
    assert 0 <= found.reached <= found.starts
    assert not found.interrupted


@pytest.mark.parametrize(("points", "dim", "energy", "expected"), SMALL)
def test_without_numba_the_same_is_proven(
    points: int, dim: int, energy: str, expected: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (smooth_method, largest_method):
        monkeypatch.setattr(module, "find_spec", lambda _: None)
    found = pack(points, dim, energy)
    assert found.value == pytest.approx(expected, abs=1e-12, rel=1e-12)
    assert found.evidence == "proven"


def test_the_value_is_that_of_the_points() -> None:
    found = pack(7, 3)
    assert found.value == pytest.approx(pair_sum(found.points, lambda r: 1 / r), rel=1e-13)
    lines = pack(7, 3, "lines")
    assert lines.value == pytest.approx(math.sqrt(largest(lines.points, "lines")), rel=1e-13)
    turned = pack(5, 2, "complex-lines")
    assert np.iscomplexobj(turned.points)
    value = math.sqrt(largest(turned.points, "complex lines"))
    assert turned.value == pytest.approx(value, rel=1e-13)


def test_an_earlier_result_is_a_first_start() -> None:
    for energy in ("coulomb", "max-cosine"):
        found = pack(12, 3, energy, starts=1, initial=3 * built("icosahedron"))
        assert found.evidence == "proven"
        assert found.starts == 1
    frame = np.array([[1, 0], [1, 1], [1, 1j], [1j, 1], [1, -1], [0, 1j]])
    lines = pack(6, 2, "complex-lines", starts=1, initial=frame)
    assert lines.value == pytest.approx(2**-0.5, abs=1e-12)


def test_budgets_are_kept() -> None:
    assert pack(9, 3, "riesz:3", starts=3).starts == 3
    assert 1 <= pack(9, 3, "riesz:3", seconds=1e-9).starts <= 8


def test_an_energy_of_ones_own() -> None:
    found = pack(4, 3, PairEnergy(Riesz(1), lines=True), starts=16)
    assert found.energy == "coulomb of lines"
    gram = np.abs(found.points @ found.points.T)
    np.testing.assert_allclose(gram[~np.eye(4, dtype=bool)], 1 / 3, atol=1e-9)


def test_progress_is_in_the_terms_of_the_answer() -> None:
    reports: list[Progress] = []
    found = pack(5, 3, "lines", starts=16, progress=reports.append)
    assert reports
    assert reports[-1].best == pytest.approx(found.value, abs=1e-12)


def test_ctrl_c_keeps_the_best() -> None:
    reports: list[Progress] = []

    def interrupt(report: Progress) -> None:
        reports.append(report)
        raise KeyboardInterrupt

    found = pack(9, 3, "riesz:3", progress=interrupt)
    assert found.interrupted
    assert len(reports) == 1
    assert found.starts == reports[0].starts


@pytest.mark.parametrize("energy", ["coulomb", "log", "riesz:2", "gaussian:1"])
def test_one_point_and_one_dimension(energy: str) -> None:
    assert pack(1, 3, energy).value == 0
    assert pack(1, 1, energy).value == 0
    two = pack(2, 1, energy)
    assert sorted(two.points.ravel()) == [-1, 1]
    assert two.evidence == "proven"
    assert two.value == pytest.approx(pack(2, 3, energy).value, rel=1e-12, abs=1e-14)
    with pytest.raises(ValueError, match="points is 3 with dim 1"):
        pack(3, 1, energy)


def test_polygons_in_the_plane() -> None:
    for count in (2, 3, 5, 8):
        found = pack(count, 2, "max-cosine")
        assert found.value == pytest.approx(math.cos(2 * math.pi / count), abs=1e-12)
        lines = pack(count, 2, "lines")
        assert lines.value == pytest.approx(math.cos(math.pi / count), abs=1e-12)
        assert found.evidence == lines.evidence == "proven"


@pytest.mark.parametrize("energy", ["lines", "complex-lines"])
@pytest.mark.parametrize(("points", "dim"), [(2, 2), (2, 4), (3, 3), (4, 6)])
def test_few_lines_are_orthogonal(points: int, dim: int, energy: str) -> None:
    found = pack(points, dim, energy)
    gram = np.abs(found.points @ found.points.conj().T)
    np.testing.assert_allclose(gram, np.eye(points), atol=1e-12)
    assert found.evidence == "proven"


REFUSED: list[tuple[tuple[Any, ...], dict[str, Any], str]] = [
    ((0, 3), {}, "points"), ((-1, 3), {}, "points"), ((True, 3), {}, "points"),
    ((4.5, 3), {}, "points"), ((4, 0), {}, "dim"), ((4, 2.5), {}, "dim"), ((4, False), {}, "dim"),
    ((4, 3, "gravity"), {}, "energy is 'gravity'; it must be one of coulomb"),
    ((4, 3, "riesz:-1"), {}, "Riesz exponent s is -1"),
    ((1, 3, "max-cosine"), {}, "points is 1"), ((1, 1, "lines"), {}, "points is 1"),
    ((4, 3), {"starts": 0}, "starts"), ((4, 3), {"starts": 1.5}, "starts"),
    ((4, 3), {"starts": True}, "starts"), ((4, 3), {"seconds": 0}, "seconds is 0"),
    ((4, 3), {"seconds": -1.0}, "seconds is -1"), ((4, 3), {"seconds": math.nan}, "seconds is nan"),
    ((4, 3), {"seconds": math.inf}, "seconds is inf"), ((4, 3), {"seed": -1}, "seed"),
    ((4, 3), {"seed": 0.5}, "seed"), ((4, 3), {"workers": 0}, "workers"),
    ((4, 3), {"initial": np.ones((3, 3))}, r"initial has shape \(3, 3\)"),
    ((4, 3), {"initial": np.ones(12)}, "initial has shape"),
    ((4, 3), {"initial": [[math.nan] * 3] * 4}, "initial"),
    ((4, 3), {"initial": [[math.inf] * 3] * 4}, "initial"),
    ((4, 3), {"initial": np.eye(4)[:, :3]}, "initial contains a row of zeros"),
    ((4, 3), {"initial": "points"}, "initial contains entries that are no numbers"),
    ((4, 3), {"initial": 1j * np.ones((4, 3))}, "initial"),
]  # fmt: skip


@pytest.mark.parametrize(("question", "more", "said"), REFUSED)
def test_what_makes_no_sense_is_refused(
    question: tuple[Any, ...], more: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        pack(*question, **more)


def test_rows_in_one_place_are_refused() -> None:
    rows = np.array([[1.0, 0, 0], [-1, 0, 0], [0, 1, 0], [0, 0, 1]])
    assert pack(4, 3, initial=rows).evidence == "proven"
    with pytest.raises(ValueError, match="initial contains two rows of one direction"):
        pack(4, 3, "lines", initial=rows)
    with pytest.raises(ValueError, match="initial contains two rows of one direction"):
        pack(4, 3, initial=abs(rows))


def test_random_arrangements_are_worse() -> None:
    for points, dim, energy in PROBLEMS:
        if not energy.startswith(("max", "cou")):
            continue
        found = pack(points, dim, energy)
        for seed in range(20):
            rows = drawn(seed, points, dim)
            worse = largest(rows) if energy == "max-cosine" else pair_sum(rows, lambda r: 1 / r)
            assert worse > found.value
