"""How many cores this process may use."""

from __future__ import annotations

import os


def cores() -> int:
    """The cores that this process may run on, at least one; where no system tells, all of them."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
