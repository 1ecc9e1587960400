"""A file before it is imported: its columns, what becomes of them, and its first rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import streamlit as st

from core.importing.columns import ColumnMapping, InvalidMapping
from core.importing.formats import FORMATS
from core.importing.limits import Limits
from core.importing.pipeline import Accepted
from core.importing.preview import Preview, preview
from core.labels.values import words_of
from core.projects import LabelField
from pages.components import errors, page

NONE = "none"
PROBLEMS_SHOWN = 8
ROWS = 20


def choose_mapping(
    path: Path, detected: Preview, limits: Limits, schema: Sequence[LabelField]
) -> tuple[Preview, bool]:
    """Let the person say what each column is, and show what that makes of the file.

    What the file looks like then (its `mapping` is None while none can be used), and whether
    examples without an output are wanted.
    """
    st.subheader("Columns", anchor=False)
    if detected.mapping is None:
        st.caption("No column is named like an instruction or an input. Choose them here.")
    try:
        mapping, allow_empty = _controls(detected, schema, str(path))
        seen = preview(
            path, mapping, ROWS, allow_empty_output=allow_empty, limits=limits, schema=schema
        )
    except InvalidMapping as error:
        errors.show(error)
        first_rows(detected, stored=False)
        return replace(detected, mapping=None), False
    first_rows(seen, stored=True)
    usable = any(isinstance(one, Accepted) for one in seen.outcomes)
    return (seen if usable else replace(seen, mapping=None)), allow_empty


def how_many(seen: Preview) -> str:
    """How many examples an import would bring: exact where the whole file was looked at."""
    if seen.count_exact and seen.count_estimate <= ROWS:
        return page.number(sum(isinstance(one, Accepted) for one in seen.outcomes))
    return f"{'up to' if seen.count_exact else 'about'} {page.number(seen.count_estimate)}"


def _controls(
    detected: Preview, schema: Sequence[LabelField], key: str
) -> tuple[ColumnMapping, bool]:
    known = detected.mapping
    chosen = _fields(detected, key)
    constant = ""
    if not chosen["instruction"]:
        constant = st.text_input(
            "One instruction for every example (optional)", key=f"constant {key}"
        )
        if known and not constant:
            st.warning(
                "No column is taken as the instruction: the examples would say what is given, and "
                "not what to do. Choose the column, or write one instruction for all.",
                icon=":material/help:",
            )
    labels = _labels(detected, schema, key)
    taken = {name for name in (*chosen.values(), *labels.values()) if name}
    meta = _meta(detected, taken, key)
    with st.container(horizontal=True):
        allow_empty = st.checkbox(
            "Import examples without an output",
            value=FORMATS[detected.format].passages,
            key=f"empty {key}",
            help="People write it later.",
        )
        as_json = st.checkbox(
            "Write lists and objects as JSON",
            key=f"json {key}",
            help="Otherwise such values are refused.",
        )
    kept = known.label if known and known.label not in taken and known.label not in meta else None
    values = {**chosen, "constant_instruction": constant, "json_values": as_json, "label": kept}
    return _mapping(detected, values, meta, labels), allow_empty


def _fields(detected: Preview, key: str) -> dict[str, str | None]:
    chosen: dict[str, str | None] = {}
    with st.container(horizontal=True):
        for field in ("instruction", "input", "output", "id"):
            found = getattr(detected.mapping, field) if detected.mapping else None
            chosen[field] = _column(
                "Id (optional)" if field == "id" else field.capitalize(),
                detected.columns,
                found,
                f"{field} {key}",
            )
    return chosen


def _labels(detected: Preview, schema: Sequence[LabelField], key: str) -> dict[str, str | None]:
    """A column for each label of the project's schema."""
    known = dict(detected.mapping.labels) if detected.mapping else {}
    if not schema:
        return {}
    with st.expander("Labels", expanded=bool(known)):
        st.caption("Columns that hold the project's labels. Other values are listed.")
        with st.container(horizontal=True):
            return {
                field.name: _column(
                    field.name, detected.columns, known.get(field.name), f"label {field.name} {key}"
                )
                for field in schema
            }


