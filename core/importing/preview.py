"""What an import would do, seen from the beginning of the file; nothing is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.importing.columns import ColumnMapping, InvalidMapping
from core.importing.detection import meta_columns
from core.importing.formats import Format, identify
from core.importing.limits import LIMITS, Limits
from core.importing.mapped import Unusable, as_text
from core.importing.pipeline import Accepted, Reject, check_output, converter
from core.importing.records import SourceRecord, storable
from core.importing.sniffing import begin
from core.projects import LabelField

_CELL_CHARS = 300


@dataclass(frozen=True)
class PreviewRow:
    """One record as it stands in the file; cells are cut at 300 characters."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True)
class Preview:
    """The beginning of a file and what the mapping makes of it.

    `mapping` is None when none was given and none could be detected; `outcomes` are then empty.
    `problems` are sentences: what is wrong with the mapping, and each rejected record shown.
    `count_estimate` counts records; it is exact if `count_exact`.
    """

    format: Format
    columns: tuple[str, ...]
    mapping: ColumnMapping | None
    rows: tuple[PreviewRow, ...]
    outcomes: tuple[Accepted | Reject, ...]
    problems: tuple[str, ...]
    count_estimate: int
    count_exact: bool
    warnings: tuple[str, ...]
    chat: tuple[str, ...] = ()
    meta_columns: tuple[str, ...] = ()
    record_kind: str = ""


def preview(
    path: Path,
    mapping: ColumnMapping | None = None,
    rows: int = 20,
    *,
    allow_empty_output: bool = False,
    limits: Limits = LIMITS,
    schema: Sequence[LabelField] = (),
) -> Preview:
    """Look at the first records, at most about 4 MB of the file.

    A mapping that does not fit is a problem in the answer. Raises UnreadableFile and TooLarge,
    when nothing in the file can be used.
    """
    beginning = begin(path, identify(path, limits, whole=False), limits)
    shown, samples = beginning.records[:rows], beginning.samples
    problems: list[str] = []
    settled, outcomes = mapping, list[Accepted | Reject]()
    try:
        settled = beginning.mapping(mapping, schema)
        allow_empty_output = allow_empty_output or beginning.is_document
        check_output(settled, allow_empty_output)
        convert = converter(settled, schema, allow_empty_output)
        outcomes = [one for record in shown for one in convert(record)]
    except InvalidMapping as error:
        problems.append(error.message)
        outcomes = [Reject(r.line, r.error, r.raw) for r in shown if r.values is None]
    for one in outcomes:
        problems += [str(one)] if isinstance(one, Reject) else map(str, one.problems)
    remarks = beginning.remarks(settled) if settled is not None else []
    return Preview(
        beginning.kind.format,
        beginning.columns,
        settled,
        tuple(_row(record) for record in shown if record.values is not None),
        tuple(outcomes),
        tuple(problems),
        beginning.count,
        beginning.exact,
        (*beginning.warnings, *remarks),
        beginning.chat,
        tuple(meta_columns(beginning.columns, settled.explode if settled else None, samples)),
        beginning.record_kind,
    )


def _row(record: SourceRecord) -> PreviewRow:
    values = record.values or {}
    return PreviewRow(record.line, {storable(name): _cell(values[name]) for name in values})


def _cell(value: object) -> str:
    try:
        return storable(as_text(value)[:_CELL_CHARS])
    except Unusable:
        return "(binary)"
