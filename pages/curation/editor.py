"""The editor of Annotate and Review: a component that works over the /work routes.

The page gives it what stays: who, which project, its label schema and guidelines. Everything else,
from the first example on, comes from the routes; no save reruns a script.
"""

from __future__ import annotations

from typing import Any, Literal

import streamlit as st

from core.actor import Actor
from core.workflows.curation import commenting
from core.workflows.team import guidelines
from pages.components import session
from pages.components.assets import asset

_component = st.components.v2.component(
    "touchstone_editor",
    html='<div class="editor"></div>',
    css=asset("components/changes.css", "components/work.css", "curation/editor.css"),
    js=asset(
        "components/changes.js",
        "components/drafts.js",
        "components/outbox.js",
        "components/work_client.js",
        "components/work_parts.js",
        "components/spans.js",
        "curation/prose.js",
        "curation/editor_spans.js",
        "curation/editor_labels.js",
        "curation/editor_form.js",
        "curation/editor_findings.js",
        "curation/editor_parts.js",
        "curation/editor_annotations.js",
        "curation/editor_keys.js",
        "curation/editor_panels.js",
        "curation/editor_comments.js",
        "curation/editor_view.js",
        "curation/editor_drafts.js",
        "curation/editor.js",
    ),
)


def editor(mode: Literal["annotate", "review"], stamp: str = "") -> None:
    """Draw the editor. Another `stamp` than before makes it look at its examples again."""
    actor, project = session.actor(), session.project()
    project_id, settings = project.project_id, project.settings
    data: dict[str, Any] = {
        "name": f"{mode} {project_id} {actor.person_id}",
        "mode": mode,
        "person": actor.person_id,
        "project": project_id,
        "example": st.query_params.get("example", ""),
        "first": st.query_params.get("first", ""),
        "stamp": stamp,
        "schema": [one.to_json() for one in settings.label_schema],
        "guidelines": _guidelines(project_id),
        "people": sorted(commenting.people_to_mention(session.store(), actor, project_id)),
        "links": _links(mode, actor, project_id),
    }
    _component(data=data, key=f"{mode}_{project_id}")


def _guidelines(project_id: str) -> dict[str, Any] | None:
    """The present version, and whether it changed since this person opened one."""
    found = guidelines.shown(session.store(), session.actor(), project_id)
    if found is None:
        return None
    return {
        "text": found.version.text,
        "number": found.version.number,
        "at": found.version.created_at.isoformat(),
        "person": found.version.person,
        "changed": found.is_changed,
        "read": found.read == found.version.number,
    }


def _links(mode: str, actor: Actor, project_id: str) -> list[dict[str, str]]:
    """Where this person can go on when nothing waits here."""
    browse = {"text": "Browse the examples", "path": "/examples"}
    if mode == "annotate":
        more = {"text": "Review examples", "path": "/review"}
        return [more, browse] if actor.has(project_id, "reviewer", "lead") else [browse]
    freeze = {"text": "Freeze a dataset version", "path": "/versions"}
    return [browse, freeze] if actor.has(project_id, "lead") else [browse]
