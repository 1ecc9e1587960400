"""What the columns of a file are, found by their names and first values.

detect(["Question", "Answer", "id"])
# ColumnMapping(instruction="Question", output="Answer", id="id")

Every decision is the majority's: one stray record changes no column of the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from core.importing.chat import PARTS
from core.importing.columns import ColumnMapping
from core.importing.labels import labels_by_name
from core.importing.names import (
    ID_NAMES,
    INPUT_NAMES,
    INSTRUCTION_NAMES,
    LABEL_NAMES,
    NESTED_NAMES,
    OUTPUT_NAMES,
    find_column,
    is_stray,
    plain,
)
from core.importing.record_kinds import ANNOTATED, record_kind
from core.projects import LabelField

MAX_META = 50
MAX_META_CHARS = 2000

Samples = Sequence[Mapping[str, Any]]


def columns_of(samples: Iterable[Mapping[str, Any]]) -> list[str]:
    """Column names in the order met, those that most records have first.

    A column that mostly holds lists of objects shows their fields, as "instances.input".
    """
    known = list(samples)
    counts: dict[str, int] = {}
    for values in known:
        for name in values:
            counts[name] = counts.get(name, 0) + 1
    names = sorted(counts, key=lambda name: 2 * counts[name] < len(known))
    found: dict[str, None] = {}
    for name in names:
        values_of = [values[name] for values in known if values.get(name) is not None]
        if _mostly_objects(values_of):
            lists = (value for value in values_of if is_list_of_objects(value))
            found.update({f"{name}.{key}": None for value in lists for one in value for key in one})
        else:
            found[name] = None
    return [name for name in found if _shows(name)]


def _shows(name: str) -> bool:
    return name.isascii() or not re.search("[\ud800-\udfff]", name)


def is_list_of_objects(value: object) -> bool:
    """Whether a value is a list with at least one object and nothing else in it."""
    return isinstance(value, list) and bool(value) and all(isinstance(v, dict) for v in value)


def detect(
    columns: Sequence[str],
    samples: Samples = (),
    schema: Sequence[LabelField] = (),
    chat: tuple[str, ...] = (),
    records: str = "",
) -> ColumnMapping | None:
    """The mapping that the column names suggest, None when they suggest nothing.

    Case, spaces, hyphens and underscores do not matter. Columns whose sampled values are mostly
    lists or objects are left alone, but for the objects of `instances`. Columns named like labels
    of the `schema` become labels; every other column is kept as metadata, unless it is long.
    `chat` are the columns of turns and `records` the kind of records, already flattened in
    `columns` and `samples`; what people answered in a tool is the output where nothing else is.
    """
    kind = record_kind(records)
    nested = nested_column(columns, samples)
    sure = labels_by_name([name for name in columns if _all_options(name, schema, samples)], schema)
    fixed = {column for _, column in sure}
    usable = [n for n in columns if n not in fixed and _holds_text(n, nested, samples)]
    if kind.fixed:
        usable = [name for name in (*PARTS, "id") if name in usable]
    if chat:  # the turns say it all
        usable = [*(f"{chat[0]}.{part}" for part in PARTS), *_ids(usable)]
    common = [n for n in usable if kind.fixed or not _is_stray(n, nested, samples)]
    output = _best(OUTPUT_NAMES, common, nested, samples)
    label = find_column(LABEL_NAMES, [name for name in common if name != output])
    if output is None:
        output, label = label, None
    if output is None:
        output = next((name for name in common if name.startswith(ANNOTATED)), None)
    instruction = _best(INSTRUCTION_NAMES, common, nested, samples)
    # Beside an instruction, "source" says where the example is from.
    names = [name for name in INPUT_NAMES if name != "source" or not instruction]
    text = _best(names, usable, nested, samples)
    if not (instruction or text):
        return None
    taken = {instruction, text, output, label}
    identity = find_column(ID_NAMES, [name for name in common if name not in taken])
    whole = (*columns, *meta_columns(columns, nested, samples))
    taken |= {identity}
    named = [name for name in whole if name not in taken and not (kind.fixed and name in kind.meta)]
    labels = labels_by_name(named, schema)
    taken |= {column for _, column in labels}
    return ColumnMapping(
        instruction,
        text,
        output,
        id=identity,
        label=label,
        meta=tuple(
            name
            for name in meta_columns(columns, nested, samples)
            if name not in taken
            and not name.startswith(kind.kept_anyway)
            and (name in kind.meta or _is_short(name, nested, samples))
        )[:MAX_META],
        explode=nested,
        chat=chat,
        labels=labels,
        records=records,
    )


def _ids(columns: Sequence[str]) -> list[str]:
    return [name for name in columns if find_column(ID_NAMES, [name])]


def _all_options(name: str, schema: Sequence[LabelField], samples: Samples) -> bool:
    """Whether a column's values are mostly options of a label."""
    options = {option.casefold() for field in schema for option in field.options}
    values = _values(name, None, samples) if schema else []
    return bool(values) and _mostly(str(value).casefold() in options for value in values)


