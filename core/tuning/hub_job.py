"""The "download_model" job: one model of the Hugging Face hub becomes a folder in models/.

spec.json: hub_id, revision. The files go to checkpoints/COMMIT/ and are checked against the hub's
hashes; when all are there the folder is renamed to models/ORGANISATION--NAME, with hub.json beside
the weights. Its worker alone may reach the network (core.jobs.kinds). A job that is started again
goes on at the byte where it was, at the same commit.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from time import sleep
from typing import Any

import httpx2
from huggingface_hub import HfApi, constants, hf_hub_url
from huggingface_hub.file_download import http_get
from huggingface_hub.utils import build_hf_headers, disable_progress_bars  # type: ignore[attr-defined]

from core.errors import DiskFull, TouchstoneError
from core.jobs.context import JobContext, JobStopped
from core.jobs.folder import read_json, write_json
from core.tuning.hub import HubFile, HubModel, UnusableHubModel, files_to_fetch
from core.tuning.hub_refusals import HubUnreachable, hub_refusals
from core.tuning.origin import Origin, origin_of

# A stop is looked at, and progress told, after each.
CHUNK_BYTES = 256 * 1024
LISTING_SECONDS = 20.0
# Between tries where the connection breaks; http_get makes five of its own before each.
PAUSES = (2.0, 10.0, 30.0, 60.0, 120.0)
SPARE_BYTES = 200_000_000


class DamagedDownload(TouchstoneError):
    """What arrived is not what the hub says it has."""

    title = "The download is damaged"


def run(job: JobContext) -> None:
    """Downloads, checks and publishes; see the module's text for the files."""
    disable_progress_bars()
    constants.DOWNLOAD_CHUNK_SIZE = CHUNK_BYTES
    model = HubModel(str(job.spec["hub_id"]), str(job.spec.get("revision") or "main"))
    try:
        with hub_refusals(model, _endpoint()):
            commit, files = _listed(job, model)
            target = _target(job, model, commit)
            if not target.is_dir():
                part = _fetch_all(job, model, commit, files)
                Origin(model.hub_id, model.revision, commit).write(part)
                part.replace(target)
    except JobStopped:
        if job.cancelled:
            shutil.rmtree(job.folder.checkpoints, ignore_errors=True)
        raise
    total = sum(file.size for file in files)
    with job.final() as folder:
        there = {"folder": f"models/{target.name}", "bytes": total}
        write_json(folder / "model.json", {"hub_id": model.hub_id, "commit": commit, **there})
    job.note(f"{model.hub_id} at commit {commit} is in models/{target.name}.")


def _endpoint() -> str:
    return os.environ.get("HF_ENDPOINT", "").rstrip("/") or constants.ENDPOINT


def _token() -> str | bool:
    """The server's HF_TOKEN; never one that somebody left in the home folder."""
    return os.environ.get("HF_TOKEN") or False


def _listed(job: JobContext, model: HubModel) -> tuple[str, list[HubFile]]:
    """The commit, the one that an earlier start saw if there was one, and the files to fetch."""
    chosen = job.folder.checkpoints / "commit.json"
    revision = (read_json(chosen) or {}).get("commit", model.revision)
    found = HfApi(endpoint=_endpoint(), token=_token()).model_info(
        model.hub_id, revision=revision, files_metadata=True, timeout=LISTING_SECONDS
    )
    if not found.sha:
        raise HubUnreachable(f"{_endpoint()} does not say at which commit {model.hub_id} is.")
    listed = [_file(one) for one in found.siblings or ()]
    files = files_to_fetch(model, listed)
    if files[-1].size > constants.MAX_HTTP_DOWNLOAD_SIZE:
        raise UnusableHubModel(
            f"{files[-1].name} of “{model.hub_id}” has {files[-1].size / 1e9:.0f} GB, more than "
            "the hub hands out by HTTP. Copy the model's folder into models/."
        )
    job.folder.checkpoints.mkdir(exist_ok=True)
    write_json(chosen, {"commit": found.sha})
    return str(found.sha), files


def _file(sibling: Any) -> HubFile:
    large = sibling.lfs
    return HubFile(
        sibling.rfilename,
        int((large.size if large else sibling.size) or 0),
        str(large.sha256) if large else "",
        str(sibling.blob_id or ""),
    )


