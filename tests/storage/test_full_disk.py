"""A full disk under the database: one sentence, nothing half, and on as soon as there is room."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import DiskFull
from storage.database import Database
from tests.disks import a_small_disk, filled

LONG = "x" * 20_000


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with a_small_disk(tmp_path / "disk") as place:
        yield place


@pytest.fixture
def db(disk: Path) -> Iterator[Database]:
    database = Database(disk / "touchstone.duckdb")
    database.migrate()
    yield database
    database.close()


def save(db: Database, person: str) -> None:
    db.execute("INSERT INTO memberships VALUES (?, ?, ?)", [LONG, person, "lead"])


def test_a_commit_on_a_full_disk_says_so_at_the_first_try(db: Database, disk: Path) -> None:
    tries: list[int] = []

    def action() -> None:
        tries.append(1)
        save(db, "ada")

    with filled(disk), pytest.raises(DiskFull, match="There is no space left"):
        db.transact(action)
    assert len(tries) == 1
    assert db.value("SELECT count(*) FROM memberships") == 0
    db.transact(action)
    assert db.value("SELECT count(*) FROM memberships") == 1


def test_a_single_statement_on_a_full_disk_says_so_too(db: Database, disk: Path) -> None:
    with filled(disk), pytest.raises(DiskFull, match="free some space"):
        save(db, "ada")
    save(db, "bob")
    assert db.value("SELECT person_id FROM memberships") == "bob"


def test_parquet_on_a_full_disk_leaves_no_file(db: Database, disk: Path) -> None:
    rows = "SELECT hash(i) AS a, hash(i + 1) AS b FROM range(100_000) t(i)"
    with filled(disk, leaving=100_000), pytest.raises(DiskFull):
        db.write_parquet(disk / "rows.parquet", rows)
    assert not [p for p in disk.iterdir() if "rows" in p.name]


def test_a_database_that_gave_up_on_a_full_disk_is_opened_anew_without_a_restart(
    db: Database, disk: Path, caplog: pytest.LogCaptureFixture
) -> None:
    save(db, "ada")
    many = "INSERT INTO memberships SELECT repeat(md5(i::VARCHAR), 60), i::VARCHAR, 'lead' FROM "

    def grow() -> None:
        db.execute(many + "range(2_000) t(i)")
        with filled(disk, leaving=1_000_000):
            for _ in range(3):
                with pytest.raises(DiskFull, match="There is no space left"):
                    db.execute("CHECKPOINT")

    grow()
    assert "opened anew" in caplog.text
    assert db.value("SELECT count(*) FROM memberships") == 2_001
    db.transact(lambda: save(db, "bob"))
    assert db.value("SELECT count(*) FROM memberships") == 2_002


def test_other_threads_go_on_after_the_database_gave_up(db: Database, disk: Path) -> None:
    asked, gone = threading.Event(), threading.Event()
    found: list[int] = []

    def read_on() -> None:
        found.append(db.value("SELECT count(*) FROM memberships"))
        asked.set()
        gone.wait(60)
        found.append(db.value("SELECT count(*) FROM memberships"))

    reader = threading.Thread(target=read_on)
    reader.start()
    asked.wait(60)
    for number in range(100):
        save(db, str(number))
    with filled(disk, leaving=300_000), pytest.raises(DiskFull):
        db.execute("CHECKPOINT")
    gone.set()
    reader.join()
    assert found == [0, 100]
