"""A real server in a subprocess, over a temporary workspace, for tests.

with serve(tmp_path) as server:
    server.add("ada", "admin")
    client = server.signed_in("ada")      # httpx, with the session cookie
    client.get("/session")
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

import cli
from core.workspace import VARIABLE, Workspace
from tests.builders import new_database

ROOT = Path(__file__).parent.parent
PASSWORD = "a few random words"
DEMO = "Demo: intake notes"


@dataclass
class Server:
    """A running server: its address, workspace, log file and process."""

    url: str
    home: Path
    log: Path
    process: subprocess.Popen[bytes]
    people: set[str] = field(default_factory=set)

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])

    @property
    def cookie(self) -> str:
        """The name of the session cookie."""
        return f"touchstone_{self.port}"

    def setup_link(self) -> str:
        """The one-time link that the server printed last."""
        return str(re.findall(r"http\S+/setup\?token=\S+", self.log.read_text())[-1])

    def client(self) -> httpx.Client:
        """A client that has not signed in."""
        return httpx.Client(base_url=self.url, timeout=30, trust_env=False)

    def signed_in(self, name: str, password: str = PASSWORD) -> httpx.Client:
        """A client with the session of this person; use it in a `with`."""
        answer = httpx.post(
            f"{self.url}/login",
            data={"name": name, "password": password},
            headers={"origin": self.url},
            trust_env=False,
            timeout=30,
        )
        assert answer.status_code == httpx.codes.SEE_OTHER, answer.text
        client = self.client()
        client.cookies.set(self.cookie, answer.cookies[self.cookie], domain="127.0.0.1")
        return client

    def add(self, name: str, role: str = "", project: str = DEMO) -> None:
        """A person with PASSWORD: admin, or a role in the project; a further role for one more."""
        arguments = {"name": name, "password": PASSWORD, "role": role}
        if role not in ("", "admin"):
            arguments["project"] = project
        self.command("users.add", arguments)

    def command(self, name: str, arguments: dict[str, Any] | None = None) -> httpx.Response:
        """One command over the local API."""
        secret = (self.home / "api-token").read_text()
        with self.client() as client:
            answer = client.post(
                f"/api/v1/commands/{name}",
                json=arguments or {},
                headers={"authorization": f"Bearer {secret}"},
            )
        assert answer.status_code == httpx.codes.OK, answer.text
        return answer

    def touchstone(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """The terminal's `touchstone`, on this workspace."""
        return touchstone(self.home, *arguments, stdin=stdin)

    def stop(self) -> int:
        """Stop it as a terminal would; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
        return self.process.wait(20)


def touchstone(home: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """The terminal's `touchstone` on a workspace, with or without a server."""
    return subprocess.run(
        [sys.executable, "cli.py", *arguments, "--home", str(home)],
        cwd=ROOT,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def touchstone_here(
    home: Path, *arguments: str, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """The same in this process, which has imported everything: what a command says and leaves."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(VARIABLE, str(home))
        done = CliRunner().invoke(cli.app, [*arguments, "--home", str(home)], input=stdin)
    unforeseen = done.exception and not isinstance(done.exception, SystemExit)
    told = "".join(traceback.format_exception(done.exception)) if unforeseen else ""
    return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr + told)


def free_port() -> int:
    """A port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def launch(home: Path, log: Path, port: int | None = None) -> Server:
    """Start a server and return at once; see `wait_until_up`."""
    port = port or free_port()
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)],
            cwd=ROOT,
            env={**os.environ, "TOUCHSTONE_HOME": str(home)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    return Server(f"http://127.0.0.1:{port}", home, log, process)


def wait_until_up(server: Server, seconds: float = 120) -> None:
    """Wait for /healthz. Fails with the log when the server ends or takes too long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and server.process.poll() is None:
        try:
            if httpx.get(f"{server.url}/healthz", timeout=5, trust_env=False).json()["ok"]:
                return
        except (httpx.HTTPError, json.JSONDecodeError):
            time.sleep(0.1)
    raise AssertionError(f"no server at {server.url}:\n{server.log.read_text()[-3000:]}")


@contextmanager
def serve(folder: Path, port: int | None = None, *, first_start: bool = False) -> Iterator[Server]:
    """A server over `folder`/workspace, up; stopped at the end.

    A new workspace is a copy of one that was started once, unless this is to be its `first_start`.
    """
    workspace = Workspace(folder / "workspace")
    if not (first_start or workspace.database.exists()):
        workspace.path.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(new_database(with_demo=True), workspace.database)
    folder.mkdir(parents=True, exist_ok=True)
    server = launch(workspace.path, folder / "server.log", port)
    try:
        wait_until_up(server)
        yield server
    finally:
        server.stop()
