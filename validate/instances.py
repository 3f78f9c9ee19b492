"""What is trained at once: many models of one shape, each with its own setting and seed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from superposition.theory.domain import check_count, check_density, check_finite, check_importance
from superposition.theory.features.feature_law import FeatureLaw
from superposition.theory.features.feature_sets import (
    Anticorrelated,
    Correlated,
    FeatureSet,
    Independent,
)
from superposition.theory.features.values import Binary, Uniform, ValueLaw, Values
from superposition.validate.architecture import RELU_OUTPUT, Architecture

Array = NDArray[np.float64]
LEAST_DENSITY = 1e-6  # some 4000 values are left of 2^32
LARGEST_IMPORTANCE = 1e30
LARGEST_VALUE = 1e15  # its square, times the number of samples and features, is still a number
Together = Literal["independent", "correlated", "anticorrelated"]


@dataclass(frozen=True)
class Members:
    """A set of ``count`` neighbouring features: how their activities depend on each other.

    Correlated: one switch for all. Anticorrelated: at most one at a time, each as often.
    density_of: what the density of an anticorrelated set is: "set", that any is active (the
    paper's convention, each then has density/count), or "member", that one of them is.
    """

    together: Together
    count: int
    density_of: Literal["set", "member"] = "set"

    def __post_init__(self) -> None:
        if self.together not in ("independent", "correlated", "anticorrelated"):
            raise ValueError(
                f"together is {self.together!r}; it must be independent, correlated or "
                "anticorrelated."
            )
        count = check_count(self.count, "the number of features in a set")
        object.__setattr__(self, "count", count)
        if self.density_of not in ("set", "member"):
            raise ValueError(f"density_of is {self.density_of!r}; it must be set or member.")

    @property
    def share(self) -> float:
        """What part of the set's density a feature has for its own."""
        shared = self.together == "anticorrelated" and self.density_of == "set"
        return 1 / self.count if shared else 1.0


@dataclass(frozen=True, eq=False)
class Instances:
    """S models of n features and m hidden dimensions.

    importance: (S, n); density: (S, n), every feature's own at least 1e-6, the same for all members
    of a set (of an anticorrelated one see ``Members``); seed: (S,) whole numbers; hidden: m;
    architecture: the model; values: of active features, uniform or binary; sets: how features
    depend on each other, None for independent ones; pace: (S,), what every model's learning rate is
    multiplied with, 1 for None.
    Arrays are copied, and not to be written to.
    A model's weights and data follow from its seed alone, whatever else is trained beside it.
    Raises ``ValueError`` for densities outside [1e-6, 1], bad importances, negative seeds, sets
    that do not fit, or shapes that disagree.
    """

    importance: Array
    density: Array
    seed: NDArray[np.integer[Any]]
    hidden: int
    architecture: Architecture = RELU_OUTPUT
    values: ValueLaw = Values.UNIT
    sets: tuple[Members, ...] | None = None
    pace: Array | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "hidden", check_count(self.hidden, "hidden"))
        check_importance(self.importance)
        check_density(self.density)
        if self.pace is not None:
            check_finite(self.pace, "pace")
        for name in ("importance", "density", "pace"):
            if getattr(self, name) is not None:
                self._keep(name, np.array(getattr(self, name), dtype=float))
        self._keep("seed", _seeds(self.seed))
        self._check_shapes()
        if np.any(self.importance > LARGEST_IMPORTANCE):
            raise ValueError(
                f"importance is {np.max(self.importance):g}; in single precision it must be at "
                f"most {LARGEST_IMPORTANCE:g}."
            )
        if not isinstance(self.architecture, Architecture):
            raise ValueError(
                f"architecture is {self.architecture!r}; it must be an Architecture, such as "
                "RELU_OUTPUT."
            )
        self._check_values()
        self._check_sets()
        self._check_marginals()

    def _keep(self, name: str, array: NDArray[Any]) -> None:
        """Our own copy, that nobody changes: what was checked stays true."""
        array.flags.writeable = False
        object.__setattr__(self, name, array)

    def _check_shapes(self) -> None:
        shape = self.importance.shape
        if len(shape) != 2 or 0 in shape or self.density.shape != shape:
            raise ValueError(
                f"importance has shape {shape} and density {self.density.shape}; "
                "both must be (models, features)."
            )
        if self.seed.shape != shape[:1]:
            raise ValueError(
                f"seed has shape {self.seed.shape}; it must be ({shape[0]},), one per model."
            )
        if self.pace is None:
            return
        if self.pace.shape != shape[:1]:
            raise ValueError(
                f"pace has shape {self.pace.shape}; it must be ({shape[0]},), one per model."
            )
        if np.any(self.pace <= 0):
            raise ValueError(f"pace contains {np.min(self.pace):g}; every pace must be positive.")

    def _check_values(self) -> None:
        if not isinstance(self.values, (Uniform, Binary)):
            raise ValueError(
                f"values is {self.values!r}; samples are drawn of uniform and binary values: "
                "Values.UNIT, Values.SIGNED, Values.BINARY or Uniform(low, high)."
            )
        low, high = self.values.support
        far = max(abs(low), abs(high)) > LARGEST_VALUE
        if far or (low < high and np.float32(low) == np.float32(high)):
            raise ValueError(
                f"values lie between {low!r} and {high!r}; in single precision the two must "
                f"differ, and be at most {LARGEST_VALUE:g} away from 0."
            )

    def _check_sets(self) -> None:
        if self.sets is None:
            return
        object.__setattr__(self, "sets", _members(self.sets))
        total = sum(members.count for members in self.sets)
        if total != self.features:
            raise ValueError(
                f"sets have {total} features together; they must be all {self.features}."
            )
        for members, part in self.parts():
            density = self.density[:, part]
            if members.together == "independent":
                continue
            if np.any(density != density[:, :1]):
                raise ValueError(
                    f"density differs within the {members.together} set of features "
                    f"{part.start} to {part.stop - 1}; its members must have one density."
                )
            whole = members.together == "anticorrelated" and members.density_of == "member"
            if whole and density.max() * members.count > 1 + 1e-12:
                raise ValueError(
                    f"density is {density.max():g} in an anticorrelated set of {members.count}; "
                    f"members that exclude each other have at most 1/{members.count}."
                )

    def _check_marginals(self) -> None:
        for members, part in self.parts():
            least = float(self.marginal(members, part).min())
            if least < LEAST_DENSITY:
                shared = f", of one of {members.count} that share a set's" * (members.share < 1)
                raise ValueError(
                    f"density is {least:g}{shared}; words of 32 bits sample no density below "
                    f"{LEAST_DENSITY:g}."
                )

    @property
    def count(self) -> int:
        """The number of models S."""
        return int(self.importance.shape[0])

    @property
    def features(self) -> int:
        """The number of features n."""
        return int(self.importance.shape[1])

    def parts(self) -> Iterator[tuple[Members, slice]]:
        """Every set with the features it holds; without sets, all in one independent set."""
        start = 0
        for members in self.sets or (Members("independent", self.features),):
            yield members, slice(start, start + members.count)
            start += members.count

    def marginal(self, members: Members, part: slice) -> Array:
        """Every feature's own density in one of ``parts``, (S, count)."""
        return np.asarray(self.density[:, part] * members.share)

    def law(self, model: int) -> FeatureLaw:
        """The law of one model's features, as the exact loss takes it."""
        density = self.density[model]
        sets: list[FeatureSet] = []
        for members, part in self.parts():
            p = float(density[part.start])
            if members.together == "independent":
                sets.append(Independent(tuple(density[part].tolist())))
            elif members.together == "correlated":
                sets.append(Correlated(members.count, p))
            else:
                on = min(1.0, members.count * members.share * p)
                sets.append(Anticorrelated(members.count, on))
        return FeatureLaw(tuple(sets), self.values)

    def taken(self, index: slice | NDArray[np.intp]) -> Instances:
        """Some of the models."""
        return replace(
            self,
            importance=self.importance[index],
            density=self.density[index],
            seed=self.seed[index],
            pace=None if self.pace is None else self.pace[index],
        )


