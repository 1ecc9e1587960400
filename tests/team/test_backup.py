"""Backup and restore on real files: what is in one, what is left out, what is refused."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from core.accounts import hash_token
from core.actor import system_actor
from core.errors import Conflict, DiskFull, NameTaken, NotAllowed
from core.workflows.team import accounts, sessions
from core.workflows.team import archive as archives
from core.workflows.team.archive import DATABASE, MANIFEST, UnusableBackup, pack, safe_place, verify
from core.workflows.team.backup import back_up, restore
from core.workspace import Workspace
from storage import backup as databases
from storage.database import WorkspaceInUse
from storage.store import Store
from tests.builders import a_project, a_store, an_actor, some_examples
from tests.disks import MB, a_small_disk, filled
from tests.serving import serve, touchstone_here

PASSWORD = "a few random words"


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A backup of a workspace with a person, a project, examples and a finished run."""
    workspace = Workspace(tmp_path / "from")
    store = a_store(workspace.path)
    accounts.add_person(store, system_actor(), "Bo", PASSWORD, is_admin=True)
    sessions.sign_in(store, "Bo", PASSWORD)
    some_examples(store, a_project(store).project_id, 30)
    workspace.make_token()
    run = workspace.runs / "run_1"
    for name in ("spec.json", "state.json", "events.jsonl", "worker.log", "worker.lock", "STOP"):
        (run / name).parent.mkdir(exist_ok=True)
        (run / name).write_text(name)
    for name in ("final/adapter.safetensors", "data/train.parquet", "checkpoints/1/x.bin"):
        (run / name).parent.mkdir(parents=True)
        (run / name).write_bytes(name.encode() * 1000)
    target = tmp_path / "saved.tar.gz"
    back_up(store, system_actor(), workspace, target)
    store.close()
    return target


def test_a_backup_holds_results_and_neither_secrets_nor_locks_nor_checkpoints(saved: Path) -> None:
    with tarfile.open(saved) as archive:
        names = set(archive.getnames())
    assert names == {
        MANIFEST,
        DATABASE,
        "runs/run_1/spec.json",
        "runs/run_1/state.json",
        "runs/run_1/events.jsonl",
        "runs/run_1/final/adapter.safetensors",
        "runs/run_1/data/train.parquet",
    }
    assert saved.stat().st_mode & 0o077 == 0


def test_a_restored_workspace_holds_the_same_and_every_session_has_ended(
    saved: Path, tmp_path: Path
) -> None:
    workspace = Workspace(tmp_path / "to")
    answer = restore(workspace, saved, databases)
    assert answer["people"] == 1
    assert answer["projects"] == 1
    assert answer["examples"] == 30
    adapter = workspace.runs / "run_1" / "final" / "adapter.safetensors"
    assert adapter.read_bytes() == b"final/adapter.safetensors" * 1000
    store = Store(workspace.path)
    assert store.database.value("SELECT count(*) FROM sessions WHERE revoked_at IS NULL") == 0
    assert sessions.sign_in(store, "bo", PASSWORD)
    with pytest.raises(NameTaken, match="Bo"):  # the constraints came along
        accounts.add_person(store, system_actor(), "BO", PASSWORD)
    store.close()


def test_a_copy_keeps_keys_and_checks(saved: Path, tmp_path: Path) -> None:
    fresh = a_store(tmp_path / "fresh")
    restore(Workspace(tmp_path / "to"), saved, databases)
    copied = Store(tmp_path / "to")
    asked = (
        "SELECT table_name, constraint_type, constraint_text FROM duckdb_constraints() ORDER BY ALL"
    )
    assert copied.database.rows(asked) == fresh.database.rows(asked)
    fresh.close()
    copied.close()


