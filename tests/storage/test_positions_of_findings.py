"""Workspaces of before: what was found on an example is found again, by its position."""

from __future__ import annotations

from pathlib import Path

from storage.database import migration_files
from storage.store import Store
from tests.builders import an_earlier_database

EARLIER = [name for name in sorted(migration_files()) if name < "0041"]


def test_what_was_found_before_is_found_again(tmp_path: Path) -> None:
    database = an_earlier_database(tmp_path, EARLIER)
    for place in (1, 2, 3):
        about = {"one": f"ex{place}", "place": place}
        database.execute(
            """
            INSERT INTO example_current BY NAME
            SELECT $one AS example_id, 'prj' AS project_id, $place AS position,
                   'rev_' || $one AS revision_id, 1 AS number, 'Ask.' AS instruction, '' AS input,
                   'Mail to a@b.de.' AS output, '{}' AS labels, 'ann' AS author_id,
                   'new' AS state, TIMESTAMP '2026-01-01' AS updated_at
            """,
            about,
        )
    for one in ("ex1", "ex2"):
        database.execute(
            "INSERT INTO checked_examples VALUES ('prj', $one, 'rev_' || $one, 15, 0, 0, '', 0, "
            "NULL, NULL, NULL)",
            {"one": one},
        )
    database.execute(
        "INSERT INTO example_findings VALUES ('prj', 'ex2', 'rev_ex2', 'personal_data', 'high', "
        "'output', 8, 14, 'An e-mail address.', NULL)"
    )
    database.close()
    store = Store(tmp_path)
    found = []
    for one in ("ex1", "ex2", "ex3"):
        example = store.examples.current(one)
        assert example
        found.append(store.findings.of_present(example))
    store.close()
    assert found[0] == []
    assert found[1] is not None
    assert [(one.kind, one.start, one.end) for one in found[1]] == [("personal_data", 8, 14)]
    assert found[2] is None  # it was never checked
