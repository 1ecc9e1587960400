"""events.jsonl: what a worker reports, one JSON object a line, only ever appended.

An event is a dictionary {seq, time, kind, …}: `seq` counts from 0 within the job over all its
starts, `time` is seconds since 1970. Kinds: note (a line of text), log, eval, sample, memory,
progress, state.
"""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path
from typing import Any

Event = dict[str, Any]
READ_AT_MOST = 8 * 1024 * 1024


def read_events(
    path: Path, offset: int = 0, at_most: int = READ_AT_MOST
) -> tuple[list[Event], int]:
    """The whole lines from byte `offset` on, and the offset to go on from.

    A torn last line stays for the next call; a line that is no event is passed over. Reads
    about `at_most` bytes: call again until nothing comes. A missing file has no events.
    """
    try:
        with path.open("rb") as file:
            file.seek(offset)
            text = file.read(at_most)
            if text and not text.endswith(b"\n"):
                text += _rest_of_line(file)
    except FileNotFoundError:
        return [], offset
    end = text.rfind(b"\n") + 1
    found = [_parsed(line) for line in text[:end].split(b"\n")]
    return [event for event in found if event is not None], offset + end


def _rest_of_line(file: Any) -> bytes:
    line: bytes = file.readline()
    return line if line.endswith(b"\n") else b""


def _parsed(line: bytes) -> Event | None:
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and _is_event(event) else None


def _is_event(event: Event) -> bool:
    seq, time_, kind = (event.get(key) for key in ("seq", "time", "kind"))
    numbered = type(seq) is int and 0 <= seq < 2**62 and isinstance(kind, str)
    # a time that a database can hold: up to the year 3000
    return numbered and isinstance(time_, (int, float)) and 0 <= time_ < 32_503_680_000


class EventLog:
    """Appends events; for the one worker that holds the job's lock. Threads may share it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._mutex = threading.Lock()
        self._seq = _mend(path)

    def append(self, kind: str, **payload: Any) -> Event:
        """Writes one line in one call and returns the event. Raises OSError on a full disk."""
        with self._mutex:
            event = {"seq": self._seq, "time": round(time.time(), 3), "kind": kind, **payload}
            line = json.dumps(event, ensure_ascii=False) + "\n"
            with self._path.open("ab", buffering=0) as file:
                file.write(line.encode())
            self._seq += 1
            return event


def _mend(path: Path) -> int:
    """Cuts a torn last line off, which no reader has passed, and returns the next seq."""
    if not path.is_file():
        return 0
    whole, last = 0, -1
    while True:
        events, end = read_events(path, whole)
        if end == whole:
            break
        whole, last = end, max([last, *(event["seq"] for event in events)])
    if path.stat().st_size > whole:
        os.truncate(path, whole)
    return last + 1
