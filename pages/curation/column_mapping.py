"""A file before it is imported: its columns, what becomes of them, and its first rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import streamlit as st

from core.importing.columns import ColumnMapping, InvalidMapping
from core.importing.formats import FORMATS
from core.importing.pipeline import Accepted
from core.importing.preview import Preview, preview
from pages.components import errors, page

NONE = "none"
PROBLEMS_SHOWN = 8
ROWS = 20


def choose_mapping(path: Path, detected: Preview) -> tuple[Preview, bool]:
    """Let the person say what each column is, and show what that makes of the file.

    What the file looks like then (its `mapping` is None while none can be used), and whether
    examples without an output are wanted.
    """
    st.subheader("What the columns are", anchor=False)
    if detected.mapping is None:
        st.caption("No column is named like an instruction or an input. Choose them here.")
    try:
        mapping, allow_empty = _controls(detected, str(path))
        seen = preview(path, mapping, ROWS, allow_empty_output=allow_empty)
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
    return f"about {page.number(seen.count_estimate)}"


def _controls(detected: Preview, key: str) -> tuple[ColumnMapping, bool]:
    known = detected.mapping
    chosen: dict[str, str | None] = {}
    with st.container(horizontal=True):
        for field in ("instruction", "input", "output", "id"):
            options = [None, *detected.columns]
            found = getattr(known, field) if known else None
            chosen[field] = st.selectbox(
                "Id (optional)" if field == "id" else field.capitalize(),
                options,
                index=options.index(found),
                format_func=lambda name: name or NONE,
                key=f"{field} {key}",
                width=210,
            )
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
    with st.container(horizontal=True):
        allow_empty = st.checkbox(
            "Take examples without an output", key=f"empty {key}", help="People write it later."
        )
        as_json = st.checkbox(
            "Write lists and objects as JSON",
            key=f"json {key}",
            help="Otherwise such values are refused.",
        )
    return _mapping(known, detected, chosen, constant, as_json), allow_empty


def _mapping(
    known: ColumnMapping | None,
    detected: Preview,
    chosen: dict[str, str | None],
    constant: str,
    as_json: bool,
) -> ColumnMapping:
    taken = {name for name in chosen.values() if name}
    nested = [name.partition(".")[0] for name in taken if "." in name]
    tabular = detected.format in ("csv", "tsv")
    values: dict[str, Any] = {
        **chosen,
        "constant_instruction": constant,
        "explode": nested[0] if nested and not tabular else None,
        "json_values": as_json,
    }
    if known is None:
        return ColumnMapping(**values)
    label = None if known.label in taken else known.label
    meta = tuple(name for name in known.meta if name not in taken)
    return replace(known, **values, label=label, meta=meta)


def first_rows(seen: Preview, *, stored: bool) -> None:
    """The first records: as they would be stored, or as they stand in the file."""
    st.subheader("First rows", anchor=False)
    options = ["As they will be stored", "As they are in the file"]
    view = st.segmented_control(
        "View", options, default=options[0], required=True, label_visibility="collapsed"
    )
    if stored and view == options[0]:
        rows: Sequence[dict[str, Any]] = [
            {
                "Line": one.line,
                "Instruction": one.example.instruction[:300],
                "Input": one.example.input[:300],
                "Output": one.example.output[:300],
            }
            for one in seen.outcomes
            if isinstance(one, Accepted)
        ]
    else:
        rows = [{"Line": row.line, **row.cells} for row in seen.rows]
    if rows:
        config = {"Line": st.column_config.NumberColumn(width=60)}
        st.dataframe(
            rows, hide_index=True, column_config=config, height=280 if len(rows) > 6 else "auto"
        )
    _said("Worth a look", seen.warnings)
    _said("These stay out of the import, and are listed after it", seen.problems)


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
