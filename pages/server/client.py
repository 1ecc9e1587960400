"""How a terminal reaches a workspace: through the server that owns it, else by opening it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from core.errors import InvalidInput, NotFound, TouchstoneError
from core.workflows.commands import command
from core.workspace import Workspace
from pages.server.files import moved_to, saved_as
from pages.server.folders import TAR, folder_as_tar
from storage.store import Store

if TYPE_CHECKING:
    import httpx


class ServerSilent(TouchstoneError):
    """The server's process lives, but it does not answer."""

    title = "The server does not answer"


class Refused(TouchstoneError):
    """The server's own words."""


def call(
    workspace: Workspace,
    name: str,
    arguments: dict[str, Any],
    *,
    upload: Path | None = None,
    download: Path | None = None,
) -> dict[str, Any]:
    """Run a command where the workspace is open, and return its answer.

    `upload` goes along as the command's file; a file that it answers with is put at `download`.
    Raises TouchstoneError.
    """
    if upload is not None and not upload.exists():
        raise InvalidInput(f"There is no file {upload}. Check the name.")
    if upload is not None and not (upload.is_file() or upload.is_dir()):
        raise InvalidInput(f"{upload} is neither a file nor a folder. Name one of these.")
    url = living_server(workspace)
    if url:
        return _ask(workspace, url, name, arguments, upload, download)
    workspace.prepare()
    store = Store(workspace.path)
    try:
        given = {**arguments, "file": upload} if upload else arguments
        answer = command(name)(store, workspace, given)
    finally:
        store.close()
    if not isinstance(answer, Path):
        return answer
    return _placed(answer, download)


def status(workspace: Workspace) -> dict[str, Any]:
    """The answer of the command `status`, with the server that owns the workspace, or None.

    Raises NotFound rather than make a workspace.
    """
    url = living_server(workspace)
    if url is None and not workspace.database.is_file():
        raise NotFound(
            f"There is no workspace in {workspace.path}. Name another one with --home, or start "
            "one with `touchstone serve`."
        )
    return {"server": {"url": url} if url else None, **call(workspace, "status", {})}


def living_server(workspace: Workspace) -> str | None:
    """The address of the server that owns the workspace, if its process lives."""
    found = workspace.announced_server()
    if found is None:
        return None
    try:
        started = psutil.Process(int(found["pid"])).create_time()
    except (psutil.Error, KeyError, ValueError, TypeError):
        return None
    # A process id is used again after a restart of the machine; its start time tells them apart.
    return str(found["url"]) if abs(started - float(found["create_time"])) < 1 else None


def _ask(
    workspace: Workspace,
    url: str,
    name: str,
    arguments: dict[str, Any],
    upload: Path | None,
    download: Path | None,
) -> dict[str, Any]:
    import httpx  # a fifth of a second that a workspace without a server does not pay

    request: dict[str, Any] = {"json": arguments}
    if upload:
        request = {
            "content": folder_as_tar(upload) if upload.is_dir() else _chunks(upload),
            "params": {"arguments": json.dumps(arguments)},
            "headers": {"content-type": TAR if upload.is_dir() else "application/octet-stream"},
        }
    try:
        secret = workspace.token_file.read_text(encoding="utf-8")
        # Not through a proxy that the environment names: the server is on this machine.
        # A command waits for as long as its job lives; only reaching the server has a limit.
        limit = httpx.Timeout(None, connect=30)
        with httpx.Client(base_url=url, timeout=limit, trust_env=False) as client:
            client.headers["authorization"] = f"Bearer {secret}"
            with client.stream("POST", f"/api/v1/commands/{name}", **request) as response:
                if response.headers.get("content-type", "").startswith("application/json"):
                    response.read()
                    return _understood(response)
                return _saved(response, download)
    except (httpx.HTTPError, OSError) as error:
        raise ServerSilent(
            f"The server at {url} owns this workspace and cannot be asked "
            f"({type(error).__name__}). Wait a moment and try again, or stop it."
        ) from None


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(1024 * 1024):
            yield chunk


def _understood(response: httpx.Response) -> dict[str, Any]:
    answer: dict[str, Any] = response.json()
    if response.is_success:
        return answer
    refusal = Refused(str(answer.get("message", "")))
    refusal.title = str(answer.get("title", Refused.title))
    raise refusal


def _saved(response: httpx.Response, download: Path | None) -> dict[str, Any]:
    response.raise_for_status()
    assert download is not None, "this command answers with a file"
    saved_as(download, response.iter_bytes())
    return _about(download)


def _placed(answer: Path, download: Path | None) -> dict[str, Any]:
    assert download is not None, "this command answers with a file"
    moved_to(download, answer)
    return _about(download)


def _about(download: Path) -> dict[str, Any]:
    return {"file": str(download), "bytes": download.stat().st_size}