def meta_columns(columns: Sequence[str], nested: str | None, samples: Samples) -> list[str]:
    """The columns that can be kept as metadata: a list of objects, unless exploded, whole."""
    tops = {name: _is_nested(name, samples) for name in columns}
    kept = ((top if top and top != nested else name) for name, top in tops.items())
    return list(dict.fromkeys(kept))


def left_out(columns: Sequence[str], samples: Samples, mapping: ColumnMapping) -> list[str]:
    """The columns that no part of the mapping keeps."""
    used = set(mapping.columns)
    kept = record_kind(mapping.records).kept_anyway
    return [
        name
        for name in meta_columns(columns, mapping.explode, samples)
        if name not in used and not name.startswith(kept)
    ]


def nested_column(columns: Sequence[str], samples: Samples) -> str | None:
    """The column of self-instruct's nested objects, `instances` or its like, if there is one."""
    tops = dict.fromkeys(_is_nested(name, samples) for name in columns)
    common = (top for top in tops if top and not _is_stray(top, None, samples))
    return next((top for top in common if plain(top) in NESTED_NAMES), None)


def _is_nested(name: str, samples: Samples) -> str:
    """The column of lists of objects that "instances.input" leads into; "" when it does not."""
    top, dot, _ = name.rpartition(".")
    values = [sample[top] for sample in samples if sample.get(top) is not None] if dot else []
    return top if _mostly_objects(values) else ""


def _best(
    wanted: Sequence[str], columns: Sequence[str], nested: str | None, samples: Samples
) -> str | None:
    """The first of the wanted names, among the columns that about as many records fill as any."""
    fitting = [name for name in columns if find_column(wanted, [name])]
    filled = {name: len(_values(name, nested, samples)) for name in fitting}
    most = max(filled.values(), default=0)
    return find_column(wanted, [name for name in fitting if 2 * filled[name] >= most])


def _is_stray(name: str, nested: str | None, samples: Samples) -> bool:
    return is_stray(len(_values(name, nested, samples)), len(samples))


def _holds_text(name: str, nested: str | None, samples: Samples) -> bool:
    top = _is_nested(name, samples)
    if top:
        return top == nested
    return not _mostly(isinstance(v, dict | list) for v in _values(name, nested, samples))


def _values(name: str, nested: str | None, samples: Samples) -> list[Any]:
    """What the sampled records have in a column: neither null nor an empty text."""
    if nested and name.startswith(f"{nested}.") and _is_nested(name, samples):
        lists = [sample[nested] for sample in samples if is_list_of_objects(sample.get(nested))]
        key = name[len(nested) + 1 :]
        return [value[0][key] for value in lists if value[0].get(key) not in (None, "")]
    return [sample[name] for sample in samples if sample.get(name) not in (None, "")]


def _is_short(name: str, nested: str | None, samples: Samples) -> bool:
    return all(len(str(value)) <= MAX_META_CHARS for value in _values(name, nested, samples))


def _mostly_objects(values: Sequence[Any]) -> bool:
    """Whether at least half are lists of objects; an empty list may be one."""
    lists = sum(map(is_list_of_objects, values))
    return lists > 0 and 2 * lists >= len(values) - values.count([])


def _mostly(answers: Iterable[bool]) -> bool:
    known = list(answers)
    return 2 * sum(known) > len(known)
