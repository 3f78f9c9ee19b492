"""Problems whose expected losses are known exactly: the truth table of the methods.

The answers are computed in rational arithmetic (``superposition.numerics.expectation.exact``),
never typed in. Entries of W, b, … are binary fractions, so floats hold them exactly.

Tags: dense, sparse (few features at a time), corner (a kink on a corner of the cube), tiny
(weights far below the others), huge (hundreds of features), degenerate (zero or equal weights,
zero loss), signed, binary, sets (correlated or anticorrelated), untied, batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from superposition.numerics.expectation import exact
from superposition.theory import (
    Anticorrelated,
    Correlated,
    FeatureLaw,
    Independent,
    Uniform,
    Values,
)

Array = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, eq=False)
class Problem:
    """Arguments of ``expected_loss``, and how its exact answer is found."""

    slug: str
    tags: tuple[str, ...]
    W: Array
    b: Array
    importance: Array
    density: Any
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def arguments(self) -> tuple[Any, ...]:
        """The positional arguments."""
        return self.W, self.b, self.importance, self.density

    def rows(self) -> Any:
        """A = W_out W, exactly."""
        W = exact.rationals(self.W)
        W_out = self.options.get("W_out")
        return exact.product(
            [list(c) for c in zip(*W, strict=True)] if W_out is None else exact.rationals(W_out), W
        )


@cache
def truth(problem: Problem) -> Any:
    """L, an fmpq."""
    rows, b, importance = (
        problem.rows(),
        exact.rationals(problem.b),
        exact.rationals(problem.importance),
    )
    if isinstance(problem.density, FeatureLaw):
        law = problem.density
        sets = [(active, exact.rational(p)) for active, p in law.active_sets()]
        return exact.expected_loss_of_sets(rows, b, importance, sets, law.values)
    density = exact.rationals(problem.density)
    values = problem.options.get("values", Values.UNIT)
    known: dict[Any, Any] = {}
    total = exact.rational(0)
    for i, weight in enumerate(importance):  # equal outputs are worked out once
        others = sorted(
            (str(a), str(p), a, p)
            for j, (a, p) in enumerate(zip(rows[i], density, strict=True))
            if j != i and a != 0
        )
        key = (str(rows[i][i]), str(density[i]), str(b[i]), tuple(o[:2] for o in others))
        if key not in known:
            row = [rows[i][i], *(o[2] for o in others)]
            probability = [density[i], *(o[3] for o in others)]
            known[key] = exact.output_loss(0, row, b[i], probability, values)
        total += weight * known[key]
    return total


def difference(value: float, answer: Any) -> float:
    """|value - answer|, subtracted exactly."""
    return as_float(abs(exact.rational(value) - answer))


def as_float(number: Any) -> float:
    """A fraction of big integers as a float."""
    return int(number.p) / int(number.q)


def scale(problem: Problem) -> float:
    """max(L, Σ I_i E x_i²)."""
    if isinstance(problem.density, FeatureLaw):
        second = np.diag(problem.density.second_moments()).astype(float)
    else:
        values = problem.options.get("values", Values.UNIT)
        second = problem.density * float(values.moment(2))
    return max(as_float(truth(problem)), float(problem.importance @ second))


def _dyadic(rng: np.random.Generator, shape: tuple[int, ...], step: float, most: float) -> Array:
    """Random multiples of ``step`` up to ±most."""
    count = int(most / step)
    return np.asarray(rng.integers(-count, count + 1, size=shape) * step, dtype=np.float64)


def _ones(n: int) -> Array:
    return np.ones(n)


def _random(
    slug: str,
    n: int,
    m: int,
    density: Sequence[float] | float,
    tags: tuple[str, ...],
    seed: int,
    **options: Any,
) -> Problem:
    rng = np.random.default_rng(seed)
    p = np.broadcast_to(np.asarray(density, dtype=float), (n,)).copy()
    W = _dyadic(rng, (m, n), 1 / 64, 1)
    return Problem(
        slug, tags, W, _dyadic(rng, (n,), 1 / 64, 1 / 4), rng.integers(1, 9, n) / 4, p, options
    )


def _small() -> list[Problem]:
    pair = np.array([[1.0, -1.0]])
    hexagon = np.eye(6) - 0.5 * (np.eye(6, k=2) + np.eye(6, k=-2)) + 0.5 * np.eye(6, k=1)
    return [
        Problem("antipodal-pair", ("corner",), pair, np.zeros(2), _ones(2), np.full(2, 0.25)),
        Problem("pair-dense", ("dense", "corner"), pair, np.zeros(2), _ones(2), _ones(2)),
        Problem("pair-biased", ("dense",), pair, np.full(2, 0.125), _ones(2), np.full(2, 0.5)),
        _random("two", 2, 1, (0.25, 0.5), (), 1),
        _random("three", 3, 2, (0.125, 0.5, 0.75), (), 2),
        _random("four", 4, 2, (0.125, 0.25, 0.5, 1.0), ("dense",), 3),
        _random("six", 6, 2, 0.0625, (), 4),
        _random("eight", 8, 3, 0.25, ("dense",), 5),
        _random("eight-sure", 8, 3, 1.0, ("dense",), 6),
        _random("three-sparse", 3, 2, 2.0**-30, ("sparse",), 7),
        _random("six-sparse", 6, 2, 2.0**-20, ("sparse",), 8),
        Problem(
            "hexagon-rows",
            ("corner", "untied"),
            np.eye(6),
            np.zeros(6),
            _ones(6),
            np.full(6, 0.125),
            {"W_out": hexagon},
        ),
        Problem(
            "bias-on-corner",
            ("corner",),
            np.array([[1.0, 0.5, -0.25]]),
            np.array([0.25, -0.125, -0.0625]),
            _ones(3),
            np.full(3, 0.5),
        ),
    ]


def _degenerate() -> list[Problem]:
    rng = np.random.default_rng(11)
    mixed = np.concatenate([_dyadic(rng, (2, 2), 1 / 8, 1), np.zeros((2, 3))], axis=1)
    return [
        Problem(
            "identity", ("degenerate", "corner"), np.eye(4), np.zeros(4), _ones(4), np.full(4, 0.5)
        ),
        Problem(
            "nothing", ("degenerate",), np.zeros((2, 3)), np.zeros(3), _ones(3), np.full(3, 0.25)
        ),
        Problem(
            "dropped",
            ("degenerate",),
            mixed,
            np.array([0, 0, 0.25, 0.25, -0.25]),
            _ones(5),
            np.full(5, 0.5),
        ),
        Problem(
            "equal-columns",
            ("degenerate",),
            np.ones((1, 4)) / 2,
            np.full(4, -0.125),
            _ones(4),
            np.full(4, 0.25),
        ),
        Problem(
            "unimportant",
            ("degenerate",),
            np.array([[1.0, 0.5]]),
            np.zeros(2),
            np.array([1.0, 0.0]),
            np.full(2, 0.5),
        ),
    ]


def _tiny() -> list[Problem]:
    rng = np.random.default_rng(12)
    W = _dyadic(rng, (2, 4), 1 / 64, 1)
    all_tiny, one_tiny, apart = W * 2.0**-30, W.copy(), W.copy()
    one_tiny[:, 1] *= 2.0**-30
    apart *= np.array([1.0, 2.0**-7, 2.0**-14, 2.0**-21])
    p = np.array([0.25, 0.5, 0.125, 0.25])
    return [
        Problem("all-tiny", ("tiny",), all_tiny, np.zeros(4), _ones(4), p),
        Problem("one-tiny", ("tiny",), one_tiny, np.zeros(4), _ones(4), p),
        Problem("scales-apart", ("tiny",), apart, np.full(4, -(2.0**-6)), _ones(4), p),
        Problem("tiny-and-biased", ("tiny",), one_tiny, np.full(4, 0.125), _ones(4), p),
        Problem(
            "tiny-and-sparse",
            ("tiny", "sparse"),
            one_tiny,
            np.zeros(4),
            _ones(4),
            np.full(4, 2.0**-30),
        ),
    ]


def _laws() -> list[Problem]:
    rng = np.random.default_rng(13)
    W = _dyadic(rng, (2, 4), 1 / 32, 1)
    b = _dyadic(rng, (4,), 1 / 32, 1 / 8)
    sets = {
        "correlated": (Correlated(2, 0.25), Correlated(2, 0.5)),
        "anticorrelated": (Anticorrelated(2, 0.5), Independent((0.25, 0.5))),
        "mixed-sets": (Correlated(3, 0.25), Independent((0.5,))),
    }
    laws = [
        Problem(slug, ("sets",), W, b, _ones(4), FeatureLaw(blocks))
        for slug, blocks in sets.items()
    ]
    signed = FeatureLaw(sets["correlated"], Values.SIGNED)
    return [
        *laws,
        Problem("signed-sets", ("sets", "signed"), W, b, _ones(4), signed),
        _random("signed", 4, 2, 0.25, ("signed",), 14, values=Values.SIGNED),
        _random("signed-dense", 5, 2, 0.75, ("signed", "dense"), 15, values=Values.SIGNED),
        _random("signed-sparse", 7, 2, 2.0**-10, ("signed", "sparse"), 18, values=Values.SIGNED),
        _random("signed-rare", 5, 2, 2.0**-20, ("signed", "sparse"), 19, values=Values.SIGNED),
        _random("binary", 5, 2, 0.25, ("binary",), 16, values=Values.BINARY),
        _random(
            "binary-sure", 6, 2, (1, 0.5, 1, 0.5, 1, 0.5), ("binary",), 20, values=Values.BINARY
        ),
        _random("away-from-zero", 5, 2, 0.5, ("dense",), 21, values=Uniform(0.5, 2)),
        _random("away-and-sure", 6, 2, 1.0, ("dense",), 22, values=Uniform(0.5, 2)),
        _random("negative", 6, 2, 1.0, ("dense",), 23, values=Uniform(-2, -1)),
        _random("narrow", 3, 2, 0.5, ("dense",), 24, values=Uniform(1, 1 + 2.0**-30)),
    ]


def _many() -> list[Problem]:
    rng = np.random.default_rng(17)
    pairs = np.kron(np.eye(100), np.array([[1.0, -1.0]]))
    lattice = rng.choice([-0.25, 0.25], size=(16, 24))
    equal = np.full((60, 60), -0.125) + 1.125 * np.eye(60)
    half = np.concatenate([np.eye(50), np.zeros((50, 50))], axis=1)
    coarse = rng.choice([-0.5, 0.0, 0.5], size=(4, 40))
    return [
        *(
            Problem(
                f"hundred-pairs-{told}",
                ("huge", "corner"),
                pairs,
                np.zeros(200),
                _ones(200),
                np.full(200, p),
            )
            for told, p in (("sparse", 2.0**-8), ("dense", 0.5))
        ),
        Problem(
            "half-dropped",
            ("huge", "degenerate"),
            half,
            np.concatenate([np.zeros(50), np.full(50, 0.125)]),
            _ones(100),
            np.full(100, 0.25),
        ),
        *(
            Problem(
                f"simplex-rows-{told}",
                ("huge", "untied"),
                np.eye(60),
                np.full(60, bias),
                _ones(60),
                np.full(60, p),
                {"W_out": equal},
            )
            for told, p, bias in (
                ("sparse", 2.0**-6, 0.0),
                ("dense", 0.5, 0.25),
                ("sure", 1.0, 3.5),
            )
        ),
        *(
            Problem(
                f"lattice-{told}",
                ("huge", "corner"),
                lattice,
                np.full(24, -0.0625),
                _ones(24),
                np.full(24, p),
            )
            for told, p in (("sparse", 2.0**-7), ("dense", 0.25))
        ),
        Problem(
            "coarse-lattice",
            ("huge", "corner"),
            coarse,
            np.zeros(40),
            _ones(40),
            np.full(40, 2.0**-6),
        ),
    ]


PROBLEMS: tuple[Problem, ...] = (*_small(), *_degenerate(), *_tiny(), *_laws(), *_many())


def tagged(*tags: str) -> tuple[Problem, ...]:
    """The problems that bear all of the tags."""
    return tuple(problem for problem in PROBLEMS if set(tags) <= set(problem.tags))
