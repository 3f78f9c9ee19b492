"""Sums over features, as the paper writes them: Σ_i and Σ_{j≠i}.

Features are numbered from 0 here, so that the sums compute with arrays as they stand;
the companion prints the ranges in words.
"""

from __future__ import annotations

from typing import Any

import sympy

from superposition.theory.symbols import n


class Distinct(sympy.Function):  # type: ignore[misc]  # sympy is untyped
    """``Distinct(i, j, …)``: 1 if all indices differ, else 0.

    A factor of its own, because sympy lifts a ``Piecewise`` in a bound index out of the sum.
    """

    is_integer = True
    is_nonnegative = True

    @classmethod
    def eval(cls, *indices: sympy.Expr) -> sympy.Expr | None:
        """Evaluate once every index is a number."""
        if all(index.is_Integer for index in indices):
            return sympy.Integer(len(set(indices)) == len(indices))
        return None

    def _mpmathcode(self, printer: Any) -> str:
        indices = ", ".join(printer._print(index) for index in self.args)
        return f"(len({{{indices}}}) == {len(self.args)})"

    _numpycode = _mpmathcode


def over_features(term: sympy.Expr, i: sympy.Symbol) -> sympy.Sum:
    """Σ_i term."""
    return sympy.Sum(term, (i, 0, n - 1))


def over_other_features(term: sympy.Expr, j: sympy.Symbol, i: sympy.Symbol) -> sympy.Sum:
    """Σ_{j≠i} term."""
    return over_features(Distinct(j, i) * term, j)


def over_pairs_of_other_features(
    term: sympy.Expr, j: sympy.Symbol, k: sympy.Symbol, i: sympy.Symbol
) -> sympy.Sum:
    """Σ_{j<k, both ≠ i} term."""
    return over_features(sympy.Sum(Distinct(j, k, i) * term, (j, 0, k - 1)), k)
