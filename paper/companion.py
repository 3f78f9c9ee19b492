"""The companion: a PDF whose formulas are printed from the registry, each with its check.

The prose stands in ``companion.typ``; it quotes statements and numbers by name. This
module writes what it quotes: every formula printed from the very expression that was
confronted with its twin, every verdict, every fact that a figure asserted. The same
inputs give the same PDF, byte for byte.
"""

from __future__ import annotations

import json
import math
import shutil
import tempfile
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

import sympy

from superposition.numerics.atomic_file import atomic_path, write_text
from superposition.numerics.confrontation import DRAWS, TOLERANCE, Verdict, confront
from superposition.numerics.source_hash import source_hash
from superposition.paper.figures.figure import make_figure, paper_figures
from superposition.paper.settled import settled
from superposition.paper.typst_printer import typst
from superposition.theory import (
    balanced_antipodal_pair,
    one_active_polygons,
    polygon_critical_point,
    sparse_antipodal_pair,
)
from superposition.theory.phase_diagram import phases
from superposition.theory.registry import statements
from superposition.theory.statement import Argument, Statement
from superposition.theory.symbols import rho
from superposition.theory.symmetric_arrangements import polygon
from superposition.theory.symmetric_arrangements.one_output import bias_polynomial

PROSE = "companion.typ"


def make_companion(folder: Path, progress: bool = True) -> Path:
    """Write ``folder/companion.pdf``; draws missing figures and confronts what has changed."""
    for number, entry in paper_figures().items():
        if not all(entry.path(folder, kind).exists() for kind in ("svg", "json")):
            make_figure(number, folder, progress)
    verdicts = confronted(folder / "verdicts.json", progress)
    facts = {
        number: json.loads(entry.path(folder, "json").read_text(encoding="utf-8"))
        for number, entry in paper_figures().items()
    }
    pictures = {number: entry.path(folder, "svg") for number, entry in paper_figures().items()}
    target = folder / "companion.pdf"
    with atomic_path(target) as temporary:
        temporary.write_bytes(compiled(verdicts, facts, pictures))
    return target


def confronted(cache: Path, progress: bool = True) -> dict[str, Verdict]:
    """Every statement's verdict: from ``cache`` if theory and twins are unchanged, else anew."""
    sources = source_hash("superposition.theory", "superposition.numerics")
    libraries = ("sympy", "numpy", "scipy", "mpmath")
    key = " ".join([sources, *(f"{name} {version(name)}" for name in libraries)])
    try:
        stored = json.loads(cache.read_text(encoding="utf-8"))
        if stored["sources"] == key:
            return {row["id"]: Verdict(**row) for row in stored["verdicts"]}
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        pass  # none yet, or damaged: confront anew
    verdicts = _confront_all(progress)
    rows = [asdict(verdict) for verdict in verdicts.values()]
    write_text(cache, json.dumps({"sources": key, "verdicts": rows}, indent=1))
    return verdicts


def compiled(
    verdicts: Mapping[str, Verdict],
    facts: Mapping[str, Mapping[str, str]],
    pictures: Mapping[str, Path],
) -> bytes:
    """The PDF. Raises ``typst.TypstError`` if a formula does not compile."""
    import typst as compiler

    with tempfile.TemporaryDirectory() as name:
        room = Path(name)
        prose = files("superposition.paper").joinpath(PROSE).read_text(encoding="utf-8")
        (room / PROSE).write_text(prose, encoding="utf-8")
        (room / "quoted.typ").write_text(quoted(verdicts, facts), encoding="utf-8")
        for number, picture in pictures.items():
            shutil.copyfile(picture, room / f"{number}.svg")
        pdf = compiler.compile(room / PROSE, root=room, ignore_system_fonts=True, timestamp=0)
    assert isinstance(pdf, bytes)
    return pdf


def quoted(verdicts: Mapping[str, Verdict], facts: Mapping[str, Mapping[str, str]]) -> str:
    """The Typst module that the prose imports: statements, facts, version, tally."""
    rows = [_row(statement, verdicts[id]) for id, statement in statements().items()]
    holding = sum(verdict.holds for verdict in verdicts.values())
    return "\n".join(
        [
            f"#let statements = ({', '.join(rows)},)",
            f"#let facts = {_literal({k: dict(v) for k, v in facts.items()})}",
            f"#let tally = (holding: {holding}, all: {len(rows)}, draws: {DRAWS})",
            f"#let tolerance = $10^({round(sympy.log(TOLERANCE, 10))})$",
            f"#let computed = {_computed()}",
            f"#let version = {_literal(version('toy-superposition'))}",
        ]
    )


