"""From a file to examples: each record accepted, refused with a reason, or a repetition.

for outcome in first_wins(examples_of(path, mapping)):
    match outcome: ...                    # Accepted, Reject or Duplicate
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.examples.example import Example, InvalidExample, content_hash
from core.importing.columns import ColumnMapping, InvalidMapping
from core.importing.formats import FileKind, identify
from core.importing.limits import LIMITS, Limits
from core.importing.mapped import Unusable, fields_of
from core.importing.readers import OnBytes, read
from core.importing.records import SourceRecord, excerpt
from core.importing.sniffing import begin


@dataclass(frozen=True, slots=True)
class Accepted:
    """An example and where it came from; `meta` holds "id", "label" and other kept columns."""

    line: int
    example: Example
    meta: Mapping[str, Any]
    content_hash: str


@dataclass(frozen=True, slots=True)
class Reject:
    """A record that could not be used: its line from 1, why, and at most 500 characters of it."""

    line: int
    reason: str
    excerpt: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Duplicate:
    """An example equal to an earlier one in the same file (equal content hash)."""

    line: int
    first_line: int


@dataclass(frozen=True)
class Source:
    """A file that was looked at and can be read: what it is, how its columns are understood."""

    path: Path
    kind: FileKind
    mapping: ColumnMapping
    allow_empty_output: bool = False
    limits: Limits = LIMITS
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_output(self.mapping, self.allow_empty_output)


def check_output(mapping: ColumnMapping, allow_empty_output: bool) -> None:
    """Raise InvalidMapping when no column gives the output although there must be one."""
    if mapping.output is None and not allow_empty_output:
        raise InvalidMapping(
            "No column is chosen for the output. Choose one, or allow empty outputs"
            " if people are to write them."
        )


def open_source(
    path: Path,
    mapping: ColumnMapping | None = None,
    *,
    allow_empty_output: bool = False,
    limits: Limits = LIMITS,
) -> Source:
    """Look at a file and settle its mapping, detected unless given.

    Raises UnreadableFile, TooLarge, UnknownColumn, InvalidMapping.
    """
    kind = identify(path, limits)
    beginning = begin(path, kind, limits)
    settled = beginning.mapping(mapping)
    return Source(path, kind, settled, allow_empty_output, limits, beginning.warnings)


def examples_of(
    path: Path,
    mapping: ColumnMapping | None = None,
    *,
    allow_empty_output: bool = False,
    limits: Limits = LIMITS,
    on_bytes: OnBytes | None = None,
) -> Iterator[Accepted | Reject]:
    """What becomes of each record of a file, in order. Raises what `open_source` raises."""
    source = open_source(path, mapping, allow_empty_output=allow_empty_output, limits=limits)
    return outcomes_of(source, on_bytes)


def outcomes_of(source: Source, on_bytes: OnBytes | None = None) -> Iterator[Accepted | Reject]:
    """The same for a source already opened; `on_bytes` hears how far the reading has come."""
    for record in read(source.path, source.kind, source.limits, on_bytes):
        yield from outcome(record, source.mapping, source.allow_empty_output)


def outcome(
    record: SourceRecord, mapping: ColumnMapping, allow_empty_output: bool = False
) -> Iterator[Accepted | Reject]:
    """What becomes of one record; several outcomes where a list inside it is exploded."""
    if record.values is None:
        yield Reject(record.line, record.error, record.raw)
        return
    for fields in fields_of(record.values, mapping, output_needed=not allow_empty_output):
        if isinstance(fields, Unusable):
            yield Reject(record.line, str(fields), excerpt(record.values))
            continue
        try:
            example = Example(fields.instruction, fields.input, fields.output, allow_empty_output)
        except InvalidExample as error:
            yield Reject(record.line, fields.where + error.message, excerpt(record.values))
        else:
            yield Accepted(record.line, example, fields.meta, content_hash(example))


def first_wins(
    outcomes: Iterable[Accepted | Reject],
) -> Iterator[Accepted | Reject | Duplicate]:
    """The outcomes, an example repeated within the file replaced by a Duplicate."""
    first_lines: dict[bytes, int] = {}
    for one in outcomes:
        if isinstance(one, Accepted):
            digest = bytes.fromhex(one.content_hash)
            if digest in first_lines:
                yield Duplicate(one.line, first_lines[digest])
                continue
            first_lines[digest] = one.line
        yield one


@dataclass(frozen=True)
class Imported:
    """All outcomes of a file at once, for files small enough to hold."""

    accepted: tuple[Accepted, ...]
    rejects: tuple[Reject, ...]
    duplicates: tuple[Duplicate, ...]
    mapping: ColumnMapping
    warnings: tuple[str, ...]


def collect(source: Source) -> Imported:
    """Read a source to its end."""
    sorted_out: dict[type, list[Any]] = {Accepted: [], Reject: [], Duplicate: []}
    for one in first_wins(outcomes_of(source)):
        sorted_out[type(one)].append(one)
    return Imported(
        tuple(sorted_out[Accepted]),
        tuple(sorted_out[Reject]),
        tuple(sorted_out[Duplicate]),
        source.mapping,
        source.warnings,
    )
