"""Who did what when on an example, as sentences."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.examples.current import CurrentExample, HistoryEntry, HistoryKind
from pages.components import page
from pages.curation.editor import Note

DID: dict[HistoryKind, str] = {
    "import": "imported it",
    "add": "added it",
    "annotate": "saved revision {number}",
    "review": "edited it: revision {number}",
    "accept": "accepted it",
    "send_back": "sent it back",
    "set_aside": "set it aside",
    "reopen": "reopened it",
    "undo": "took a decision back",
    "skip": "skipped it",
    "flag": "flagged it",
    "unflag": "settled the flag",
}


def sentence(entry: HistoryEntry) -> str:
    """“21 Nov, 14:05 · Ada sent it back: Show the steps.”"""
    did = DID[entry.kind].format(number=entry.number)
    said = f": {entry.text}" if entry.text else ""
    return f"{page.when(entry.created_at)} · {entry.person} {did}{said}"


def history(entries: Sequence[HistoryEntry]) -> None:
    """The newest first, as plain text."""
    st.subheader("History", anchor=False)
    for entry in reversed(entries):
        st.text(sentence(entry))


def notes_for_review(
    task: CurrentExample, entries: Sequence[HistoryEntry], person_id: str
) -> list[Note]:
    """What a reviewer should know before reading: a flag, whose work it is."""
    found = []
    if task.flagged:
        flag = next(entry for entry in reversed(entries) if entry.kind == "flag")
        found.append(Note(f"Flagged by {flag.person}: {flag.text}", icon="⚑"))
    if task.number == 1:
        found.append(Note("Nobody has changed it since the import.", kind="plain", icon="○"))
    elif task.author_id == person_id:
        found.append(Note("You wrote this revision yourself. Better let somebody else decide."))
    else:
        said = f"{task.author} saved revision {task.number}; marked is what changed in it."
        found.append(Note(said, kind="plain", icon="±"))
    return found
