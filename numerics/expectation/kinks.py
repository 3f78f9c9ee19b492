"""Where the loss has a kink: outputs whose form vanishes while their own feature is active.

Then -2 E[x_i (z_i)_+] has one slope where z_i turns positive and another, 0, where it turns
negative. Everything that is on must stay out of the form: the own feature with its unit, and
of every other unit either the silence or an outcome that does not enter. (Binary values can
cancel as well; only enumeration sees that.)
"""

from __future__ import annotations

from typing import Any

from array_api_compat import array_namespace

from superposition.numerics.expectation.problem import OutputProblem
from superposition.numerics.expectation.sampling import Unit, units_of


def kinked(problem: OutputProblem) -> Any:
    """(…, n): whether the form of an output vanishes on such an event, of positive probability."""
    xp = array_namespace(problem.rows)
    n = int(problem.bias.shape[-1])
    enters = problem.rows != 0
    if problem.features.sets is None:
        sure = xp.broadcast_to((problem.features.density == 1)[..., None, :], enters.shape)
        own = xp.stack([enters[..., i, i] for i in range(n)], axis=-1)
        return (problem.bias == 0) & ~own & ~xp.any(enters & sure, axis=-1)
    units = units_of(problem.features)
    outputs = []
    for i in range(n):
        row = enters[..., i, :]
        blocked = row[..., i]
        for unit in units:
            blocked = blocked | _blocks(unit, row, i)
        outputs.append((problem.bias[..., i] == 0) & ~blocked)
    return xp.stack(outputs, axis=-1)


def _blocks(unit: Unit, row: Any, own: int) -> Any:
    """Whether a unit always enters the form, given that feature ``own`` is active."""
    xp = array_namespace(row)
    members = [row[..., j] for j in unit.members]
    if own in unit.members and not unit.together:
        return row[..., own]
    if own not in unit.members and unit.probability < 1:
        return xp.zeros_like(row[..., 0])
    entering = xp.stack(members, axis=-1)
    return xp.any(entering, axis=-1) if unit.together else xp.all(entering, axis=-1)
