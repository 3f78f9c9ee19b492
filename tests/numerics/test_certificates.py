"""Certificates: what they prove, what they refuse, and the record of the whole diagram."""

from __future__ import annotations

import json
import math
import re
from dataclasses import FrozenInstanceError
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flint import fmpq
from scipy.optimize import minimize

from superposition.numerics import certify, certify_many, expected_loss_gradient
from superposition.numerics.certificate import __main__ as command
from superposition.numerics.certificate import record as records
from superposition.numerics.certificate.certificate import Certificate, exchanged, prove_dropped
from superposition.numerics.certificate.diagram import DENSITIES, diagram_points, dropping_limit
from superposition.numerics.certificate.record import Record, read_record, write_record
from superposition.numerics.certificate.witness import exact_loss
from superposition.numerics.free_pair import pair_boundary
from tests.repository import ROOT

RECORD = ROOT / "numerics" / "certificate" / "certificates.json"
limit = cache(dropping_limit)


@cache
def reference() -> Record:
    return read_record(RECORD)


def dropping(r: Fraction, p: Fraction) -> Fraction:
    return min(r, Fraction(1)) * p * (4 - 3 * p) / 12


@pytest.mark.parametrize(("density", "share"), [(0.02, 0.99), (0.3, 0.9), (1, 0.2)])
def test_dropped_is_proven_below_the_boundary(density: float, share: float) -> None:
    r = limit(density) * share
    found = certify(r, density)
    assert (found.phase, found.proven, found.stuck) == ("second dropped", True, None)
    assert found.lower == found.upper == dropping(Fraction(r), Fraction(density))
    assert [*found.witness] == [1, 0, 0, Fraction(density) / 2]
    assert found.upper == exact_loss(found.importance, found.density, found.witness)


@pytest.mark.parametrize("density", [0.01, 0.1, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 1])
@pytest.mark.parametrize("share", [1.005, 1.1])
def test_superposed_is_proven_above_the_boundary(density: float, share: float) -> None:
    r = min(limit(density) * share, 1.0)
    found = certify(r, density)
    assert (found.phase, found.proven) == ("superposed", True)
    assert exact_loss(found.importance, found.density, found.witness) <= found.upper
    assert found.upper < dropping(Fraction(r), Fraction(density))
    assert found.lower == 0


@pytest.mark.parametrize(("density", "share"), [(0.03, 1.01), (0.3, 1.3)])
def test_loss_of_the_antipodal_pair_enclosed(density: float, share: float) -> None:
    found = certify(limit(density) * share, density, gap=Fraction(1, 10))
    assert (found.proven, found.antipodal, found.stuck) == (True, True, None)
    assert 0 < found.lower < found.upper < found.lower * Fraction(10, 9) * (1 + Fraction(1, 10**9))
    assert found.boxes > 0


@pytest.mark.parametrize(("importance", "density"), [(1.1, Fraction(3, 10)), (30, 0.2)])
def test_exchange_of_the_features(importance: Any, density: Any) -> None:
    found, image = certify(importance, density), certify(1 / Fraction(importance), density)
    r, p = found.importance, found.density
    assert exchanged(image) == found
    assert exchanged(found) == image
    assert found.upper == r * image.upper
    assert exact_loss(r, p, found.witness) <= found.upper <= dropping(r, p)
    names = {"second dropped": "first dropped", "superposed": "superposed"}
    assert found.phase == names[image.phase]


