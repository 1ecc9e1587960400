"""What `touchstone check` finds in a file, as plain values for JSON."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, TextIO

from core.checks.duplicates import THRESHOLD, Duplicates, Over, find_duplicates
from core.checks.records import Records, read_records
from core.cores import cores
from core.findings.checking import check_all
from core.findings.finding import Checked, Finding
from core.findings.settings import FindingSettings
from core.importing.limits import UNLIMITED
from core.projects import LabelField

Only = Literal["duplicates", "contamination", "findings"]
LABEL = "label"


def check_file(
    path: Path,
    against: Sequence[Path] = (),
    only: Only | None = None,
    over: Over = "prompt",
    threshold: float = THRESHOLD,
    *,
    grounded: bool = False,
    labels: Sequence[str] = (),
    findings_to: TextIO | None = None,
) -> dict[str, Any]:
    """The answer of the command; `only` leaves the other parts out.

    `grounded`: outputs may say nothing that the inputs do not. `labels`: what the label of a
    record, or its output where it has none, may be. Each finding is written to `findings_to` as a
    JSON line: the record's id, and what a Finding has.

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
    if only in (None, "findings"):
        answer |= _findings(own, _settings(own, grounded, labels), findings_to)
    answer["seconds"] = round(time.perf_counter() - began, 3)
    answer["peak_mb"] = round(peak_mb(), 1)
    return answer


def peak_mb() -> float:
    """The most memory that this process has held, and the largest of its children, in 10 ** 6
    bytes."""
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    most = sum(usage.ru_maxrss for usage in usages)
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


def _settings(own: Records, grounded: bool, labels: Sequence[str]) -> FindingSettings:
    options = tuple(labels)
    if not options:
        return FindingSettings(grounded=grounded)
    if any(label is not None for label in own.labels):
        return FindingSettings(grounded=grounded, label_schema=(LabelField(LABEL, options),))
    return FindingSettings(grounded=grounded, output_labels=options)


def _findings(own: Records, settings: FindingSettings, to: TextIO | None) -> dict[str, Any]:
    """Findings by kind; examples are known by their place, since ids may be there twice."""

    def write(rows: Sequence[tuple[str, Finding]]) -> None:
        for place, finding in rows:
            line = {"id": own.ids[int(place)], **finding.to_json()}
            assert to is not None
            to.write(json.dumps(line, ensure_ascii=False) + "\n")

    examples = (
        Checked(
            str(place),
            own.instructions[place],
            own.inputs[place],
            own.outputs[place],
            {LABEL: label} if (label := own.labels[place]) is not None else {},
        )
        for place in range(len(own))
    )
    found = check_all(
        examples, settings, processes=cores(), found=write if to else lambda rows: None
    ).to_json()
    for one in found["findings"].values():
        one["ids"] = [own.ids[int(place)] for place in one["ids"]]
    return {"findings": found["findings"], "remarks": found["remarks"]}
