"""What the question is answered with: a loss, its gradient, a second-order product."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from array_api_compat import array_namespace


@dataclass(frozen=True, eq=False)
class ExpectedLoss:
    """The expected loss, how wrong it may be, and how it was found.

    value: (…), L = Σ_i I_i E(x_i - x'_i)²; per_feature: (…, n), its summands;
    error: (…), an absolute error the value is held to keep (for sampling: 4 standard errors);
    scale: (…), max(L, Σ_i I_i E x_i²), which errors are measured by;
    converged: (…), whether error ≤ tolerance · scale; method: the name of the method (of all
    methods, where models of a batch with a hidden layer took different ones).
    """

    value: Any
    per_feature: Any
    error: Any
    scale: Any
    converged: Any
    method: str

    @property
    def relative_error(self) -> Any:
        """error / scale; 0 where there is nothing to lose."""
        nothing = self.scale == 0
        return self.error / (self.scale + nothing)


@dataclass(frozen=True, eq=False)
class LossGradient:
    """The gradient of the expected loss, shaped like the parameters.

    loss: the loss itself; W, b, W_out: ∂L/∂W, ∂L/∂b and, for an untied model, ∂L/∂W_out;
    one_sided: (…, n), the outputs at which the loss has a kink: their form vanishes
    identically on an event of positive probability in which their own feature is active.
    There the gradient is that of the side on which the output stays silent. None where the
    method cannot tell (a hidden layer, sampled).
    """

    loss: ExpectedLoss
    W: Any
    b: Any
    W_out: Any
    one_sided: Any


@dataclass(frozen=True, eq=False)
class SecondOrderProduct:
    r"""The change of the gradient along a direction, on the side the direction points to.

    .. math:: \lim_{t \to 0^+} \frac{\nabla L(\theta + t d) - \nabla L(\theta + 0^+ d)}{t}

    W, b, W_out: shaped like the parameters; one_sided: (…, n), the outputs at which the other
    side, -d, need not give minus this product (their form vanishes identically on an event of
    positive probability; the loss is not C² there); curvature: (…), d · product, the second
    derivative of the loss along d.
    """

    W: Any
    b: Any
    W_out: Any
    one_sided: Any
    curvature: Any


@dataclass(frozen=True, eq=False)
class OutputLosses:
    """What a method finds, before importances: one entry per output.

    losses: (…, n), E(x_i - x'_i)²; bounds: (…, n), bounds of their errors, which add up;
    estimates: (…, n) or None, signed estimates of further errors, which need not;
    d_rows: (…, n, n) and d_bias: (…, n), the derivatives by A and b, None where not asked for;
    one_sided: (…, n); total_bound: (…), a bound of the error of Σ I_i losses_i where it is known
    to be less than that of its parts.
    """

    losses: Any
    bounds: Any
    d_rows: Any = None
    d_bias: Any = None
    one_sided: Any = None
    estimates: Any = None
    total_bound: Any = None


@dataclass(frozen=True, eq=False)
class OutputChange:
    """How the derivatives change along a path, one entry per output, before importances.

    d_rows: (…, n, n) and d_bias: (…, n), the changes; one_sided: (…, n); side: (…, n, n), the
    derivative by A itself, on the side the path leads to.
    """

    d_rows: Any
    d_bias: Any
    one_sided: Any
    side: Any


def combined(parts: Any) -> Any:
    """Signed estimates (…, n) of the outputs' errors as one, (…): their sum, or in quadrature.

    Errors of outputs alike in their form are more alike than their estimates are: hence n^(1/4).
    """
    xp = array_namespace(parts)
    quadrature = xp.sqrt(xp.sum(parts**2, axis=-1)) * int(parts.shape[-1]) ** 0.25
    return xp.maximum(xp.abs(xp.sum(parts, axis=-1)), quadrature)
