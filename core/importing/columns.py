"""Which column becomes which field of an example, as detected or chosen by a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from core.errors import InvalidInput


class InvalidMapping(InvalidInput):
    """The choice of columns contradicts itself, or lacks something."""

    title = "The columns need another look"


class UnknownColumn(InvalidMapping):
    """The mapping names a column that the file does not have."""


@dataclass(frozen=True)
class ColumnMapping:
    """Which column becomes which field of an example.

    Columns inside a list of objects are named "instances.input", with `explode="instances"`: each
    object becomes an example. `chat` names the columns that hold turns; they appear as
    "messages.instruction", ".input", ".output" and ".system". `constant_instruction` stands in for
    a missing instruction column. `id`, `label` and `meta` columns are kept beside the example;
    `labels` are (label of the project's schema, column); `records` is the kind of
    `core.importing.record_kinds` that makes the columns, "" for none. `json_values` writes lists
    and objects out as JSON text; otherwise they are refused. Raises InvalidMapping.
    """

    instruction: str | None = None
    input: str | None = None
    output: str | None = None
    constant_instruction: str = ""
    id: str | None = None
    label: str | None = None
    meta: tuple[str, ...] = ()
    explode: str | None = None
    json_values: bool = False
    chat: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    records: str = ""

    def __post_init__(self) -> None:
        if not (self.instruction or self.input):
            raise InvalidMapping("Choose the column of the instruction or of the input.")
        if self.instruction and self.constant_instruction.strip():
            raise InvalidMapping(
                "The instruction comes either from a column or from one fixed text."
                " Leave one of the two empty."
            )
        used = [name for name in (self.instruction, self.input, self.output) if name]
        if len(used) != len(set(used)):
            raise InvalidMapping(
                "Instruction, input and output need different columns. Change one of them."
            )

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column the mapping names."""
        single = (self.instruction, self.input, self.output, self.id, self.label)
        labels = [column for _, column in self.labels]
        return tuple(dict.fromkeys([name for name in single if name] + list(self.meta) + labels))

    def check(self, columns: Sequence[str]) -> None:
        """Raise UnknownColumn unless the file has every column that the mapping names."""
        tops = {name.rpartition(".")[0] for name in columns}
        for name in self.columns:
            if name not in columns and name not in tops:
                raise UnknownColumn(
                    f"The file has no column '{name}'. Its columns are: {', '.join(columns)}."
                )

    def to_json(self) -> dict[str, Any]:
        """The mapping as values JSON knows."""
        lists = {"meta": list(self.meta), "chat": list(self.chat), "labels": dict(self.labels)}
        return asdict(self) | lists

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ColumnMapping:
        """The mapping from what `to_json` gave. Raises InvalidMapping for anything else."""
        known = {field.name for field in fields(cls)}
        if unknown := set(data) - known:
            raise InvalidMapping(
                f"A mapping has no entry '{min(unknown)}'. It has: {', '.join(sorted(known))}."
            )
        values = dict(data)
        meta, chat = (_names(values.pop(name, None), name) for name in ("meta", "chat"))
        labels = values.pop("labels", None) or {}
        if not isinstance(labels, dict) or not all(isinstance(c, str) for c in labels.values()):
            raise InvalidMapping("The entry 'labels' of the mapping must map labels to columns.")
        _check_types(values)
        return cls(**values, meta=meta, chat=chat, labels=tuple(labels.items()))


def _names(given: object, entry: str) -> tuple[str, ...]:
    names = [] if given is None else given
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise InvalidMapping(f"The entry '{entry}' of the mapping must be a list of column names.")
    return tuple(names)


def _check_types(values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        kind = bool if name == "json_values" else str
        if not isinstance(value, kind) and not (value is None and kind is str):
            raise InvalidMapping(f"The entry '{name}' of the mapping must be the name of a column.")
        if value is None and name == "constant_instruction":
            raise InvalidMapping("The fixed instruction must be a text. Leave it out instead.")
