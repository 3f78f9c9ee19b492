r"""Regular polygons when one feature is active at a time: the k-gons of Chen et al., for all k.

x = u e_i with i uniform over n features and u uniform on [0, 1]; k of the features sit on a
regular k-gon of squared norm g with common bias b = -g t, the other n - k are dead (W = 0).
t is the threshold: a stored value below it is not seen. With c_j = cos(2πj/k) an output loses

.. math:: \ell(g, t) = \frac13 - 2 g\, C + g^2 Q, \quad
          C = \frac{(1-t)^2 (2+t)}{6}, \quad
          Q = \frac13 \sum_{j=-s}^{s} \frac{(c_j - t)_+^3}{c_j}

s: the number of neighbours on one side at less than a right angle, k/4 - 1 ≤ s < k/4.

* best norm g = C/Q, leaving 1/3 - C²/Q;
* best threshold: P(t) = 0, where P is a quartic between two neighbouring kinks c_{r+1} and
  c_r; with F, 𝒢, ℋ the sums of c_j², c_j, 1/c_j over |j| ≤ r and M = 2r + 1 (``quartic``)

  .. math:: P = 2(F - 𝒢) + (2F - 5𝒢 + 4M) t + (4M - 5𝒢 - 2ℋ) t^2 + (4M - ℋ) t^3 - ℋ t^4

  F and 𝒢 are Dirichlet kernels; ℋ stays a sum. Ferrari's formula gives the root, always on
  the same branch (``threshold_in_radicals``).
* for k ≤ 4 the solution is t = 0 and g = 1, without loss. For k ≥ 5 the slope at t = 0 is
  negative (F < 𝒢), so t > 0. There is one root: P/(t(1-t)³) is 1 minus terms in the single
  neighbours, each decreasing in t while c_j ≤ 0.848, that is for k ≤ 11; beyond, roots are
  counted in the tests. No critical point has b > 0: there ℓ at its best norm grows with b,
  term by term, whatever the slopes c_j in [-1, 1] (``excess_with_positive_bias``).
* Chen et al. write the equations for t < c_s: all s neighbours seen. That holds for k = 5 to
  8 and 12 only. The polygons of 9, 10, 11, 13 and more sides exist too, with r < s neighbours
  seen: t is then a root of the quartic of r. The decagon has t = 1/φ, g = φ², b = -φ and loses
  1/6 an output, with φ = (1 + √5)/2.
* a dead feature does best at b = 1/(2n), 1/(4n²) better than at b = 0. Of all polygons the
  best is the n-gon for n ≤ 7, and the heptagon for more. Numbers: ``polygon_critical_point``.

Source: Chen, Lau, Mendel, Wei and Murfet 2023 (arXiv 2310.06301) for the two equations at
r = s, equivalent to the above; elimination, other r and uniqueness derived here.
"""

from __future__ import annotations

from functools import cache

import sympy

from superposition.theory.relu_output_model.one_active_feature import (
    feature_benefit_term,
    interference_term,
)
from superposition.theory.statement import Argument, Statement
from superposition.theory.symbols import b_i, beta, g, h, j, k, n
from superposition.theory.truncated_power import TruncatedPower, without_kinks

SOURCE = "Chen et al. 2023 (k-gon critical points); reduced here"
# The threshold, the cosine of a neighbour, and how many neighbours are seen (r), or could be (s).
t, cosine = sympy.symbols("t c", positive=True)
r, s = sympy.symbols("r s", integer=True, nonnegative=True)
S_0, S_1, S_2, S_inverse = POWER_SUMS = sympy.symbols("S_0 S_1 S_2 S_-1", real=True)


def _generic(statement: Statement) -> sympy.Expr:
    """The case of a statement about one slope in which that slope is not zero."""
    return statement.expression.args[-1][0]


