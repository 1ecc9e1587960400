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
from core.importing.formats import FileKind
from core.importing.limits import LIMITS, MIB, Limits, UnreadableFile
from core.importing.readers import read
from core.importing.records import SourceRecord
from core.projects import LabelField

_SAMPLE_BYTES = 4 * MIB
SAMPLE_RECORDS = 1000


@dataclass(frozen=True)
class Beginning:
    """Columns and first records of a file.

    `count` is the number of records: exact if `exact`, otherwise judged by the bytes read so far.
    `chat` are the columns that hold turns; `columns` has what they are flattened to.
    """

    kind: FileKind
    columns: tuple[str, ...]
    records: tuple[SourceRecord, ...]
    count: int
    exact: bool
    warnings: tuple[str, ...]
    chat: tuple[str, ...] = ()

    @property
    def samples(self) -> list[Mapping[str, Any]]:
        """The values of the records that could be read, turns flattened."""
        values = [record.values for record in self.records if record.values is not None]
        return _flattened(values, self.chat)

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
        if (found := detect(self.columns, self.samples, schema, self.chat)) is not None:
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
                f"{several:,} of the first {len(records):,} conversations have several questions:"
                " the last one becomes the instruction and its answer, alone, the output that is"
                " trained on. The turns before are kept as turns in the input."
            )
        if missing := left_out(self.columns, self.samples, mapping):
            names = ", ".join(f"'{name}'" for name in missing[:10])
            remarks.append(f"Not imported: {names}. Choose them as metadata to keep them.")
        return remarks


def _flattened(
    values: Sequence[Mapping[str, Any]], chat: tuple[str, ...]
) -> list[Mapping[str, Any]]:
    if not chat:
        return list(values)
    flat: list[Mapping[str, Any]] = []
    for one in values:
        try:
            flat.append(flatten(one, chat))
        except NoConversation:
            continue
    return flat


def begin(
    path: Path, kind: FileKind, limits: Limits = LIMITS, records: int = SAMPLE_RECORDS
) -> Beginning:
    """Read at most so many records, and at most about 4 MB.

    Raises UnreadableFile when the file as a whole is damaged or has no record, TooLarge.
    """
    names, warnings, known = _header(path, kind, limits)
    taken: list[SourceRecord] = []
    unpacked = 0
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
    chat = chat_columns(values)
    flat = _flattened(values, chat)
    header = [name for name in names if name not in chat]
    columns = columns_of([dict.fromkeys(header), *flat] if header else flat)
    count = known if known is not None else _estimate(taken, exact, kind.size)
    warnings = [*kind.text.warnings, *warnings]
    return Beginning(kind, tuple(columns), tuple(taken), count, exact, tuple(warnings), chat)


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
