"""One report of the checks: text for a terminal, JSON for programs, HTML to read and to send."""

from __future__ import annotations

import html
import json
import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from superposition.numerics.atomic_file import write_text
from superposition.validate.check.check import Check, Outcome, Plane, Size
from superposition.validate.check.checks import CHECKS
from superposition.validate.check.comparison import Comparison
from superposition.validate.check.picture import picture

Results = Sequence[tuple[Check, Outcome]]
MARKS = {"agrees": "✓", "refuted": "✗ refuted", "unresolved": "? unresolved"}
HEAD = ("where", "what", "theory", "optimum", "best", "median", "worst", "allowed", "", "why")
STYLE = """\
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70em; margin: 2em auto; padding: 0 1em }
table { border-collapse: collapse; font-size: 13px; margin: 1em 0 }
th, td { padding: .2em .7em; text-align: left; border-bottom: 1px solid #ddd }
td.number { text-align: right; font-variant-numeric: tabular-nums }
tr.differs { background: #fbe9dd }
svg { max-width: 100%; height: auto }
"""


def told_outcome(check: Check, outcome: Outcome) -> str:
    """The table of one check as text."""
    rows = [_cells(comparison) for comparison in (*outcome.comparisons, *outcome.listed)]
    table = [HEAD, *rows]
    widths = [max(len(row[k]) for row in table) for k in range(len(HEAD))]
    lines = [
        "  "
        + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    ]
    head = f"{MARKS[outcome.status]} {check.id}: {check.claim}"
    cost = f"  {outcome.models} models, {outcome.seconds:.0f} s. {outcome.told}".rstrip()
    return "\n".join([head, *lines, cost])


def summary(results: Results) -> str:
    """How many checks came out how, in one line."""
    counts = dict.fromkeys(MARKS, 0)
    for _, outcome in results:
        counts[outcome.status] += 1
    return ", ".join(f"{count} {status}" for status, count in counts.items())


def write_reports(
    results: Results, size: Size, folder: Path, asked: Sequence[Check] = ()
) -> tuple[Path, Path]:
    """``report.json`` and ``report.html`` in ``folder``, each written whole or not at all.

    asked: the checks that were asked for, all that are in ``results`` for none; where that is a
    part of all, the files are named for it, so that they replace no whole report.
    """
    ids = [check.id for check in asked or [check for check, _ in results]]
    stem = "report" if len(ids) == len(CHECKS) else "-".join(["report-of", *ids])
    as_json, as_html = folder / f"{stem}.json", folder / f"{stem}.html"
    told = plain(results, size, ids)
    write_text(as_json, json.dumps(told, indent=1, ensure_ascii=False, allow_nan=False))
    write_text(as_html, page(results, size, ids))
    return as_json, as_html


def plain(results: Results, size: Size, asked: Sequence[str] = ()) -> dict[str, Any]:
    """The report as JSON takes it; ``asked``: ids of the checks that it is to hold."""
    return {
        "size": size,
        "asked": list(asked) or [check.id for check, _ in results],
        "complete": len(results) >= len(asked),
        "versions": versions(),
        "machine": platform.machine(),
        "checks": [
            {
                "id": check.id,
                "claim": check.claim,
                "source": check.source,
                "status": outcome.status,
                "told": outcome.told,
                "settings": outcome.settings,
                "models": outcome.models,
                "seconds": round(outcome.seconds, 1),
                "comparisons": [comparison.plain() for comparison in outcome.comparisons],
                "listed": [comparison.plain() for comparison in outcome.listed],
                **({} if outcome.plane is None else {"plane": plain_plane(outcome.plane)}),
            }
            for check, outcome in results
        ],
    }


