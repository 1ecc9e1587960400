"""The examples of a file as columns of texts, for the checks: nothing is stored, nothing refused.

records = read_records(Path("train.jsonl"))
records.instructions[0], records.ids[0]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from core.importing.columns import ColumnMapping
from core.importing.formats import FileKind, identify
from core.importing.limits import Limits
from core.importing.mapped import Unusable, as_text, fields_of, numbered_id
from core.importing.readers import read
from core.importing.records import record_from_text
from core.importing.sniffing import begin

Id = str | int


@dataclass
class Records:
    """Example k has `ids[k]`, its three texts and perhaps a label; `unreadable` are (line, why).

    An id is the record's own, as the file has it, else the line where the record starts.
    """

    ids: list[Id] = field(default_factory=list)
    instructions: list[str] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    labels: list[str | None] = field(default_factory=list)
    unreadable: list[tuple[int, str]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.ids)

    def add(self, identity: Id, instruction: str, text: str, output: str, label: object) -> None:
        """One example more."""
        self.ids.append(identity)
        self.instructions.append(instruction)
        self.inputs.append(text)
        self.outputs.append(output)
        self.labels.append(None if label in (None, "") else str(label))


def read_records(path: Path, limits: Limits) -> Records:
    """All examples of a file of any format that an import reads, its columns found by their names.

    Missing and empty fields are empty texts. Raises UnreadableFile, TooLarge and InvalidMapping as
    an import does.
    """
    kind = identify(path, limits)
    mapping = begin(path, kind, limits).mapping()
    found = Records()
    plain = not (mapping.chat or mapping.explode)
    for line, values, error in _objects(path, kind, limits):
        if values is None:
            found.unreadable.append((line, error))
        elif plain:
            _add_plain(found, values, mapping, line)
        else:
            _add_parts(found, values, mapping, line)
    return found


def _objects(
    path: Path, kind: FileKind, limits: Limits
) -> Iterator[tuple[int, dict[str, Any] | None, str]]:
    """(line, fields, "") of each record, or (line, None, why there are none)."""
    if kind.format != "jsonl" or kind.text.name not in ("utf-8", "utf-8-sig"):
        for record in read(path, kind, limits):
            yield record.line, record.values, record.error
        return
    with path.open("rb") as file:
        for line, text in enumerate(file, 1):
            try:
                values = orjson.loads(text)
            except orjson.JSONDecodeError:
                values = None
            if type(values) is dict:
                yield line, values, ""
            elif stripped := text.removeprefix(b"\xef\xbb\xbf").strip():
                slowly = stripped.decode("utf-8", "surrogateescape")
                record = record_from_text(slowly, line, limits, 0)
                yield line, record.values, record.error


def _add_plain(
    found: Records, values: Mapping[str, Any], mapping: ColumnMapping, line: int
) -> None:
    get = values.get
    instruction = get(mapping.instruction) if mapping.instruction else ""
    text = get(mapping.input) if mapping.input else ""
    output = get(mapping.output) if mapping.output else ""
    if not (type(instruction) is type(text) is type(output) is str):
        try:
            instruction, text, output = as_text(instruction), as_text(text), as_text(output)
        except Unusable as unusable:
            found.unreadable.append((line, str(unusable)))
            return
    found.ids.append(_own(get(mapping.id) if mapping.id else None, line))
    found.instructions.append(instruction)
    found.inputs.append(text)
    found.outputs.append(output)
    label = get(mapping.label) if mapping.label else None
    found.labels.append(None if label in (None, "") else str(label))


def _add_parts(
    found: Records, values: Mapping[str, Any], mapping: ColumnMapping, line: int
) -> None:
    for number, one in enumerate(fields_of(values, mapping, output_needed=False), 1):
        if isinstance(one, Unusable):
            found.unreadable.append((line, str(one)))
            continue
        identity: Id = one.id if one.id else line
        if not one.id and number > 1:
            identity = numbered_id(line, number)
        found.add(identity, one.instruction, one.input, one.output, one.meta.get("label"))


def _own(identity: object, line: int) -> Id:
    if identity is None or identity == "":
        return line
    return identity if type(identity) in (str, int) else numbered_id(identity, 1)  # type: ignore[return-value]
