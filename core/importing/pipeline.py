"""From a file to examples: each record accepted, refused with a reason, or a repetition.

for one in outcomes_of(open_source(path)):
    match one: ...                        # Accepted or Reject
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from core.examples.example import FIELDS, Example, InvalidExample
from core.importing.checking import checked_hash
from core.importing.columns import ColumnMapping, InvalidMapping
from core.importing.formats import FileKind, identify
from core.importing.labels import LabelReader
from core.importing.limits import LIMITS, Limits
from core.importing.mapped import Fields, Unusable, as_text, fields_of, numbered_id, plain_value
from core.importing.readers import OnBytes, read
from core.importing.record_kinds import left_over, record_kind
from core.importing.records import SourceRecord, excerpt
from core.importing.sniffing import begin
from core.projects import LabelField

NOTHING: Mapping[str, Any] = {}


class Reject(NamedTuple):
    """A record that could not be used: its line from 1, why, and at most 500 characters of it.

    Kind "label": the example came in, and one of its labels did not.
    """

    line: int
    reason: str
    excerpt: str
    kind: str = "record"

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


class Accepted(NamedTuple):
    """An example and where it came from; `meta` holds "label" and other kept columns."""

    line: int
    instruction: str
    input: str
    output: str
    content_hash: str
    external_id: str | None = None
    meta: Mapping[str, Any] = NOTHING
    labels: Mapping[str, Any] = NOTHING
    problems: tuple[Reject, ...] = ()

    @property
    def example(self) -> Example:
        """The three texts."""
        return Example(self.instruction, self.input, self.output, allow_empty_output=True)


@dataclass(frozen=True)
class Source:
    """A file that was looked at and can be read: what it is, how its columns are understood.

    `schema` is the project's label schema, which the mapping's labels refer to.
    """

    path: Path
    kind: FileKind
    mapping: ColumnMapping
    allow_empty_output: bool = False
    limits: Limits = LIMITS
    warnings: tuple[str, ...] = ()
    schema: tuple[LabelField, ...] = ()

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
    schema: Sequence[LabelField] = (),
) -> Source:
    """Look at a file and settle its mapping, detected unless given.

    Raises UnreadableFile, TooLarge, UnknownColumn, InvalidMapping.
    """
    kind = identify(path, limits)
    beginning = begin(path, kind, limits)
    settled = beginning.mapping(mapping, schema)
    allow_empty_output = allow_empty_output or beginning.is_document
    warnings = (*beginning.warnings, *beginning.remarks(settled))
    return Source(path, kind, settled, allow_empty_output, limits, warnings, tuple(schema))


def outcomes_of(source: Source, on_bytes: OnBytes | None = None) -> Iterator[Accepted | Reject]:
    """What becomes of each record, in order; `on_bytes` hears how far the reading has come."""
    outcomes = converter(source.mapping, source.schema, source.allow_empty_output)
    for record in read(source.path, source.kind, source.limits, on_bytes):
        yield from outcomes(record)


Converter = Callable[[SourceRecord], Sequence[Accepted | Reject]]


def converter(
    mapping: ColumnMapping, schema: Sequence[LabelField] = (), allow_empty_output: bool = False
) -> Converter:
    """A function from one record to its outcomes: several where a list inside it is exploded."""
    chosen, used = _labels_of(mapping, schema), {*mapping.columns}
    labels = LabelReader(chosen, schema, as_text)
    used |= {column for _, column in chosen}

    def closely(record: SourceRecord) -> list[Accepted | Reject]:
        if record.values is None:
            return [Reject(record.line, record.error, record.raw)]
        found = list(fields_of(record.values, mapping, output_needed=not allow_empty_output))
        outcomes = [_outcome(record, one, labels, allow_empty_output) for one in found]
        if not mapping.records:
            return outcomes
        return [_with_left_over(one, f, used) for one, f in zip(outcomes, found, strict=True)]

    if mapping.records or mapping.explode or mapping.chat or mapping.labels or mapping.label:
        return closely
    return _quickly(mapping, allow_empty_output, closely)


def _quickly(mapping: ColumnMapping, allow_empty_output: bool, closely: Converter) -> Converter:
    """The same for records whose three columns are texts already; others are looked at closely."""
    instruction, text, output = mapping.instruction, mapping.input, mapping.output
    identity, constant, meta_columns = mapping.id, mapping.constant_instruction, mapping.meta

    def convert(record: SourceRecord) -> Sequence[Accepted | Reject]:
        values = record.values
        if values is None:
            return closely(record)
        try:
            first = values[instruction] if instruction else constant
            second = values.get(text, "") if text else ""
            third = values[output] if output else ""
            digest = checked_hash(first, second, third, allow_empty_output)
        except (KeyError, TypeError, AttributeError, InvalidExample):
            return closely(record)
        name = values.get(identity) if identity else None
        if name is not None:
            name = numbered_id(name, 1) or None
        meta = NOTHING
        if meta_columns:
            kept = ((column, plain_value(values.get(column))) for column in meta_columns)
            meta = {column: value for column, value in kept if value not in (None, "")}
        return (Accepted(record.line, first, second, third, digest, name, meta),)

    return convert


def _labels_of(mapping: ColumnMapping, schema: Sequence[LabelField]) -> tuple[tuple[str, str], ...]:
    """The mapping's labels, and for an export of Touchstone all others of the schema, too."""
    if not record_kind(mapping.records).fixed:
        return mapping.labels
    known = dict(mapping.labels)
    return tuple((one.name, known.get(one.name, f"labels.{one.name}")) for one in schema)


def _with_left_over(
    outcome: Accepted | Reject, fields: Fields | Unusable, used: Collection[str]
) -> Accepted | Reject:
    if isinstance(outcome, Reject) or isinstance(fields, Unusable):
        return outcome
    rest = {name: plain_value(v) for name, v in left_over(fields.source, used).items()}
    rest = {name: value for name, value in rest.items() if value not in (None, "", [])}
    return outcome._replace(meta={**outcome.meta, **rest}) if rest else outcome


def _outcome(
    record: SourceRecord,
    fields: Fields | Unusable,
    labels: LabelReader,
    allow_empty_output: bool,
) -> Accepted | Reject:
    if isinstance(fields, Unusable):
        return Reject(record.line, str(fields), excerpt(record.values))
    texts = fields.instruction, fields.input, fields.output
    try:
        digest = checked_hash(*texts, allow_empty_output)
    except InvalidExample as error:
        return Reject(record.line, fields.where + error.message, excerpt(record.values))
    given, problems = labels.read(fields.source, dict(zip(FIELDS, texts, strict=True)))
    meta = fields.meta
    for problem in problems:
        meta = meta | {problem.column: plain_value(fields.source[problem.column])}
    listed = tuple(
        Reject(record.line, fields.where + problem.reason, excerpt(record.values), "label")
        for problem in problems
    )
    return Accepted(record.line, *texts, digest, fields.id, meta, given, listed)
