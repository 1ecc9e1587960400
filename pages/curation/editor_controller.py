"""What annotating and reviewing share: taking in what the editor sent, conflicts, the way on.

A desk is named after its page. What the address bar says (`?example=…`) survives a reload; drafts
live in the browser; leases and revisions in the store.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from core.errors import InvalidInput, TouchstoneError
from core.examples.current import CurrentExample
from core.examples.states import is_decided
from core.workflows.curation import browsing
from core.workflows.curation.annotating import EditConflict
from pages.components import session
from pages.curation.editor import ConflictView, Submission, submitted

Message = dict[str, str]
SAVED = "submissions taken in"
CHOSEN = "example"


@dataclass(frozen=True)
class Desk:
    """A person at work on one example after the other in one project."""

    name: str
    project_id: str

    @property
    def key(self) -> str:
        """The editor's key on the page."""
        return f"{self.name}_{self.project_id}"

    def form(self, task: CurrentExample) -> str:
        """The name under which the submission's id is kept."""
        return f"{self.name} {task.example_id} {task.revision_id}"

    def receive(self, act: Callable[[Submission], None]) -> Message | None:
        """Act on what the editor sent with this run; what to tell the person when that failed.

        A conflict keeps what the person wrote, until they have chosen.
        """
        try:
            sent = submitted(self.key)
            if sent is not None:
                act(sent)
        except EditConflict as conflict:
            assert sent is not None
            session.remember(self._kept, (sent, conflict.title, conflict.message))
        except TouchstoneError as error:
            return {"title": error.title, "text": error.message}
        return None

    def acknowledge(self, sent: Submission) -> None:
        """The submission is in the store: its draft can go, and the next example comes."""
        session.submitted(f"{self.name} {sent.example_id} {sent.based_on}")
        session.remember(SAVED, [*saved()[-20:], sent.submission_id])
        session.forget(self._kept)
        self.choose(None)

    def choose(self, example_id: str | None) -> None:
        """Work on this example next, or on whatever the queue gives."""
        if example_id:
            st.query_params[CHOSEN] = example_id
        else:
            st.query_params.pop(CHOSEN, None)

    def task(
        self,
        open_one: Callable[[str], CurrentExample],
        take_next: Callable[[], CurrentExample | None],
    ) -> tuple[CurrentExample | None, ConflictView | None, Message | None]:
        """The example in conflict, else the one the address names, else the next of the queue.

        With it comes what this person wrote and could not save, or why the named one cannot be
        opened.
        """
        if (kept := session.recall(self._kept)) is not None:
            return *self._in_conflict(*kept), None
        wished = st.query_params.get(CHOSEN)
        if not wished:
            return take_next(), None, None
        try:
            return open_one(wished), None, None
        except TouchstoneError as error:
            self.choose(None)
            return take_next(), None, {"title": error.title, "text": error.message}

    def _in_conflict(
        self, sent: Submission, title: str, text: str
    ) -> tuple[CurrentExample, ConflictView]:
        store, actor = session.store(), session.actor()
        task = browsing.example_of(store, actor, self.project_id, sent.example_id)
        still_open = not is_decided(task.state)
        return task, ConflictView(title, text, sent.mine, still_open)

    @property
    def _kept(self) -> str:
        return f"conflict {self.key}"


def saved() -> list[str]:
    """The last submissions that were taken in from this tab."""
    return list(session.recall(SAVED, []))


def event_id(sent: Submission) -> str:
    """The id of the skip, flag or review that a submission makes. Raises InvalidInput."""
    if not sent.submission_id:
        raise InvalidInput("The browser sent something unreadable. Reload the page.")
    return sent.submission_id
