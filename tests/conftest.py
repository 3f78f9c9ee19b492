"""Hypothesis profiles: ``ci`` is deterministic; ``explore`` looks for new counterexamples."""

import os

from hypothesis import HealthCheck, settings

SLOW = (HealthCheck.too_slow,)
settings.register_profile(
    "ci", derandomize=True, deadline=None, max_examples=50, suppress_health_check=SLOW
)
settings.register_profile("explore", deadline=None, max_examples=2000, suppress_health_check=SLOW)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
