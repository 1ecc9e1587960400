"""How people name their columns, in order of preference."""

from __future__ import annotations

import re
from collections.abc import Sequence

INSTRUCTION_NAMES = (
    *("instruction", "instructions", "prompt", "question", "query"),
    *("task", "problem", "request"),
)
INPUT_NAMES = (
    *("input", "inputs", "context", "passage", "document", "source", "sourcetext"),
    *("text", "article", "content", "sentence", "note", "notes", "email", "review"),
)
# A file with both `answer` and `response` has its reference in the first.
OUTPUT_NAMES = (
    *("output", "outputs", "answer", "completion", "target", "reference", "referenceanswer"),
    *("gold", "goldanswer", "groundtruth", "expected", "expectedoutput"),
    *("response", "solution", "summary"),
)
# What a system said comes before what may also be the reference; `target` always is one.
ANSWER_NAMES = (
    *("prediction", "predictions", "generation", "generatedtext", "modeloutput", "modelanswer"),
    *("response", "completion", "answer", "output", "text"),
)
LABEL_NAMES = ("label", "labels", "category", "class", "intent", "sentiment", "topic")
ID_NAMES = ("id", "exampleid", "uid", "uuid", "taskid", "questionid", "qid", "key")
NESTED_NAMES = ("instances", "examples", "qas")


STRAY = 20
"""A column that fewer than one in so many records fill is no column of the file."""


def is_stray(filled: int, records: int) -> bool:
    """Whether so few records fill a column that it is a slip; never among fewer than twenty."""
    return records >= STRAY and STRAY * filled < records


def find_column(wanted: Sequence[str], columns: Sequence[str]) -> str | None:
    """The first of the wanted names that a column has, however it is written.

    Case, spaces, hyphens and underscores do not matter; of "instances.input" the last part counts.
    """
    by_name: dict[str, str] = {}
    for column in columns:
        by_name.setdefault(plain(column.rpartition(".")[2]), column)
    return next((by_name[name] for name in wanted if name in by_name), None)


def plain(name: str) -> str:
    """A column name without case, spaces, hyphens and underscores."""
    return re.sub(r"[\s_\-]+", "", name).casefold()