def test_a_session_that_ended_after_the_backup_does_not_come_back_with_it(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "from")
    store = a_store(workspace.path)
    accounts.add_person(store, system_actor(), "Bo", PASSWORD)
    token = sessions.sign_in(store, "Bo", PASSWORD)
    back_up(store, system_actor(), workspace, tmp_path / "b.tar.gz")
    sessions.sign_out(store, token)
    store.close()
    restore(workspace, tmp_path / "b.tar.gz", databases, force=True)
    store = Store(workspace.path)
    assert (
        store.sessions.by_token(hash_token(token), store.accounts.everybody(None)[0].created_at)
        is None
    )
    store.close()


def test_a_workspace_that_holds_something_is_kept_unless_forced_and_then_moved_aside(
    saved: Path, tmp_path: Path
) -> None:
    workspace = Workspace(tmp_path / "to")
    store = a_store(workspace.path)
    a_project(store, "Mine")
    store.close()
    with pytest.raises(Conflict, match="--force"):
        restore(workspace, saved, databases)
    answer = restore(workspace, saved, databases, force=True)
    aside = Path(str(answer["moved_aside"]))
    assert aside.is_relative_to(workspace.backups)
    assert databases.make_ready(aside / DATABASE)["projects"] == 1
    assert Store(workspace.path).projects.by_name("Mine") is None


