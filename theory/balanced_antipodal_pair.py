r"""Balanced antipodal pair: one norm and one bias for both, at their best. Past the paper.

Two features of equal density p, W_1 = -W_2, squared norm g, common bias b = g β with
0 ≤ β ≤ 1. Both outputs are the same function, so for any importances

.. math:: L = (I_1 + I_2) \Big( \frac p3 - 2 g\, C(β) + g^2 Q(β) \Big), \quad
          C = E\, x_1 (x_1 - x_2 + β)_+, \quad Q = E (x_1 - x_2 + β)_+^2

* best norm, in closed form: g = C/Q, leaving p/3 - C²/Q;
* best bias: β is the root in [0, 1] of a polynomial of degree 7 with coefficients in p.
  No closed form in radicals exists: at p = 1/2 the polynomial is irreducible, and modulo
  a prime it splits in a way no solvable group of degree 7 allows (``unsolvable_at``). Its
  start in sparse features is β = 5p²/48 + …, g = 1 + p/8 + … (``sparse_series``).
* at equal importance the pair beats dropping a feature at *every* density p < 1: with
  g = 1/2 and bias p/2 the affine output (x_1 - x_2)/2 + p/2 loses exactly v/2 a member, as
  much as dropping one of the two, and the ReLU strictly improves it where the affine output
  is negative. The triple point of the paper, at p = 4/7, moves all the way to p = 1.

Two free norms and biases do better still, even at equal importance: there is no closed form
for them, except in the sparse limit (``sparse_antipodal_pair``; numbers: ``numerics.free_pair``).
Source: derived here.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import sympy
from numpy.typing import ArrayLike, NDArray

from superposition.theory import dropped_feature
from superposition.theory.antipodal_pair import UnitPair
from superposition.theory.domain import check_density, check_relative_cost
from superposition.theory.relu_output_model.active_set_expansion import moment_with_own_value
from superposition.theory.relu_output_model.cube_integral import vertex_sum
from superposition.theory.statement import Argument, Statement
from superposition.theory.symbols import beta, g, p
from superposition.theory.truncated_power import without_kinks


def _between_zero_and_one(expression: sympy.Expr) -> sympy.Expr:
    """The polynomial that ``expression`` is while 0 ≤ β ≤ 1: no kink lies inside."""
    return without_kinks(expression, beta, sympy.Rational(1, 2))


@cache
def overlap() -> sympy.Expr:
    """C(β) = E x_1 (x_1 - x_2 + β)_+."""
    alone, together = moment_with_own_value(1, [], beta), moment_with_own_value(1, [-1], beta)
    return sympy.expand(_between_zero_and_one(p * (1 - p) * alone + p**2 * together))


@cache
def power() -> sympy.Expr:
    """Q(β) = E (x_1 - x_2 + β)_+²."""
    silent, own, other, both = (vertex_sum(beta, a, 2) for a in ([], [1], [-1], [1, -1]))
    mixture = (1 - p) ** 2 * silent + p * (1 - p) * (own + other) + p**2 * both
    return sympy.expand(_between_zero_and_one(mixture))


@cache
def loss() -> sympy.Expr:
    """One member's loss per importance at squared norm g and relative bias β."""
    return p / 3 - 2 * g * overlap() + g**2 * power()


@cache
def best_squared_norm() -> sympy.Expr:
    """g = C/Q, where ∂L/∂g = 0."""
    return sympy.factor(sympy.solve(sympy.diff(loss(), g), g)[0])


@cache
def loss_at_best_norm() -> sympy.Expr:
    """p/3 - C²/Q, over one denominator: the p² in front keeps its digits when p is small."""
    return sympy.factor(p / 3 - overlap() ** 2 / power())


@cache
def slope() -> sympy.Expr:
    """d/dβ of the loss at the best norm, factored."""
    return sympy.factor(sympy.diff(loss_at_best_norm(), beta))


