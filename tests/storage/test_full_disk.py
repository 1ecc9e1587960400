"""A full disk under the database: one sentence, nothing half, and on as soon as there is room."""

from __future__ import annotations

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
