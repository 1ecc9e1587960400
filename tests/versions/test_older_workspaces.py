"""Workspaces of earlier schemas: their dataset versions and splits are found again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pytest

from storage.database import Database, migration_files
from storage.store import Store

BEFORE = [name for name in sorted(migration_files()) if name < "0008"]
HASH = "ab" * 32


def an_old_workspace(folder: Path, migrations: Mapping[str, str]) -> None:
    """A workspace of an earlier schema: ten examples, two versions that contradict each other, and
    one for evaluation only."""
    database = Database(folder / "touchstone.duckdb")
    for sql in migrations.values():
        database.execute(sql)
    database.execute(
        """
        INSERT INTO projects (project_id, name, settings, created_by, created_at)
        VALUES ('prj', 'Reviews', '{"name": "Reviews"}', 'ada', '2026-01-01')
        """
    )
    database.execute(
        """
        INSERT INTO examples
            (example_id, project_id, content_hash, import_id, line, meta, created_at)
        SELECT 'ex_' || n, 'prj', 'hash ' || n, 'imp', n, '{}', '2026-01-01' FROM range(12) t(n)
        """
    )
    database.execute(
        """
        INSERT INTO revisions (revision_id, example_id, number, instruction, input, output, labels,
                               origin, author_id, created_at)
        SELECT 'rev_' || n, 'ex_' || n, 1, 'Sum it up.', 'Text ' || n, 'Sum ' || n, '{}', 'import',
               'ada', '2026-01-01' FROM range(12) t(n)
        """
    )
    for number, ratios, counts in (
        (1, "[0.8, 0.1, 0.1]", '{"total": 10, "train": 8, "validation": 1, "test": 1}'),
        (2, "[0.8, 0.1, 0.1]", '{"total": 10, "train": 8, "validation": 1, "test": 1}'),
        (3, "[0.0, 0.0, 1.0]", '{"total": 2, "train": 0, "validation": 0, "test": 2, "groups": 2}'),
    ):
        database.execute(
            """
            INSERT INTO dataset_versions (version_id, project_id, number, name, content_hash, seed,
                                          ratios, counts, warnings, actor_id, created_at)
            VALUES ('ver_' || $number, 'prj', $number, 'v' || $number, $hash, 42, $ratios,
                    $counts, '["Look at it."]', 'ada', '2026-01-02')
            """,
            {"number": number, "hash": HASH, "ratios": ratios, "counts": counts},
        )
    # The test example of each version is a training example of the other.
    for number in (1, 2):
        database.execute(
            """
            INSERT INTO version_examples
                (version_id, example_id, revision_id, split, group_id, position)
            SELECT 'ver_' || $number, 'ex_' || n, 'rev_' || n,
                   CASE WHEN n = $number THEN 'test' WHEN n = 5 THEN 'validation' ELSE 'train' END,
                   'ex_' || n, n
            FROM range(10) t(n)
            """,
            {"number": number},
        )
    database.execute(
        """
        INSERT INTO version_examples
            (version_id, example_id, revision_id, split, group_id, position)
        SELECT 'ver_3', 'ex_' || n, 'rev_' || n, 'test', 'ex_' || n, n FROM range(10, 12) t(n)
        """
    )
    database.execute(
        """
        CREATE TABLE migrations
            (name VARCHAR PRIMARY KEY, checksum VARCHAR NOT NULL, created_at TIMESTAMP NOT NULL)
        """
    )
    for name, sql in migrations.items():
        database.execute(
            "INSERT INTO migrations VALUES ($name, $checksum, '2026-01-01')",
            {"name": name, "checksum": hashlib.sha256(sql.encode()).hexdigest()},
        )
    database.close()


@pytest.mark.parametrize("last", range(1, len(BEFORE) + 1), ids=BEFORE)
def test_versions_of_an_earlier_schema_are_found_again_and_their_splits_stay(
    tmp_path: Path, last: int
) -> None:
    files = migration_files()
    an_old_workspace(tmp_path, {name: files[name] for name in BEFORE[:last]})
    store = Store(tmp_path)
    third, second, first = store.versions.of_project("prj")
    assert (first.name, second.name, third.name) == ("v1", "v2", "v3")
    assert first.counts == {"train": 8, "validation": 1, "test": 1}
    assert (first.total, first.groups, first.content_hash, first.seed) == (10, 10, HASH, 42)
    assert first.warnings == ("Look at it.",)
    assert [v.evaluation_only for v in (first, second, third)] == [False, False, True]
    rows = store.versions.examples("ver_2").to_pylist()
    assert {row["example_id"]: row["split"] for row in rows}["ex_2"] == "test"
    assert [row["input"] for row in rows] == [f"Text {n}" for n in range(10)]

    splits = {r["example_id"]: r for r in store.database.rows("SELECT * FROM example_splits")}
    assert len(splits) == 12
    assert {i for i, r in splits.items() if r["split"] == "test"} == {"ex_1", "ex_10", "ex_11"}
    assert splits["ex_2"]["split"] == "train"
    assert {r["version_id"] for r in splits.values()} == {"ver_1", "ver_3"}
    store.close()


def test_a_split_that_is_none_is_refused_by_the_table(store: Store) -> None:
    with pytest.raises(duckdb.ConstraintException):
        store.database.execute(
            """
            INSERT INTO example_splits
                (example_id, project_id, split, group_id, version_id, created_at)
            VALUES ('ex', 'prj', 'dev', 'ex', 'ver', '2026-01-01')
            """
        )
