"""Workspaces of before: a gold example that was masked is gold no more, and the others stay."""

from __future__ import annotations

from pathlib import Path

from storage.database import migration_files
from storage.store import Store
from tests.builders import an_earlier_database

EARLIER = [name for name in sorted(migration_files()) if name < "0040"]


def test_a_gold_example_that_was_masked_before_is_gold_no_more(tmp_path: Path) -> None:
    database = an_earlier_database(tmp_path, EARLIER)
    for example_id, origin in (("ex1", "mask"), ("ex2", "edit")):
        database.execute(
            """
            INSERT INTO revisions
                (revision_id, example_id, number, instruction, input, output, labels, origin,
                 author_id, created_at)
            VALUES ('rev_' || $one, $one, 2, 'Ask.', '', 'Answer.', '{}', $origin, 'ann',
                    '2026-01-01')
            """,
            {"one": example_id, "origin": origin},
        )
        database.execute(
            "INSERT INTO gold_examples VALUES ($one, 'prj', 'lea', '2026-01-01')",
            {"one": example_id},
        )
    database.close()
    store = Store(tmp_path)
    kept = store.database.rows("SELECT example_id FROM gold_examples")
    assert [row["example_id"] for row in kept] == ["ex2"]
    told = "SELECT example_id, gold FROM gold_marks ORDER BY example_id, gold DESC"
    assert [tuple(row.values()) for row in store.database.rows(told)] == [
        ("ex1", True), ("ex1", False), ("ex2", True),
    ]  # fmt: skip
    store.close()