def _homogeneous(expression: sympy.Expr) -> sympy.Expr:
    """(g z)_+^m as g^m (z)_+^m, for g > 0."""
    return expression.replace(
        TruncatedPower, lambda z, m: g**m * TruncatedPower(sympy.expand(z / g), m)
    )


@cache
def own_loss() -> sympy.Expr:
    """J(g, -g t) for 0 ≤ t ≤ 1: what an output loses while its own feature is active."""
    own = _homogeneous(_generic(feature_benefit_term()).subs(b_i, -g * t))
    return sympy.expand(without_kinks(own, t, sympy.Rational(1, 2)))


@cache
def overlap() -> sympy.Expr:
    """C(t) = E u (u - t)_+.

    >>> overlap()
    (t - 1)**2*(t + 2)/6
    """
    return sympy.factor(-own_loss().coeff(g, 1) / 2)


@cache
def own_power() -> sympy.Expr:
    """E (u - t)_+².

    >>> own_power()
    -(t - 1)**3/3
    """
    return sympy.factor(own_loss().coeff(g, 2))


@cache
def neighbour_power() -> sympy.Expr:
    """E (c u - t)_+² = (c - t)_+³/(3c): K(g c, -g t)/g² for a neighbour at cosine c > 0."""
    disturbed = _generic(interference_term()).subs({h: g * cosine, b_i: -g * t}, simultaneous=True)
    return sympy.cancel(_homogeneous(disturbed) / g**2)


def _over_neighbours(term: sympy.Expr) -> sympy.Expr:
    """Σ over both sides of a term in the cosine, s neighbours each."""
    return 2 * sympy.Sum(term.subs(cosine, sympy.cos(2 * sympy.pi * j / k)), (j, 1, s))


@cache
def power() -> sympy.Expr:
    """Q(t) = Σ_j E (c_j u - t)_+²."""
    return own_power() + _over_neighbours(neighbour_power())


@cache
def loss() -> sympy.Expr:
    """ℓ(g, t): one output of the polygon, n times its mean squared error."""
    return sympy.Rational(1, 3) - 2 * g * overlap() + g**2 * power()


@cache
def best_squared_norm() -> sympy.Expr:
    """g = C/Q, where ∂ℓ/∂g = 0."""
    return overlap() / power()


@cache
def loss_at_best_norm() -> sympy.Expr:
    """1/3 - C²/Q."""
    return sympy.Rational(1, 3) - overlap() ** 2 / power()


def stationarity(part: sympy.Expr) -> sympy.Expr:
    """What a part of Q adds to P = 6 (C Q' - 2C' Q)/(1 - t): P = 0 where C²/Q is stationary."""
    change = overlap() * sympy.diff(part, t) - 2 * sympy.diff(overlap(), t) * part
    return sympy.factor(6 * change / (1 - t))


@cache
def neighbour_term() -> sympy.Expr:
    """What a neighbour at cosine c > t adds to P.

    >>> neighbour_term()
    -(-c + t)**2*(-2*c*t - 2*c + t**2 + t + 2)/c
    """
    seen = without_kinks(neighbour_power(), cosine, t + 1)
    return stationarity(seen)


@cache
def threshold_function() -> sympy.Expr:
    """P(t) for all k: the loss at the best norm falls with t where it is negative."""
    kinked = (cosine - t) ** 2
    bracket = sympy.cancel(neighbour_term() / kinked)
    return stationarity(own_power()) + _over_neighbours(TruncatedPower(cosine - t, 2) * bracket)


@cache
def slope() -> sympy.Expr:
    """∂/∂t of 1/3 - C²/Q."""
    return sympy.factor(overlap() * (1 - t)) * threshold_function() / (6 * power() ** 2)