@cache
def gain_over_dropping() -> sympy.Expr:
    """The loss at g = 1/2, β = p (the best affine output) minus v/2; negative for p < 1."""
    variance = dropped_feature.loss() / dropped_feature.importance
    affine = {g: sympy.Rational(1, 2), beta: p}
    return sympy.factor(loss().subs(affine, simultaneous=True) - variance / 2)


@cache
def bias_polynomial() -> sympy.Poly:
    """The polynomial in β whose root in [0, 1] is the best bias.

    >>> bias_polynomial().degree()
    7
    """
    _, factors = sympy.factor_list(sympy.numer(slope()), beta)
    polynomial = sympy.Poly(max(factors, key=lambda pair: sympy.degree(pair[0], beta))[0], beta)
    return polynomial if polynomial.LC().subs(p, 1) > 0 else -polynomial


def unsolvable_at(density: sympy.Rational, primes: int = 60) -> tuple[int, tuple[int, ...]] | None:
    """A prime and a splitting that prove the best bias has no closed form in radicals.

    A solvable transitive group of prime degree 7 lies in AGL(1, 7), whose elements have the
    cycle types 7, 6+1, 3+3+1, 2+2+2+1 and the identity. By Dedekind, a factorisation modulo
    a prime (square-free, of full degree) with any other type rules that out.
    Returns ``None`` if the polynomial is reducible or no such prime is found.

    >>> unsolvable_at(sympy.Rational(1, 2))
    (11, (1, 2, 4))
    """
    solvable = {(7,), (1, 6), (1, 3, 3), (1, 2, 2, 2), (1,) * 7}
    polynomial = sympy.Poly(bias_polynomial().as_expr().subs(p, density), beta)
    _, polynomial = polynomial.clear_denoms(convert=True)
    if not polynomial.is_irreducible:
        return None
    for prime in sympy.primerange(sympy.prime(primes)):
        if polynomial.LC() % prime == 0:
            continue
        _, factors = sympy.factor_list(polynomial.as_expr(), beta, modulus=prime)
        degrees = tuple(sorted(sympy.degree(factor, beta) for factor, _ in factors))
        square_free = all(multiplicity == 1 for _, multiplicity in factors)
        if square_free and degrees not in solvable:
            return int(prime), degrees
    return None


@cache
def sparse_series(order: int) -> tuple[sympy.Expr, sympy.Expr]:
    """β and g as polynomials in p up to p^order, from the defining polynomial.

    >>> sparse_series(2)
    (5*p**2/48, -p**2/16 + p/8 + 1)
    """
    polynomial = bias_polynomial()
    stiffness = polynomial.coeff_monomial(beta).subs(p, 0)
    root = sympy.Poly(0, p)
    for _ in range(order):  # each step of this contraction gains an order in p
        value = sympy.Poly(polynomial.as_expr().subs(beta, root.as_expr()), p)
        root = (root - value / stiffness).rem(sympy.Poly(p ** (order + 1), p))
    norm = sympy.series(
        sympy.cancel(best_squared_norm().subs(beta, root.as_expr())), p, 0, order + 1
    )
    return root.as_expr(), sympy.expand(norm.removeO())


def best_bias(density: ArrayLike) -> NDArray[np.float64]:
    """β at each density: the root of the polynomial in [0, 1], to machine precision.

    The polynomial is negative at 0 (p²(4p - 5)) and not negative at 1, so a root is there.
    Raises ``ValueError`` for a density outside (0, 1].

    >>> float(best_bias(1.0))
    1.0
    """
    from scipy.optimize import elementwise

    check_density(density)
    density = np.asarray(density, dtype=float)
    root = elementwise.find_root(
        _numpy(bias_polynomial().as_expr()),
        (np.zeros_like(density), np.ones_like(density)),
        args=(density,),
    )
    # Within rounding of p = 1 the sign change at β = 1 is lost, and so is 1 - β ≈ 1 - p.
    return np.where(root.success, root.x, 1.0)


