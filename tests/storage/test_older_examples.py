"""Workspaces of earlier schemas: examples, their history, skips and counts are found again."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.workflows.curation import annotating, browsing, bulk, reviewing
from core.workflows.team.home import standing
from storage.database import migration_files
from storage.store import Store
from tests.builders import an_actor, an_earlier_database, an_edit

EARLIER = [name for name in sorted(migration_files()) if name < "0007"]


def an_old_workspace(folder: Path, migrations: list[str]) -> None:
    """Four examples: new and skipped by ada; annotated by ada; accepted at once; sent back."""
    database = an_earlier_database(folder, migrations)
    for statement in OLD_ROWS:
        database.execute(statement)
    database.close()


OLD_ROWS = (
    """
    INSERT INTO people (person_id, name, name_key, password_hash, is_admin, created_at)
    VALUES ('person_ada', 'Ada', 'ada', 'x', false, now()::TIMESTAMP)
    """,
    """
    INSERT INTO projects (project_id, name, settings, created_by, created_at)
    VALUES ('prj', 'Notes', '{"name": "Notes"}', 'person_ada', now()::TIMESTAMP)
    """,
    """
    INSERT INTO imports
        (import_id, project_id, file_name, accepted, duplicates, rejected, actor_id, created_at)
    VALUES ('imp', 'prj', 'notes.csv', 4, 0, 0, 'person_ada', now()::TIMESTAMP)
    """,
    """
    INSERT INTO examples
        (example_id, project_id, content_hash, import_id, line, meta, created_at)
    SELECT 'ex_' || n, 'prj', 'hash_' || n, 'imp', n + 1, '{"id": ' || n || '}',
           now()::TIMESTAMP - INTERVAL 3 HOUR FROM range(1, 5) t(n)
    """,
    """
    INSERT INTO revisions (revision_id, example_id, number, instruction, input, output, labels,
                           origin, author_id, created_at)
    SELECT 'rev_' || n, 'ex_' || n, 1, 'Sum it up.', 'Text ' || n, 'Sum ' || n, '{}', 'import',
           'person_ada', now()::TIMESTAMP - INTERVAL 3 HOUR FROM range(1, 5) t(n)
    """,
    """
    INSERT INTO revisions (revision_id, example_id, number, based_on, instruction, input, output,
                           labels, origin, author_id, created_at)
    SELECT 'rev_' || n || 'b', 'ex_' || n, 2, 'rev_' || n, 'Sum it up.', 'Text ' || n, 'Better',
           '{}', 'annotate', 'person_ada', now()::TIMESTAMP - INTERVAL 2 HOUR
    FROM (VALUES (2), (4)) t(n)
    """,
    """
    INSERT INTO reviews (review_id, example_id, revision_id, decision, state_before, batch_id,
                         comment, reviewer_id, created_at)
    VALUES ('rvw_1', 'ex_4', 'rev_4b', 'send_back', 'annotated', NULL, 'Shorter.', 'person_rita',
            now()::TIMESTAMP - INTERVAL 1 HOUR),
           ('bat_1_ex_3', 'ex_3', 'rev_3', 'accept', 'new', 'bat_1', '', 'person_lea',
            now()::TIMESTAMP - INTERVAL 1 HOUR)
    """,
    """
    INSERT INTO example_events (event_id, example_id, kind, reason, actor_id, created_at)
    VALUES ('evt_1', 'ex_1', 'skip', 'not my field', 'person_ada', now()::TIMESTAMP)
    """,
    """
    INSERT INTO example_current
        (example_id, project_id, position, revision_id, number, instruction, input, output, labels,
         quality, author_id, state, flagged, updated_at)
    SELECT 'ex_' || n, 'prj', n, 'rev_' || n || suffix, number, 'Sum it up.', 'Text ' || n, output,
           '{}', NULL, 'person_ada', state, false, now()::TIMESTAMP - INTERVAL 1 HOUR
    FROM (VALUES (1, '', 1, 'Sum 1', 'new'), (2, 'b', 2, 'Better', 'annotated'),
                 (3, '', 1, 'Sum 3', 'accepted'), (4, 'b', 2, 'Better', 'sent_back'))
        AS rows(n, suffix, number, output, state)
    """,
    "INSERT INTO example_leases SELECT example_id, NULL, TIMESTAMP '1970-01-01' FROM examples",
)


@pytest.mark.parametrize("upto", range(1, len(EARLIER) + 1))
def test_a_workspace_of_an_earlier_schema_is_worked_on_as_before(tmp_path: Path, upto: int) -> None:
    an_old_workspace(tmp_path, EARLIER[:upto])
    store = Store(tmp_path)
    try:
        ada, rita, lead = (
            an_actor("prj", "annotator"),
            an_actor("prj", "reviewer", name="rita"),
            an_actor("prj", name="lea"),
        )
        at = standing(store, ada, "prj")
        assert (at.total, at.new, at.annotated, at.accepted) == (4, 1, 1, 1)
        assert (at.to_annotate, at.sent_back, at.to_review) == (1, 1, 1)
        assert annotating.done_today(store, ada, "prj").annotated == 2
        assert annotating.done_today(store, rita, "prj").reviewed == 1
        assert [s.reason for s in browsing.skipped_examples(store, lead, "prj")] == ["not my field"]
        mine = annotating.next_to_annotate(store, ada, "prj")
        assert mine
        assert (mine.example_id, annotating.why_sent_back(mine, store.examples.history(mine))) == (
            "ex_4",
            "Shorter.",
        )
        kinds = [entry.kind for entry in browsing.history_of(store, ada, mine)]
        assert kinds == ["import", "annotate", "send_back"]
        origin = browsing.origin_of(store, ada, mine)
        assert origin
        assert (origin.file_name, origin.line, dict(origin.meta)) == ("notes.csv", 5, {"id": 4})
        back = annotating.last_saved(store, ada, "prj")
        assert back
        assert back.example_id == "ex_2"
        undone = reviewing.last_decision(store, rita, "prj")
        assert undone
        assert undone.review_id == "rvw_1"
        batch = bulk.last_action(store, lead, "prj")
        assert batch
        assert (batch.batch_id, batch.n) == ("bat_1", 1)
        annotating.save_annotation(store, ada, "prj", an_edit(mine, output="Short."))
        assert annotating.next_to_annotate(store, ada, "prj") is None
        assert bulk.undo(store, lead, "prj", "bat_1") == 1
        following = annotating.next_to_annotate(store, ada, "prj")
        assert following
        assert following.example_id == "ex_3"
    finally:
        store.close()
