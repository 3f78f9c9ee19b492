"""Certificates of many points, kept in a file: interrupted, resumed, damaged and noticed.

The file is JSON: what made it, the settings, and one line per certificate with all numbers as
fractions; ``sha256`` is the hash of everything else. It is written whole or not at all
(``atomic_file``), once in a few seconds, and a second run goes on where the first was stopped.
A proof at importance r ≤ 1 is one at 1/r as well, by exchange of the features: the file holds
the former, what is read from it both.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from superposition.numerics.atomic_file import write_text
from superposition.numerics.certificate.certificate import (
    BUDGET,
    Certificate,
    certify,
    exact_gap,
    exact_point,
    exchanged,
)
from superposition.theory.domain import check_count

COMMAND = "python -m superposition.numerics.certificate RECORD"
PAUSE = 5.0  # seconds between writes

Place = tuple[Fraction, Fraction]  # importance, density


@dataclass(frozen=True)
class Record:
    """Certificates by place and by its image, and the budget and gap that ``certify`` was given."""

    budget: int
    gap: Fraction | None
    certificates: dict[Place, Certificate]


def certify_many(
    points: Iterable[tuple[Any, Any]],
    record_path: Path | str,
    *,
    workers: int = 1,
    budget: int = BUDGET,
    gap: Any = None,
    progress: Callable[[int, int], None] | None = None,
) -> Record:
    """Certify many (importance, density), keeping what is done in a file as it is done.

    record_path: JSON, made or continued; workers: processes; budget, gap: as for ``certify``;
    progress: told how many points are done, of how many.

    Raises ``ValueError`` for what ``certify`` refuses, for a damaged file, and for a file made with
    another budget or gap.
    """
    path, workers = Path(record_path), check_count(workers, "workers")
    places = [exact_point(*point) for point in points]
    record = _continued(path, Record(check_count(budget, "budget"), exact_gap(gap), {}))
    done = record.certificates
    proofs = {(min(r, 1 / r), p): None for r, p in places if (r, p) not in done}
    written = time.monotonic()
    try:
        for found in _proven(list(proofs), record, workers):
            for each in _both(found):
                done[each.importance, each.density] = each
            if progress:
                progress(sum(place in done for place in places), len(places))
            if time.monotonic() > written + PAUSE:
                write_record(path, record)
                written = time.monotonic()
    finally:
        write_record(path, record)
    return record


def write_record(path: Path, record: Record) -> None:
    """Write a record, sorted by density and importance; only the proofs at r ≤ 1."""
    proofs = [place for place in record.certificates if place[0] <= 1]
    places = sorted(proofs, key=lambda place: (place[1], place[0]))
    head = {
        "command": COMMAND,
        "budget": record.budget,
        "gap": None if record.gap is None else str(record.gap),
    }
    lines = [_line(record.certificates[place]) for place in places]
    body = ",\n".join(lines)
    digest = _digest(head, lines)
    start = json.dumps({**head, "sha256": digest}, indent=1).removesuffix("\n}")
    write_text(path, f'{start},\n "certificates": [\n{body}\n]}}')


def read_record(path: Path | str) -> Record:
    """The record in a file.

    Raises ``ValueError`` if the file is damaged.
    """
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
        lines = [_dumped(entry) for entry in found.pop("certificates")]
        digest = found.pop("sha256")
        if digest != _digest(found, lines):
            raise TypeError
        gap = None if found["gap"] is None else Fraction(found["gap"])
        proofs = [_certificate(json.loads(line)) for line in lines]
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ValueError(
            f"{path} is damaged: it does not hold what was written; delete it or restore it."
        ) from None
    both = [each for proof in proofs for each in _both(proof)]
    return Record(found["budget"], gap, {(each.importance, each.density): each for each in both})


def _both(proof: Certificate) -> tuple[Certificate, ...]:
    """What a proof says at r and at 1/r."""
    return (proof,) if proof.importance == 1 else (proof, exchanged(proof))


def _continued(path: Path, wanted: Record) -> Record:
    if not path.exists():
        return wanted
    found = read_record(path)
    if (found.budget, found.gap) != (wanted.budget, wanted.gap):
        raise ValueError(
            f"{path} was made with budget {found.budget} and gap {found.gap}; it cannot be "
            f"continued with budget {wanted.budget} and gap {wanted.gap}."
        )
    return found


def _proven(places: list[Place], record: Record, workers: int) -> Iterator[Certificate]:
    """The certificates, as they are found."""
    if workers == 1:
        for place in places:
            yield certify(*place, budget=record.budget, gap=record.gap)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        waiting = [
            pool.submit(certify, *place, budget=record.budget, gap=record.gap) for place in places
        ]
        try:
            for finished in as_completed(waiting):
                yield finished.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _line(certificate: Certificate) -> str:
    return _dumped(
        {
            "importance": str(certificate.importance),
            "density": str(certificate.density),
            "phase": certificate.phase,
            "proven": certificate.proven,
            "antipodal": certificate.antipodal,
            "witness": [str(number) for number in certificate.witness],
            "lower": str(certificate.lower),
            "upper": str(certificate.upper),
            "boxes": certificate.boxes,
            "stuck": certificate.stuck,
            "why": certificate.why,
        }
    )


def _certificate(entry: dict[str, Any]) -> Certificate:
    first, second, *biases = (Fraction(number) for number in entry.pop("witness"))
    numbers: dict[str, Any] = {name: Fraction(entry.pop(name)) for name in NUMBERS}
    stuck = entry.pop("stuck")
    if stuck is not None:
        stuck = tuple(stuck[0]), tuple(stuck[1])
    witness = first, second, biases[0], biases[1]
    return Certificate(**entry, **numbers, witness=witness, stuck=stuck)


NUMBERS = ("importance", "density", "lower", "upper")


def _dumped(entry: Any) -> str:
    return json.dumps(entry, ensure_ascii=False)


def _digest(head: dict[str, Any], lines: list[str]) -> str:
    return sha256("\n".join([_dumped(head), *lines]).encode()).hexdigest()
