"""The local API: the terminal's commands, beside a running server. The gate asks for the secret.

POST /api/v1/commands/NAME with a JSON body; or, with a file (or a folder, as tar): the file as the
body, and the JSON in the query as `arguments`. Answers with JSON, or with a file.
"""

from __future__ import annotations

import json
import logging
import secrets
import shutil
from pathlib import Path
from typing import Any

from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from core.errors import DiskFull, InvalidInput, NotFound, TouchstoneError, full_disk_told
from core.workflows.commands import command
from pages.server.folders import TAR, unpack
from pages.server.running import running

log = logging.getLogger("touchstone.api")
LARGEST_JSON = 1024 * 1024
FILES = ("application/octet-stream", TAR)
SPARE_BYTES = 500_000_000


async def run_command(request: Request) -> Response:
    """Run one command of the table and answer with what it gives back."""
    inbox: Path | None = None
    try:
        action = command(request.path_params["name"])
        inbox = await _received(request)
        arguments = await _arguments(request, inbox)
        with full_disk_told():
            answer = await run_in_threadpool(
                action, running().store, running().workspace, arguments
            )
    except NotFound as error:
        return _told(error, 404)
    except TouchstoneError as error:
        return _told(error, 400)
    except Exception:
        reference = secrets.token_hex(4)
        log.exception("a command failed, reference %s", reference)
        message = f"The server's log says why, under the reference {reference}."
        return JSONResponse({"title": "That did not work", "message": message}, 500)
    finally:
        if inbox is not None and inbox.is_dir():
            shutil.rmtree(inbox, ignore_errors=True)
        elif inbox is not None:
            inbox.unlink(missing_ok=True)
    if isinstance(answer, Path):
        return FileResponse(answer, background=BackgroundTask(answer.unlink, missing_ok=True))
    return JSONResponse(answer)


async def _received(request: Request) -> Path | None:
    sent_as = request.headers.get("content-type")
    if sent_as not in FILES:
        return None
    path = running().workspace.inbox / secrets.token_hex(16)
    try:
        with full_disk_told(), path.open("xb") as file:
            async for chunk in request.stream():
                refuse_full_disk(path.parent, len(chunk))
                file.write(chunk)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return await run_in_threadpool(_unpacked, path) if sent_as == TAR else path


def _unpacked(archive: Path) -> Path:
    folder = archive.with_name(f"{archive.name}.d")
    try:
        unpack(archive, folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        archive.unlink(missing_ok=True)
    return folder


def refuse_full_disk(folder: Path, more: int) -> None:
    """Raise DiskFull before a file that is sent takes the last of the disk: of any size, else."""
    if shutil.disk_usage(folder).free < more + SPARE_BYTES:
        raise DiskFull


async def _arguments(request: Request, inbox: Path | None) -> dict[str, Any]:
    text = request.query_params.get("arguments", "{}").encode()
    if inbox is None:
        text = b""
        async for chunk in request.stream():
            text += chunk
            if len(text) > LARGEST_JSON:
                raise InvalidInput("The arguments have more than 1 MB. Send a file instead.")
    try:
        found = json.loads(text or b"{}")
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise InvalidInput("The arguments are no JSON object. Send one.")
    found.pop("file", None)  # only a file that was sent, never one that was named
    return {**found, "file": inbox} if inbox else found


def _told(error: TouchstoneError, status: int) -> Response:
    return JSONResponse({"title": error.title, "message": error.message}, status)


API_ROUTES = [Route("/api/v1/commands/{name}", run_command, methods=["POST"])]
