r"""The names of arrangements of lines.

.. math:: |\langle x_i, x_j \rangle|^2 = \frac{N-d}{d(N-1)} \; (i ≠ j), \qquad
          |\langle x_i, x_j \rangle|^2 ∈ \{0, \tfrac1d\}

Equiangular tight frames (the first; a SIC when there are d² complex lines), mutually unbiased
bases (the second), orthonormal bases, and real lines through the points of a named code.
Source: Welch 1974; Zauner 1999; Wootters and Fields 1989.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from superposition.numerics.packing.names.common_name import factor_name
from superposition.numerics.packing.names.spectrum import spectrum


def line_name(points: NDArray[Any], tolerance: float = 1e-6) -> str | None:
    """The name of the lines through unit vectors (N, d), real or complex, or None.

    >>> line_name(np.eye(3))
    'orthonormal basis'
    """
    count, dimension = points.shape
    seen = spectrum(points, lines=True, tolerance=tolerance)
    if count == dimension and np.all(seen.values <= tolerance):
        return "orthonormal basis"
    if not np.iscomplexobj(points):
        both = factor_name(np.concatenate([points, -points]), tolerance)
        if both is not None:
            return f"diagonals of the {both}"
    squares = seen.values**2
    if len(squares) == 1 and seen.alike and dimension > 1:
        welch = (count - dimension) / (dimension * (count - 1))
        if abs(squares[0] - welch) <= tolerance and count > dimension:
            if np.iscomplexobj(points) and count == dimension**2:
                return f"SIC in {dimension} dimensions"
            return f"equiangular tight frame of {count} lines"
    bases, rest = divmod(count, dimension)
    unbiased = len(squares) == 2 and bool(np.allclose(squares, [0, 1 / dimension], atol=tolerance))
    if unbiased and rest == 0 and bool(np.all(seen.counts[:, 0] == dimension - 1)):
        return f"{bases} mutually unbiased bases in {dimension} dimensions"
    return None
