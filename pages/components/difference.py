"""The difference between two states of an example, word by word, marked by more than colour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from core.examples.example import Change
from core.examples.phrases import changes_between
from pages.components.assets import asset

_component = st.components.v2.component(
    "touchstone_difference",
    html='<div class="difference"></div>',
    css=asset("components/changes.css", "components/difference.css"),
    js=asset("components/changes.js", "components/difference.js"),
)


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
