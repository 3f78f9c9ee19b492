r"""Whether a trained model ended in the basin of the best minimum.

.. math:: \text{found} \iff L(\text{minimum downhill of it}) \le \min L + 10^{-9} \cdot \text{scale}

Tied ReLU output models of few features only: the best minimum is searched for from random starts
(``numerics.optimum.search``), with what speaks for it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from superposition.numerics.geometry.geometry import Geometry, geometry_of
from superposition.numerics.optimum.minimum import checked_landscape, kinds_of
from superposition.numerics.optimum.search import SAME_LOSS, global_minima
from superposition.theory.features.values import ValueLaw, Values


@dataclass(frozen=True)
class GlobalComparison:
    """The best minimum, and whether the model ended in its basin.

    optimum: the least loss; found_by, starts: how many of how many random starts ended there;
    believed: whether the gradient vanishes there and two starts agree; geometry: what it is;
    excess: loss of the trained model / optimum - 1; same_basin: whether the minimum downhill of
    the model is as good.
    """

    optimum: float
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
    return GlobalComparison(
        optimum=least,
        found_by=int(best.found_by[0]),
        starts=int(best.starts[0]),
        believed=bool(best.believed[0]),
        geometry=geometry_of(W, b, kinds_of(landscape)),
        excess=loss / least - 1 if least > 0 else float(np.inf if loss > 0 else 0),
        same_basin=bool(polished <= least + SAME_LOSS * float(landscape.scale[0])),
    )
