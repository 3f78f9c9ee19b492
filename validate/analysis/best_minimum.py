r"""Whether a trained model ended in the basin of the best minimum.

.. math:: \text{found} \iff L(\text{minimum downhill of it}) \le \min L + 10^{-9} \cdot \text{scale}

Linear models: the least loss is a closed form (``theory.linear_model.optimum_with_bias``), with a
W_out of its own too, since the bound holds for every W_out W of rank m. Tied ReLU output models of
few features: the best minimum is searched for from random starts (``numerics.optimum.search``),
with what speaks for it. scale: Σ I_i Var x_i; of it 1e-12 is no loss but rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from superposition.numerics.geometry.geometry import Geometry, geometry_of
from superposition.numerics.optimum.minimum import checked_landscape, kinds_of
from superposition.numerics.optimum.search import SAME_LOSS, global_minima
from superposition.theory.features.feature_law import FeatureLaw
from superposition.theory.features.values import ValueLaw, Values

NO_LOSS = 1e-12  # of the scale


@dataclass(frozen=True)
class GlobalComparison:
    """The best minimum, and whether the model ended in its basin.

    optimum: the least loss; closed_form: whether it is one, or was searched for; found_by, starts:
    how many of how many random starts ended there; believed: whether the gradient vanishes there
    and two starts agree, or the form is closed; geometry: what it is; excess: loss of the trained
    model / optimum - 1, infinite where the optimum loses nothing; same_basin: whether the minimum
    downhill of the model is as good.
    """

    optimum: float
    closed_form: bool
    found_by: int
    starts: int
    believed: bool
    geometry: Geometry
    excess: float
    same_basin: bool


def global_comparison(
    loss: float,
    polished: float,
    *,
    features: int,
    hidden: int,
    importance: ArrayLike = 1.0,
    density: ArrayLike = 1.0,
    values: ValueLaw = Values.UNIT,
    starts: int = 16,
    seed: int = 0,
) -> GlobalComparison:
    """Compare a model's loss, and that of the minimum downhill of it, with the best minimum.

    loss, polished: the two, of n = ``features`` in m = ``hidden`` dimensions.
    Raises ``ValueError`` as ``numerics.global_minimum`` does.

    >>> found = global_comparison(0.004, 0.003319484, features=2, hidden=1, density=0.1)
    >>> print(found.same_basin, found.geometry.name, f"{found.excess:.3f}")
    True digon 0.205
    """
    landscape = checked_landscape(features, hidden, importance, density, True, values)
    best = global_minima(landscape, starts=starts, seed=seed)
    W, b = (part[0] for part in landscape.split(best.points))
    least = float(best.loss[0])
    return _compared(
        loss,
        polished,
        least=least,
        scale=float(landscape.scale[0]),
        closed_form=False,
        found_by=int(best.found_by[0]),
        starts=int(best.starts[0]),
        believed=bool(best.believed[0]),
        geometry=geometry_of(W, b, kinds_of(landscape)),
    )


def linear_comparison(
    loss: float,
    polished: float,
    *,
    hidden: int,
    importance: Sequence[float],
    density: Sequence[float],
    kinds: Sequence[str] | None = None,
    values: ValueLaw = Values.UNIT,
) -> GlobalComparison:
    """The same for a linear model of independent features, tied or not, in closed form.

    importance, density: (n,); kinds: a label for every feature. Raises ``ValueError`` as
    ``theory.linear_model.optimum_with_bias.optimum`` does.

    >>> found = linear_comparison(0.1, 0.08, hidden=1, importance=[1, 1], density=[1, 1])
    >>> print(found.geometry.name, f"{found.optimum:.6f}", found.same_basin)
    dedicated + dropped 0.083333 True
    """
    from superposition.theory.linear_model.optimum_with_bias import optimum  # imports sympy

    law = FeatureLaw.independent([float(p) for p in density], values)
    best = optimum([float(weight) for weight in importance], law, hidden)
    spread = np.diag(np.asarray(law.covariance(), dtype=float))
    return _compared(
        loss,
        polished,
        least=best.loss,
        scale=float(np.asarray(importance, dtype=float) @ spread),
        closed_form=True,
        found_by=0,
        starts=0,
        believed=True,
        geometry=geometry_of(best.weights(), 0.0, kinds),
    )


def _compared(
    loss: float, polished: float, *, least: float, scale: float, **evidence: Any
) -> GlobalComparison:
    """A comparison; a least loss that is rounding is none."""
    level = NO_LOSS * scale
    least = least if least > level else 0.0
    nothing = np.inf if loss > level else 0.0
    return GlobalComparison(
        optimum=least,
        excess=loss / least - 1 if least > 0 else float(nothing),
        same_basin=bool(polished <= least + SAME_LOSS * scale),
        **evidence,
    )
