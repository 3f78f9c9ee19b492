r"""The recurrence that computes cube integrals without a difference.

.. math:: (k + s)\, I_s(c; a) = s\, z_v\, I_{s-1}(c; a)
          + \sum_j I_s(\text{face } u_j = 1 - v_j), \qquad z_v = c + a \cdot v

v: a corner of the cube [0, 1]^k; I_s(c; a) = ∫ (c + a·u)_+^s du. Proof: the divergence of the
field (u - v) (z)_+^s is k (z)_+^s + s (z)_+^{s-1} a·(u - v), and a·(u - v) = z - z_v; what the
field sends through the boundary leaves by the faces that do not hold v. With v the corner
where z is largest every term is positive, so no digits are lost, however small a slope is:
the vertex sum of ``cube_integral.py`` divides by Π a_j instead.
Source: derived here; the recurrence of box splines (de Boor, Höllig and Riemenschneider 1993)
started from the corner where nothing cancels. ``numerics/expectation`` computes with it.
"""

from __future__ import annotations

import sympy

from superposition.theory.relu_output_model.cube_integral import cube_integral_statement
from superposition.theory.statement import Statement
from superposition.theory.symbols import a_1, a_2, c


def statements() -> tuple[Statement, ...]:
    """The recurrence on the square, from its far corner v = (1, 1), for s = 2."""
    square, lower, edge = (
        cube_integral_statement(2, 2),
        cube_integral_statement(2, 1),
        cube_integral_statement(1, 2),
    )
    far = c + a_1 + a_2
    recurrence = (
        2 * far * lower.name + edge.name.func(c, a_1) + edge.name.func(c, a_2)
    ) / sympy.Integer(4)
    return (
        Statement(
            id="cube-integral/corner-recurrence",
            claim="The integral over the square from the value at a corner and from the faces "
            "that do not hold it.",
            name=square.name,
            definition=square.definition,
            expression=recurrence,
            arguments=square.arguments,
            source="derived here (box splines: de Boor, Höllig and Riemenschneider 1993)",
            given=(lower, edge),
        ),
    )