def plain_plane(plane: Plane) -> dict[str, Any]:
    """Every cell, a row of density a line: phases by letter, judged and agreeing by 0 and 1, the
    excess loss of the best model by numbers in a line.
    """
    letters = [chr(ord("a") + number) for number in range(len(plane.phases))]

    def lines(numbers: NDArray[Any]) -> list[str]:
        return ["".join(letters[number] for number in row) for row in numbers]

    def digits(flags: NDArray[np.bool_]) -> list[str]:
        return ["".join("01"[int(flag)] for flag in row) for row in flags]

    return {
        "importance": " ".join(f"{value:.6g}" for value in plane.importance),
        "density": " ".join(f"{value:.6g}" for value in plane.density),
        "phases": dict(zip(letters, plane.phases, strict=True)),
        "optimum": lines(plane.phase),
        "found": lines(plane.found),
        "judged": digits(plane.judged),
        "agrees": digits(plane.agrees),
        "excess": [" ".join(f"{value:.1e}" for value in row) for row in plane.excess],
    }


def versions() -> dict[str, str]:
    """Of what the numbers depend on."""
    found = {"python": platform.python_version()}
    for name in ("toy-superposition", "numpy", "scipy", "numba", "torch"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def page(results: Results, size: Size, asked: Sequence[str] = ()) -> str:
    """The whole report as one HTML file, pictures inside."""
    there = {check.id for check, _ in results}
    missing = [name for name in asked if name not in there]
    parts = [
        "<!doctype html><html lang='en'><meta charset='utf-8'>",
        "<title>superposition: theory and training</title>",
        f"<style>{STYLE}</style><h1>Theory, exact optimum, training</h1>",
        f"<p>Size {size}: {summary(results)}. "
        + html.escape(", ".join(f"{name} {value}" for name, value in versions().items()))
        + ".</p>",
        f"<p>Not run yet: {html.escape(', '.join(missing))}.</p>" if missing else "",
    ]
    for check, outcome in results:
        drawn = picture(outcome)
        parts += [
            f"<h2 id='{check.id}'>{MARKS[outcome.status]} {html.escape(check.id)}</h2>",
            f"<p>{html.escape(check.claim)} <em>{html.escape(check.source)}.</em></p>",
            f"<p>{html.escape(outcome.told)}</p>" if outcome.told else "",
            drawn if drawn is not None else "<p>No picture: matplotlib is not installed.</p>",
            _table((*outcome.comparisons, *outcome.listed)),
            f"<p>{outcome.models} models, {outcome.seconds:.0f} s; "
            + html.escape(", ".join(f"{key} {value}" for key, value in outcome.settings.items()))
            + "</p>",
        ]
    return "\n".join(part for part in parts if part) + "\n</html>"


def _table(comparisons: Sequence[Comparison]) -> str:
    rows = []
    for comparison in comparisons:
        cells = _cells(comparison)
        kinds = ["", "", *["number"] * 6, "", ""]
        row = "".join(
            f"<td class='{kind}'>{html.escape(cell)}</td>"
            if kind
            else f"<td>{html.escape(cell)}</td>"
            for cell, kind in zip(cells, kinds, strict=True)
        )
        rows.append(f"<tr{'' if comparison.agrees else ' class=differs'}>{row}</tr>")
    head = "".join(f"<th>{name}</th>" for name in HEAD)
    return f"<table><tr>{head}</tr>{''.join(rows)}</table>"


def _cells(comparison: Comparison) -> tuple[str, ...]:
    found = comparison.found
    signs = {"near": "±", "below": "≤ ", "above": "≥ "}
    allowed = comparison.bound
    if allowed is None:
        allowed = comparison.tolerance * comparison.scale
    return (
        comparison.where,
        comparison.what,
        _number(comparison.theory),
        _number(comparison.optimum),
        _number(found.best),
        _number(found.median),
        _number(found.worst),
        f"{signs[comparison.within]}{allowed:.2g}",
        "✓" if comparison.agrees else "✗",
        ", ".join(part for part in (comparison.why, comparison.note) if part),
    )


def _number(value: float | None) -> str:
    """Five digits; rounding errors are zero."""
    if value is None:
        return ""
    return "0" if abs(value) < 1e-12 else f"{value:.5g}"