def test_a_workspace_that_is_open_is_not_restored_into(saved: Path, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "to")
    a_store(workspace.path).close()
    code = (
        f"import duckdb, sys; kept = duckdb.connect({str(workspace.database)!r}); "
        "print(1, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        other.stdout.readline()
        with pytest.raises(WorkspaceInUse):
            restore(workspace, saved, databases, force=True)
        other.stdin.close()


def _rewritten(saved: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """The backup with other contents, its manifest kept or changed as `change` likes."""
    with tarfile.open(saved) as archive:
        contents = {m.name: archive.extractfile(m).read() for m in archive}  # type: ignore[union-attr]
    change(contents)
    target = saved.with_name("changed.tar.gz")
    with tarfile.open(target, "w:gz") as archive:
        for name, data in contents.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return target


def _listed(contents: dict[str, bytes], name: str, data: bytes) -> None:
    manifest = json.loads(contents[MANIFEST])
    entry = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    manifest["files"][name] = entry
    contents[MANIFEST] = json.dumps(manifest).encode()
    contents[name] = data


def _spoil(contents: dict[str, bytes]) -> None:
    name = "runs/run_1/final/adapter.safetensors"
    contents[name] = b"X" + contents[name][1:]


@pytest.mark.parametrize(
    "change",
    [
        _spoil,
        lambda contents: contents.pop("runs/run_1/spec.json"),
        lambda contents: contents.pop(MANIFEST),
        lambda contents: contents.update({"runs/run_1/extra": b"x"}),
        lambda contents: _listed(contents, "runs/../../outside", b"x"),
        lambda contents: _listed(contents, "../outside", b"x"),
        lambda contents: _listed(contents, "api-token", b"x"),
        lambda contents: _listed(contents, "/tmp/outside", b"x"),
    ],
    ids=["spoilt", "missing", "no manifest", "added", "climbs", "parent", "secret", "absolute"],
)
def test_a_backup_that_was_changed_is_refused_whole(
    saved: Path, tmp_path: Path, change: Callable[[dict[str, bytes]], None]
) -> None:
    workspace = Workspace(tmp_path / "to")
    with pytest.raises(UnusableBackup):
        restore(workspace, _rewritten(saved, change), databases)
    assert not workspace.database.exists()
    assert not (tmp_path / "outside").exists()
    assert list(workspace.inbox.iterdir()) == []


def test_a_link_in_a_backup_is_refused(saved: Path, tmp_path: Path) -> None:
    target = tmp_path / "link.tar.gz"
    with tarfile.open(saved) as source, tarfile.open(target, "w:gz") as archive:
        for member in source:
            if member.name == "runs/run_1/spec.json":
                member.type, member.linkname, member.size = tarfile.SYMTYPE, "/etc/passwd", 0
                archive.addfile(member)
            else:
                archive.addfile(member, source.extractfile(member))
    with pytest.raises(UnusableBackup):
        restore(Workspace(tmp_path / "to"), target, databases)


def test_a_file_that_is_no_backup_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "x.tar.gz").write_bytes(b"not a tar")
    for name in ("x.tar.gz", "missing.tar.gz"):
        with pytest.raises(UnusableBackup):
            restore(Workspace(tmp_path / "to"), tmp_path / name, databases)


def test_a_path_in_a_backup_never_leaves_the_folder(tmp_path: Path) -> None:
    assert safe_place(tmp_path, "runs/a/final/x") == tmp_path / "runs/a/final/x"
    for name in ("", ".", "runs/../..", "../runs/x", "/etc/passwd", "inbox/x"):
        with pytest.raises(UnusableBackup):
            safe_place(tmp_path, name)


def test_a_backup_while_others_write_is_one_moment(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "from")
    store = a_store(workspace.path)
    ended = threading.Event()

    def write() -> None:
        n = 0
        while not ended.is_set():
            n += 1
            store.transact(lambda n=n: a_project(store, f"P{n}"))  # type: ignore[misc]

    writer = threading.Thread(target=write)
    writer.start()
    try:
        back_up(store, system_actor(), workspace, tmp_path / "b.tar.gz")
    finally:
        ended.set()
        writer.join()
        store.close()
    restore(Workspace(tmp_path / "to"), tmp_path / "b.tar.gz", databases)
    copied = Store(tmp_path / "to")
    # A project and the log of its making are one transaction.
    assert copied.database.value("SELECT count(*) FROM projects") == copied.database.value(
        "SELECT count(*) FROM audit_events"
    )
    copied.close()


class Shifting(type(Path())):  # type: ignore[misc]
    """A path whose file changes each time that it was opened: as a worker that goes on writing."""

    def open(self, mode: str = "r", *more: Any, **named: Any) -> Any:
        opened = super().open(mode, *more, **named)
        if mode == "rb":
            self.change()
        return opened

    def change(self) -> None:
        with open(self, "ab") as file:
            file.write(b"more")


class Shrinking(Shifting):
    """A path whose file loses a byte each time."""

    def change(self) -> None:
        os.truncate(self, max(0, self.stat().st_size - 1))


class Vanishing(Shifting):
    """A path whose file is gone after a look."""

    def change(self) -> None:
        self.unlink()


@pytest.mark.parametrize("path_type", [Shifting, Shrinking, Vanishing])
def test_what_changes_while_it_is_packed_makes_a_backup_that_can_be_restored(
    tmp_path: Path, path_type: type[Shifting]
) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "restored").mkdir()
    (tmp_path / "base").write_bytes(b"database")
    moving: Any = path_type(tmp_path / "moving")
    moving.write_bytes(b"x" * 1000)
    target = tmp_path / "b.tar.gz"
    files = {DATABASE: tmp_path / "base", "runs/r/final/a": moving}
    listed = pack(files, target, tmp_path / "work")
    verify(target, listed)
    assert archives.unpack(target, tmp_path / "restored") == len(listed)
    there = (tmp_path / "restored" / "runs/r/final/a").is_file()
    assert there == (path_type is not Vanishing)


def test_a_backup_that_the_disk_spoilt_is_thrown_away(saved: Path, tmp_path: Path) -> None:
    with tarfile.open(saved) as archive:
        names = [name for name in archive.getnames() if name != MANIFEST]
    with pytest.raises(UnusableBackup, match="thrown away"):
        verify(saved, {name: {"size": 1, "sha256": "0"} for name in names})


def test_only_an_admin_makes_a_backup(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "w")
    store = a_store(workspace.path)
    lead = an_actor(a_project(store).project_id, "lead")
    with pytest.raises(NotAllowed):
        back_up(store, lead, workspace, tmp_path / "b.tar.gz")
    store.close()


@contextmanager
def _a_workspace(folder: Path, served: bool) -> Iterator[Path]:
    """A workspace with a project, beside a server or without one."""
    store = a_store(folder / "workspace")
    a_project(store)
    store.close()
    with ExitStack() as stack:
        if served:
            stack.enter_context(serve(folder))
        yield folder / "workspace"


