"""Judgements from anywhere: a JSONL file of who preferred what, as a study's own judgements.

    {"comparison": "ex-17", "rater": "r2", "left": "tuned", "right": "base", "choice": "left",
     "ratings": {"left": {"relevance": 5}, "right": {"relevance": 3}},
     "stratum": "uniform", "probability": 0.1, "time": "2026-11-03T10:00:00Z"}

`comparison` names the example; all from `ratings` on may be missing, and `stratum`, `probability`
and `time` stand in all lines or in none. A time without a zone is UTC. Without times, of several
judgements of one comparison the first in the file is the first, and the comparisons are taken in a
random order that only their names decide: files are often sorted by what was said.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from core.errors import InvalidInput
from core.examples.example import is_storable
from core.json_lines import json_lines
from core.study.pairs import SIDES, Choice, Judgement, Outcome, Rating, Side

CHOICES: dict[str, Choice] = {
    "left": "left",
    "right": "right",
    "tie": "tie_good",
    "tie_good": "tie_good",
    "both_good": "tie_good",
    "tie_bad": "tie_bad",
    "both_bad": "tie_bad",
    "cannot_judge": "cannot_judge",
}
OPTIONAL = ("time", "stratum", "probability")
UNIFORM = "uniform"
_BEGINNING = datetime(2000, 1, 1)


class UnreadableJudgements(InvalidInput):
    """A line of the file is no judgement of these two systems."""

    title = "The judgements cannot be read"


@dataclass(frozen=True)
class JudgementFile:
    """What the file holds. `probabilities`: comparison → the probability that it was drawn with,
    for those that have one; `criteria` are the names that were rated, in the order of the file;
    `timed`: whether it says when each was judged."""

    judgements: tuple[Judgement, ...]
    ratings: tuple[Rating, ...]
    criteria: tuple[str, ...]
    probabilities: Mapping[str, float]
    timed: bool


def read_judgements(path: Path, baseline: str, candidate: str) -> JudgementFile:
    """Read judgements of these two systems, who are named by their ids.

    Raises UnreadableJudgements with the first line that is none: no number comes from half a file.
    """
    if baseline == candidate:
        raise UnreadableJudgements("Baseline and candidate have one name. Name two systems.")
    judgements: list[Judgement] = []
    ratings: list[Rating] = []
    probabilities: dict[str, float] = {}
    checks = _Checks()
    for line, values in json_lines(path, "judgement", UnreadableJudgements):
        try:
            checks.same_fields(values)
            judgement = _judgement(values, line, baseline, candidate)
            ratings += _ratings(values, judgement, _sides(values, baseline, candidate))
            checks.same_for("stratum", judgement.pair_id, judgement.stratum)
            if _given(values, "probability"):
                probabilities[judgement.pair_id] = _probability(values)
                checks.same_for("probability", judgement.pair_id, probabilities[judgement.pair_id])
        except ValueError as error:
            raise UnreadableJudgements(f"Line {line}: {error}. Mend it, or take it out.") from None
        judgements.append(judgement)
    criteria = tuple(dict.fromkeys(rating.criterion for rating in ratings))
    timed = "time" in checks.fields
    return JudgementFile(tuple(judgements), tuple(ratings), criteria, probabilities, timed)


class _Checks:
    """What must be the same in all lines, or in all lines of one comparison."""

    def __init__(self) -> None:
        self.fields: frozenset[str] = frozenset()
        self._first = True
        self._known: dict[tuple[str, str], object] = {}

    def same_fields(self, values: Mapping[str, Any]) -> None:
        """Raise ValueError when an optional field stands here and not in the first line, or only
        there."""
        found = frozenset(name for name in OPTIONAL if _given(values, name))
        if self._first:
            self.fields, self._first = found, False
        if stray := found ^ self.fields:
            raise ValueError(f"“{min(stray)}” stands in some lines only; give it in all or in none")

    def same_for(self, field: str, comparison: str, value: object) -> None:
        """Raise ValueError when the comparison had another value before."""
        if self._known.setdefault((field, comparison), value) != value:
            raise ValueError(f"this comparison had another “{field}” before")


def _given(values: Mapping[str, Any], field: str) -> bool:
    return values.get(field) is not None


def _judgement(values: Mapping[str, Any], line: int, baseline: str, candidate: str) -> Judgement:
    comparison, rater = _name(values, "comparison"), _name(values, "rater")
    sides = _sides(values, baseline, candidate)
    choice = _choice(values, sides)
    outcome, preferred = _meaning(choice, sides)
    return Judgement(
        judgement_id=f"{line:09}",
        presentation_id=f"{line:09}",
        study_id="",
        pair_id=comparison,
        example_id=comparison,
        rater_id=rater,
        rater=rater,
        choice=choice,
        outcome=outcome,
        preferred_system_id=preferred,
        system_ids=(baseline, candidate),
        flags={},
        comment="",
        correction="",
        seconds=0.0,
        created_at=_time(values, comparison, line),
        number=line,
        stratum=_name(values, "stratum") if _given(values, "stratum") else UNIFORM,
    )


def _name(values: Mapping[str, Any], field: str) -> str:
    given = values.get(field)
    if isinstance(given, bool) or not isinstance(given, str | int) or not str(given).strip():
        raise ValueError(f"“{field}” is missing, or neither a text nor a number")
    return _storable(str(given), field)


def _storable(text: str, field: str) -> str:
    if not is_storable(text):
        raise ValueError(f"“{field}” has a damaged character")
    return text


def _sides(values: Mapping[str, Any], baseline: str, candidate: str) -> dict[Side, str]:
    found: dict[Side, str] = {side: _name(values, side) for side in SIDES}
    if set(found.values()) != {baseline, candidate}:
        raise ValueError(
            f"it compares “{found['left']}” and “{found['right']}”, not “{baseline}” and "
            f"“{candidate}”; --baseline and --candidate name the systems"
        )
    return found


def _choice(values: Mapping[str, Any], sides: Mapping[Side, str]) -> Choice:
    given = str(values.get("choice", "")).strip()
    for side, system in sides.items():
        if given == system and given not in CHOICES:
            return side
    found = CHOICES.get(given.lower().replace("-", "_").replace(" ", "_"))
    if found is None:
        raise ValueError(
            f"“choice” is “{given}”; it is left, right, tie, tie_good, tie_bad or cannot_judge"
        )
    return found


def _meaning(choice: Choice, sides: Mapping[Side, str]) -> tuple[Outcome, str | None]:
    if choice == "left" or choice == "right":
        return "preferred", sides[choice]
    return choice, None


def _ratings(
    values: Mapping[str, Any], judgement: Judgement, sides: Mapping[Side, str]
) -> list[Rating]:
    given = values.get("ratings") or {}
    if not isinstance(given, dict) or not all(isinstance(one, dict) for one in given.values()):
        raise ValueError("“ratings” is not {left: {criterion: 1–5}, right: {criterion: 1–5}}")
    if stray := set(given) - set(sides):
        raise ValueError(f"“ratings” has {', '.join(sorted(stray))} beside left and right")
    found = []
    for side, marks in given.items():
        for criterion, value in marks.items():
            if isinstance(value, bool) or value not in (1, 2, 3, 4, 5):
                raise ValueError(f"the rating of {criterion} is {value!r}, not 1, 2, 3, 4 or 5")
            about = judgement.judgement_id, judgement.pair_id, judgement.rater_id
            name = _storable(criterion, "ratings")
            found.append(Rating(*about, sides[side], name, int(value), ""))
    return found


def _probability(values: Mapping[str, Any]) -> float:
    given = values["probability"]
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 < given <= 1:
        raise ValueError(f"“probability” is {given!r}; it lies above 0 and is at most 1")
    return float(given)


def _time(values: Mapping[str, Any], comparison: str, line: int) -> datetime:
    if not _given(values, "time"):
        place = int.from_bytes(sha256(comparison.encode()).digest()[:5], "big")
        return _BEGINNING + timedelta(milliseconds=place, microseconds=min(line, 999))
    given = values["time"]
    try:
        if isinstance(given, int | float) and not isinstance(given, bool) and math.isfinite(given):
            return datetime.fromtimestamp(given, UTC).replace(tzinfo=None)
        moment = datetime.fromisoformat(str(given))
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except (ValueError, OverflowError, OSError):
        raise ValueError(
            f"“time” is {given!r}; write it as 2026-11-03T10:00:00Z, or as seconds since 1970"
        ) from None
