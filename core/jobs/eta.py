"""How long a job still takes, from what it reported. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from core.jobs.job import JobEvent


def seconds_left(events: Sequence[JobEvent]) -> float | None:
    """Seconds until step equals total, at the pace since the job's last start; None: not known.

    `events` are oldest first. A resumed job begins at
    its checkpoint, so the pace counts from the first progress after the last state "running".
    """
    first = last = None
    for event in events:
        if event.kind == "state" and event.payload.get("status") == "running":
            first = last = None
        elif event.kind == "progress":
            first, last = first or event, event
    if first is None or last is None or last is first:
        return None
    done = last.payload["step"] - first.payload["step"]
    seconds = (last.created_at - first.created_at).total_seconds()
    left: float = last.payload["total"] - last.payload["step"]
    return left * seconds / done if done > 0 else None