@cache
def quartic() -> sympy.Poly:
    """P(t) while r neighbours on either side are seen, c_{r+1} ≤ t ≤ c_r, in S_m = Σ_{|j|≤r} c_j^m.

    S_2, S_1, S_-1 and S_0 = 2r + 1 are F, 𝒢, ℋ and M of Chen et al.

    >>> quartic().coeff_monomial(1)
    -2*S_1 + 2*S_2
    """
    total = sympy.S.Zero
    for term in sympy.Add.make_args(sympy.expand(neighbour_term())):
        rest, exponent = term.as_coeff_exponent(cosine)
        total += rest * {0: S_0, 1: S_1, 2: S_2, -1: S_inverse}[int(exponent)]
    return sympy.Poly(total, t)


@cache
def threshold_in_radicals() -> sympy.Expr:
    """t for k ≥ 5 in S_0, S_1, S_2 and S_-1, by Ferrari: the smaller real root of the quartic.

    The quartic has two real roots, so its discriminant is negative and the cube root below is
    of a positive number; that the branch is always this one is checked in the tests.
    """
    a, b, c, d, e = quartic().all_coeffs()
    first = c**2 - 3 * b * d + 12 * a * e
    second = 2 * c**3 - 9 * b * c * d + 27 * b**2 * e + 27 * a * d**2 - 72 * a * c * e
    root = sympy.cbrt((sympy.sqrt(second**2 - 4 * first**3) - second) / 2)
    flat = (8 * a * c - 3 * b**2) / (8 * a**2)
    skew = (b**3 - 4 * a * b * c + 8 * a**2 * d) / (8 * a**3)
    half = sympy.sqrt(-(root + first / root) / (3 * a) - 2 * flat / 3) / 2
    return -b / (4 * a) + half - sympy.sqrt(-4 * half**2 - 2 * flat - skew / half) / 2


@cache
def sum_of_cosines(step: int) -> sympy.Expr:
    """Σ_{|j|≤r} cos(2πj step/k), a Dirichlet kernel, by telescoping.

    2 sin(θ/2) cos(jθ) = sin((j + 1/2)θ) - sin((j - 1/2)θ) adds up to its ends.

    >>> sum_of_cosines(1)
    sin(2*pi*r/k + pi/k)/sin(pi/k)
    """
    angle = 2 * sympy.pi * step / k
    ends = sympy.sin((r + sympy.Rational(1, 2)) * angle) - sympy.sin(angle / 2)
    return sympy.cancel(1 + ends / sympy.sin(angle / 2))


@cache
def sum_of_squared_cosines() -> sympy.Expr:
    """S_2 by cos² = (1 + cos 2θ)/2."""
    return (2 * r + 1 + sum_of_cosines(2)) / 2


@cache
def dead_feature_gain() -> tuple[sympy.Expr, sympy.Expr]:
    """The best bias of a dead feature, and how far below the loss at b = 0 it gets.

    >>> dead_feature_gain()
    (1/(2*n), 1/(4*n**2))
    """
    alone = feature_benefit_term().expression.args[0][0]
    disturbed = interference_term().expression.args[0][0]
    dead = without_kinks(alone + (n - 1) * disturbed, b_i, sympy.Integer(1)) / n
    (best,) = sympy.solve(sympy.diff(dead, b_i), b_i)
    return best, sympy.factor(dead.subs(b_i, 0) - dead.subs(b_i, best))


def excess_with_positive_bias() -> tuple[sympy.Expr, sympy.Expr]:
    """Q' (1/3 + β/2) - Q for one feature at slope h when b = g β > 0, seen whole and seen in part.

    The second is for h < -β, where the output is cut off. C = 1/3 + β/2 there, so C²/Q falls
    with β where these are positive: for -1 ≤ h ≤ 1 they are, so there is no critical point.

    >>> excess_with_positive_bias()[1]
    -beta**2*(beta + 2)/(6*h)
    """
    disturbed = _generic(interference_term()).subs({h: g * h, b_i: g * beta}, simultaneous=True)
    power_of = sympy.expand(_homogeneous(disturbed) / g**2)
    whole, cut = (sympy.cancel(without_kinks(power_of, h, at)) for at in (beta, -2 * beta))
    own = sympy.Rational(1, 3) + beta / 2
    excesses = (sympy.diff(part, beta) * own - part for part in (whole, cut))
    first, second = map(sympy.factor, excesses)
    return first, second


