r"""The cross-polytope: 2d features ± the d axes. It is d balanced antipodal pairs.

.. math:: G = g \begin{pmatrix} 1 & -1 \\ -1 & 1 \end{pmatrix} \otimes 1_d
          \quad\Rightarrow\quad L = 2d\, \ell(g, β, p)

An output sees itself and its antipode only: every other feature stands at a right angle. So
ℓ is the loss of one member of the balanced pair, and norm and bias at their best are the
pair's (``balanced_antipodal_pair``), whatever d. d: dimension; g: squared norm; β = b/g.
Source: derived here, from the Gram matrix of ``polytopes.cross_polytope``.
"""

from __future__ import annotations

import sympy

from superposition.theory import balanced_antipodal_pair, polytopes
from superposition.theory.domain import check_count
from superposition.theory.statement import Argument, Statement
from superposition.theory.symbols import beta, g, p
from superposition.theory.symmetric_arrangements.one_output import Slopes

d = sympy.Symbol("d", integer=True, positive=True)


def slopes(dimension: int) -> Slopes:
    """The other features at an angle that is not right, read off the Gram matrix.

    >>> slopes(3)
    Slopes(groups=((-1, 1),))
    """
    dimension = check_count(dimension, "dimension", at_least=2)
    _, *others = polytopes.cross_polytope(dimension).gram().row(0)
    seen = [cosine for cosine in others if cosine != 0]
    return Slopes(tuple((cosine, seen.count(cosine)) for cosine in dict.fromkeys(seen)))


def statements() -> tuple[Statement, ...]:
    """The loss of all 2d features."""
    return (
        Statement(
            id="cross-polytope/loss",
            claim="All 2d features of a cross-polytope of squared norm g and bias gβ, importances "
            "1: the loss of d balanced pairs.",
            name=sympy.Function("L")(g, beta, p, d),
            expression=2 * d * balanced_antipodal_pair.loss(),
            arguments=(
                Argument(d, 2, 4, integer=True),
                Argument(g, 0, 2, corners=(0, 1)),
                Argument(beta, 0, 1, corners=(0, 1)),
                Argument(p, 0, 1, corners=(1e-9, 1)),
            ),
            source="derived here",
        ),
    )
