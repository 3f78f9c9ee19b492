r"""The models with a nonlinear hidden layer: the problem, and what a method finds.

.. math:: h = (W x)_+, \qquad z = W_{out} h + b, \qquad
          L = \sum_i I_i \, E\big(t_i - (z_i)_+\big)^2, \qquad t_i = x_i \text{ or } |x_i|

W: (m, n), column W_j the direction of feature j; W_out: (n, m), Wᵀ for a tied model.
Source: Elhage et al. 2022, "Computation in superposition".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from superposition.numerics.expectation.problem import Features

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, eq=False)
class HiddenProblem:
    """One model: no leading axes.

    W: (m, n); W_out: (n, m), or None for a tied model; bias, importance: (n,); features: their
    law; absolute: whether the target is |x| instead of x.
    """

    W: Array
    W_out: Array | None
    bias: Array
    importance: Array
    features: Features
    absolute: bool

    @property
    def readout(self) -> Array:
        """W_out, which for a tied model is Wᵀ."""
        return self.W.T if self.W_out is None else self.W_out

    @property
    def size(self) -> int:
        """n, the number of features."""
        return int(self.W.shape[1])

    @property
    def hidden(self) -> int:
        """m, the number of hidden neurons."""
        return int(self.W.shape[0])


@dataclass(frozen=True, eq=False)
class HiddenLosses:
    """What a method finds: a loss per output, before importances, and the gradient of the whole.

    losses: (n,), E(t_i - (z_i)_+)²; errors: (n,), how wrong each may be; d_W: (m, n), d_W_out:
    (n, m) and d_bias: (n,), the derivatives of Σ_i I_i E(t_i - (z_i)_+)². None where not asked
    for; d_W_out is None for a tied model too, whose d_W holds both paths; one_sided: (n,), the
    outputs with a kink (see ``LossGradient``), None where the method cannot tell.
    """

    losses: Array
    errors: Array
    d_W: Any = None  # noqa: N815 - W is the paper's letter
    d_W_out: Any = None  # noqa: N815
    d_bias: Any = None
    one_sided: Any = None
