"""What is trained at once: many models of one shape, each with its own setting and seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

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
        check_count(self.count, "the number of features in a set")
        if self.density_of not in ("set", "member"):
            raise ValueError(f"density_of is {self.density_of!r}; it must be set or member.")

    @property
    def share(self) -> float:
        """What part of the set's density a feature has for its own."""
        shared = self.together == "anticorrelated" and self.density_of == "set"
        return 1 / self.count if shared else 1.0


@dataclass(frozen=True)
class Instances:
    """S models of n features and m hidden dimensions.

    importance: (S, n); density: (S, n), at least 1e-6, the same for all members of a set (of an
    anticorrelated one see ``Members``); seed: (S,) whole numbers; hidden: m; architecture: the
    model; values: of active features, uniform or binary; sets: how features depend on each other,
    None for independent ones; pace: (S,), what every model's learning rate is multiplied with, 1
    for None.
    A model's weights and data follow from its seed alone, whatever else is trained beside it.
    Raises ``ValueError`` for densities outside [1e-6, 1], bad importances, negative seeds, sets
    that do not fit, or shapes that disagree.
    """

    importance: Array
    density: Array
    seed: NDArray[np.int64]
    hidden: int
    architecture: Architecture = RELU_OUTPUT
    values: ValueLaw = Values.UNIT
    sets: tuple[Members, ...] | None = None
    pace: Array | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "hidden", check_count(self.hidden, "hidden"))
        check_importance(self.importance)
        check_density(self.density)
        for name in ("importance", "density", "pace"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, np.asarray(getattr(self, name), dtype=float))
        object.__setattr__(self, "seed", np.asarray(self.seed))
        if np.any(self.density < LEAST_DENSITY):
            raise ValueError(
                f"density is {np.min(self.density):g}; words of 32 bits sample no density below "
                f"{LEAST_DENSITY:g}."
            )
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
        shape = np.shape(self.importance)
        if len(shape) != 2 or 0 in shape or np.shape(self.density) != shape:
            raise ValueError(
                f"importance has shape {shape} and density {np.shape(self.density)}; "
                "both must be (models, features)."
            )
        seed = np.asarray(self.seed)
        if seed.shape != shape[:1]:
            raise ValueError(
                f"seed has shape {seed.shape}; it must be ({shape[0]},), one per model."
            )
        if seed.dtype.kind not in "iu":
            raise ValueError(f"seed has type {seed.dtype}; seeds must be whole numbers.")
        if np.any(seed < 0):
            raise ValueError(f"seed contains {np.min(seed)}; a seed must not be negative.")
        if not isinstance(self.values, (Uniform, Binary)):
            raise ValueError(
                f"values is {self.values!r}; samples are drawn of uniform and binary values: "
                "Values.UNIT, Values.SIGNED, Values.BINARY or Uniform(low, high)."
            )
        self._check_pace()
        self._check_sets()

    def _check_pace(self) -> None:
        if self.pace is None:
            return
        check_finite(self.pace, "pace")
        if np.shape(self.pace) != (self.count,) or np.any(np.asarray(self.pace) <= 0):
            raise ValueError(
                f"pace has shape {np.shape(self.pace)} and least value {np.min(self.pace):g}; it "
                f"must be ({self.count},), positive."
            )

    def _check_sets(self) -> None:
        if self.sets is None:
            return
        object.__setattr__(self, "sets", tuple(self.sets))
        for members in self.sets:
            if not isinstance(members, Members):
                raise ValueError(f"sets contains {members!r}; it must hold Members.")
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

    def tiles(self, size: int) -> Iterator[Instances]:
        """The same models in groups of at most ``size``, in order."""
        for start in range(0, self.count, size):
            yield self.taken(slice(start, start + size))


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
        densities.reshape(models, n).copy(),
        np.arange(models, dtype=np.int64),
        hidden,
    )
