"""Hypothesis profiles: ``ci`` is deterministic; ``explore`` looks for new counterexamples."""

import os

# Two workers on two cores: a second thread in either only waits. Set before numpy is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from hypothesis import HealthCheck, settings

SLOW = (HealthCheck.too_slow,)
settings.register_profile(
    "ci", derandomize=True, deadline=None, max_examples=50, suppress_health_check=SLOW
)
settings.register_profile("explore", deadline=None, max_examples=2000, suppress_health_check=SLOW)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
