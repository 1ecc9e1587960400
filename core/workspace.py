"""The folder that holds everything Touchstone keeps, and the names in it."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import TouchstoneError

VARIABLE = "TOUCHSTONE_HOME"


class WorkspaceUnusable(TouchstoneError):
    """The folder cannot be made, or written to."""

    title = "The workspace cannot be used"


@dataclass(frozen=True)
class Workspace:
    """The workspace at `path`: `touchstone.duckdb`, job folders, models, backups, secrets."""

    path: Path

    @classmethod
    def from_environment(cls) -> Workspace:
        """The folder that TOUCHSTONE_HOME names, else ./workspace."""
        return cls(Path(os.environ.get(VARIABLE) or "workspace").expanduser().resolve())

    @property
    def database(self) -> Path:
        """The one DuckDB file."""
        return self.path / "touchstone.duckdb"

    @property
    def runs(self) -> Path:
        """A folder per training."""
        return self.path / "runs"

    @property
    def jobs(self) -> Path:
        """A folder per other job."""
        return self.path / "jobs"

    @property
    def models(self) -> Path:
        """Base models that may be used here."""
        return self.path / "models"

    @property
    def backups(self) -> Path:
        """Backups made by the server, and what a restore moved aside."""
        return self.path / "backups"

    @property
    def inbox(self) -> Path:
        """Files that the terminal handed to the server, for as long as their command runs."""
        return self.path / "inbox"

    @property
    def token_file(self) -> Path:
        """The secret with which the terminal speaks to the server; mode 0600."""
        return self.path / "api-token"

    @property
    def server_file(self) -> Path:
        """Where the running server answers: {url, pid, create_time}."""
        return self.path / "server.json"

    def prepare(self) -> None:
        """Make the folders, closed to everybody else. Raises WorkspaceUnusable."""
        try:
            for folder in (
                self.path,
                self.runs,
                self.jobs,
                self.models,
                self.backups,
                self.inbox,
            ):
                folder.mkdir(parents=True, exist_ok=True)
            self.path.chmod(0o700)
        except OSError as error:
            raise WorkspaceUnusable(
                f"The folder {self.path} cannot be used as a workspace ({error.strerror}). "
                f"Name another one with {VARIABLE}."
            ) from None

    def make_token(self) -> str:
        """A new secret in the token file: made at every start, so never known or empty."""
        token = secrets.token_urlsafe(32)
        write_private(self.token_file, token)
        return token

    def announce_server(self, url: str, pid: int, create_time: float) -> None:
        """Say where the server answers."""
        data = {"url": url, "pid": pid, "create_time": create_time}
        write_private(self.server_file, json.dumps(data))

    def announced_server(self) -> dict[str, Any] | None:
        """What the last server said about itself; it may be gone."""
        try:
            found = json.loads(self.server_file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def withdraw_server(self) -> None:
        """Forget the server and its secret."""
        self.server_file.unlink(missing_ok=True)
        self.token_file.unlink(missing_ok=True)


def write_private(path: Path, text: str) -> None:
    """Write a whole file that only its owner can read: beside it, then renamed."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