def test_numbers_are_taken_for_what_they_are() -> None:
    halves = (0.5, Fraction(1, 2), fmpq(1, 2), np.float64(0.5))
    same = [certify(1, p) for p in halves] + [certify(np.int64(1), np.float32(0.5))]
    assert len(set(same)) == 1
    assert certify(0.1, 0.1).importance == Fraction(0.1) != Fraction(1, 10)
    with pytest.raises(FrozenInstanceError):
        same[0].proven = False  # type: ignore[misc]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"importance": 0, "density": 1}, "importance is 0; it must be positive."),
        ({"importance": -2.5, "density": 1}, "importance is -2.5; it must be positive."),
        ({"importance": True, "density": 1}, "importance is True; it must be an int, Fraction"),
        ({"importance": math.inf, "density": 1}, "importance is inf; it must be an int"),
        ({"importance": "1/2", "density": 1}, "importance is '1/2'; it must be an int"),
        ({"importance": 1, "density": 0}, "density is 0; a density p = 1 - S must lie in (0, 1]."),
        ({"importance": 1, "density": 1.5}, "density is 1.5; a density p = 1 - S must lie"),
        ({"importance": 1, "density": math.nan}, "density is nan; it must be an int"),
        ({"importance": 1, "density": 1, "budget": 0}, "budget is 0; it must be a whole number"),
        ({"importance": 1, "density": 1, "gap": 1}, "gap is 1; it must lie between 0 and 1."),
    ],
)
def test_bad_input_is_told(arguments: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        certify(**arguments)


def test_a_refusal_says_where_it_got_stuck() -> None:
    found = certify(Fraction(1, 5), Fraction(1, 2), budget=300)
    assert (found.phase, found.proven) == ("second dropped", False)
    assert found.lower == 0
    assert found.stuck is not None
    (low, high), (left, right) = found.stuck
    assert low < high
    assert left < right
    assert "Stuck after" in found.why
    assert found.why.endswith(".")
    found = certify(Fraction(3, 10), Fraction(1, 2), budget=300)
    assert not found.proven
    found = certify(1, Fraction(1, 2), budget=300, gap=0.01)
    assert (found.proven, found.antipodal) == (True, False)
    assert found.lower == 0
    assert "was not decided within the budget" in found.why
    assert "was not proven within the budget" in found.why


@pytest.mark.parametrize("density", [0.01, 0.2, 0.5, 0.6, 0.8, 0.9, 1])
@pytest.mark.parametrize("share", [1.002, 1.05, 1e9])
def test_dropping_is_never_proven_where_superposition_wins(density: float, share: float) -> None:
    r = min(limit(density) * share, 1.0)
    found = prove_dropped(r, density, budget=10_000)
    assert found.phase == "superposed" or not found.proven
    if found.phase == "superposed":  # by the counterexample that the proof ran into
        assert exact_loss(found.importance, found.density, found.witness) <= found.upper
        assert found.upper < dropping(found.importance, found.density)


def test_boundary_agrees_with_the_free_pair() -> None:
    assert limit(0.2) == pytest.approx(pair_boundary(0.2).importance, rel=1e-6)


def points() -> tuple[tuple[Any, Any], ...]:
    return (1, Fraction(1, 2)), (Fraction(4, 5), 0.25), (1.25, Fraction(1, 4)), (0.02, 0.1)


def test_many_points_resumed(tmp_path: Path) -> None:
    path, told = tmp_path / "record.json", []

    def stop(done: int, of: int) -> None:
        told.append((done, of))
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        certify_many(points(), path, progress=stop)
    assert told == [(1, 4), (3, 4)]  # 4/5 and 5/4 are one proof
    assert len(read_record(path).certificates) == 3
    whole = certify_many(points(), path, progress=stop)
    assert told[2:] == [(4, 4)]
    assert read_record(path) == whole
    assert all(certify(*point) in whole.certificates.values() for point in points())
    assert certify_many(points(), path, progress=stop) == whole
    assert told[3:] == []
    with pytest.raises(ValueError, match="was made with budget 400000 and gap None; it cannot be"):
        certify_many(points(), path, budget=7)


def test_two_processes_write_the_same(tmp_path: Path) -> None:
    one, two = tmp_path / "one.json", tmp_path / "two.json"
    assert certify_many(points()[:3], one) == certify_many(points()[:3], two, workers=2)
    assert one.read_text(encoding="utf-8") == two.read_text(encoding="utf-8")


def test_damage_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    some = dict(list(reference().certificates.items())[:6])
    write_record(path, Record(7, Fraction(1, 20), some))
    assert read_record(path).certificates == some
    text = path.read_text(encoding="utf-8")
    broken = [
        text[:-20],
        text.replace('"proven": true', '"proven": false', 1),
        text.replace('"budget": 7', '"budget": 8'),
        text.replace('"1/100"', '"1/101"', 1),
        "",
        "[]",
        '{"certificates": 3}',
    ]
    for wrong in broken:
        assert wrong != text
        path.write_text(wrong, encoding="utf-8")
        with pytest.raises(ValueError, match="is damaged: it does not hold what was written"):
            read_record(path)
        with pytest.raises(ValueError, match="is damaged"):
            certify_many(points(), path)


def test_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "diagram_points", lambda: points()[:3])
    path = tmp_path / "record.json"
    assert command.main([str(path), "--gap", "1/2"]) == 0
    assert capsys.readouterr().err.endswith("3 of 3 points")
    assert read_record(path).gap == Fraction(1, 2)
    monkeypatch.setattr(command, "diagram_points", lambda: [(Fraction(1, 4), Fraction(1, 2))])
    assert command.main([str(tmp_path / "refused.json"), "--budget", "9"]) == 1


