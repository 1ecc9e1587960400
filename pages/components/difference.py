"""The difference between two states of an example, word by word, marked by more than colour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import streamlit as st

from core.examples import FIELDS, Change, word_diff

HERE = Path(__file__).parent


def asset(*names: str) -> str:
    """The named files beside this one, one after the other."""
    return "\n".join((HERE / name).read_text(encoding="utf-8") for name in names)


_component = st.components.v2.component(
    "touchstone_difference",
    html='<div class="difference"></div>',
    css=asset("changes.css", "difference.css"),
    js=asset("changes.js", "difference.js"),
)


def changes_between(
    before: Mapping[str, str] | None, after: Mapping[str, str]
) -> dict[str, list[Change]]:
    """Field → runs of (op, text); everything is "same" where there is no state before."""
    return {name: word_diff((before or after)[name], after[name]) for name in FIELDS}


def difference(fields: Mapping[str, Sequence[Change]], key: str) -> None:
    """Draw the fields, each with what was added and removed in it. Empty fields are left out."""
    shown = [
        {"name": name.capitalize(), "changes": [list(one) for one in changes]}
        for name, changes in fields.items()
        if changes
    ]
    _component(data={"fields": shown}, key=key)


def reading(example: Mapping[str, str], key: str) -> None:
    """An example to be read: three fields in a comfortable measure, plain text."""
    difference(changes_between(None, example), key)
