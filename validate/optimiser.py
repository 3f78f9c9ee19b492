r"""The optimisers, as constants: AdamW, Adam, SGD; every number of a model is updated by itself.

.. math:: g &← ∇L + λ θ \text{ (Adam, SGD)}, \quad θ ← (1 - η λ) θ \text{ (AdamW)} \\
          M &← β_1 M + (1 - β_1) g, \quad V ← β_2 V + (1 - β_2) g^2 \\
          θ &← θ - η \frac{M/(1 - β_1^t)}{\sqrt{V/(1 - β_2^t)} + ε}
             \qquad \text{SGD: } M ← μ M + g, \; θ ← θ - η M

η: the learning rate of the step; t: its number, from 1; λ: weight decay; μ: momentum.
Source: Kingma and Ba 2015 (Adam); Loshchilov and Hutter 2019 (AdamW).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Adam:
    """Raises ``ValueError`` for constants outside [0, 1), negative ones, or an ε of 0."""

    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    weight_decay: float = 0.0
    decoupled: bool = False

    def __post_init__(self) -> None:
        _check_share(self.beta1, "beta1")
        _check_share(self.beta2, "beta2")
        _check_not_negative(self.weight_decay, "weight_decay")
        if not (is_number(self.eps) and self.eps > 0):
            raise ValueError(f"eps is {self.eps!r}; it must be a positive number.")
        if not isinstance(self.decoupled, bool):
            raise ValueError(f"decoupled is {self.decoupled!r}; it must be True or False.")


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with weight decay apart from the gradient; the defaults of the paper's notebook."""

    weight_decay: float = 0.01
    decoupled: bool = True


@dataclass(frozen=True)
class SGD:
    """Raises ``ValueError`` for a momentum outside [0, 1) or a negative weight decay."""

    momentum: float = 0.0
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        _check_share(self.momentum, "momentum")
        _check_not_negative(self.weight_decay, "weight_decay")


Optimiser = Adam | SGD


def step_table(optimiser: Optimiser, first: int, rates: Array) -> Array:
    r"""What the steps ``first`` … with ``rates`` (T,) need of a model of pace 1, in rows, (T, 3).

    .. math:: \frac{η}{1 - β_1^t}, \quad \frac{1}{\sqrt{1 - β_2^t}}, \quad η λ
              \qquad \text{SGD: } η, 0, 0

    η λ: the decay apart from the gradient, AdamW's alone. Tabulated once for all models.

    >>> step_table(SGD(), 0, np.array([0.1]))
    array([[0.1, 0. , 0. ]])
    """
    nothing = np.zeros_like(rates)
    if isinstance(optimiser, SGD):
        return np.stack([rates, nothing, nothing], axis=1)
    t = np.arange(first + 1, first + 1 + len(rates))
    gain, root = rates / (1 - optimiser.beta1**t), 1 / np.sqrt(1 - optimiser.beta2**t)
    decay = optimiser.weight_decay * rates if optimiser.decoupled else nothing
    return np.stack([gain, root, decay], axis=1)


def constants(optimiser: Optimiser) -> tuple[int, float, float, float, float]:
    """The method (0 SGD, 1 Adam, 2 AdamW) and β1, β2, ε, λ, as compiled and fused steps take them.

    >>> constants(SGD(momentum=0.9))
    (0, 0.9, 0.0, 1.0, 0.0)
    """
    decay = optimiser.weight_decay
    if isinstance(optimiser, SGD):
        return 0, optimiser.momentum, 0.0, 1.0, decay
    method = 2 if optimiser.decoupled else 1
    return method, optimiser.beta1, optimiser.beta2, optimiser.eps, decay


def is_number(value: object) -> bool:
    """Whether it is a finite real number, no truth value and no text.

    >>> is_number(0.5), is_number(True), is_number("0.5"), is_number(float("nan"))
    (True, False, False, False)
    """
    real = isinstance(value, int | float | np.floating | np.integer)
    return real and not isinstance(value, bool) and math.isfinite(value)  # type: ignore[arg-type]


def _check_share(value: float, name: str) -> None:
    if not (is_number(value) and 0 <= value < 1):
        raise ValueError(f"{name} is {value!r}; it must be a number in [0, 1).")


def _check_not_negative(value: float, name: str) -> None:
    if not (is_number(value) and value >= 0):
        raise ValueError(f"{name} is {value!r}; it must be a number of at least 0.")
