"""Judgements as rows of a file: nothing that a rater said is left out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any

from core.study.gold import GOLD, NAMES
from core.study.pairs import Rating
from core.study.risk import RISK
from core.study.spans import spans_json, spans_of_column


def judgement_records(
    rows: Iterable[Mapping[str, Any]],
    ratings: Iterable[Rating],
    names: Mapping[str, str],
    *,
    by_name: bool,
) -> list[dict[str, Any]]:
    """One record per judgement, both systems within it by their names.

    `rows` are those of `storage.results.judgement_rows`; `names`: system id → name. Raters appear
    under their names, or as rater 1, rater 2 …, in an order that says nothing.
    """
    given: dict[str, list[Rating]] = {}
    for rating in ratings:
        given.setdefault(rating.judgement_id, []).append(rating)
    rows = list(rows)
    called = _rater_names(rows, by_name)
    return [_record(row, given.get(row["judgement_id"], []), names, called) for row in rows]


def flat(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record as one row of a CSV file: ratings, remarks, flags and spans in columns per system.

    A span is written as "hallucination 3-9: words", in code points of the answer.
    """
    row = {name: value for name, value in record.items() if name != "systems"}
    for letter, system in zip("ab", record["systems"], strict=True):
        row[f"system_{letter}"] = system["name"]
        row[f"answer_{letter}"] = system["answer"]
        row[f"flags_{letter}"] = ", ".join(system["flags"])
        row[f"spans_{letter}"] = "; ".join(
            f"{one['kind']} {one['start']}-{one['end']}: {one['text']}" for one in system["spans"]
        )
        row |= {f"{c}_{letter}": value for c, value in system["ratings"].items()}
        row |= {f"{c}_remark_{letter}": text for c, text in system["remarks"].items()}
    return row


def as_jsonl(records: Sequence[Mapping[str, Any]]) -> str:
    """The records, one JSON object a line."""
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def _record(
    row: Mapping[str, Any],
    ratings: Sequence[Rating],
    names: Mapping[str, str],
    called: Mapping[str, str],
) -> dict[str, Any]:
    flags = json.loads(row["flags"])
    spans = spans_of_column(row["spans"])
    preferred = row["preferred_system_id"]
    systems = [
        {
            "name": {**names, **NAMES}[row[f"system_{letter}"]],
            "answer": row[f"answer_{letter}"],
            "flags": flags.get(row[f"system_{letter}"], []),
            "spans": [
                {**one, "text": row[f"answer_{letter}"][one["start"] : one["end"]]}
                for one in spans_json(spans.get(row[f"system_{letter}"], ()))
            ],
            "ratings": {r.criterion: r.value for r in own},
            "remarks": {r.criterion: r.remark for r in own if r.remark},
        }
        for letter in "ab"
        for own in [[r for r in ratings if r.system_id == row[f"system_{letter}"]]]
    ]
    return {
        "pair": row["pair"],
        "kind": _kind(row),
        "stratum": row["stratum"],
        "probability": row["inclusion_probability"],
        "example_id": row["example_id"],
        "external_id": row["external_id"],
        "instruction": row["instruction"],
        "input": row["input"],
        "reference": row["reference"],
        "rater": called[row["rater_id"]],
        "rated_at": f"{row['created_at']:%Y-%m-%dT%H:%M:%SZ}",
        "seconds": round(row["seconds"], 1),
        "choice": row["choice"],
        "preferred": {**names, **NAMES}[preferred] if preferred else row["outcome"],
        "set_apart": row["set_apart"],
        "occasion": row["occasion"],
        "comment": row["comment"],
        "correction": row["correction"],
        "systems": systems,
    }


def _kind(row: Mapping[str, Any]) -> str:
    """Which part of a study a judgement belongs to: the verdict rests on the sample alone."""
    if row["stratum"] == GOLD:
        return "gold"
    if row["occasion"] > 1:
        return "repeat"
    return "risk" if row["stratum"] == RISK else "sample"


def _rater_names(rows: Sequence[Mapping[str, Any]], by_name: bool) -> dict[str, str]:
    known = {row["rater_id"]: row["rater"] for row in rows}
    if by_name:
        return known
    order = sorted(known, key=lambda rater_id: sha256(rater_id.encode()).hexdigest())
    return {rater_id: f"rater {number}" for number, rater_id in enumerate(order, 1)}
