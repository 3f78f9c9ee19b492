"""How many models are trained at once: as many as the memory at hand holds."""

from __future__ import annotations

import os

from superposition.validate.feature_samples import FeatureSampler
from superposition.validate.fused_sizes import fits, model_bytes
from superposition.validate.instances import Instances
from superposition.validate.schedule import Schedule

SHARE = 0.5  # of what is free
UNKNOWN = 4 * 2**30  # bytes, where the system does not tell
WORD_COPIES, FEATURE_COPIES, HIDDEN_COPIES = 10, 8, 4  # at the same time, of 8, 4 and 4 bytes


def chunk_size(instances: Instances, schedule: Schedule, device: str) -> int:
    """Models at once: all of them where the step is compiled, which needs a few blocks a thread,
    and nearly so where it is fused, which needs the models alone.
    """
    if device == "compiled":
        return instances.count
    free = int(SHARE * free_memory(device))
    if device != "cpu" and fits(instances):
        return max(1, min(instances.count, free // model_bytes(instances)))
    words = FeatureSampler.of(instances.taken(slice(0, 1))).words
    floats = FEATURE_COPIES * instances.features + HIDDEN_COPIES * instances.hidden
    each = schedule.batch * (8 * WORD_COPIES * words + 4 * floats)
    return max(1, min(instances.count, free // each))


def free_memory(device: str) -> int:
    """Bytes that nobody uses, on a GPU or here."""
    if device == "cpu":
        if "SC_AVPHYS_PAGES" not in os.sysconf_names:  # macOS
            return UNKNOWN
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    import torch

    return int(torch.cuda.mem_get_info(device)[0])
