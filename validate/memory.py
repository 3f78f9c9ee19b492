"""How many models are trained at once, and on how many cores: as the machine at hand allows."""

from __future__ import annotations

import os
from pathlib import Path

from superposition.validate.feature_samples import FeatureSampler
from superposition.validate.fused_sizes import fits, model_bytes, numbers
from superposition.validate.instances import Instances
from superposition.validate.schedule import Schedule

SHARE = 0.5  # of what is free
UNKNOWN = 4 * 2**30  # bytes, where the system does not tell
TILE = 2 * 2**30  # bytes that models of a tile take at once, whatever is free
WORD_COPIES, FEATURE_COPIES, HIDDEN_COPIES = 10, 8, 4  # at the same time, of 8, 4 and 4 bytes
MEMORY, GROUP = Path("/proc/meminfo"), Path("/sys/fs/cgroup")  # of Linux: all of it, and a job's


def chunk_size(instances: Instances, schedule: Schedule, device: str, moments: int = 0) -> int:
    """Models at once: all of them where the step is compiled, which needs a few blocks a thread,
    and nearly so where it is fused, which needs the models alone.

    moments: how many times all models are kept, here, while they train.
    """
    if device == "compiled":
        return instances.count
    free = int(SHARE * free_memory(device))
    if device == "cpu":
        free -= 4 * moments * instances.count * numbers(instances)
    return _held_by(free, instances, schedule, device)


def tile_chunk(instances: Instances, schedule: Schedule, device: str) -> int:
    """Models of a tile at once: their bits may depend on it, so it follows from them alone."""
    if device == "compiled":
        return instances.count
    return _held_by(TILE, instances, schedule, device)


def _held_by(free: int, instances: Instances, schedule: Schedule, device: str) -> int:
    """How many models ``free`` bytes hold, at least one."""
    if device != "cpu" and fits(instances):
        return max(1, min(instances.count, free // model_bytes(instances)))
    words = FeatureSampler.of(instances.taken(slice(0, 1))).words
    floats = FEATURE_COPIES * instances.features + HIDDEN_COPIES * instances.hidden
    each = schedule.batch * (8 * WORD_COPIES * words + 4 * floats)
    return max(1, min(instances.count, free // each))


def free_memory(device: str) -> int:
    """Bytes that nobody needs, on a GPU or here."""
    if device == "cpu":
        return min(_of_the_machine(), _of_the_group())
    import torch

    return int(torch.cuda.mem_get_info(device)[0])


def cores() -> int:
    """Those that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _of_the_machine() -> int:
    """What a program may still ask for, caches that can be dropped included."""
    try:
        for line in MEMORY.read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return 1024 * int(line.split()[1])
    except (OSError, ValueError):
        pass
    if "SC_AVPHYS_PAGES" not in os.sysconf_names:  # macOS
        return UNKNOWN
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _of_the_group() -> int:
    """What the limit of a container or job leaves (cgroup, version 2); no less where none is."""
    try:
        most, used = (
            int((GROUP / name).read_text(encoding="ascii"))
            for name in ("memory.max", "memory.current")
        )
    except (OSError, ValueError):  # there is no such file, or it says max
        return 2**63
    return max(0, most - used)
