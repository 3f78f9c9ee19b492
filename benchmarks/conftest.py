"""One thread: threads that wait for each other would count as CPU time."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
