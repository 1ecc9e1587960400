"""A small Hugging Face hub on 127.0.0.1, for tests: what the real client asks for, and no more.

with a_hub() as hub:
    hub.add("org/tiny", folder_with_files)
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
INFO = re.compile(r"/api/models/([^/]+/[^/]+)/revision/(.+)")
FILE = re.compile(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)")
CHUNK = 16 * 1024


@dataclass
class Repository:
    """What the hub has of a model. `gated`: only for the bearer of `token`. `named` is what its
    list says of more files than there are."""

    files: dict[str, bytes]
    commit: str = COMMIT
    gated: bool = False
    named: tuple[str, ...] = ()


@dataclass
class Hub:
    """`url` is its endpoint. The first `cuts` answers with a file break off in the middle; each
    chunk waits `delay` seconds; `status` answers everything. `asked`: (path, range, token)."""

    url: str = ""
    repositories: dict[str, Repository] = field(default_factory=dict)
    cuts: int = 0
    delay: float = 0.0
    status: int = 0
    token: str = "hf_known"
    spoiled: set[str] = field(default_factory=set)
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, hub_id: str, folder: Path, **changes: Any) -> Repository:
        """The files of a folder as a repository."""
        files = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.*")}
        self.repositories[hub_id] = Repository(files, **changes)
        return self.repositories[hub_id]

    def ranges(self, name: str) -> list[str]:
        """The ranges that were asked of a file, "" for the whole."""
        return [given for path, given, _ in self.asked if path.endswith(f"/{name}")]


@contextmanager
def a_hub() -> Iterator[Hub]:
    """A hub that answers until the end of the block."""
    hub = Hub()

    class Handler(_Handler):
        known = hub

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    known: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        return

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        self.known.asked.append((path, self.headers.get("Range") or "", token))
        info, file = INFO.fullmatch(path), FILE.fullmatch(path)
        found = self.known.repositories.get((info or file)[1]) if info or file else None  # type: ignore[index]
        if self.known.status:
            self._refuse(self.known.status, "")
        elif found is None:  # as the hub answers whom it does not know
            self._refuse(401, "RepoNotFound")
        elif info and info[2] not in ("main", found.commit):
            self._refuse(404, "RevisionNotFound")
        elif info:
            self._list(info[1], found)
        elif found.gated and token != self.known.token:
            self._refuse(403 if token else 401, "GatedRepo")
        elif file and file[3] in found.files:
            self._send(file[3], found.files[file[3]])
        else:
            self._refuse(404, "EntryNotFound")

    def _list(self, hub_id: str, found: Repository) -> None:
        siblings = [_sibling(name, content) for name, content in found.files.items()]
        siblings += [{"rfilename": name, "size": 5} for name in found.named]
        body = json.dumps({"id": hub_id, "sha": found.commit, "siblings": siblings}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _send(self, name: str, content: bytes) -> None:
        if name in self.known.spoiled:
            content = bytes(len(content))
        start = int(re.sub(r"\D", "", self.headers.get("Range") or "0"))
        part = content[start:]
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        end = len(part)
        if self.known.cuts and len(part) > CHUNK:
            self.known.cuts -= 1
            end = len(part) // 2
        with suppress(ConnectionError):
            for at in range(0, end, CHUNK):
                self.wfile.write(part[at : min(at + CHUNK, end)])
                time.sleep(self.known.delay)
        if end < len(part):
            self.close_connection = True

    def _refuse(self, status: int, code: str) -> None:
        self.send_response(status)
        if code:
            self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()


def _sibling(name: str, content: bytes) -> dict[str, Any]:
    blob = hashlib.sha1(f"blob {len(content)}\0".encode() + content, usedforsecurity=False)
    entry: dict[str, Any] = {"rfilename": name, "size": len(content), "blobId": blob.hexdigest()}
    if name.endswith(".safetensors"):
        entry["lfs"] = {
            "size": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "pointerSize": 135,
        }
    return entry
