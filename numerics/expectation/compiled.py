"""Which twin works: compiled kernels where numba is installed and the arrays are numpy's."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np


def compiled(array: Any) -> bool:
    """Whether the compiled kernels can take ``array``: numpy, double precision, numba there."""
    return isinstance(array, np.ndarray) and find_spec("numba") is not None
