"""Workspaces of before critical examples: what waited for a reviewer waits for one, and opens."""

from __future__ import annotations

import json
from pathlib import Path

from core.actor import Actor
from core.clock import new_id
from core.projects import ProjectSettings
from core.workflows.curation import accepting, queue, reviewing
from storage.database import migration_files
from storage.store import Store
from tests.builders import an_actor, an_earlier_database, an_edit

EARLIER = [name for name in sorted(migration_files()) if name < "0034"]
SETTINGS = ProjectSettings("Old").to_json()
del SETTINGS["reviewers"]


def test_an_annotated_example_of_before_is_accepted_by_one_or_as_critical_by_two(
    tmp_path: Path,
) -> None:
    _an_earlier_workspace(tmp_path)
    store = Store(tmp_path)
    lead = an_actor("prj", "lead", name="lea")
    first, second = (an_actor("prj", "reviewer", name=name) for name in ("ada", "bo"))
    assert accept(store, first, "ex1") == "accepted"
    accepting.mark_critical(store, lead, "prj", new_id("evt"), "ex2")
    assert accept(store, first, "ex2") == "annotated"
    assert queue.figures(store, first, "prj", "review").open == 0
    assert accept(store, second, "ex2") == "accepted"
    store.close()


def accept(store: Store, actor: Actor, example_id: str) -> str:
    example = store.examples.current(example_id)
    assert example
    reviewing.decide(store, actor, "prj", new_id("rvw"), "accept", an_edit(example))
    after = store.examples.current(example_id)
    assert after
    return after.state


def _an_earlier_workspace(folder: Path) -> None:
    database = an_earlier_database(folder, EARLIER)
    database.execute(
        "INSERT INTO projects (project_id, name, settings, created_by, created_at) "
        "VALUES ('prj', 'Old', $settings, 'ada', '2026-01-01')",
        {"settings": json.dumps(SETTINGS)},
    )
    for position, one in enumerate(("ex1", "ex2"), 1):
        about = {"one": one, "revision": f"rev_{one}", "position": position}
        database.execute(
            """
            INSERT INTO revisions
                (revision_id, example_id, position, number, instruction, input, output, labels,
                 origin, author_id, created_at)
            VALUES ($revision, $one, $position, 1, 'Ask.', '', 'Answer.', '{}', 'import', 'ann',
                    '2026-01-01')
            """,
            about,
        )
        database.execute(
            """
            INSERT INTO example_current
                (example_id, project_id, position, revision_id, number, instruction, input, output,
                 labels, author_id, state, updated_at)
            VALUES ($one, 'prj', $position, $revision, 1, 'Ask.', '', 'Answer.', '{}', 'ann',
                    'annotated', '2026-01-01')
            """,
            about,
        )
        database.execute(
            "INSERT INTO example_counts (project_id, block, state, flagged, author_id, n) "
            "VALUES ('prj', 0, 'annotated', false, 'ann', 1)"
        )
    database.close()
