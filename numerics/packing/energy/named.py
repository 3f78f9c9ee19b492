"""The energies by name, as the command line and ``pack`` take them."""

from __future__ import annotations

import re
from collections.abc import Callable

from superposition.numerics.packing.energy.largest_cosine import LargestCosine
from superposition.numerics.packing.energy.pair_energy import PairEnergy
from superposition.numerics.packing.energy.potentials import Gaussian, Logarithmic, Riesz
from superposition.numerics.packing.energy.smooth_energy import SmoothEnergy
from superposition.numerics.packing.energy.toy_model import OneActive

Energy = SmoothEnergy | LargestCosine
_PLAIN: dict[str, Callable[[], Energy]] = {
    "coulomb": lambda: PairEnergy(Riesz(1)),
    "log": lambda: PairEnergy(Logarithmic()),
    "max-cosine": LargestCosine,
    "tammes": LargestCosine,
    "lines": lambda: LargestCosine(lines=True),
    "coherence": lambda: LargestCosine(lines=True),
    "complex-lines": lambda: LargestCosine(lines=True, field="complex"),
    "one-active": OneActive,
}
_WITH_NUMBER: dict[str, Callable[[float], Energy]] = {
    "riesz": lambda s: PairEnergy(Riesz(s)),
    "gaussian": lambda alpha: PairEnergy(Gaussian(alpha)),
}
_NUMBER = re.compile(r"(\w+):([0-9.eE+-]+)")


def energy_named(name: str) -> Energy:
    """The energy called ``name``.

    "coulomb", "log", "riesz:S" and "gaussian:A" are sums over pairs; "max-cosine" (or "tammes"),
    "lines" (or "coherence") and "complex-lines" the largest cosine of points or lines;
    "one-active" is the toy model's loss while one feature is active, of free norms and biases.
    Raises ``ValueError`` for any other name and for numbers that are not above 0.

    >>> energy_named("riesz:2").name
    'riesz:2'
    """
    if name in _PLAIN:
        return _PLAIN[name]()
    parts = _NUMBER.fullmatch(name)
    if parts and parts[1] in _WITH_NUMBER:
        try:
            number = float(parts[2])
        except ValueError:
            number = float("nan")
        return _WITH_NUMBER[parts[1]](number)
    allowed = ", ".join([*_PLAIN, "riesz:S", "gaussian:A"])
    raise ValueError(f"energy is {name!r}; it must be one of {allowed}, with S, A > 0.")