def _column(label: str, columns: Sequence[str], found: str | None, key: str) -> str | None:
    options = [None, *columns]
    return st.selectbox(
        label,
        options,
        index=options.index(found) if found in options else 0,
        format_func=lambda name: name or NONE,
        key=key,
        width=190,
    )


def _meta(detected: Preview, taken: set[str], key: str) -> tuple[str, ...]:
    """The columns kept beside the examples."""
    options = [name for name in detected.meta_columns if name not in taken]
    if not options:
        return ()
    known = detected.mapping.meta if detected.mapping else ()
    return tuple(
        st.multiselect(
            "Metadata",
            options,
            default=[name for name in known if name in options],
            help="Kept with each example and exported with it; not shown to the model.",
            placeholder="No other column",
            key=f"meta {key} {sorted(taken)}",
        )
    )


def _mapping(
    detected: Preview,
    values: dict[str, Any],
    meta: tuple[str, ...],
    labels: dict[str, str | None],
) -> ColumnMapping:
    """The chosen columns, with what leads to them: the list to explode, the turns to flatten."""
    chosen = [values[name] for name in ("instruction", "input", "output", "id", "label")]
    names = [name for name in (*chosen, *meta, *labels.values()) if name]
    # A column that is found inside a list may be kept as metadata too: its list is known.
    known = f"{detected.mapping.explode}." if detected.mapping and detected.mapping.explode else ""
    tops = {
        name.rpartition(".")[0]
        for name in names
        if name not in detected.meta_columns or (known and name.startswith(known))
    }
    turns = f"{detected.chat[0]}." if detected.chat else ""
    chat = detected.chat if turns and any(name.startswith(turns) for name in names) else ()
    tabular = detected.format in ("csv", "tsv")
    nested = sorted(tops - {"", *chat}) if not tabular else []
    return ColumnMapping(
        **values,
        meta=meta,
        explode=nested[0] if nested else None,
        chat=chat,
        records=detected.record_kind,
        labels=tuple((name, column) for name, column in labels.items() if column),
    )


def first_rows(seen: Preview, *, stored: bool) -> None:
    """The first records: as they would be stored, or as they stand in the file."""
    st.subheader("Preview", anchor=False)
    options = ["Examples", "File"]
    view = st.segmented_control(
        "View", options, default=options[0], required=True, label_visibility="collapsed"
    )
    if stored and view == options[0]:
        rows: Sequence[dict[str, Any]] = [
            _shown(one) for one in seen.outcomes if isinstance(one, Accepted)
        ]
    else:
        rows = [{"Line": row.line, **row.cells} for row in seen.rows]
    if rows:
        config = {"Line": st.column_config.NumberColumn(width=60)}
        st.dataframe(
            rows, hide_index=True, column_config=config, height=280 if len(rows) > 6 else "auto"
        )
    _said("Please check", seen.warnings)
    _said("Not imported, and listed afterwards", seen.problems)


def _shown(one: Accepted) -> dict[str, Any]:
    row: dict[str, Any] = {
        "Line": one.line,
        "Instruction": one.instruction[:300],
        "Input": one.input[:300],
        "Output": one.output[:300],
    }
    if one.external_id is not None:
        row["Id"] = one.external_id
    row |= {f"Label: {name}": words_of(value)[:300] for name, value in one.labels.items()}
    return row | {f"Metadata: {name}": str(value)[:300] for name, value in one.meta.items()}


def _said(title: str, texts: Sequence[str]) -> None:
    if not texts:
        return
    with st.container(border=True, gap="small"):
        st.markdown(f"**{title}**")
        for text in texts[:PROBLEMS_SHOWN]:
            st.text(text[:1].upper() + text[1:])
        if len(texts) > PROBLEMS_SHOWN:
            st.caption(f"and {page.number(len(texts) - PROBLEMS_SHOWN)} more in the first rows")


def about_file(seen: Preview, file_name: str, size: int) -> None:
    """One line on what the file is."""
    count = f"{'' if seen.count_exact else 'about '}{page.number(seen.count_estimate)} records"
    columns = ", ".join(seen.columns)
    st.text(f"{file_name} · {FORMATS[seen.format].label} · {page.size(size)} · {count}")
    st.text(f"Columns: {columns}")
