"""The one connection: transactions, retries, migrations, closed doors, survival of kill -9."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import duckdb
import pytest

from core.clock import now
from core.examples.leases import Lease
from storage.database import Database, DatabaseChanged, WorkspaceInUse, migration_files
from storage.store import Store
from tests.builders import an_earlier_database


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "touchstone.duckdb")
    database.migrate()
    yield database
    database.close()


def in_another_process(code: str, path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_every_migration_is_applied_once_and_remembered(db: Database) -> None:
    assert db.migrate() == []
    assert [r["name"] for r in db.rows("SELECT name FROM migrations ORDER BY name")] == sorted(
        migration_files()
    )


def test_a_new_workspace_has_the_tables_that_the_migrations_come_to(
    db: Database, tmp_path: Path
) -> None:
    migrated = an_earlier_database(tmp_path / "step by step", sorted(migration_files()))
    assert definitions(db) == definitions(migrated)
    assert db.migrations() == migrated.migrations()
    migrated.close()


def definitions(database: Database) -> dict[str, str]:
    """Name → how DuckDB itself writes each table, index and view."""
    return {
        row["name"]: row["sql"].replace(" DEFAULT(NULL)", "")
        for row in database.rows(
            """
            SELECT table_name AS name, sql FROM duckdb_tables() WHERE NOT internal
            UNION ALL SELECT index_name, sql FROM duckdb_indexes()
            UNION ALL SELECT view_name, sql FROM duckdb_views() WHERE NOT internal
            """
        )
    }


def test_a_workspace_of_the_first_version_keeps_its_jobs_and_takes_new_kinds(
    tmp_path: Path,
) -> None:
    every = sorted(migration_files())
    database = an_earlier_database(tmp_path, every[:1])
    insert = (
        "INSERT INTO jobs (job_id, kind, project_id, subject_id, title, folder, device, status, "
        "created_by, created_at) VALUES (?, ?, 'p', ?, 't', 'f', 'light', 'queued', 'x', ?)"
    )
    database.execute(insert, ["job_1", "import", "s1", now()])
    assert database.migrate() == every[1:]
    database.execute(insert, ["job_2", "answers", "s2", now()])
    kinds = database.rows("SELECT job_id, kind, step FROM jobs ORDER BY job_id")
    assert [(r["job_id"], r["kind"], r["step"]) for r in kinds] == [
        ("job_1", "import", 0),
        ("job_2", "answers", 0),
    ]
    database.close()


def test_a_migration_that_was_changed_afterwards_is_refused(db: Database) -> None:
    db.execute("UPDATE migrations SET checksum = 'another'")
    with pytest.raises(DatabaseChanged, match="restore a backup"):
        db.migrate()


def test_no_file_outside_the_workspace_can_be_read_or_written(db: Database, tmp_path: Path) -> None:
    for statement in (
        "SELECT * FROM read_csv('/etc/passwd')",
        "COPY people TO '/tmp/people.csv'",
        "ATTACH '/tmp/other.duckdb'",
        "SET enable_external_access=true",
        "SET allowed_directories=['/']",
        "SET temp_directory='/tmp/elsewhere'",
        "INSTALL httpfs",
    ):
        with pytest.raises(duckdb.Error):
            db.execute(statement)


def test_a_second_process_is_refused_with_a_sentence(db: Database) -> None:
    code = (
        "import sys; from pathlib import Path; from storage.database import Database\n"
        "try: Database(Path(sys.argv[1]))\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    output, _ = in_another_process(code, db.path).communicate(timeout=30)
    assert output.startswith(WorkspaceInUse.__name__)
    assert "TOUCHSTONE_HOME" in output


def test_a_transaction_that_fails_leaves_nothing(db: Database) -> None:
    def half() -> None:
        db.execute("INSERT INTO memberships VALUES ('p', 'ada', 'lead')")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        db.transact(half)
    assert db.value("SELECT count(*) FROM memberships") == 0


def test_a_transaction_inside_another_one_joins_it(db: Database) -> None:
    def outer() -> None:
        db.transact(lambda: db.execute("INSERT INTO memberships VALUES ('p', 'ada', 'lead')"))
        raise RuntimeError

    with pytest.raises(RuntimeError):
        db.transact(outer)
    assert db.value("SELECT count(*) FROM memberships") == 0


def test_threads_that_change_one_row_all_get_their_turn(db: Database) -> None:
    db.execute(
        "INSERT INTO jobs (job_id, kind, project_id, subject_id, title, folder, device, status, "
        "created_by, created_at) VALUES ('j', 'import', 'p', 's', 't', 'f', 'light', 'queued', "
        "'ada', now()::TIMESTAMP)"
    )

    def add_one() -> None:
        for _ in range(10):
            db.transact(lambda: db.execute("UPDATE jobs SET step = step + 1"))

    threads = [threading.Thread(target=add_one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert db.value("SELECT step FROM jobs") == 80


def test_twenty_threads_racing_for_fifty_leases_never_share_one(tmp_path: Path) -> None:
    store = Store(tmp_path)
    won: list[tuple[str, str]] = []

    def take(person: str) -> None:
        for number in range(50):
            example = f"ex{number}"
            until = now() + timedelta(minutes=5)
            lease = Lease("prj", example, number, "annotate", person, until)
            if store.transact(partial(store.queues.take_lease, lease)):
                won.append((example, person))

    threads = [threading.Thread(target=take, args=(f"rater{i}",)) for i in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store.close()
    assert sorted(example for example, _ in won) == sorted(f"ex{i}" for i in range(50))


def test_rows_pass_through_parquet_without_becoming_python_objects(
    db: Database, tmp_path: Path
) -> None:
    path = tmp_path / "jobs" / "rows.parquet"
    path.parent.mkdir()
    where = "SELECT 'p' AS project_id, 'x' || i AS person_id FROM range($n) t(i)"
    assert db.write_parquet(path, where, {"n": 1000}) == 1000
    taken = db.insert_from_parquet(
        path,
        """
        INSERT INTO memberships (project_id, person_id, role)
        SELECT project_id, person_id, $role FROM read_parquet($parquet_path)
        """,
        {"role": "lead"},
    )
    assert taken == db.value("SELECT count(*) FROM memberships WHERE role = 'lead'") == 1000
    assert [p.name for p in path.parent.iterdir()] == ["rows.parquet"]


def test_parquet_stays_in_the_workspace_and_is_whole_or_not_there(
    db: Database, tmp_path: Path
) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}.parquet"
    with pytest.raises(duckdb.Error):
        db.write_parquet(outside, "SELECT 1 AS one")
    with pytest.raises(duckdb.Error):
        db.write_parquet(tmp_path / "half.parquet", "SELECT error('no') AS one")
    assert not outside.exists()
    assert list(tmp_path.glob("*half*")) == []


def test_what_a_transaction_has_written_is_in_its_parquet(db: Database, tmp_path: Path) -> None:
    def both() -> int:
        db.execute("INSERT INTO memberships VALUES ('p', 'ada', 'lead')")
        return db.write_parquet(tmp_path / "m.parquet", "SELECT * FROM memberships")

    assert db.transact(both) == 1


def test_a_file_that_grows_is_given_more_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.connection.SHARE_OF_FILE", 50.0)
    db = Database(tmp_path / "growing.duckdb")
    assert _memory_limit(db) == "274.6 MiB"
    db.execute("CREATE TABLE texts AS SELECT md5(n::VARCHAR) AS text FROM range(600_000) t(n)")
    db.execute("CHECKPOINT")
    db.transact(lambda: db.execute("INSERT INTO texts VALUES ('one more')"))
    size = db.path.stat().st_size
    assert size > 8_000_000
    assert float(_memory_limit(db).split()[0]) == pytest.approx(50 * size / 2**20, rel=0.1)
    db.close()


def _memory_limit(db: Database) -> str:
    return str(db.value("SELECT current_setting('memory_limit')"))


def test_every_acknowledged_row_survives_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "touchstone.duckdb"
    code = (
        "import sys; from pathlib import Path; from storage.database import Database\n"
        "db = Database(Path(sys.argv[1])); db.migrate()\n"
        "for i in range(10_000):\n"
        "    db.transact(lambda: db.execute('INSERT INTO memberships VALUES (?, ?, ?)',"
        " ['p', str(i), 'lead']))\n"
        "    print(i, flush=True)"
    )
    process = in_another_process(code, path)
    assert process.stdout is not None
    acknowledged = -1
    for line in process.stdout:
        acknowledged = int(line)
        if acknowledged >= 200:
            os.kill(process.pid, signal.SIGKILL)
            break
    acknowledged = max([acknowledged, *(int(line) for line in process.stdout if line.strip())])
    process.wait()
    process.stdout.close()
    reopened = Database(path)
    found = {int(r["person_id"]) for r in reopened.rows("SELECT person_id FROM memberships")}
    reopened.close()
    assert found >= set(range(acknowledged + 1))
