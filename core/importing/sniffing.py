"""The beginning of a file: its columns and first records, without reading the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from core.importing.chat import NoConversation, chat_columns, flatten, several_turns
from core.importing.columns import ColumnMapping, InvalidMapping
from core.importing.detection import columns_of, detect, left_out
from core.importing.formats import FORMATS, FileKind
from core.importing.limits import LIMITS, MIB, Limits, UnreadableFile
from core.importing.readers import read
from core.importing.record_kinds import OddRecord, kind_of_records, record_kind
from core.importing.record_kinds import flatten as flat_record
from core.importing.records import SourceRecord
from core.projects import LabelField
from core.wording import figure

_SAMPLE_BYTES = 4 * MIB
SAMPLE_RECORDS = 1000
# To find the text of a page takes many times as long as to read a record.
SAMPLE_PASSAGES = 50


@dataclass(frozen=True)
class Beginning:
    """Columns and first records of a file.

    `count` is the number of records: exact if `exact`, otherwise judged by the bytes read so far.
    `record_kind` is that of `core.importing.record_kinds`, `chat` are the columns that hold turns;
    `columns` has what they are flattened to.
    """

    kind: FileKind
    columns: tuple[str, ...]
    records: tuple[SourceRecord, ...]
    count: int
    exact: bool
    warnings: tuple[str, ...]
    chat: tuple[str, ...] = ()
    record_kind: str = ""

    @property
    def is_document(self) -> bool:
        """Whether the records are passages of a document, which have no output yet."""
        return FORMATS[self.kind.format].passages

    @property
    def samples(self) -> list[Mapping[str, Any]]:
        """The values of the records that could be read, turns flattened."""
        values = [record.values for record in self.records if record.values is not None]
        return _flattened(values, self.record_kind, self.chat)

    def mapping(
        self, chosen: ColumnMapping | None = None, schema: Sequence[LabelField] = ()
    ) -> ColumnMapping:
        """The chosen mapping, else the detected one, with labels of the project's `schema`.

        Raises UnknownColumn when the file lacks a chosen column, UnreadableFile when it has none at
        all, InvalidMapping when nothing was chosen and nothing could be detected.
        """
        if chosen is not None:
            chosen.check(self.columns)
            return chosen
        found = detect(self.columns, self.samples, schema, self.chat, self.record_kind)
        if found is not None:
            return found
        broken = next((record.error for record in self.records if record.error), "")
        if broken and not self.columns:
            raise UnreadableFile(f"No record of the file can be read. {broken}")
        raise InvalidMapping(
            "No column is named like an instruction or an input. Choose the columns by hand;"
            f" the file has: {', '.join(self.columns) or 'none'}."
        )

    def remarks(self, mapping: ColumnMapping) -> list[str]:
        """What the mapping makes of the file that a person may not expect."""
        remarks = []
        records = [record.values for record in self.records if record.values is not None]
        if several := sum(several_turns(values, mapping.chat) for values in records):
            remarks.append(
                f"{figure(several)} of the first {figure(len(records))} conversations have "
                "several questions:"
                " the last one becomes the instruction and its answer, alone, the output that is"
                " trained on. The turns before are kept as turns in the input."
            )
        if self.is_document:
            remarks.append(
                "Passages of the document's text become the inputs; people write the outputs."
                " Headers, footers, footnotes, text boxes and pictures of a DOCX are not read."
            )
        if self.record_kind:
            remarks.append(f"Read as {record_kind(self.record_kind).label} exports it.")
        if several := sum("other_annotations" in one for one in self.samples):
            remarks.append(
                f"{figure(several)} of the first {figure(len(records))} records have several "
                "annotations: one"
                " becomes the example, the others are kept in its metadata."
            )
        if missing := left_out(self.columns, self.samples, mapping):
            names = ", ".join(f"'{name}'" for name in missing[:10])
            remarks.append(f"Not imported: {names}. Choose them as metadata to keep them.")
        return remarks


def _flattened(
    values: Sequence[Mapping[str, Any]], kind: str, chat: tuple[str, ...]
) -> list[Mapping[str, Any]]:
    if not (kind or chat):
        return list(values)
    flat: list[Mapping[str, Any]] = []
    for one in values:
        try:
            columns = flat_record(kind, one)
            flat.append(flatten(columns, chat) if chat else columns)
        except (NoConversation, OddRecord):
            continue
    return flat


def begin(
    path: Path,
    kind: FileKind,
    limits: Limits = LIMITS,
    records: int = SAMPLE_RECORDS,
    *,
    as_it_stands: bool = False,
) -> Beginning:
    """Read at most so many records, and at most about 4 MB; `as_it_stands` flattens no records but
    turns.

    Raises UnreadableFile when the file as a whole is damaged or has no record, TooLarge.
    """
    names, warnings, known = _header(path, kind, limits)
    taken: list[SourceRecord] = []
    unpacked = 0
    if FORMATS[kind.format].passages:
        records = min(records, SAMPLE_PASSAGES)
    stream = read(path, kind, limits)
    for record in islice(stream, records):
        taken.append(record)
        unpacked += record.chars
        if max(record.at_byte, unpacked) > _SAMPLE_BYTES:
            break
    if not taken:
        after = " after the column names" if names else ""
        raise UnreadableFile(f"The file has no records{after}. Add some and upload it again.")
    exact = known is not None or next(stream, None) is None
    values = [record.values for record in taken if record.values is not None]
    records_are = "" if as_it_stands else kind_of_records(values)
    chat = chat_columns(_flattened(values, records_are, ()))
    flat = _flattened(values, records_are, chat)
    header = [name for name in names if name not in chat and not records_are]
    columns = columns_of([dict.fromkeys(header), *flat] if header else flat)
    columns += [n for n in record_kind(records_are).meta if not _among(columns, n)]
    count = known if known is not None else _estimate(taken, exact, kind.size)
    warnings = [*kind.text.warnings, *warnings]
    return Beginning(
        kind, tuple(columns), tuple(taken), count, exact, tuple(warnings), chat, records_are
    )


def _among(columns: Sequence[str], name: str) -> bool:
    return any(one == name or one.startswith(f"{name}.") for one in columns)


def _header(path: Path, kind: FileKind, limits: Limits) -> tuple[list[str], list[str], int | None]:
    """Column names and warnings where the format has a header; the row count where it says."""
    if kind.format == "parquet":
        from core.importing.parquet import parquet_header

        return parquet_header(path, limits)
    if kind.format in ("csv", "tsv"):
        from core.importing.delimited import header_of

        return *header_of(path, kind, limits), None
    return [], [], None


def _estimate(taken: list[SourceRecord], exact: bool, size: int) -> int:
    if exact:
        return len(taken)
    per_record = max(1, taken[-1].at_byte) / len(taken)
    return max(len(taken) + 1, round(size / per_record))
