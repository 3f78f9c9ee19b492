"""What is trained at once, and what is refused before anything trains."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from superposition.theory.features.values import GivenValues, Uniform
from superposition.validate.architecture import Architecture
from superposition.validate.instances import Instances, Members, grid
from superposition.validate.optimiser import SGD, Adam, AdamW
from superposition.validate.schedule import Schedule, Stopping, log_spaced


def instances(**changes: object) -> Instances:
    settings: dict[str, object] = {
        "importance": np.ones((2, 3)),
        "density": np.full((2, 3), 0.5),
        "seed": np.arange(2),
        "hidden": 1,
    }
    return Instances(**(settings | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"hidden": 0}, "hidden is 0"),
        ({"density": np.zeros((2, 3))}, "density is 0"),
        ({"importance": np.full((2, 3), -1.0)}, "importance is -1"),
        ({"density": np.full((2, 2), 0.5)}, "both must be"),
        ({"importance": np.ones(3), "density": np.ones(3)}, "both must be"),
        ({"seed": np.arange(3)}, "one per model"),
        ({"seed": np.array([0, -1])}, "seed contains -1; seeds must be whole numbers in"),
        ({"seed": np.array([0.0, 1.0])}, "seeds must be whole numbers"),
        ({"seed": [2**64, 1]}, "seed contains 18446744073709551616; seeds must be"),
        ({"seed": [[1], [1, 2]]}, "seeds must be whole numbers"),
        ({"seed": [True, 1]}, "seed contains True; seeds must be whole numbers"),
        ({"pace": np.array([1.0, 0.0])}, "pace contains 0; every pace must be positive"),
        ({"pace": np.ones(3)}, r"pace has shape \(3,\); it must be \(2,\), one per model"),
        ({"pace": []}, r"pace has shape \(0,\); it must be"),
        ({"pace": ["a", "b"]}, r"pace is \['a', 'b'\]; it must be a number or an array"),
        ({"values": Uniform(0, 1e200)}, "values lie between 0 and 1e.200; in single precision"),
        ({"values": Uniform(1, 1 + 1e-12)}, "in single precision the two must differ"),
        ({"sets": Members("correlated", 3)}, "sets is Members.*; it must be a tuple of Members"),
        ({"values": GivenValues(lambda y, _: np.ones_like(y), 1, 1)}, "uniform and binary"),
        ({"sets": (Members("correlated", 2),)}, "sets have 2 features together"),
        (
            {
                "sets": (Members("correlated", 2), Members("independent", 1)),
                "density": np.array([[0.1, 0.2, 0.3], [0.1, 0.1, 0.1]]),
            },
            "density differs within the correlated set of features 0 to 1",
        ),
        ({"sets": (Members("anticorrelated", 3, "member"),)}, "at most 1/3"),
        ({"sets": ("correlated",)}, "sets contains 'correlated'; it must hold Members"),
        ({"architecture": "linear"}, "architecture is 'linear'; it must be an Architecture"),
        ({"density": np.full((2, 3), 1e-9)}, "density is 1e-09; words of 32 bits"),
        ({"importance": np.full((2, 3), 1e300)}, r"importance is 1e\+300; in single precision"),
        ({"hidden": 1.5}, "hidden is 1.5"),
    ],
)
def test_bad_instances_are_refused(changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        instances(**changes)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"steps": 0}, "steps is 0"),
        ({"batch": 0.5}, "batch is 0.5"),
        ({"learning_rate": -1.0}, "learning_rate is -1"),
        ({"last_learning_rate": math.nan}, "last_learning_rate is nan"),
        ({"warmup": 4000}, "warmup is 4000; it must be below steps"),
        ({"batch": 2**32}, "batch is 4294967296; it must be at most 4294967295"),
        ({"steps": 10**9}, "steps is 1000000000; it must be at most 100000000"),
        ({"learning_rate": "fast"}, "learning_rate is 'fast'; it must be a positive number"),
        ({"learning_rate": True}, "learning_rate is True"),
        ({"optimiser": "adam"}, "optimiser is 'adam'; it must be Adam, AdamW or SGD"),
        ({"stopping": 500}, "stopping is 500; it must be a Stopping or None"),
        ({"stopping": Stopping()}, "models are stopped at constant rates only"),
        ({"shape": "zigzag"}, "shape is 'zigzag'; it must be one of cosine, linear, exponential"),
    ],
)
def test_bad_schedules_are_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Schedule(**changes)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: Adam(beta1=1.0), "beta1 is 1.0; it must be a number in"),
        (lambda: Adam(eps=0.0), "eps is 0.0"),
        (lambda: AdamW(weight_decay=-1.0), "weight_decay is -1"),
        (lambda: SGD(momentum=1.5), "momentum is 1.5"),
        (lambda: Stopping(every=0), "every is 0"),
        (lambda: Stopping(fall=1.0), "fall is 1.0"),
        (
            lambda: Architecture(hidden="gelu"),  # type: ignore[arg-type]
            "hidden is 'gelu'; it must be one of identity, relu",
        ),
        (lambda: Architecture(tied="no"), "tied is 'no'; it must be"),  # type: ignore[arg-type]
        (lambda: Architecture(biased=None), "biased is None"),  # type: ignore[arg-type]
        (lambda: Members("apart", 3), "together is 'apart'"),  # type: ignore[arg-type]
        (lambda: Stopping(patience=1), "patience is 1"),
        (lambda: Stopping(fall="x"), "fall is 'x'"),  # type: ignore[arg-type]
        (lambda: Adam(beta1="x"), "beta1 is 'x'"),  # type: ignore[arg-type]
        (lambda: Adam(decoupled="no"), "decoupled is 'no'"),  # type: ignore[arg-type]
        (lambda: grid(0.5, 0.1, 2, 1, -1), "seeds is -1"),
        (lambda: grid([[0.5]], 0.1, 2, 1, 1), "each must be a list of numbers"),
        (lambda: Members("correlated", 2, "all"), "density_of is 'all'"),  # type: ignore[arg-type]
        (lambda: Members("correlated", 0), "the number of features in a set is 0"),
    ],
)
def test_bad_constants_are_refused(call: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        call()


@pytest.mark.parametrize("shape", ["cosine", "linear", "exponential"])
def test_warm_up_rises_and_then_the_rate_falls(shape: Any) -> None:
    schedule = Schedule(
        steps=50, learning_rate=0.1, last_learning_rate=0.001, shape=shape, warmup=10
    )
    rates = schedule.rates()
    np.testing.assert_allclose(rates[:10], 0.01 * np.arange(1, 11))
    assert rates[10] == pytest.approx(0.1)
    assert rates[-1] == pytest.approx(0.001)
    s = (np.arange(10, 50) - 10) / (50 - 10 - 1)  # as the docstring of the module has it
    fall = {"cosine": (1 + np.cos(np.pi * s)) / 2, "linear": 1 - s}
    if shape in fall:
        np.testing.assert_allclose(rates[10:], 0.001 + 0.099 * fall[shape])
    assert np.all(np.diff(rates[10:]) < 0)


def test_the_rate_falls_from_first_to_last() -> None:
    schedule = Schedule(steps=100, learning_rate=0.1, last_learning_rate=0.01)
    rates = schedule.rates()
    assert rates[0] == pytest.approx(0.1)
    assert rates[-1] == pytest.approx(0.01)
    assert all(later <= earlier for earlier, later in itertools.pairwise(rates))


@given(st.integers(1, 10**6), st.integers(1, 60))
def test_log_spaced_moments_begin_at_none_and_end_at_all(steps: int, count: int) -> None:
    moments = log_spaced(steps, count)
    assert moments[0] == 0
    assert moments[-1] == steps
    assert len(moments) <= count + 1
    assert list(moments) == sorted(set(moments))


def test_lists_and_whole_floats_are_taken_for_what_they_say() -> None:
    made = Instances([[1, 1]], [[0.5, 0.2]], [3], 1.0, pace=[2])  # type: ignore[arg-type]
    assert made.importance.shape == (1, 2)
    assert made.hidden == 1
    assert made.taken(slice(0, 1)).pace is not None
    assert grid(0.5, 0.1, 2, 1, 3).count == 3
    assert log_spaced(100.0, 3.0) == (0, 1, 10, 100)  # type: ignore[arg-type]
    correlated = Members("correlated", 2.0)  # type: ignore[arg-type]
    assert Instances([[1, 1]], [[0.5, 0.5]], [3], 1, sets=[correlated]).sets == (correlated,)  # type: ignore[arg-type]
    assert isinstance(correlated.count, int)


def test_grid_orders_density_importance_seed() -> None:
    models = grid([1, 2], [0.1, 0.2, 0.3], features=3, hidden=2, seeds=4)
    assert (models.count, models.features) == (24, 3)
    assert models.density[4 * 2 * 2, 0] == 0.3
    assert models.importance[4].tolist() == [1, 1, 2]
    assert len(set(models.seed.tolist())) == 24


def test_what_was_checked_stays_as_it_was() -> None:
    """The caller's arrays are copied, and ours cannot be written to."""
    importance, seed, pace = np.ones((2, 3)), np.arange(2), np.ones(2)
    made = instances(importance=importance, seed=seed, pace=pace)
    importance[0], seed[0], pace[0] = -5, -1, -1
    assert made.importance.min() == made.pace.min() == 1  # type: ignore[union-attr]
    assert made.seed.tolist() == [0, 1]
    for name in ("importance", "density", "seed", "pace"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(made, name)[0] = 0.5


def test_instances_are_the_same_only_as_themselves() -> None:
    made = instances()
    assert made == next(iter([made]))
    assert made != instances()
    assert len({made, instances()}) == 2


def test_seeds_have_64_bits() -> None:
    assert instances(seed=[2**64 - 1, 1]).seed.tolist() == [2**64 - 1, 1]
    assert instances(seed=[2**63 - 1, 1]).seed.dtype == np.int64


def test_members_of_sets_may_have_small_densities_of_their_own() -> None:
    """What is sampled is a member's own density, of an anticorrelated set a share of the set's."""
    sets = (Members("anticorrelated", 3),)
    assert instances(density=np.full((2, 3), 3e-6), sets=sets).count == 2
    with pytest.raises(ValueError, match="density is 6.66667e-07, of one of 3 that share a set's"):
        instances(density=np.full((2, 3), 2e-6), sets=sets)
