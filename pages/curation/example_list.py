"""A page of examples as rows: number, what is asked, the output, the state; a click opens one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from pages.components import session
from pages.components.assets import asset

EXCERPT = 240

_component = st.components.v2.component(
    "touchstone_example_list",
    html='<div class="list"></div>',
    css=asset("curation/example_list.css"),
    js=asset("components/changes.js", "curation/example_list.js"),
)


def opened(key: str) -> str | None:
    """The id of the example that was clicked with this run."""
    value = session.component_value(key, "opened")
    return value if isinstance(value, str) else None


def example_list(examples: Sequence[Mapping[str, Any]], key: str, current: str | None) -> None:
    """Draw the rows; long texts are cut, and an instruction that all rows share is left out."""
    shared = len({one["instruction"] for one in examples}) == 1 and len(examples) > 1
    rows = [
        {
            **{name: str(one[name])[:EXCERPT] for name in ("instruction", "input", "output")},
            **({"instruction": ""} if shared and one["input"].strip() else {}),
            **{name: one[name] for name in ("example_id", "position", "state", "flagged")},
        }
        for one in examples
    ]
    _component(data={"examples": rows, "open": current}, key=key, on_opened_change=lambda: None)
