"""The workspace's owner, its secrets, the local API, and the terminal beside a server or alone."""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.workflows.commands import COMMANDS
from pages.server.serve import flags, in_environment, options_of
from tests.disks import MB, a_small_disk, filled
from tests.serving import (
    DEMO,
    PASSWORD,
    ROOT,
    Server,
    free_port,
    launch,
    serve,
    touchstone,
    touchstone_here,
    wait_until_up,
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(tmp_path_factory.mktemp("terminal")) as server:
        server.add("ada", "admin")
        yield server


def test_a_second_server_on_one_workspace_is_refused_with_a_sentence(
    server: Server, tmp_path: Path
) -> None:
    second = launch(server.home, tmp_path / "log")
    assert second.process.wait(30) != 0
    told = second.log.read_text()
    assert "This workspace is in use." in told
    assert "Traceback" not in told
    with server.client() as client:
        assert client.get("/healthz").json() == {"ok": True}
    assert server.command("users.add", {"name": "still here", "password": PASSWORD})


def test_secrets_are_the_owners_alone_and_new_at_every_start(tmp_path: Path) -> None:
    seen = set()
    for _ in range(2):
        with serve(tmp_path, first_start=True) as server:
            secret = server.home / "api-token"
            assert secret.stat().st_mode & 0o777 == 0o600
            assert server.home.stat().st_mode & 0o777 == 0o700
            assert len(secret.read_text()) >= 43
            seen.add(secret.read_text())
        assert not secret.exists()
        assert not (server.home / "server.json").exists()
    assert len(seen) == 2


def test_the_api_answers_its_own_secret_only(server: Server) -> None:
    with server.signed_in("ada") as client:
        for headers in ({}, {"authorization": "Bearer x"}, {"authorization": "Bearer"}):
            answer = client.post("/api/v1/commands/backup", headers=headers)
            assert answer.status_code == httpx.codes.UNAUTHORIZED


def test_the_api_reads_a_file_that_was_sent_never_one_that_was_named(server: Server) -> None:
    secret = (server.home / "api-token").read_text()
    with server.client() as client:
        client.headers["authorization"] = f"Bearer {secret}"
        answer = client.post(
            "/api/v1/commands/import",
            json={"file": "/etc/passwd", "project": "P", "file_name": "x.csv"},
        )
        assert answer.status_code >= httpx.codes.BAD_REQUEST
        assert "root" not in answer.text
        assert client.post("/api/v1/commands/nothing").status_code == httpx.codes.NOT_FOUND
        assert client.post("/api/v1/commands/backup", content=b"[1]").status_code == 400
    assert list((server.home / "inbox").iterdir()) == []


def test_users_add_works_beside_a_server_and_without_one(server: Server, tmp_path: Path) -> None:
    add = ["users", "add", "Cy", "--role", "reviewer", "--project", DEMO, "--password-stdin"]
    done = server.touchstone(*add, stdin=f"{PASSWORD}\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Cy can sign in now: reviewer in" in done.stdout
    server.signed_in("Cy").close()
    again = server.touchstone("users", "add", "Cy", "--role", "lead", "--project", DEMO)
    assert again.returncode == 0, again.stderr  # no password is asked for
    assert "Cy was here already and has the role now: lead in" in again.stdout
    alone = touchstone(
        tmp_path / "w", "users", "add", "Cy", "--role", "admin", "--password-stdin", "--json",
        stdin=f"{PASSWORD}\n",
    )  # fmt: skip
    assert json.loads(alone.stdout)["added"] is True


def test_the_terminal_tells_what_is_wrong_without_a_traceback(server: Server) -> None:
    for arguments, told in (
        (("users", "add", "Di", "--password-stdin"), "10 to 200 characters"),
        (("users", "add", "ada", "--password-stdin"), "called “ada” already"),
        (("users", "add", "Di"), "Add --password-stdin"),
        (("users", "add", "Di", "--role", "boss", "--password-stdin"), "no role “boss”"),
        (("users", "add", "Di", "--role", "lead", "--password-stdin"), "--project"),
    ):
        done = server.touchstone(*arguments, stdin="short\n")
        assert done.returncode == 1
        assert told in done.stderr
        assert "Traceback" not in done.stderr


def test_a_backup_is_made_beside_a_server_and_restored_without_one(
    server: Server, tmp_path: Path
) -> None:
    server.add("keeper", "admin")
    saved = tmp_path / "saved.tar.gz"
    assert server.touchstone("backup", str(saved)).returncode == 0
    again = server.touchstone("backup", str(saved))
    assert again.returncode == 1
    assert "--force" in again.stderr
    refused = server.touchstone("restore", str(saved), "--force")
    assert refused.returncode == 1
    assert "in use" in refused.stderr
    done = touchstone(tmp_path / "other", "restore", str(saved), "--json")
    assert json.loads(done.stdout)["people"] >= 2
    assert list((server.home / "backups").iterdir()) == []


def test_the_server_stops_cleanly_and_says_nothing_alarming(tmp_path: Path) -> None:
    with serve(tmp_path) as server:
        server.add("ada", "admin")
        with server.signed_in("ada") as client:
            assert client.get("/").status_code == httpx.codes.OK
        server.stop()
    told = server.log.read_text().split("/setup?token=")[1]
    assert told.split("\n", 1)[1].split() in ([], ["Aborted!"])  # click's word for Ctrl-C


def test_every_command_of_the_table_has_its_word_in_the_terminal() -> None:
    files = [ROOT / "cli.py", *(ROOT / "terminal").glob("*.py")]
    source = "".join(path.read_text(encoding="utf-8") for path in files)
    assert set(re.findall(r'call\(\s*workspace_at\(home\), "([\w.]+)"', source)) | {
        "status"
    } == set(COMMANDS)


def test_serve_starts_the_server_from_any_folder_with_the_shipped_settings(tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "cli.py"), "serve", "--port", str(port), "--home", "w"],
            cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
    server = Server(f"http://127.0.0.1:{port}", tmp_path / "w", log, process)
    try:
        wait_until_up(server)
        told = json.loads(server.touchstone("status", "--json").stdout)
        assert told["server"]["url"] == server.url  # the address of the settings, not 0.0.0.0
        assert [project["name"] for project in told["projects"]] == [DEMO]
        assert told["projects"][0]["examples"]["total"] > 0
        assert told["jobs"] == []
    finally:
        assert server.stop() != 2
    alone = json.loads(touchstone(tmp_path / "w", "status", "--json").stdout)
    assert alone == {**told, "server": None}


def test_status_makes_no_workspace_and_a_wrong_command_line_is_no_refusal(tmp_path: Path) -> None:
    refused = touchstone(tmp_path / "none", "status")
    assert refused.returncode == 1
    assert "There is no workspace in" in refused.stderr
    assert not (tmp_path / "none").exists()
    assert touchstone(tmp_path / "none", "status", "--wrong").returncode == 2


def test_a_place_that_the_system_refuses_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "closed" / "rows.jsonl"
    exists = Path.exists

    def refused(path: Path, **given: Any) -> bool:
        if path == closed:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return exists(path, **given)

    monkeypatch.setattr(Path, "exists", refused)
    told = touchstone_here(tmp_path / "w", "import", str(closed), "--project", "P")
    assert told.returncode == 1
    assert f"{closed} cannot be used: Permission denied." in told.stderr
    assert "Traceback" not in told.stderr


def test_a_server_that_cannot_start_says_why_and_exits_with_1(
    server: Server, tmp_path: Path
) -> None:
    free = str(free_port())
    elsewhere = ("--address", "192.0.2.1")  # of no machine (RFC 5737)
    for home, asked, told in (
        (server.home, (), "This workspace is in use."),
        (tmp_path / "w", elsewhere, "The server cannot listen at 192.0.2.1"),
    ):
        refused = touchstone(home, "serve", "--port", free, *asked)
        assert refused.returncode == 1
        assert told in refused.stderr
        assert "Traceback" not in refused.stderr
    assert touchstone(tmp_path / "w", "serve", "--port", "70000").returncode == 2


def test_a_server_that_is_stopped_from_its_terminal_has_done_what_it_was_asked(
    tmp_path: Path,
) -> None:
    home, port = tmp_path / "w", free_port()
    with (tmp_path / "log").open("w") as log:
        command = [sys.executable, "cli.py", "serve", "--port", str(port), "--home", str(home)]
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    wait_until_up(Server(f"http://127.0.0.1:{port}", home, tmp_path / "log", process))
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    assert "Abort" not in (tmp_path / "log").read_text()


def test_a_server_that_finds_no_space_says_so_and_leaves_no_half_secret(tmp_path: Path) -> None:
    with a_small_disk(tmp_path / "disk", 16 * MB) as disk:
        touchstone_here(disk / "w", "users", "add", "ada", "--password-stdin", stdin=PASSWORD)
        with filled(disk):
            refused = touchstone(disk / "w", "serve", "--port", str(free_port()))
        assert refused.returncode == 1
        assert "There is no space left" in refused.stderr
        assert "Traceback" not in refused.stderr
        assert not [path.name for path in (disk / "w").iterdir() if path.is_file()][1:]


def test_shipped_settings_become_flags_unless_the_environment_has_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[server]\nheadless = true\n[theme.dark.sidebar]\nbackgroundColor = "#111"\n')
    assert flags(options_of(file)) == [
        "--server.headless=true",
        "--theme.dark.sidebar.backgroundColor=#111",
    ]
    monkeypatch.setenv("STREAMLIT_SERVER_MAX_UPLOAD_SIZE", "5")
    assert in_environment("server.maxUploadSize")
    assert not in_environment("server.port")
