"""Train many models at once, on fresh samples, knowing nothing of the exact loss.

Bit for bit: a model's initial weights and data depend on its seed alone; the same instances and
settings give the same trained models on the same machine and device at the same chunk shape and,
with torch on the CPU, number of threads (compiled, on the CPU, at any).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from superposition.theory.domain import check_count
from superposition.validate.divergence import tell_diverged
from superposition.validate.instances import Instances
from superposition.validate.memory import chunk_size
from superposition.validate.parameters import Parameters, xavier
from superposition.validate.schedule import Schedule
from superposition.validate.watch import Watch, tail_begin

Array = NDArray[np.float64]
LOOK = {"compiled": 4e8, "cpu": 4e8}  # numbers multiplied between two looks at the progress bar
LOOK_GPU = 4e11
WORKSPACE = "CUBLAS_WORKSPACE_CONFIG"


class Engine(Protocol):
    """Takes steps with all models or some."""

    def advance(
        self, first: int, rates: Array, pace: Array, models: NDArray[np.intp], sums: Array
    ) -> tuple[Array, NDArray[np.int64]]:
        """Take the steps ``first`` … of ``models``.

        rates: (steps,); pace: (models,), what each model multiplies them with; sums: (models,
        sums), to each of which every mean batch loss is added, in order. Returns them, and the
        steps taken, ``first`` included, while the losses were finite, (models,).
        """

    def parameters(self) -> Parameters:
        """A copy of what the models are now."""


@dataclass(frozen=True, eq=False)
class History:
    """Models at H moments of training.

    steps: (H,), steps taken; parameters: one for every moment; loss: (H, S), the mean batch loss
    since the moment before, not a number at step 0, and that of ``TrainedModels`` where a model
    was finished before.
    """

    steps: NDArray[np.int64]
    parameters: tuple[Parameters, ...]
    loss: Array


@dataclass(frozen=True, eq=False)
class TrainedModels:
    """W (S, m, n), b (S, n) and, if untied, W_out (S, n, m) after training.

    steps: (S,), steps taken until a model was finished; loss: (S,), the mean batch loss of the last
    500 steps, of a model that ``Stopping`` finished earlier that of the last ``every`` steps it
    took; history: what ``record`` asked for. A model that diverged has weights and a loss that are
    no numbers, from the step on, the last it counts, whose loss was not finite.
    """

    W: NDArray[np.float32]
    b: NDArray[np.float32]
    W_out: NDArray[np.float32] | None
    steps: NDArray[np.int64]
    loss: Array
    history: History | None = None


def train(
    instances: Instances,
    schedule: Schedule,
    label: str = "training",
    progress: bool = True,
    *,
    initial: Parameters | None = None,
    record: Iterable[int] = (),
    device: str | None = None,
    threads: int | None = None,
    chunk: int | None = None,
    deterministic: bool = False,
    keep_diverged: bool = False,
) -> TrainedModels:
    """Train every model of ``instances``; ``label`` names the progress bar.

    initial: where to begin, ``xavier(instances)`` for None; record: numbers of steps, 0 to all,
    at which the models are kept; device: "compiled" (the CPU, with numba) or one of torch's
    ("cpu", "cuda"), the first that is there of "compiled" and "cpu" for None; threads: on the CPU,
    one a core for None (torch as it is set); chunk: models at once, for None all where compiled and
    otherwise as many as there is memory for; deterministic: torch only with algorithms that give
    the same bits every time (the compiled and the fused step always do). The bar shows quantiles of
    the models' batch losses. Models that diverge are told by a warning, unless ``keep_diverged``,
    and so are those whose loss ends a thousand times above that of storing nothing.
    Raises ``ValueError`` where an argument does not fit ``instances`` or ``schedule``, and if all
    models diverge, unless ``keep_diverged``.

    >>> models = Instances(np.ones((2, 3)), np.full((2, 3), 0.5), np.arange(2), hidden=2)
    >>> train(models, Schedule(steps=20), progress=False).W.shape
    (2, 2, 3)
    """
    check_settings(instances, schedule)
    moments = checked_moments(record, schedule)
    threads, chunk = (
        None if count is None else check_count(count, name)
        for count, name in ((threads, "threads"), (chunk, "chunk"))
    )
    place = checked_device(device)
    begin = checked_beginning(initial, instances) or xavier(instances)
    size = chunk or chunk_size(instances, schedule, place, len(moments))
    parts = [slice(at, at + size) for at in range(0, instances.count, size)]
    quiet = None if progress else True  # None: silent where there is no terminal
    total = schedule.steps * len(parts)
    with (
        _bits_alike(deterministic and place != "compiled"),
        _threads_of_torch(threads if place == "cpu" else None),
        tqdm(total=total, desc=label, unit="step", disable=quiet) as bar,
    ):
        found = []
        for part in parts:
            some = instances.taken(part)
            engine = _engine(some, schedule, begin.taken(part), place, threads)
            looks = _looks(some, schedule, moments, place)
            found.append(_trained(engine, some, schedule, looks, moments, bar))
    models = joined(found)
    if not keep_diverged:
        tell_diverged(models.loss, instances, schedule)
    return models


def check_settings(instances: object, schedule: object) -> None:
    """Raise ``ValueError`` unless these are what they are called."""
    if not isinstance(instances, Instances):
        raise ValueError(f"instances is {instances!r}; it must be Instances.")
    if not isinstance(schedule, Schedule):
        raise ValueError(f"schedule is {schedule!r}; it must be a Schedule.")


def checked_moments(record: Iterable[int], schedule: Schedule) -> tuple[int, ...]:
    """The numbers of steps to record at, in order; raises ``ValueError`` for what is none."""
    if not isinstance(record, Iterable):
        raise ValueError(f"record is {record!r}; it must be a list of numbers of steps.")
    moments = sorted({check_count(step, "record", at_least=0) for step in record})
    if moments and moments[-1] > schedule.steps:
        raise ValueError(
            f"record contains {moments[-1]}; a schedule of {schedule.steps} steps has no such step."
        )
    return tuple(moments)


def checked_beginning(initial: Parameters | None, instances: Instances) -> Parameters | None:
    """A copy of ``initial``, where there is any; raises ``ValueError`` if it does not fit."""
    if initial is None:
        return None
    if not isinstance(initial, Parameters):
        raise ValueError(
            f"initial is of type {type(initial).__name__}; it must be Parameters(W, b)."
        )
    return initial.checked(instances)


def checked_device(device: str | None) -> str:
    """The device, "compiled" or "cpu" for None; raises ``ValueError`` if it is not there."""
    numba = find_spec("numba") is not None
    place = ("compiled" if numba else "cpu") if device is None else device
    if place == "compiled" and not numba:
        raise ValueError("device is 'compiled', which needs numba: pip install numba.")
    if place in ("compiled", "cpu"):
        return place
    import torch

    there = [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    if place not in there and not (place == "cuda" and there):
        raise ValueError(
            f"device is {place!r}; here it must be one of "
            f"{', '.join(['compiled', 'cpu', *['cuda'][: len(there)], *there])}."
        )
    return place


@contextmanager
def _bits_alike(wanted: bool) -> Iterator[None]:
    """Torch refuses, meanwhile, what does not give the same bits every time."""
    if not wanted:
        yield
        return
    import torch

    before = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    given = WORKSPACE in os.environ
    os.environ.setdefault(WORKSPACE, ":4096:8")  # as cuBLAS asks for
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before, warn_only=warn_only)
        if not given:
            del os.environ[WORKSPACE]


@contextmanager
def _threads_of_torch(count: int | None) -> Iterator[None]:
    """Torch computes, meanwhile, on ``count`` threads: its sums are ordered by them."""
    if count is None:
        yield
        return
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _engine(
    instances: Instances, schedule: Schedule, begin: Parameters, place: str, threads: int | None
) -> Engine:
    """What takes the steps; the imports cost seconds, so only the one that is asked for."""
    if place == "compiled":
        from superposition.validate.compiled_engine import CompiledEngine

        return CompiledEngine.begin(instances, schedule, begin, threads)
    from superposition.validate.tensor_engine import begin_on

    return begin_on(place, instances, schedule, begin)


def _trained(
    engine: Engine,
    instances: Instances,
    schedule: Schedule,
    looks: list[int],
    moments: tuple[int, ...],
    bar: tqdm[Any],
) -> TrainedModels:
    """One chunk, from look to look."""
    watch = Watch(instances.count, schedule)
    pace = np.ones(instances.count) if instances.pace is None else instances.pace
    rates = schedule.rates()
    kept = {0: (engine.parameters(), watch.loss.copy())} if 0 in moments else {}
    for first, last in pairwise(looks):
        models = watch.running()
        if len(models):
            seen = engine.advance(
                first, rates[first:last], pace[models], models, watch.sums[models]
            )
            watch.saw(models, *seen, last)
        bar.update(last - first)
        if not bar.disable and not watch.diverged.all():
            low, middle, high = np.nanquantile(watch.loss, (0.1, 0.5, 0.9))
            bar.set_postfix_str(f"loss {low:.2e}, {middle:.2e}, {high:.2e}", refresh=False)
        if last in moments:
            kept[last] = engine.parameters().without(watch.diverged), watch.since_moment()
    end = engine.parameters()
    watch.lost(np.flatnonzero(~end.finite()))  # the last loss was seen before the last step
    end = end.without(watch.diverged)
    history = None
    if kept:
        parameters, losses = zip(*kept.values(), strict=True)
        history = History(np.array(list(kept)), parameters, np.array(losses))
    return TrainedModels(end.W, end.b, end.W_out, watch.steps, watch.at_the_end(), history)


def _looks(
    instances: Instances, schedule: Schedule, moments: tuple[int, ...], place: str
) -> list[int]:
    """0, every number of steps at which something is looked at, and the last."""
    work = instances.count * schedule.batch * instances.features * (instances.hidden + 2)
    often = range(0, schedule.steps, max(1, int(LOOK.get(place, LOOK_GPU) / work)))
    stopping = schedule.stopping
    checks = range(0, schedule.steps, stopping.every) if stopping else ()
    return sorted({0, *often, *checks, *moments, tail_begin(schedule), schedule.steps})


def joined(parts: list[TrainedModels]) -> TrainedModels:
    """Models of the same settings that were trained apart, one after the other."""

    def whole(arrays: list[Any]) -> Any:
        return arrays[0] if len(parts) == 1 else np.concatenate(arrays)

    def parameters(each: list[Parameters] | list[TrainedModels]) -> tuple[Any, Any, Any]:
        untied = each[0].W_out is not None
        return (
            whole([part.W for part in each]),
            whole([part.b for part in each]),
            whole([part.W_out for part in each]) if untied else None,
        )

    histories = [part.history for part in parts if part.history is not None]
    history = None
    if histories:
        moments = zip(*(each.parameters for each in histories), strict=True)
        history = History(
            histories[0].steps,
            tuple(Parameters(*parameters(list(moment))) for moment in moments),
            np.concatenate([each.loss for each in histories], axis=1),
        )
    steps, loss = whole([part.steps for part in parts]), whole([part.loss for part in parts])
    return TrainedModels(*parameters(parts), steps, loss, history)
