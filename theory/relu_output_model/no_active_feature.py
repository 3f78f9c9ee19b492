r"""L_0: the loss when no feature is active, so that only positive biases cost.

.. math:: L_0 = \sum_i I_i \, (b_i)_+^2

I: importances (n,); b: biases (n,). Source: derived here.
"""

import sympy

from superposition.theory.statement import Argument, Statement
from superposition.theory.sums import over_features
from superposition.theory.symbols import I, b, i, n
from superposition.theory.truncated_power import TruncatedPower

L_0 = sympy.Function("L_0")
IMPORTANCE = Argument(I, 0, 3, corners=(0, 1), shape=(n,))
BIAS = Argument(b, -1, 1, corners=(0, 1e-9, -1e-9), shape=(n,))


def statements() -> tuple[Statement, ...]:
    """L_0 for any n."""
    return (
        Statement(
            id="relu-output-model/no-active-feature",
            claim="With no feature active the output is the positive part of the bias.",
            name=L_0(I, b),
            expression=over_features(I[i] * TruncatedPower(b[i], 2), i),
            arguments=(Argument(n, 1, 4, integer=True), IMPORTANCE, BIAS),
            source="derived here",
        ),
    )