def _members(sets: Any) -> tuple[Members, ...]:
    if not isinstance(sets, Iterable):
        raise ValueError(f"sets is {sets!r}; it must be a tuple of Members.")
    found = tuple(sets)
    for members in found:
        if not isinstance(members, Members):
            raise ValueError(f"sets contains {members!r}; it must hold Members.")
    return found


def _seeds(seed: Any) -> NDArray[np.integer[Any]]:
    """Our own array of ``seed``; raises ``ValueError`` for what is no whole number in [0, 2^64)."""
    allowed = "seeds must be whole numbers in [0, 2^64)"
    try:  # a list may hold more than 64 bits, or whole numbers that numpy would make floats
        array = np.array(seed, dtype=None if isinstance(seed, np.ndarray) else object)
    except ValueError:
        raise ValueError(f"seed is {seed!r}; {allowed}.") from None
    if array.dtype.kind not in "iuO":
        raise ValueError(f"seed has type {array.dtype}; {allowed}.")
    if array.dtype.kind == "O":
        for each in array.ravel().tolist():
            if not isinstance(each, int | np.integer) or isinstance(each, bool) or each >= 2**64:
                raise ValueError(f"seed contains {each!r}; {allowed}.")
    if np.any(array < 0):
        raise ValueError(f"seed contains {np.min(array)}; {allowed}.")
    if array.dtype.kind != "O":
        return array
    return array.astype(np.int64 if np.all(array < 2**63) else np.uint64)


def grid(
    importance: ArrayLike, density: ArrayLike, features: int, hidden: int, seeds: int
) -> Instances:
    """The phase diagram's models: every (density, extra importance), ``seeds`` models each.

    importance: (X,) of the extra, last feature, the others have 1; density: (Y,). The models
    are ordered density first, then importance, then seed; every model has a seed of its own.
    """
    n, each = check_count(features, "features"), check_count(seeds, "seeds")
    check_importance(importance)
    check_density(density)
    extra, p = (np.atleast_1d(np.asarray(values, dtype=float)) for values in (importance, density))
    if extra.ndim != 1 or p.ndim != 1:
        raise ValueError(
            f"importance has shape {extra.shape} and density {p.shape}; each must be a list of "
            "numbers."
        )
    models = p.size * extra.size * each
    importances = np.ones((p.size, extra.size, each, n))
    importances[..., -1] = extra[None, :, None]
    densities = np.broadcast_to(p[:, None, None, None], importances.shape)
    return Instances(
        importances.reshape(models, n),
        densities.reshape(models, n),
        np.arange(models, dtype=np.int64),
        hidden,
    )
