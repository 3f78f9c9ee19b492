r"""What is trained: a toy model as a list of choices, and the four of the paper by name.

.. math:: h = σ(W x), \qquad x' = φ(W_{out} h + b), \qquad
          L = \sum_i I_i \, E(t_i - x'_i)^2

σ: identity or ReLU; φ: an activation; W_out = Wᵀ where the weights are tied; t: x, or |x|.
Source: Elhage et al. 2022; the absolute value model from "Computation in superposition".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

Hidden = Literal["identity", "relu"]
Output = Literal["identity", "relu", "gelu", "softplus", "tanh"]
Target = Literal["features", "absolute"]


@dataclass(frozen=True)
class Architecture:
    """hidden: σ; output: φ; tied: whether W_out = Wᵀ; biased: whether b is trained, else zero;
    target: what is to be reproduced.

    Raises ``ValueError`` for a name that is none of these, and for what is no truth value.

    >>> RELU_OUTPUT.name, Architecture(output="gelu").name
    ('relu-output', None)
    """

    hidden: Hidden = "identity"
    output: Output = "relu"
    tied: bool = True
    biased: bool = True
    target: Target = "features"

    def __post_init__(self) -> None:
        for field, allowed in (("hidden", Hidden), ("output", Output), ("target", Target)):
            if getattr(self, field) not in get_args(allowed):
                raise ValueError(
                    f"{field} is {getattr(self, field)!r}; it must be one of "
                    f"{', '.join(get_args(allowed))}."
                )
        for field in ("tied", "biased"):
            if not isinstance(getattr(self, field), bool):
                raise ValueError(f"{field} is {getattr(self, field)!r}; it must be True or False.")

    @property
    def name(self) -> str | None:
        """The model's name for ``numerics.expected_loss``; None where no exact loss is known."""
        known = {
            ("identity", "identity", "features"): "linear",
            ("identity", "relu", "features"): "relu-output",
            ("relu", "relu", "features"): "relu-hidden",
            ("relu", "relu", "absolute"): "absolute-value",
        }
        return known.get((self.hidden, self.output, self.target))


LINEAR: Final = Architecture(output="identity")
RELU_OUTPUT: Final = Architecture()
RELU_HIDDEN: Final = Architecture(hidden="relu")
ABSOLUTE_VALUE: Final = Architecture(hidden="relu", tied=False, target="absolute")