def is_emptied(folder: Path) -> bool:
    """Whether nothing stays in the folder: a server deletes a file when it has been sent."""
    deadline = time.monotonic() + 20
    while list(folder.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not list(folder.iterdir())


@pytest.mark.parametrize("served", [False, True])
def test_a_full_target_keeps_the_backup_that_is_there_and_nothing_is_left_behind(
    tmp_path: Path, served: bool
) -> None:
    with _a_workspace(tmp_path, served) as home, a_small_disk(tmp_path / "disk", 8 * MB) as disk:
        good = disk / "good.tar.gz"
        assert touchstone_here(home, "backup", str(good)).returncode == 0
        assert good.stat().st_mode & 0o077 == 0
        before = good.read_bytes()
        (home / "runs" / "run_1" / "final").mkdir(parents=True)
        (home / "runs" / "run_1" / "final" / "grown").write_bytes(os.urandom(2 * MB))
        with filled(disk, leaving=8192):
            for name, force in (("good.tar.gz", ["--force"]), ("new.tar.gz", [])):
                refused = touchstone_here(home, "backup", str(disk / name), *force)
                assert refused.returncode == 1
                assert f"There is no space left in {disk}." in refused.stderr
                assert "Traceback" not in refused.stderr
            assert sorted(path.name for path in disk.iterdir()) == ["filler", "good.tar.gz"]
        assert good.read_bytes() == before
        assert is_emptied(home / "backups")
        assert touchstone_here(home, "backup", str(good), "--force").returncode == 0
        restore(Workspace(tmp_path / "to"), good, databases)


def test_a_backup_that_finds_no_room_is_not_called_damaged(tmp_path: Path, saved: Path) -> None:
    with a_small_disk(tmp_path / "disk") as disk, filled(disk, leaving=MB):
        refused = touchstone_here(disk / "to", "restore", str(saved))
        assert refused.returncode == 1
        assert "There is no space left" in refused.stderr
        assert "Nothing was restored" in refused.stderr
        assert "damaged" not in refused.stderr
        assert not list((disk / "to" / "inbox").iterdir())
        assert not Workspace(disk / "to").database.exists()


def test_a_restored_database_that_finds_no_room_to_be_brought_up_to_date_leaves_nothing(
    tmp_path: Path, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(_path: Path) -> dict[str, int]:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(databases, "make_ready", no_room)
    workspace = Workspace(tmp_path / "to")
    with pytest.raises(DiskFull, match="Nothing was restored"):
        restore(workspace, saved, databases)
    assert not workspace.database.exists()
    assert not list(workspace.inbox.iterdir())


def test_a_backup_that_may_not_be_read_is_not_called_damaged(tmp_path: Path) -> None:
    with pytest.raises(UnusableBackup, match=r"cannot be read or unpacked.*Is a directory"):
        restore(Workspace(tmp_path / "to"), tmp_path, databases)


@pytest.mark.parametrize("served", [False, True])
def test_a_place_that_cannot_hold_a_backup_is_refused_in_a_sentence(
    tmp_path: Path, served: bool
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("x")
    with _a_workspace(tmp_path, served) as home:
        for place, told in (
            (tmp_path / "none" / "x.tar.gz", f"There is no folder {tmp_path / 'none'}."),
            (tmp_path / "file" / "x.tar.gz", f"There is no folder {tmp_path / 'file'}."),
            (tmp_path / "folder", f"{tmp_path / 'folder'} is no file."),
            (Path("/dev/null"), "/dev/null is no file."),
            (Path("/proc/x.tar.gz"), "/proc cannot be written to"),
        ):
            refused = touchstone_here(home, "backup", str(place), "--force")
            assert (refused.returncode, refused.stdout) == (1, ""), place
            assert told in refused.stderr
            assert refused.stderr.count("\n") == 1
        assert is_emptied(home / "backups")
    assert list((tmp_path / "folder").iterdir()) == []