def statements() -> tuple[Statement, ...]:
    """The potential and its reductions, the sums in closed form, and the dead features."""
    angle = 2 * sympy.pi / k
    sides = Argument(k, 3, 24, integer=True)
    seen = Argument(s, k / 4 - 1, (k - 1) / 4, integer=True)
    kinks = (sympy.cos(s * angle), sympy.cos(angle))
    norm = Argument(g, 0, 4, corners=(0, 1))
    one = sympy.Function("ell")
    domain = (sides, seen, Argument(t, 0, 0.95, corners=(0, *kinks)))
    return (
        Statement(
            id="one-active-polygon/loss",
            claim="One output of a k-gon of squared norm g and bias -gt, when one feature is "
            "active at a time: n times its mean squared error.",
            name=one(g, t, k),
            expression=loss(),
            arguments=(sides, seen, norm, Argument(t, 0, 1, corners=(0, 1, *kinks))),
            source=SOURCE,
        ),
        Statement(
            id="one-active-polygon/best-norm",
            claim="The best squared norm at threshold t.",
            name=sympy.Function("g_best")(t, k),
            expression=best_squared_norm(),
            arguments=domain,
            source=SOURCE,
        ),
        Statement(
            id="one-active-polygon/threshold",
            claim="At the best norm the slope in t, whose last factor is a quartic between two "
            "neighbouring kinks.",
            name=sympy.Derivative(one(t, k), t),
            expression=slope(),
            arguments=domain,
            source="derived here",
        ),
        *_statements_about_sums(),
        *_statements_about_all_features(domain),
    )


def _statements_about_sums() -> tuple[Statement, ...]:
    """S_1 and S_2: 𝒢 and F of Chen et al."""
    domain = (Argument(k, 3, 80, integer=True), Argument(r, 0, (k - 1) / 4, integer=True))
    return tuple(
        Statement(
            id=f"one-active-polygon/{what}",
            claim=f"The sum of the {words} of a vertex and of r neighbours on either side.",
            name=sympy.Function(name)(r, k),
            definition=1 + 2 * sympy.Sum(sympy.cos(2 * sympy.pi * j / k) ** power_, (j, 1, r)),
            expression=value,
            arguments=domain,
            source="derived here (Dirichlet kernel)",
        )
        for what, words, name, power_, value in (
            ("cosines", "cosines", "S_1", 1, sum_of_cosines(1)),
            ("squared-cosines", "squared cosines", "S_2", 2, sum_of_squared_cosines()),
        )
    )


def _statements_about_all_features(domain: tuple[Argument, ...]) -> tuple[Statement, ...]:
    """H for a polygon among dead features, and what a dead feature gains from its bias."""
    bias, gain = dead_feature_gain()
    # One division, by n: k/n of two whole numbers would be rounded where it is computed.
    dead = (n - k) * (sympy.Rational(1, 3) - n * gain)
    return (
        Statement(
            id="one-active-polygon/dead-feature",
            claim="A dead feature does best at bias 1/(2n), this much better than at 0.",
            name=sympy.Function("H")(0) - sympy.Function("H")(bias),
            expression=gain,
            arguments=(Argument(n, 1, 400, integer=True),),
            source="Chen et al. 2023 (the dead features of positive bias)",
        ),
        Statement(
            id="one-active-polygon/loss-with-dead-features",
            claim="The one-active potential of a k-gon at its best norm among n features, the "
            "others dead and at their best bias.",
            name=sympy.Function("H")(t, k, n),
            expression=(k * loss_at_best_norm() + dead) / n,
            arguments=(*domain, Argument(n, k, k + 8, integer=True)),
            source=SOURCE,
        ),
    )
