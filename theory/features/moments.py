"""The moments of features as statements: one feature, and two features of one set.

Source: the definitions of Elhage et al. 2022; the moments are derived here from the
laws in ``feature_sets.py``, with symbols for densities.
"""

from __future__ import annotations

import sympy

from superposition.theory.features.feature_law import FeatureLaw
from superposition.theory.features.feature_sets import (
    Anticorrelated,
    Correlated,
    FeatureSet,
    Independent,
)
from superposition.theory.features.values import ValueLaw, Values
from superposition.theory.statement import Argument, Statement
from superposition.theory.symbols import k, p, q

DENSITY = Argument(p, 0, 1, corners=(1e-12, 1))
OTHER_DENSITY = Argument(q, 0, 1, corners=(1e-12, 1, p))
MEMBERS = Argument(k, 2, 6, integer=True)

x, x_i, x_j = sympy.symbols("x x_i x_j", real=True)
E = sympy.Function("E")
Var, Cov = sympy.Function("Var"), sympy.Function("Cov")


def mean(values: ValueLaw = Values.UNIT) -> sympy.Expr:
    """E x of a feature of density p.

    >>> mean(), mean(Values.SIGNED)
    (p/2, 0)
    """
    return FeatureLaw.independent([p], values).mean()[0]


def second_moment(values: ValueLaw = Values.UNIT) -> sympy.Expr:
    """E x² of a feature of density p.

    >>> second_moment()
    p/3
    """
    return FeatureLaw.independent([p], values).second_moments()[0, 0]


def variance(values: ValueLaw = Values.UNIT) -> sympy.Expr:
    """Var x of a feature of density p.

    >>> variance()
    -p**2/4 + p/3
    """
    return FeatureLaw.independent([p], values).covariance()[0, 0]


def product_moment(block: FeatureSet, values: ValueLaw = Values.UNIT) -> sympy.Expr:
    """E x_i x_j of two members of ``block``."""
    return FeatureLaw((block,), values).second_moments()[0, 1]


def covariance(block: FeatureSet, values: ValueLaw = Values.UNIT) -> sympy.Expr:
    """Cov(x_i, x_j) of two members of ``block``."""
    return FeatureLaw((block,), values).covariance()[0, 1]


def statements() -> tuple[Statement, ...]:
    """Mean, square and variance of a feature; product and covariance of two."""
    return (*_one_feature(), *_two_features())


def _one_feature() -> tuple[Statement, ...]:
    rows = []
    for values, slug, where in (
        (Values.UNIT, "unit", "[0, 1]"),
        (Values.SIGNED, "signed", "[-1, 1]"),
    ):
        told = f"of a feature of density p, uniform on {where} when active"
        for kind, name, expression in (
            ("mean", E(x), mean(values)),
            ("second-moment", E(x**2), second_moment(values)),
            ("variance", Var(x), variance(values)),
        ):
            if expression != 0:
                claim = f"The {kind.replace('-', ' ')} {told}."
                rows.append(_moment(f"features/{slug}/{kind}", claim, name, expression, (DENSITY,)))
    return tuple(rows)


def _two_features() -> tuple[Statement, ...]:
    correlated = Correlated(2, p)
    # The size of an anticorrelated set enters only through the member's density p/k.
    anticorrelated = Anticorrelated(2, 2 * p / k)
    return (
        _moment(
            "features/independent/product",
            "Two independent features of densities p and q.",
            E(x_i * x_j),
            product_moment(Independent((p, q))),
            (DENSITY, OTHER_DENSITY),
        ),
        _moment(
            "features/correlated/product",
            "Two features of a correlated set that is on with probability p.",
            E(x_i * x_j),
            product_moment(correlated),
            (DENSITY,),
        ),
        _moment(
            "features/correlated/covariance",
            "Features of a correlated set: positive covariance, zero in the dense limit.",
            Cov(x_i, x_j),
            covariance(correlated),
            (DENSITY,),
        ),
        _moment(
            "features/anticorrelated/mean",
            "A feature of an anticorrelated set of k that is on with probability p.",
            E(x_i),
            FeatureLaw((anticorrelated,)).mean()[0],
            (MEMBERS, DENSITY),
        ),
        _moment(
            "features/anticorrelated/covariance",
            "Features of an anticorrelated set of k: never active together.",
            Cov(x_i, x_j),
            covariance(anticorrelated),
            (MEMBERS, DENSITY),
        ),
    )


def _moment(
    id: str, claim: str, name: sympy.Expr, expression: sympy.Expr, arguments: tuple[Argument, ...]
) -> Statement:
    return Statement(id, claim, name, expression, arguments, source="derived here")
