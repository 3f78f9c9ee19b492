r"""The Kerdock code of 288 points in 16 dimensions: nine mutually unbiased bases and opposites.

.. math:: ±e_x, \qquad ±\tfrac14 \bigl((-1)^{Q_S(x) + u \cdot x}\bigr)_{x \in \mathbb F_2^4},
          \quad u \in \mathbb F_2^4

where S runs over eight alternating 4×4 matrices over the field of two elements any two of which
differ by a regular one (a Kerdock set), and Q_S(x) = Σ_{i<j} S_ij x_i x_j. Vectors of different
bases have inner products ±1/4. Also called the Nordstrom–Robinson spherical code.
Source: Cameron and Seidel 1973; Calderbank, Cameron, Kantor and Seidel 1997.
"""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from superposition.numerics.packing.codes.span import unit

Array = NDArray[np.float64]
Form = NDArray[np.int64]
PLACES = [(i, j) for i in range(4) for j in range(i + 1, 4)]


def kerdock_set() -> list[Form]:
    """Eight alternating forms in four dimensions whose differences are regular, 0 the first.

    >>> len(kerdock_set())
    8
    """
    forms = [_form(bits) for bits in product((0, 1), repeat=6)]

    def extended(chosen: list[Form], start: int) -> list[Form] | None:
        if len(chosen) == 8:
            return chosen
        for index in range(start, len(forms)):
            if all(_pfaffian((forms[index] + form) % 2) for form in chosen):
                found = extended([*chosen, forms[index]], index + 1)
                if found is not None:
                    return found
        return None

    found = extended([forms[0]], 1)
    assert found is not None, "a Kerdock set exists in every even dimension"
    return found


def kerdock_288() -> Array:
    """The 288 points; inner products -1, ±1/4, 0.

    >>> kerdock_288().shape
    (288, 16)
    """
    places = np.array(list(product((0, 1), repeat=4)))
    characters = (-1) ** (places @ places.T)
    bases = [4 * np.eye(16)]
    for form in kerdock_set():
        quadratic = np.einsum("xi,ij,xj->x", places, np.triu(form), places)
        bases.append((-1.0) ** quadratic * characters)
    rows = np.concatenate(bases)
    return unit(np.concatenate([rows, -rows]))


def _form(bits: tuple[int, ...]) -> Form:
    form = np.zeros((4, 4), dtype=np.int64)
    for (i, j), bit in zip(PLACES, bits, strict=True):
        form[i, j] = form[j, i] = bit
    return form


def _pfaffian(form: Form) -> int:
    """Whether an alternating form is regular: S12 S34 + S13 S24 + S14 S23."""
    crossed = form[0, 1] * form[2, 3] + form[0, 2] * form[1, 3] + form[0, 3] * form[1, 2]
    return int(crossed % 2)
