"""Pair potentials, and how the compiled kernels are told of them."""

from __future__ import annotations

from superposition.numerics.packing.energy.pair_energy import PairEnergy, Potential
from superposition.numerics.packing.energy.potentials import (
    Gaussian,
    Logarithmic,
    Riesz,
    Sharpened,
)
from superposition.numerics.packing.smooth_method import kernel_energy
from superposition.numerics.packing.start import Space

Code = tuple[int, float, int, float, int]
POTENTIALS: list[Potential] = [
    Riesz(1), Riesz(2), Riesz(2.5), Riesz(4), Riesz(16), Logarithmic(), Gaussian(0.8),
    Sharpened(0, 1.3), Sharpened(5, 0.4),
]  # fmt: skip


def code_of(potential: Potential, forms: int) -> Code:
    """How the kernel is told of a potential."""
    if isinstance(potential, Sharpened):
        from superposition.numerics.packing.potential_kernel import SHARPENED

        return SHARPENED, 0.0, forms, potential.scale, potential.doublings
    code: Code | None = kernel_energy(PairEnergy(potential, forms > 0), Space(2, 2, forms))
    assert code is not None
    return code
