"""Which models the fused steps take, and in what portions: as registers and lanes allow."""

from __future__ import annotations

from importlib.util import find_spec

from superposition.validate.instances import Instances
from superposition.validate.schedule import Schedule
from superposition.validate.watch import SUMS as LOSS_SUMS

LARGEST = 128  # numbers of θ: some more, and registers spill within the loop over samples
SUMS = 48  # partial sums a lane has room for, beside all else
SAMPLES = 4  # of a lane at once, at most: enough to work on while another waits
LANES = 32
FILLED = 1024  # warps that begin to fill an H200: 132 processors, 8 each
WARPS = 4  # of a program, at most


def fits(instances: Instances) -> bool:
    """Whether the fused steps exist for these models, here: small, piecewise linear, Triton."""
    return (
        numbers(instances) <= LARGEST
        and instances.architecture.output in ("identity", "relu")
        and find_spec("triton") is not None
    )


def numbers(instances: Instances) -> int:
    """R n, the numbers of one model's θ."""
    rows = instances.hidden * (1 if instances.architecture.tied else 2) + 1
    return rows * instances.features


def model_bytes(instances: Instances) -> int:
    """Of one model on the device: θ, two means, the law of its features, its place and sums."""
    return 4 * (3 * numbers(instances) + 4 * instances.features) + 8 * (4 + LOSS_SUMS)


def portions(instances: Instances, schedule: Schedule) -> tuple[int, int]:
    """Samples a program takes at once, and its warps.

    One warp where there are models enough, since warps of a program wait for each other; several
    samples a lane where it has room for their sums.
    """
    warps = 1
    while warps < WARPS and warps * instances.count < FILLED and _some(2 * warps, schedule):
        warps *= 2
    samples = 1
    while (
        samples < SAMPLES
        and 2 * samples * numbers(instances) <= SUMS
        and _some(2 * samples * warps, schedule)
    ):
        samples *= 2
    return samples * warps * LANES, warps


def _some(count: int, schedule: Schedule) -> bool:
    """Whether a batch has that many samples a lane."""
    return count * LANES <= schedule.batch
