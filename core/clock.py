"""Time and ids: naive UTC as the database keeps it, and ids that sort by when they were made."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime


def now() -> datetime:
    """The present, naive UTC."""
    return datetime.now(UTC).replace(tzinfo=None)


def new_id(prefix: str) -> str:
    """An id such as `run_0192f0c1a2b3_9f8e7d6c5b4a`: prefix, milliseconds, 48 random bits."""
    return f"{prefix}_{int(time.time() * 1000):012x}_{secrets.token_hex(6)}"
