"""A study's report: everything that a decision rests on, as one JSON file that can be checked.

    text = report_text(content)     # {"hash": SHA-256 of the report, "report": {…}}
    read_report(text)               # the report; raises BrokenReport for any changed byte
    hash_of(content)

The report holds every judgement that counts (raters numbered), so that whoever has the file can
count again; `core.decision.verification` does.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from core.errors import InvalidInput
from core.study.pairing import of_both
from core.study.pairs import Judgement
from core.study.risk import RISK
from core.study.spans import spans_json
from core.study.verdicts import first_of_each_pair, verdict_of

FORMAT = 1


class BrokenReport(InvalidInput):
    """A report is not what was written."""

    title = "The report does not hold"


def hash_of(content: Mapping[str, Any]) -> str:
    """SHA-256 (64 hex digits) of a report's content."""
    return sha256(_written(content).encode()).hexdigest()


def report_text(content: Mapping[str, Any]) -> str:
    """The file of a report."""
    return _written({"hash": hash_of(content), "report": content}) + "\n"


def read_report(text: str, published: str = "") -> dict[str, Any]:
    """The content of a report file, when every byte is as it was written.

    `published`: the hash, or its beginning, as it stands where the report was signed. Raises
    BrokenReport.
    """
    try:
        found = json.loads(text)
        content, stated = found["report"], found["hash"]
        whole = report_text(content) == text and hash_of(content) == stated
    except (ValueError, TypeError, KeyError, RecursionError):
        raise BrokenReport("This file holds no report of Touchstone.") from None
    if not whole:
        raise BrokenReport("Something in the file was changed after the report was written.")
    if not str(stated).startswith(published.strip().rstrip("…").lower()):
        raise BrokenReport(f"This is another report than the one published, {published.strip()}.")
    return dict(content)


def plain(value: Any) -> Any:
    """Dataclasses, tuples and times as plain values of JSON."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%SZ}"
    if isinstance(value, list | tuple | set):
        return [plain(one) for one in value]
    return value


def counted_judgements(
    judgements: Sequence[Judgement], baseline_id: str, candidate_id: str
) -> list[dict[str, Any]]:
    """Every judgement of a candidate in the order of time, raters by number: pair, rater, verdict,
    whether it is the one that counts for its pair, and whether it is apart from the verdict: of a
    rater who had seen results, or of a pair beside the sample; and the spans that were marked, by
    system, in code points of its answer."""
    own = of_both(judgements, baseline_id, candidate_id)
    own.sort(key=lambda j: (j.created_at, j.judgement_id))
    counts = {j.judgement_id for j in first_of_each_pair(own) if j.stratum != RISK}
    numbers = {rater: k for k, rater in enumerate(dict.fromkeys(j.rater_id for j in own), 1)}
    return [
        {
            "pair": j.pair_id,
            "rater": numbers[j.rater_id],
            "verdict": verdict_of(j, baseline_id),
            "counts": j.judgement_id in counts,
            "apart": not j.counts or j.stratum == RISK,
            "at": plain(j.created_at),
            "spans": {system: spans_json(own) for system, own in j.spans.items()},
        }
        for j in own
    ]


def baseline_in(content: Mapping[str, Any]) -> Mapping[str, Any]:
    """The system that the candidates were compared with."""
    found: Mapping[str, Any] = next(s for s in content["systems"] if s["role"] == "baseline")
    return found


def names_in(content: Mapping[str, Any]) -> dict[str, str]:
    """System id → name."""
    systems: Iterable[Mapping[str, Any]] = content["systems"]
    return {one["system_id"]: one["name"] for one in systems}


def _written(content: Mapping[str, Any]) -> str:
    return json.dumps(content, sort_keys=True, ensure_ascii=False, indent=1, allow_nan=False)
