"""Predictions from a file: what systems said, beside what they should have said.

    {"prediction": "…", "reference": "…", "system": "base", "id": "ex-17", "label": "positive",
     "group": "g3", "source": "tickets", "instruction": "…", "input": "…"}

All but the first two may be missing. Where code is run, a line has `tests`, and may do without a
`reference`. Lines of one `group`, or without groups of one `id`, are not
independent: near-duplicates of each other, or several tries at one task.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import InvalidInput
from core.examples.example import is_storable
from core.json_lines import json_lines

ONLY = "all"
"""The system of lines that name none."""


class UnreadablePredictions(InvalidInput):
    """A line of the file holds no prediction beside its reference."""

    title = "The predictions cannot be read"


@dataclass(frozen=True)
class Prediction:
    """One line: what a system said, and what it should have said."""

    line: int
    system: str
    id: str
    group: str
    prediction: str
    reference: str
    label: str | None
    source: str | None = None
    tests: str | None = None
    question: str = ""

    @property
    def topic_text(self) -> str:
        """What says what the line is about: the question, else the reference."""
        return self.question if self.question.strip() else self.reference


def read_predictions(path: Path, *, tests_do: bool = False) -> list[Prediction]:
    """The lines of a JSONL file; with `tests_do` those with tests need no reference.

    Raises UnreadablePredictions with the first line that is none.
    """
    lines = json_lines(path, "prediction", UnreadablePredictions)
    found = [_prediction(values, line, tests_do) for line, values in lines]
    if len({one.label is None for one in found}) > 1:
        raise UnreadablePredictions(
            "Some lines have a “label” and others do not. Give all or none."
        )
    return found


def _prediction(values: Mapping[str, Any], line: int, tests_do: bool) -> Prediction:
    tests = values.get("tests")
    if tests is not None and not isinstance(tests, str):
        raise UnreadablePredictions(f"Line {line}: “tests” is no text.")
    needed = ("prediction",) if tests_do and tests is not None else ("prediction", "reference")
    for name in needed:
        if not isinstance(values.get(name), str):
            raise UnreadablePredictions(f"Line {line}: “{name}” is missing, or no text.")
    named = {}
    for name in ("system", "id", "group", "label", "source"):
        given = values.get(name)
        blank = name == "label" and given is not None and not str(given).strip()
        if blank or isinstance(given, dict | list | bool):
            raise UnreadablePredictions(f"Line {line}: “{name}” is neither a text nor a number.")
        named[name] = None if given is None else str(given)
        if not is_storable(named[name] or ""):
            raise UnreadablePredictions(f"Line {line}: “{name}” has a damaged character.")
    own = named["id"] or f"line {line}"
    asked = [values.get(name) for name in ("question", "instruction", "input")]
    question = "\n".join(one for one in asked if isinstance(one, str))
    # Apart from each other: the group "2" and the id "2" are two.
    group = f"group {named['group']}" if named["group"] else f"id {own}"
    return Prediction(
        line,
        named["system"] or ONLY,
        own,
        group,
        values["prediction"],
        values["reference"] if isinstance(values.get("reference"), str) else "",
        named["label"],
        named["source"],
        tests,
        question,
    )
