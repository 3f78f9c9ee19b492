"""What ``superposition analyse`` prints: facts row by row, a table of features, one of neurons."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from superposition.numerics.geometry.geometry import Geometry
    from superposition.validate.analysis.analysis import Analysis

MOST_ROWS = 30  # of a table
MOST_FACTORS, MOST_MEMBERS, MOST_MOTIFS, MOST_KINDS = 12, 8, 6, 4
MOST_AXES, MOST_POSED = 4, 10  # dimensions and features of a pose that is told


def told_analysis(found: Analysis) -> str:
    """The whole report; features and neurons numbered from 1.

    >>> from superposition.validate.analysis.analysis import analyse
    >>> print(told_analysis(analyse([[1.0, -1.0]])).splitlines()[0])
    2 features in 1 hidden dimension: relu-output
    """
    sections = [_head(found), *_features(found), *_pose(found)]
    if found.neurons is not None:
        sections += ["", *_neurons(found), *_motifs(found)]
    if found.notes:
        sections += ["", *found.notes]
    return "\n".join(sections)


def _head(found: Analysis) -> str:
    where = "neuron" if found.neurons is not None else "hidden dimension"
    untied = ", untied" if found.W_out is not None else ""
    facts = [("dimensions per feature", f"D* = {found.dimensions_per_feature:.4g}")]
    facts += _phase(found) + _loss(found) + _optimum(found) + _attacks(found)
    rows = [f"  {name:<22}  {words}" for name, words in facts]
    head = f"{counted(found.features, 'feature')} in {counted(found.hidden, where)}"
    return "\n".join([f"{head}: {found.model}{untied}", *rows])


def _phase(found: Analysis) -> list[tuple[str, str]]:
    """The name of the geometry, and which features make up its factors."""
    if found.geometry is None:
        return []
    geometry = found.geometry
    facts = [("geometry", _named(geometry))]
    parts = [
        f"{factor.name} {_listed(factor.features)}"
        for factor in geometry.factors
        if len(factor.features) > 1
    ]
    if parts:
        more = f"; … ({len(parts)})" if len(parts) > MOST_FACTORS else ""
        facts.append(("tegum factors", "; ".join(parts[:MOST_FACTORS]) + more))
    if geometry.dropped:
        facts.append(("dropped", _listed(geometry.dropped)))
    return facts


def _named(geometry: Geometry) -> str:
    """The name; without labels where there are so many that they would hide it."""
    if len(set(geometry.kinds)) <= MOST_KINDS:
        return geometry.name
    return replace(geometry, kinds=("",) * len(geometry.kinds)).name


def _loss(found: Analysis) -> list[tuple[str, str]]:
    if found.loss is None:
        return []
    loss = found.loss
    return [
        ("active values", found.values),
        ("expected loss", f"{loss.value:.10g} ± {loss.error:.0e} ({loss.method})"),
        ("gradient norm", f"{loss.gradient_norm:.2e}"),
    ]


def _optimum(found: Analysis) -> list[tuple[str, str]]:
    """The optimum downhill, and the best one."""
    if found.optimum is None or found.loss is None:
        return []
    nearby = found.optimum
    told = f"loss {nearby.loss:.10g}, distance {nearby.distance:.3g}"
    if not nearby.converged:
        told += f", gradient still {nearby.gradient_norm:.0e}"
    facts = [("optimum downhill", f"{told} ({nearby.method})")]
    if found.optimum_geometry is not None:
        facts.append(("its geometry", _named(found.optimum_geometry)))
    if found.best is not None:
        best = found.best
        belief = "believed" if best.believed else "not believed"
        searched = f"found by {best.found_by} of {best.starts} starts, {belief}"
        evidence = "in closed form" if best.closed_form else searched
        facts.append(("best minimum", f"loss {best.optimum:.10g}, {evidence}"))
        facts.append(("its geometry", _named(best.geometry)))
        basin = "yes" if best.same_basin else "no"
        more = f"{best.excess:.2%}" if isfinite(best.excess) else f"{found.loss.value:.4g}"
        facts.append(("in its basin", f"{basin}; the weights lose {more} more"))
    return facts


def _attacks(found: Analysis) -> list[tuple[str, str]]:
    if found.vulnerability is None:
        return []
    seen = found.vulnerability
    way = "along" if seen.sign > 0 else "against"
    where = f"of norm {seen.epsilon:.4g}, {way} the row of feature {seen.worst + 1}"
    facts = [("worst attack", f"{where}: loss + {seen.increase:.4g}")]
    if isfinite(seen.relative) and seen.increase > 2 * seen.error:
        than = f"{seen.relative:.4g} times that of a model without superposition"
        facts.append(("relative vulnerability", than))
    return facts


def _features(found: Analysis) -> list[str]:
    """One row per feature."""
    names = ["feature", "importance", "density", "norm", "bias", "D", "interference", "loss"]
    rows = []
    for i in range(min(found.features, MOST_ROWS)):
        row = [
            str(i + 1),
            f"{found.importance[i]:.4g}",
            "" if found.density is None else f"{found.density[i]:.4g}",
            f"{found.norms[i]:.4f}",
            f"{found.b[i]:+.4f}",
            f"{found.dimensionality[i]:.4f}",
            f"{found.interference[i]:.4f}",
            "" if found.loss is None else f"{found.loss.per_feature[i]:.4e}",
        ]
        rows.append(row)
    return ["", *_table(names, rows, found.features, "features")]


def _pose(found: Analysis) -> list[str]:
    """W in its canonical pose, where it is small; a column per feature, in the pose's order."""
    if found.pose is None or found.hidden > MOST_AXES or found.features > MOST_POSED:
        return []
    names = ["canonical pose", *(str(i + 1) for i in found.pose.order)]
    rows = [
        [f"axis {k + 1}", *(f"{round(float(w), 4) + 0:+.4f}" for w in row)]
        for k, row in enumerate(found.pose.W)
    ]
    return ["", *_table(names, rows, found.hidden, "axes")]


