r"""Cholesky's factorisation, compiled, with the least shift that makes M positive definite.

.. math:: L_{ij} = \Big( M_{ij} - \sum_{k<j} L_{ik} L_{jk} \Big) / L_{jj}, \qquad
          L_{ii}^2 = M_{ii} - \sum_{k<i} L_{ik}^2

By blocks of columns: what earlier blocks take away is one product of matrices, so that BLAS does
the work where M is large; where it is small nothing is called at all. Only lower triangles are read
and written. Source: Golub and Van Loan 2013, section 4.2.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from superposition.numerics.packing.potential_kernel import FAST

BLOCK = 24  # columns that are made together


@njit(fastmath=FAST, cache=True, error_model="numpy")
def dot(a: Any, b: Any) -> float:
    """a·b."""
    total = 0.0
    for i in range(a.size):
        total += a[i] * b[i]
    return total


@njit(fastmath=FAST, cache=True, error_model="numpy")
def factored(matrix: Any) -> bool:
    """Cholesky's factor in place of the lower triangle; False if there is none."""
    size = matrix.shape[0]
    for begin in range(0, size, BLOCK):
        end = min(begin + BLOCK, size)
        if begin > 0:
            left = np.ascontiguousarray(matrix[begin:, :begin])
            known = np.dot(left, left[: end - begin].T)
            for i in range(size - begin):
                for j in range(end - begin):
                    matrix[begin + i, begin + j] -= known[i, j]
        for i in range(begin, size):
            for j in range(begin, min(i, end)):
                rest = matrix[i, j] - dot(matrix[i, begin:j], matrix[j, begin:j])
                matrix[i, j] = rest / matrix[j, j]
            if i < end:
                rest = matrix[i, i] - dot(matrix[i, begin:i], matrix[i, begin:i])
                if not rest > 0:
                    return False
                matrix[i, i] = math.sqrt(rest)
    return True


@njit(fastmath=FAST, cache=True, error_model="numpy")
def solved(matrix: Any, factor: Any, right: Any, scale: float, before: float) -> float:
    """Solve in place of ``right``, as ``interior_point`` does; the shift, or nan if none helps."""
    size = right.size
    largest = 0.0
    for i in range(size):
        largest = max(largest, abs(matrix[i, i]))
    if not (largest > 0 and math.isfinite(largest)):
        return math.nan
    shift, more = 0.0, max(1e-13 * largest, before / 10)
    while shift < 1e3 * largest:
        shift += more
        for i in range(size):
            for j in range(i + 1):
                factor[i, j] = matrix[i, j]
            factor[i, i] += shift
        if factored(factor):
            for i in range(size):
                right[i] = (right[i] - dot(factor[i, :i], right[:i])) / factor[i, i]
            for i in range(size - 1, -1, -1):
                right[i] /= factor[i, i]
                for j in range(i):
                    right[j] -= right[i] * factor[i, j]
            return shift
        more = max(9 * shift, 1e-4 * scale) if shift < 1e-4 * scale else 3 * shift
    return math.nan
