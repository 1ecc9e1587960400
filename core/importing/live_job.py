"""The job kind "live": questions of live traffic with the answers of two or more systems to each,
and no reference.

spec.json  {"kind": "live", "file": "live.jsonl", "columns": ["model_a", "model_b"]}
           `columns` hold the answers, one a system; [] for all texts beside question and id
data/      that file
final/     what an import leaves, examples without outputs (`core.importing.job`); live.parquet:
           content_hash, system (place in `columns`), text; live.json: columns
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import InvalidInput
from core.examples.example import MAX_FIELD_CHARS, Example, InvalidExample, content_hash
from core.importing.columns import ColumnMapping, InvalidMapping, UnknownColumn
from core.importing.formats import identify
from core.importing.job import import_file, uploaded
from core.importing.limits import LIMITS
from core.importing.mapped import as_text
from core.importing.names import ID_NAMES, INPUT_NAMES, INSTRUCTION_NAMES, find_column
from core.importing.pipeline import open_source
from core.importing.readers import read
from core.importing.sniffing import begin

if TYPE_CHECKING:
    from core.jobs.context import JobContext

FEWEST = 2


def run(job: JobContext) -> None:
    """Read questions and answers. Raises what `open_source` raises, and InvalidInput when no
    question has an answer of two systems."""
    path = uploaded(job)
    mapping, columns = live_columns(path, job.spec["columns"])
    source = open_source(path, mapping, allow_empty_output=True)
    with job.final() as folder:
        import_file(source, folder, lambda done: job.advance(done, source.kind.size))
        found = _answers(path, mapping, columns)
        if not found:
            raise InvalidInput(
                "No record holds a question and an answer of every system. Check the columns: "
                + ", ".join(columns)
                + "."
            )
        _write(found, columns, folder)
    job.progress(source.kind.size, source.kind.size)


def live_columns(path: Path, chosen: Sequence[str]) -> tuple[ColumnMapping, list[str]]:
    """The columns of the question, and those of the answers: the `chosen`, or all other texts.

    Raises UnknownColumn, and InvalidMapping with no question or fewer than two systems.
    """
    beginning = begin(path, identify(path, LIMITS), LIMITS, as_it_stands=True)
    names = [name for name in beginning.columns if name not in chosen]
    if missing := [name for name in chosen if name not in beginning.columns]:
        raise UnknownColumn(
            f"The file has no column {', '.join(missing)}. Its columns are: "
            f"{', '.join(beginning.columns)}."
        )
    instruction, text = find_column(INSTRUCTION_NAMES, names), find_column(INPUT_NAMES, names)
    if not (instruction or text):
        raise InvalidMapping(
            "No column is named like a question (instruction, question, prompt, input). Rename it; "
            f"the file has: {', '.join(beginning.columns)}."
        )
    identity = find_column(ID_NAMES, names)
    columns = list(chosen) or [
        name
        for name in names
        if name not in (instruction, text, identity)
        and any(isinstance(sample.get(name), str) for sample in beginning.samples)
    ]
    if len(columns) < FEWEST:
        raise InvalidMapping(
            "A batch needs the answers of two systems or more, a column each, beside the question. "
            f"The file has: {', '.join(beginning.columns)}."
        )
    return ColumnMapping(instruction, text, None, id=identity), columns


def _answers(
    path: Path, mapping: ColumnMapping, columns: Sequence[str]
) -> dict[str, list[str | None]]:
    """content hash of the question → each system's answer, None where there is none; the first
    record of a question counts, and a question that nobody answered is left out."""
    found: dict[str, list[str | None]] = {}
    for record in read(path, identify(path, LIMITS), LIMITS):
        if record.values is None:
            continue
        instruction, text = (
            as_text(record.values.get(name)) if name else ""
            for name in (mapping.instruction, mapping.input)
        )
        try:
            name = content_hash(Example(instruction, text, "", allow_empty_output=True))
        except InvalidExample:  # among the rejects of the import
            continue
        answers = [_text(record.values, column) for column in columns]
        if any(answer is not None for answer in answers):
            found.setdefault(name, answers)
    return found


def _text(values: Mapping[str, Any], column: str) -> str | None:
    value = values.get(column)
    if not isinstance(value, str) or len(value) > MAX_FIELD_CHARS or "\0" in value:
        return None
    return value


def _write(found: Mapping[str, list[str | None]], columns: Sequence[str], folder: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [
        (name, k, text)
        for name, answers in found.items()
        for k, text in enumerate(answers)
        if text is not None
    ]
    hashes, systems, texts = (list(column) for column in zip(*rows, strict=True))
    table = pa.table(
        {"content_hash": hashes, "system": pa.array(systems, pa.int32()), "text": texts}
    )
    pq.write_table(table, folder / "live.parquet", compression="zstd")
    text = json.dumps({"columns": list(columns)}, ensure_ascii=False)
    (folder / "live.json").write_text(text + "\n", encoding="utf-8")
