"""Which column holds what: found by name, or chosen by a person.

detect(["Question", "Answer", "id"])
# ColumnMapping(instruction="Question", output="Answer", id="id")
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from core.errors import InvalidInput
from core.importing.names import (
    ID_NAMES,
    INPUT_NAMES,
    INSTRUCTION_NAMES,
    LABEL_NAMES,
    NESTED_NAMES,
    OUTPUT_NAMES,
    find_column,
    plain,
)

_MAX_META = 20
_MAX_META_CHARS = 200


class InvalidMapping(InvalidInput):
    """The choice of columns contradicts itself, or lacks something."""

    title = "The columns need another look"


class UnknownColumn(InvalidMapping):
    """The mapping names a column that the file does not have."""


@dataclass(frozen=True)
class ColumnMapping:
    """Which column becomes which field of an example.

    Columns inside a list of objects are named "instances.input", with `explode="instances"`: each
    object becomes an example. `constant_instruction` stands in for a missing instruction column.
    `id`, `label` and `meta` columns are kept beside the example. `json_values` writes lists and
    objects out as JSON text; otherwise they are refused. Raises InvalidMapping.
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
        return tuple(dict.fromkeys([name for name in single if name] + list(self.meta)))

    def check(self, columns: Sequence[str]) -> None:
        """Raise UnknownColumn unless the file has every column that the mapping names."""
        for name in self.columns:
            if name not in columns:
                raise UnknownColumn(
                    f"The file has no column '{name}'. Its columns are: {', '.join(columns)}."
                )

    def to_json(self) -> dict[str, Any]:
        """The mapping as values JSON knows."""
        return asdict(self) | {"meta": list(self.meta)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ColumnMapping:
        """The mapping from what `to_json` gave. Raises InvalidMapping for anything else."""
        known = {field.name for field in fields(cls)}
        if unknown := set(data) - known:
            raise InvalidMapping(
                f"A mapping has no entry '{min(unknown)}'. It has: {', '.join(sorted(known))}."
            )
        values = dict(data)
        meta = values.pop("meta", None) or ()
        _check_types(values, meta)
        return cls(**values, meta=tuple(meta))


def _check_types(values: Mapping[str, Any], meta: object) -> None:
    for name, value in values.items():
        kind = bool if name == "json_values" else str
        if not isinstance(value, kind) and not (value is None and kind is str):
            raise InvalidMapping(f"The entry '{name}' of the mapping must be the name of a column.")
        if value is None and name == "constant_instruction":
            raise InvalidMapping("The fixed instruction must be a text. Leave it out instead.")
    if not isinstance(meta, list | tuple) or not all(isinstance(name, str) for name in meta):
        raise InvalidMapping("The entry 'meta' of the mapping must be a list of column names.")


def columns_of(samples: Iterable[Mapping[str, Any]]) -> list[str]:
    """Column names in the order met; a list of objects shows its fields as "instances.input"."""
    found: dict[str, None] = {}
    for values in samples:
        for name, value in values.items():
            if is_list_of_objects(value):
                found.update({f"{name}.{inner}": None for item in value for inner in item})
            else:
                found[name] = None
    # A column that is a list in one record and null in another is shown by its fields only.
    nested = {name.partition(".")[0] for name in found if "." in name}
    return [name for name in found if name not in nested and _shows(name)]


def _shows(name: str) -> bool:
    return name.isascii() or not re.search("[\ud800-\udfff]", name)


def is_list_of_objects(value: object) -> bool:
    """Whether a value is a list with at least one object and nothing else in it."""
    return isinstance(value, list) and bool(value) and all(isinstance(v, dict) for v in value)


def detect(
    columns: Sequence[str], samples: Sequence[Mapping[str, Any]] = ()
) -> ColumnMapping | None:
    """The mapping that the column names suggest, None when they suggest nothing.

    Case, spaces, hyphens and underscores do not matter. Columns whose sampled values are mostly
    lists or objects are left alone, but for the objects of `instances`.
    """
    nested = nested_column(columns, samples)
    usable = [name for name in columns if _holds_text(name, nested, samples)]
    output = find_column(OUTPUT_NAMES, usable)
    label = find_column(LABEL_NAMES, [name for name in usable if name != output])
    if output is None:
        output, label = label, None
    instruction, text = find_column(INSTRUCTION_NAMES, usable), find_column(INPUT_NAMES, usable)
    if not (instruction or text):
        return None
    taken = {instruction, text, output, label}
    identity = find_column(ID_NAMES, [name for name in usable if name not in taken])
    rest = [name for name in usable if name not in taken | {identity}]
    return ColumnMapping(
        instruction,
        text,
        output,
        id=identity,
        label=label,
        meta=tuple(name for name in rest if _is_short(name, samples))[:_MAX_META],
        explode=nested,
    )


def nested_column(columns: Sequence[str], samples: Sequence[Mapping[str, Any]]) -> str | None:
    """The column of self-instruct's nested objects, `instances` or its like, if there is one."""
    tops = {name.partition(".")[0] for name in columns if "." in name}
    lists = (top for top in tops if any(is_list_of_objects(s.get(top)) for s in samples))
    return next((top for top in lists if plain(top) in NESTED_NAMES), None)


def _holds_text(name: str, nested: str | None, samples: Sequence[Mapping[str, Any]]) -> bool:
    top, dot, _ = name.partition(".")
    if dot and any(is_list_of_objects(sample.get(top)) for sample in samples):
        return top == nested
    values = [sample[name] for sample in samples if sample.get(name) is not None]
    lists = sum(isinstance(value, dict | list) for value in values)
    return not lists or 2 * lists <= len(values)


def _is_short(name: str, samples: Sequence[Mapping[str, Any]]) -> bool:
    values = [sample[name] for sample in samples if name in sample]
    return bool(values) and all(len(str(value)) <= _MAX_META_CHARS for value in values)