def _neurons(found: Analysis) -> list[str]:
    """One row per neuron, in the order of a stack plot."""
    assert found.neurons is not None, "only models with neurons have this table"
    seen = found.neurons
    rows = [
        [
            str(k + 1),
            str(seen.main[k] + 1) if seen.served[k] else "none",
            f"{seen.monosemanticity[k]:.3f}",
            str(seen.served[k]),
        ]
        for k in seen.order[:MOST_ROWS]
    ]
    names = ["neuron", "largest feature", "monosemanticity", "features served"]
    return _table(names, rows, found.hidden, "neurons")


def _motifs(found: Analysis) -> list[str]:
    """The instances of asymmetric superposition, one per line."""
    count = len(found.motifs)
    lines = ["", f"asymmetric superposition: {counted(count, 'instance') if count else 'none'}"]
    for one in found.motifs[:MOST_MOTIFS]:
        side, weak = ("+" if s > 0 else "-" for s in (one.strong_side, one.weak_side))
        lines.append(
            f"  neuron {one.neuron + 1}: feature {one.strong + 1} ({side}) over {one.weak + 1} "
            f"({weak}), {one.input_ratio:.2g}× in, {one.output_ratio:.2g}× out; interference "
            f"{one.interference:.3g}, inhibited by neuron {one.inhibitor + 1} with "
            f"{one.inhibition:.3g}, {one.remaining:+.3g} remains"
        )
    if count > MOST_MOTIFS:
        lines.append(f"  … ({count})")
    return lines


def _table(names: list[str], rows: list[list[str]], count: int, what: str) -> list[str]:
    """Columns flush right; empty ones are left out."""
    kept = [k for k in range(len(names)) if any(row[k] for row in rows)]
    widths = [max(len(line[k]) for line in [names, *rows]) for k in kept]
    lines = [
        "  ".join(line[k].rjust(width) for k, width in zip(kept, widths, strict=True))
        for line in [names, *rows]
    ]
    more = [f"… ({count} {what}; a saved report has all)"] if count > len(rows) else []
    return lines + more


def _listed(numbers: tuple[int, ...]) -> str:
    told = "–".join(str(number + 1) for number in numbers[:MOST_MEMBERS])
    return told + ("–…" if len(numbers) > MOST_MEMBERS else "")


def counted(count: int, what: str) -> str:
    """A number with its noun.

    >>> counted(1, "neuron"), counted(2, "neuron")
    ('1 neuron', '2 neurons')
    """
    return f"{count} {what}{'s' * (count != 1)}"
