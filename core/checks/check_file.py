"""What `touchstone check` finds in a file, as plain values for JSON."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from core.checks.duplicates import THRESHOLD, Duplicates, Over, find_duplicates
from core.checks.records import Records, read_records
from core.importing.limits import UNLIMITED

Only = Literal["duplicates", "contamination", "findings"]


def check_file(
    path: Path,
    against: Sequence[Path] = (),
    only: Only | None = None,
    over: Over = "prompt",
    threshold: float = THRESHOLD,
) -> dict[str, Any]:
    """The answer of the command; `only` leaves the other parts out.

    Raises UnreadableFile, TooLarge, InvalidMapping and InvalidInput.
    """
    began = time.perf_counter()
    own = read_records(path, UNLIMITED)
    answer: dict[str, Any] = {"examples": len(own)}
    if own.unreadable:
        answer["unreadable"] = [{"line": line, "reason": why} for line, why in own.unreadable]
    if only in (None, "duplicates", "contamination"):
        others = [read_records(one, UNLIMITED) for one in against]
        found = find_duplicates(own, others, over, threshold)
        if only != "contamination":
            answer |= _duplicates(found, own)
        if against:
            answer["overlap"] = {
                str(one): _overlap(found, number, own, others[number])
                for number, one in enumerate(against)
            }
        answer["capped_buckets"] = found.capped_buckets
    answer["seconds"] = round(time.perf_counter() - began, 3)
    answer["peak_mb"] = round(peak_mb(), 1)
    return answer


def peak_mb() -> float:
    """The most memory that this process has held, in MB (10 ** 6 bytes)."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 1e6 if sys.platform == "darwin" else most * 1024 / 1e6


def _duplicates(found: Duplicates, own: Records) -> dict[str, Any]:
    def ids(clusters: list[list[int]]) -> list[list[str | int]]:
        return [[own.ids[index] for index in cluster] for cluster in clusters]

    return {
        "exact_duplicate_clusters": ids(found.exact),
        "near_duplicate_clusters": ids(found.near),
        "template_siblings": {
            "groups": ids(found.siblings),
            "sizes": [len(cluster) for cluster in found.siblings],
        },
    }


def _overlap(found: Duplicates, number: int, own: Records, other: Records) -> list[dict[str, Any]]:
    return [
        {
            "id": own.ids[one.own],
            "other_id": other.ids[one.other],
            "similarity": one.similarity,
        }
        for one in found.overlaps
        if one.against == number
    ]
