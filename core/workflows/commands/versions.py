"""Terminal commands about what versions hold: protecting texts from training, data cards."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.actor import system_actor
from core.importing.limits import UNLIMITED
from core.versions.data_card_text import data_card_json, data_card_markdown
from core.workflows.commands.command import Answer, project_named
from core.workflows.curation import describing, protecting
from core.workflows.jobs.supervisor import wait_for
from core.workspace import Workspace

if TYPE_CHECKING:
    from storage.store import Store


def protect(store: Store, workspace: Workspace, arguments: dict[str, Any]) -> Answer:
    """Register a file whose texts nothing in a project may train on: project, name, file_name.

    Answers file_id, name, texts and rejected.
    """
    actor, project = system_actor(), project_named(store, arguments)
    path = Path(arguments["file"])
    file_id = protecting.start_protect(
        store,
        actor,
        project.project_id,
        path,
        str(arguments.get("name") or arguments["file_name"]),
        in_place=not path.resolve().is_relative_to(workspace.inbox.resolve()),
        limits=UNLIMITED,
    )
    job = store.jobs.of_subject(file_id)
    assert job is not None
    wait_for(store, job.job_id)
    found = store.firewall.by_id(file_id)
    assert found is not None
    return {
        "project": project.name,
        "file_id": file_id,
        "name": found.name,
        "texts": found.texts,
        "rejected": found.rejected,
    }


def card(store: Store, _workspace: Workspace, arguments: dict[str, Any]) -> Answer:
    """The data card of a version (its id): version.

    Answers card (as JSON), markdown and gaps; people are numbered.
    """
    version_id = str(arguments.get("version") or "")
    found = describing.data_card(store, system_actor(), version_id).without_names()
    return {
        "version": version_id,
        "card": json.loads(data_card_json(found)),
        "markdown": data_card_markdown(found),
        "gaps": list(found.gaps),
    }
