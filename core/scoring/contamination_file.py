"""Examples from a file to be probed for contamination.

    {"id": "ex-17", "instruction": "…", "input": "…", "output": "…"}
    {"prediction": "…", "reference": "…", "instruction": "…", "control": true}

`question` may stand for instruction and input, `reference` for output. `control` marks examples
that the model cannot have seen, such as such that were written after it was trained.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.errors import InvalidInput
from core.examples.example import is_storable
from core.json_lines import json_lines


class UnreadableExamples(InvalidInput):
    """A line of the file holds no example."""

    title = "The examples cannot be read"


@dataclass(frozen=True)
class ProbedExample:
    """One example, as the worker reads it."""

    example_id: str
    control: bool
    question: str
    reference: str

    def to_json(self) -> dict[str, Any]:
        """The row of the worker's table."""
        return asdict(self)


def read_examples(path: Path) -> list[ProbedExample]:
    """The lines of a JSONL file. Raises UnreadableExamples with the first that is none."""
    lines = json_lines(path, "example", UnreadableExamples)
    found = [_example(values, line) for line, values in lines]
    if all(one.control for one in found):
        raise UnreadableExamples(
            "All lines are controls. Give the examples to be probed, too, without “control”."
        )
    return found


def _example(values: Mapping[str, Any], line: int) -> ProbedExample:
    parts = [values.get(name) or "" for name in ("question", "instruction", "input")]
    reference = values.get("reference") or values.get("output") or ""
    if not all(isinstance(part, str) for part in (*parts, reference)):
        raise UnreadableExamples(f"Line {line}: a part of the example is no text.")
    question = "\n".join(part for part in parts if part.strip())
    if not question or not reference.strip():
        raise UnreadableExamples(
            f"Line {line} needs an “instruction” (or a “question”) and an “output” (or a "
            "“reference”)."
        )
    control = values.get("control", False)
    if not isinstance(control, bool):
        raise UnreadableExamples(f"Line {line}: “control” is neither true nor false.")
    example_id = str(values.get("id", f"line {line}"))
    if not all(map(is_storable, (example_id, question, reference))):
        raise UnreadableExamples(f"Line {line} has a damaged character. Save the file as UTF-8.")
    return ProbedExample(example_id, control, question, reference)
