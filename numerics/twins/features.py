"""Twins of the moments: the mixture of silence and activity, integrated by quadrature."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from superposition.numerics.kink_split_quadrature import gauss_legendre
from superposition.numerics.twins.twin import twin


def mean_value(function: Callable[[Any], Any], signed: bool = False) -> Any:
    """E f(u) of an active feature's value, uniform on [0, 1] or [-1, 1]."""
    nodes, weights = gauss_legendre(6, exact=True)
    return (function(2 * nodes - 1 if signed else nodes) * weights).sum()


def expectation(p: Any, function: Callable[[Any], Any], signed: bool = False) -> Any:
    """E f(x) = (1 - p) f(0) + p E f(u)."""
    return (1 - p) * function(0 * p) + p * mean_value(function, signed)


def _variance(p: Any, signed: bool) -> Any:
    mean = expectation(p, lambda x: x, signed)
    return expectation(p, lambda x: (x - mean) ** 2, signed)


@twin("features/unit/mean")
def unit_mean(p: Any) -> Any:
    """E x."""
    return expectation(p, lambda x: x)


@twin("features/unit/second-moment")
def unit_second_moment(p: Any) -> Any:
    """E x²."""
    return expectation(p, lambda x: x**2)


@twin("features/unit/variance")
def unit_variance(p: Any) -> Any:
    """E (x - E x)²."""
    return _variance(p, signed=False)


@twin("features/signed/second-moment")
def signed_second_moment(p: Any) -> Any:
    """E x², signed values."""
    return expectation(p, lambda x: x**2, signed=True)


@twin("features/signed/variance")
def signed_variance(p: Any) -> Any:
    """E (x - E x)², signed values."""
    return _variance(p, signed=True)


@twin("features/independent/product")
def independent_product(p: Any, q: Any) -> Any:
    """E x_i x_j, one feature integrated inside the other."""
    return expectation(p, lambda x: x * expectation(q, lambda y: y))


@twin("features/correlated/product")
def correlated_product(p: Any) -> Any:
    """E x_i x_j behind one switch."""
    return p * mean_value(lambda x: x * mean_value(lambda y: y))


@twin("features/correlated/covariance")
def correlated_covariance(p: Any) -> Any:
    """E (x_i - μ)(x_j - μ) behind one switch."""
    mean = p * mean_value(lambda x: x)
    on = mean_value(lambda x: (x - mean) * mean_value(lambda y: y - mean))
    return (1 - p) * mean**2 + p * on


@twin("features/anticorrelated/mean")
def anticorrelated_mean(k: int, p: Any) -> Any:
    """E x_0: the set is off, or one of its k members is on."""
    chosen = [mean_value(lambda x: x) if member == 0 else 0 for member in range(k)]
    return p * sum(chosen) / k


@twin("features/anticorrelated/covariance")
def anticorrelated_covariance(k: int, p: Any) -> Any:
    """E (x_0 - μ)(x_1 - μ), over which member is on."""
    mean = anticorrelated_mean(k, p)
    alone = mean_value(lambda x: (x - mean) * (0 - mean))
    cases = [alone if member in (0, 1) else mean**2 for member in range(k)]
    return (1 - p) * mean**2 + p * sum(cases) / k