class BalancedPair:
    """The balanced pair at its best norm and bias as a ``PairCost``."""

    name = "balanced"
    largest = 0.5  # at p = 1, where the pair is the linear model of the difference

    def relative_cost(self, density: ArrayLike) -> NDArray[np.float64]:
        """λ(p) = (p/3 - C²/Q) / v at the best bias."""
        check_density(density)
        densities = np.asarray(density, dtype=float)
        variance = dropped_feature.loss() / dropped_feature.importance
        relative = _numpy(loss_at_best_norm() / variance)
        # Rounding must not carry λ past its largest value, which ``density`` would refuse.
        # Below 1e-14 both pairs agree to the last digit, and p² would soon underflow.
        sparse = densities < 1e-14
        ordinary = np.where(sparse, 0.5, densities)
        cost = np.where(
            sparse,
            UnitPair().relative_cost(densities),
            relative(best_bias(ordinary), ordinary),
        )
        return np.asarray(np.minimum(cost, self.largest), dtype=float)

    def density(self, cost: ArrayLike) -> NDArray[np.float64]:
        """p(λ), by root finding: λ(p) grows from 0 to 1/2.

        λ(p) is flat at its end, so within 1e-9 of 1/2 rounding leaves p uncertain by 1e-3.
        """
        from scipy.optimize import elementwise

        check_relative_cost(cost, self.largest)
        cost = np.asarray(cost, dtype=float)
        # The unit pair costs more at any density, so its p(λ) is below ours.
        low = (1 - 1e-9) * UnitPair().density(cost)
        root = elementwise.find_root(
            lambda density, target: self.relative_cost(density) - target,
            (np.where(cost > 0, low, 0.5), np.ones_like(cost)),
            args=(np.where(cost > 0, cost, 0.4),),
        )
        return np.where(cost > 0, np.where(root.success, root.x, 1.0), 0.0)

    def density_expression(self) -> sympy.Expr | None:
        """None: p(λ) has no closed form."""
        return None


def statements() -> tuple[Statement, ...]:
    """The loss, its best norm, and the slope in the bias."""
    density = Argument(p, 0, 1, corners=(1e-9, 1))
    bias = Argument(beta, 0, 1, corners=(0, 1))
    member = sympy.Function("ell")
    source = "derived here"
    return (
        Statement(
            id="balanced-antipodal-pair/loss",
            claim="One member of a pair of squared norm g and bias gβ, 0 ≤ β ≤ 1, per importance.",
            name=member(g, beta, p),
            expression=loss(),
            arguments=(Argument(g, 0, 2, corners=(0, 1)), bias, density),
            source=source,
        ),
        Statement(
            id="balanced-antipodal-pair/best-norm",
            claim="The best squared norm at relative bias β.",
            name=sympy.Function("g_best")(beta, p),
            expression=best_squared_norm(),
            arguments=(bias, density),
            source=source,
        ),
        Statement(
            id="balanced-antipodal-pair/bias",
            claim="At the best norm the slope in β vanishes at a root of a polynomial of degree 7 "
            "that no radicals solve.",
            name=sympy.Derivative(member(beta, p), beta),
            expression=slope(),
            arguments=(bias, density),
            source=source,
        ),
        Statement(
            id="balanced-antipodal-pair/beats-dropping",
            claim="At g = 1/2 and bias p/2 a member loses less than half of what dropping costs, "
            "by this much: at equal importance the pair beats dropping at every density below 1.",
            name=member(sympy.Rational(1, 2), p, p) - sympy.Function("v")(p) / 2,
            expression=gain_over_dropping(),
            arguments=(density,),
            source=source,
        ),
    )


@cache
def _numpy(expression: sympy.Expr) -> np.ufunc:
    function: np.ufunc = sympy.lambdify((beta, p), expression, "numpy")
    return function