def test_the_record_covers_the_diagram() -> None:
    found = reference().certificates
    # The boundary is found in floats: on another machine its last digits are others.
    recorded, drawn = (sorted((p, r) for r, p in places) for places in (found, diagram_points()))
    np.testing.assert_allclose(np.array(recorded, float), np.array(drawn, float), rtol=1e-5)
    assert sum(each.proven for each in found.values()) >= 500
    assert json.loads(RECORD.read_text(encoding="utf-8"))["command"] == records.COMMAND
    assert RECORD.stat().st_size < 300_000
    near = {"first dropped": 0, "second dropped": 0, "superposed": 0}
    for (r, p), each in found.items():
        distance = float(min(r, 1 / r)) / limit(float(p)) - 1
        assert (distance > 0) == (each.phase == "superposed")  # the numerics
        near[each.phase] += each.proven and abs(distance) <= 0.02
    assert sum(near.values()) >= 100
    assert near["superposed"] >= 50
    assert min(near.values()) >= len(DENSITIES)


def test_every_witness_of_the_record() -> None:
    for (r, p), each in reference().certificates.items():
        assert (each.importance, each.density) == (r, p)
        loss = exact_loss(r, p, each.witness)
        if each.phase == "superposed":
            assert each.lower <= loss <= each.upper < dropping(r, p)
        else:
            assert each.lower == each.upper == loss == dropping(r, p)
            assert each.phase == ("second dropped" if r < 1 else "first dropped")


def drawn(phase: str, count: int) -> list[Certificate]:
    """Certificates that cost little, the same ones every time."""
    cheap = [
        each
        for each in reference().certificates.values()
        if each.phase == phase and 0 < each.boxes < 2500
    ]
    chosen = np.random.default_rng(0).choice(len(cheap), count, replace=False)
    return [cheap[k] for k in sorted(chosen)]


@pytest.mark.parametrize("phase", ["second dropped", "first dropped", "superposed"])
def test_drawn_certificates_are_found_again(phase: str) -> None:
    for each in drawn(phase, 1):
        again = certify(each.importance, each.density, gap=reference().gap)
        assert (again.phase, again.proven) == (each.phase, each.proven)
        assert again.antipodal == each.antipodal
        assert float(again.lower) == pytest.approx(float(each.lower), rel=1e-6)


@pytest.mark.parametrize("phase", ["second dropped", "first dropped", "superposed"])
def test_descents_contradict_no_certificate(phase: str) -> None:
    """Least losses found by the float methods and scipy, which share no code with the proofs."""
    for each in drawn(phase, 4):
        r, p = float(each.importance), float(each.density)

        def loss(at: Any, r: float = r, p: float = p) -> tuple[float, Any]:
            found = expected_loss_gradient([at[:2]], at[2:], importance=[1.0, r], density=p)
            slope = np.concatenate([found.W[0], found.b])
            return float(found.loss.value) / p**2, slope / p**2

        generator = np.random.default_rng(1)
        starts = [generator.normal(size=4) * [1, 1, p, p] for _ in range(6)]
        starts.append(np.array([float(x) for x in each.witness]) + 1e-3)
        ends = [minimize(loss, start, jac=True, options={"gtol": 1e-9}) for start in starts]
        least = min(float(end.fun) for end in ends) * p**2
        assert least > float(each.lower) * (1 - 1e-9)
        assert least < float(each.upper) * (1 + 1e-6)


def test_a_refusal_is_kept_by_a_record(tmp_path: Path) -> None:
    refused = certify(Fraction(1, 5), Fraction(1, 2), budget=300)
    image = exchanged(refused)
    places = {(each.importance, each.density): each for each in (refused, image)}
    write_record(tmp_path / "record.json", Record(300, None, places))
    assert read_record(tmp_path / "record.json").certificates == places
