"""Who is at the page, in which project, and what their tab remembers.

The only user of st.session_state. Nothing here outlives the tab: work that is worth keeping is in
the store.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

import streamlit as st

from core.actor import Actor
from core.errors import NotFound
from core.projects import Project
from core.workflows.team.projects import visible_projects
from core.workflows.team.sessions import actor_of, choose_project, chosen_project
from core.workspace import Workspace
from pages.server.running import running

if TYPE_CHECKING:
    from storage.store import Store

    StoreType = Store  # pages must not import storage, and name the type from here

T = TypeVar("T")
PROJECT, MESSAGES, FORMS, KEPT = "project", "messages", "forms", "kept"


class SignedOut(Exception):
    """The session behind this page has ended."""


class NoProject(NotFound):
    """There is no project that this person can see."""

    title = "You have no project yet"


def store() -> Store:
    """The server's store: the first argument of every workflow."""
    return running().store


def workspace() -> Workspace:
    """The server's workspace."""
    return running().workspace


def token() -> str:
    """The session token that the browser sent when this page connected."""
    found = st.context.cookies.get(running().cookie)
    return found if isinstance(found, str) else ""


def actor() -> Actor:
    """Who is at the page, as the store knows it now: call it in every run and every fragment.

    Raises SignedOut, which the frame turns into a visit to /login.
    """
    found = actor_of(store(), token(), extend=True) if token() else None
    if found is None:
        raise SignedOut
    return found


# The project ------------------------------------------------------------------------------------


def project() -> Project:
    """The project chosen in the sidebar. Raises NoProject, which the frame shows."""
    found = project_or_none()
    if found is None:
        raise NoProject(
            "Ask a lead to give you a role in one. An admin creates projects under Team, Projects."
        )
    return found


def project_or_none() -> Project | None:
    """The project chosen in the sidebar, or None when the person is in none."""
    there = {p.project_id: p for p in visible_projects(store(), actor())}
    if st.session_state.get(PROJECT) not in there:
        wished = (st.query_params.get("project"), chosen_project(store(), token()), *there)
        st.session_state[PROJECT] = next((one for one in wished if one in there), None)
    return there.get(st.session_state[PROJECT])


def projects() -> list[Project]:
    """The projects this person can choose from."""
    return visible_projects(store(), actor())


def select_project(project_id: str) -> None:
    """Choose a project, for this tab and for tabs opened later. Raises NotAllowed."""
    choose_project(store(), actor(), token(), project_id)
    st.session_state[PROJECT] = project_id


# What a tab remembers ---------------------------------------------------------------------------


def submission_id(form: str) -> str:
    """The id of what `form` will submit, made when it is first drawn: a repeated click is one."""
    forms: dict[str, str] = st.session_state.setdefault(FORMS, {})
    return forms.setdefault(form, uuid4().hex)


def submitted(form: str) -> None:
    """`form` has been saved: the next one gets a new id."""
    st.session_state.setdefault(FORMS, {}).pop(form, None)


def remember(name: str, value: object) -> None:
    """Keep a small thing for this tab, such as which row is open."""
    st.session_state.setdefault(KEPT, {})[name] = value


def recall(name: str, default: Any = None) -> Any:
    """What `remember` kept, or the default."""
    return st.session_state.get(KEPT, {}).get(name, default)


def forget(name: str) -> None:
    """Drop what `remember` kept."""
    st.session_state.get(KEPT, {}).pop(name, None)


def widget_value(key: str, default: Any = None) -> Any:
    """The present value of the widget with this key."""
    return st.session_state.get(key, default)


def set_widget(key: str, value: object) -> None:
    """Set a widget's value before it is drawn, or in a callback."""
    st.session_state[key] = value


def drop_widget(key: str) -> None:
    """Forget a widget's value: it is empty when it is drawn next, if it left the page meanwhile; a
    browser shows the text on of one that stays."""
    st.session_state.pop(key, None)


def component_value(key: str, name: str) -> Any:
    """What the component with this key sent under `name` with this run, or None."""
    value = st.session_state.get(key)
    return None if value is None else value.get(name)


def say(message: str) -> None:
    """Tell something after the next rerun, such as “Saved.”; the frame shows it for a while."""
    st.session_state.setdefault(MESSAGES, []).append(message)


def said() -> list[str]:
    """The messages that wait to be shown, which then are forgotten. For the frame."""
    return list(st.session_state.pop(MESSAGES, []))


def kept(name: str, stamp: str, compute: Callable[[], T]) -> T:
    """What `compute` gave under this stamp, computed again when the stamp has changed.

    The stamp comes from a workflow, which refuses whoever may not read what is kept here.
    """
    found = recall(name)
    if found is None or found[0] != stamp:
        found = (stamp, compute())
        remember(name, found)
    value: T = found[1]
    return value
