"""A page of examples as rows: number, what is asked, the output, the state; a click opens one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import streamlit as st

from core.conversation import readable
from pages.components import session
from pages.components.assets import asset

_component = st.components.v2.component(
    "touchstone_example_list",
    html='<div class="list"></div>',
    css=asset("curation/example_list.css"),
    js=asset("components/changes.js", "curation/example_list.js"),
)


class Listed(Protocol):
    """What a row shows; `state` may be empty."""

    @property
    def example_id(self) -> str: ...
    @property
    def position(self) -> int: ...
    @property
    def instruction(self) -> str: ...
    @property
    def input(self) -> str: ...
    @property
    def output(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def flagged(self) -> bool: ...


@dataclass(frozen=True)
class ListRow:
    """A row that is not an example's present, such as a version's."""

    example_id: str
    position: int
    instruction: str
    input: str
    output: str
    state: str = ""
    flagged: bool = False


def opened(key: str) -> str | None:
    """The id of the example that was clicked with this run."""
    value = session.component_value(key, "opened")
    return value if isinstance(value, str) else None


def example_list(
    examples: Sequence[Listed],
    key: str,
    current: str | None,
    assignees: Mapping[str, str] | None = None,
    accepts: Mapping[str, int] | None = None,
) -> None:
    """Draw the rows; long texts are cut, and an instruction that all rows share is left out.
    `assignees`: example → name of whom it is assigned to; `accepts`: of those that wait for another
    reviewer, how many people have accepted it."""
    shared = len({one.instruction for one in examples}) == 1 and len(examples) > 1
    rows = [
        {
            "instruction": "" if shared and one.input.strip() else one.instruction,
            "input": readable(one.input),
            "output": one.output,
            "example_id": one.example_id,
            "position": one.position,
            "state": one.state,
            "flagged": one.flagged,
            "critical": getattr(one, "critical", False),
            "accepts": (accepts or {}).get(one.example_id, 0),
            "assignee": (assignees or {}).get(one.example_id, ""),
        }
        for one in examples
    ]
    _component(data={"examples": rows, "open": current}, key=key, on_opened_change=lambda: None)