def _target(job: JobContext, model: HubModel, commit: str) -> Path:
    """models/ORGANISATION--NAME; with the commit behind it where another commit is there."""
    models = job.workspace / "models"
    models.mkdir(exist_ok=True)
    first = models / model.folder
    kept = origin_of(first)
    if first.is_dir() and (kept is None or kept.commit != commit):
        return models / f"{model.folder}--{commit[:10]}"
    return first


def _fetch_all(job: JobContext, model: HubModel, commit: str, files: list[HubFile]) -> Path:
    """The folder with all files, whole and checked."""
    part = job.folder.checkpoints / commit
    part.mkdir(exist_ok=True)
    total = sum(file.size for file in files)
    there = sum(_bytes_of(part / file.name) for file in files)
    _refuse_without_room(job, total - there)
    again = f", of which {there / 1e6:.1f} MB are here" if there else ""
    size = f"{len(files)} files, {total / 1e6:.1f} MB{again}"
    job.note(f"{model.hub_id} at commit {commit[:10]}: {size}.")
    done = 0
    for file in files:
        if not (part / file.name).is_file():
            url = hf_hub_url(model.hub_id, file.name, revision=commit, endpoint=_endpoint())
            _fetch_patiently(job, url, file, part / file.name, _Told(done, total))
        done += file.size
        job.advance(done, total)
    return part


def _bytes_of(path: Path) -> int:
    """What is there of a file, whole or begun."""
    begun = path.with_name(f"{path.name}.part")
    return next((one.stat().st_size for one in (path, begun) if one.is_file()), 0)


def _refuse_without_room(job: JobContext, needed: int) -> None:
    free = shutil.disk_usage(job.workspace).free
    if free < needed + SPARE_BYTES:
        raise DiskFull(
            f"The model needs {needed / 1e9:.2f} GB more, and {free / 1e9:.2f} GB are free where "
            "the workspace lies. Free some space, then resume the download."
        )


@dataclass(frozen=True)
class _Told:
    """Bytes before this file, and of all files."""

    done: int
    total: int


def _fetch_patiently(job: JobContext, url: str, file: HubFile, target: Path, told: _Told) -> None:
    """One file, in as many tries as PAUSES allow, each of which goes on where the last one was."""
    begun = target.with_name(f"{target.name}.part")
    for pause in (*PAUSES, None):
        try:
            with begun.open("ab", buffering=0) as out:
                if out.tell() < file.size:
                    _fetch(url, out, job, told)
            break
        except httpx2.TransportError as error:
            if pause is None:
                raise
            job.note(f"The connection broke ({type(error).__name__}); tries again in {pause:g} s.")
            _wait(job, pause)
    _refuse_damaged(begun, file)
    begun.replace(target)


def _fetch(url: str, out: FileIO, job: JobContext, told: _Told) -> None:
    # Without compression: what was cut off must go on at its byte.
    headers = {**build_hf_headers(token=_token()), "Accept-Encoding": "identity"}
    watched: Any = _Watched(out, job, told)
    http_get(url, watched, resume_size=out.tell(), headers=headers)


class _Watched:
    """A file that tells how far the download is, and ends it when the job is to stop."""

    def __init__(self, file: FileIO, job: JobContext, told: _Told) -> None:
        self._file, self._job, self._told = file, job, told
        self.tell, self.seek, self.truncate = file.tell, file.seek, file.truncate

    def write(self, chunk: bytes) -> int:
        written = self._file.write(chunk)
        self._job.advance(self._told.done + self._file.tell(), self._told.total)
        return written


def _wait(job: JobContext, seconds: float) -> None:
    left = seconds
    while left > 0:
        if job.should_stop():
            raise JobStopped
        sleep(min(left, 0.5))
        left -= 0.5


def _refuse_damaged(path: Path, file: HubFile) -> None:
    """Raise DamagedDownload, and let go of the file, where its size or hash is not the hub's."""
    size = path.stat().st_size
    with path.open("rb") as content:
        if file.sha256:
            expected, found = file.sha256, hashlib.file_digest(content, "sha256").hexdigest()
        else:
            blob = hashlib.sha1(f"blob {file.size}\0".encode(), usedforsecurity=False)
            for chunk in iter(lambda: content.read(1 << 20), b""):
                blob.update(chunk)
            expected, found = file.blob_id, blob.hexdigest()
    if size != file.size or expected not in ("", found):
        path.unlink()
        raise DamagedDownload(
            f"{file.name} did not arrive as the hub has it: its size or its hash is another one. "
            "Resume the download; this file is fetched anew."
        )