def _computed() -> str:
    """The numbers in the prose that no statement carries, as a Typst dictionary of mathematics."""
    half = sympy.Rational(1, 2)
    proof = balanced_antipodal_pair.unsolvable_at(half)
    assert proof is not None, "the best bias may have a closed form after all"
    prime, degrees = proof
    (triple,) = phases(features=2, hidden=1).triple_points
    (moved,) = phases(features=2, hidden=1, pair="balanced").triple_points
    norm, slope = sparse_antipodal_pair.boundary()
    numbers = {
        "degree": balanced_antipodal_pair.bias_polynomial().degree(),
        "density of the proof": half,
        "prime": prime,
        "triple": triple.density,
        "moved triple": sympy.nsimplify(moved.density),
        "sparse norm": norm,
        "sparse slope": slope,
        "paper slope": sparse_antipodal_pair.storing_importance().subs(rho, 1),
        "polygon quartic": one_active_polygons.quartic().as_expr(),
        "best polygon": polygon_critical_point.HEPTAGON,
    }
    entries = [
        f"{_literal(name)}: ${typst(sympy.sympify(value))}$" for name, value in numbers.items()
    ]
    entries.append(f'"factor degrees": {_literal(", ".join(map(str, degrees)))}')
    entries += [f"{_literal(name)}: ${text}$" for name, text in _pentagon().items()]
    *whole, last = map(str, polygon_critical_point.seen_whole(range(5, 200)))
    entries += [f"{_literal(name)}: ${text}$" for name, text in settled().items()]
    entries.append(f'"polygons seen whole": {_literal(", ".join(whole) + " and " + last)}')
    return f"({', '.join(entries)},)"


def _pentagon() -> dict[str, str]:
    """The series of the pentagon for sparse features, with rounded coefficients."""
    series = polygon.polygon_series(polygon.PENTAGON, order=1)
    degree = bias_polynomial(polygon.slopes(polygon.PENTAGON), sympy.Rational(-1, 4)).degree()

    def rounded(polynomial: sympy.Poly) -> str:
        terms = [(f"{float(c):+.4f}", power) for (power,), c in reversed(polynomial.terms())]
        powers = {0: "", 1: " p"}
        return " ".join(text + powers.get(power, f" p^{power}") for text, power in terms)

    return {
        "pentagon bias": rounded(series.relative_bias),
        "pentagon norm": rounded(series.squared_norm).lstrip("+"),
        "pentagon loss": rounded(series.loss).lstrip("+"),
        "pentagon degree": str(degree),
    }


def equation(statement: Statement) -> str:
    """``name = definition = expression`` as Typst mathematics, a line for each equality."""
    sides = [statement.definition, statement.expression]
    equalities = [f"&= {typst(side)}" for side in sides if side is not None]
    return " ".join([typst(statement.name), " \\ ".join(equalities)])


def _row(statement: Statement, verdict: Verdict) -> str:
    domain = ", quad ".join(_domain(a) for a in statement.arguments if not a.shape)
    return (
        f"{_literal(statement.id)}: (equation: $ {equation(statement)} $, "
        f"claim: {_literal(statement.claim)}, source: {_literal(statement.source)}, "
        f"domain: ${domain}$, holds: {'true' if verdict.holds else 'false'}, "
        f"draws: {verdict.draws}, worst: {_literal(f'{verdict.worst:.0e}')})"
    )


def _domain(argument: Argument) -> str:
    low, high = (_end(end) for end in (argument.low, argument.high))
    return f"{low} <= {typst(argument.symbol)} <= {high}"


def _end(end: Any) -> str:
    """An end of a range: an expression, or a number as a decimal or a power of ten."""
    if isinstance(end, sympy.Expr):
        return typst(end)
    exponent = round(math.log10(end)) if end > 0 else 0
    return f"10^({exponent})" if abs(exponent) > 3 and end == 10.0**exponent else f"{end:g}"


def _literal(value: Any) -> str:
    """A Python string or dictionary of strings as a Typst literal."""
    if isinstance(value, dict):
        if not value:
            return "(:)"
        return f"({', '.join(f'{_literal(k)}: {_literal(v)}' for k, v in value.items())},)"
    return json.dumps(value, ensure_ascii=False)


def _confront_all(progress: bool) -> dict[str, Verdict]:
    from tqdm import tqdm

    ids = list(statements())
    with ProcessPoolExecutor() as pool:
        found = tqdm(
            pool.map(_verdict, ids),
            total=len(ids),
            desc="statements against twins",
            disable=None if progress else True,  # None: silent where there is no terminal
        )
        return {verdict.id: verdict for verdict in found}


def _verdict(id: str) -> Verdict:
    return confront(statements()[id])
