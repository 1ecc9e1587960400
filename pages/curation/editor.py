"""One example in one person's hands, to be written or reviewed: a component, one round trip a save.

    submission = submitted(KEY)              # what came in with this script run, or None
    ... save it ...
    editor(form, key=KEY)                    # then draw the next one

The component keeps unsaved text in the browser until the server names its submission in `saved`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import streamlit as st

from core.errors import InvalidInput
from core.examples.current import CurrentExample, Revision
from core.examples.example import FIELDS, Change
from core.projects import LabelField
from core.workflows.curation.annotating import Edit
from pages.components import session
from pages.components.assets import asset
from pages.components.difference import changes_between

# fmt: off
Action = Literal[
    "save", "skip", "flag", "back", "open", "alive", "take_theirs",
    "accept", "send_back", "set_aside",
]
# fmt: on

_component = st.components.v2.component(
    "touchstone_editor",
    html='<div class="editor"></div>',
    css=asset("components/changes.css", "curation/editor.css"),
    js=asset(
        "components/changes.js",
        "curation/prose.js",
        "components/drafts.js",
        "curation/editor_form.js",
        "curation/editor_view.js",
        "curation/editor.js",
    ),
)


@dataclass(frozen=True)
class Note:
    """A sentence above the fields; `kind` is attention or plain, `icon` says the same."""

    text: str
    kind: str = "attention"
    icon: str = "!"


@dataclass(frozen=True)
class ConflictView:
    """Somebody was faster: what this person wrote, beside the state it would replace.

    `open` says whether it can still be saved on top.
    """

    title: str
    text: str
    mine: Mapping[str, Any]
    open: bool = True


@dataclass(frozen=True)
class EditorForm:
    """What the editor shows. With `previous` what changed since then is marked; `saved` names the
    submissions that the server has taken in, so that their drafts can go."""

    mode: Literal["annotate", "review"]
    person_id: str
    submission_id: str
    task: CurrentExample
    previous: Revision | None = None
    schema: Sequence[LabelField] = ()
    guidelines: str = ""
    notes: Sequence[Note] = ()
    can_go_back: bool = False
    message: Mapping[str, str] | None = None
    conflict: ConflictView | None = None
    saved: Sequence[str] = ()


@dataclass(frozen=True)
class Submission:
    """What the component sent; the texts are the person's, unchecked: `edit()` checks them."""

    action: Action
    submission_id: str
    example_id: str
    based_on: str
    texts: Mapping[str, str]
    labels: Mapping[str, Any] = field(default_factory=dict)
    quality: int | None = None
    comment: str = ""
    reason: str = ""
    open: str = ""
    seconds: float | None = None

    def edit(self) -> Edit:
        """The edit to save. Raises InvalidInput where it cannot be stored."""
        return Edit(
            self.submission_id,
            self.example_id,
            self.based_on,
            self.texts["instruction"],
            self.texts["input"],
            self.texts["output"],
            labels=self.labels,
            quality=self.quality,
            comment=self.comment,
            seconds=self.seconds,
        )

    @property
    def mine(self) -> dict[str, Any]:
        """What the person typed, as the component takes it back."""
        marks = {"labels": dict(self.labels), "quality": self.quality, "comment": self.comment}
        return {**self.texts, **marks}


def submitted(key: str) -> Submission | None:
    """What the component sent with this script run. Raises InvalidInput for anything odd."""
    value = session.component_value(key, "submitted")
    return None if value is None else _submission(value)


def _submission(value: Any) -> Submission:
    try:
        return Submission(
            action=_one_of(value["action"]),
            texts={name: _text(value[name]) for name in FIELDS},
            labels=dict(value["labels"] or {}),
            quality=value["quality"],
            seconds=max(0.0, float(value["seconds"])),
            **{
                name: _text(value.get(name, ""))
                for name in ("submission_id", "example_id", "based_on", "comment", "reason", "open")
            },
        )
    except (KeyError, TypeError, ValueError):
        raise InvalidInput("The browser sent something unreadable. Reload the page.") from None


def _one_of(action: object) -> Any:
    if action not in get_args(Action):
        raise ValueError(action)
    return action


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def editor(form: EditorForm, key: str) -> None:
    """Draw the editor; what the person sends arrives in `submitted` of the next script run."""
    task = form.task
    known = {one.name for one in form.schema}
    marks = {
        # A lead may have taken a label out of the schema since.
        "labels": {name: value for name, value in task.labels.items() if name in known},
        "quality": task.quality,
    }
    _component(
        data={
            "mode": form.mode,
            "form": f"{task.example_id}|{task.revision_id}|{form.submission_id}",
            "person": form.person_id,
            "submission_id": form.submission_id,
            "example_id": task.example_id,
            "based_on": task.revision_id,
            "fields": task.fields,
            "changes": _listed(
                changes_between(form.previous.fields if form.previous else None, task.fields)
            ),
            **marks,
            "schema": [
                {"name": one.name, "options": list(one.options), "multiple": one.multiple}
                for one in form.schema
            ],
            "guidelines": form.guidelines,
            "notes": [vars(note) for note in form.notes],
            "can_go_back": form.can_go_back,
            "message": dict(form.message) if form.message else None,
            "conflict": _conflict(form.conflict, task) if form.conflict else None,
            "saved": list(form.saved),
        },
        key=key,
        on_submitted_change=lambda: None,
    )


def _conflict(conflict: ConflictView, theirs: CurrentExample) -> dict[str, Any]:
    return {
        "title": conflict.title,
        "text": conflict.text,
        "mine": dict(conflict.mine),
        "open": conflict.open,
        "changes": _listed(changes_between(theirs.fields, conflict.mine)),
    }


def _listed(changes: Mapping[str, Sequence[Change]]) -> dict[str, list[list[str]]]:
    return {name: [list(run) for run in runs] for name, runs in changes.items()}
