"""What a smooth energy can be asked: its value, its gradient and its Hessian's products."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Points = NDArray[Any]  # (…, N, d), float64, or complex128 for complex lines; rows are points


class SmoothEnergy(Protocol):
    """An energy of arrangements (…, N, d); leading axes are a batch.

    Gradients are Euclidean, of the real inner product Re⟨·,·⟩: what a manifold makes of them is
    the manifold's affair.
    """

    @property
    def name(self) -> str:
        """What the energy is called, as it is asked for."""
        ...

    @property
    def on_sphere(self) -> bool:
        """Whether the points are unit vectors; else every number is free."""
        ...

    def value(self, points: Points) -> Array:
        """E, (…)."""
        ...

    def gradient(self, points: Points) -> tuple[Array, Points]:
        """E (…) and ∂E/∂x_i (…, N, d)."""
        ...

    def hessian_product(self, points: Points, direction: Points) -> Points:
        """d/dε ∂E/∂x_i at x + ε ``direction``, (…, N, d)."""
        ...
