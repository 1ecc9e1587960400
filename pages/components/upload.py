"""An uploaded file on disk, where previewing and importing read it: in the workspace's inbox."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from core.clock import new_id
from core.errors import DiskFull, TouchstoneError, full_disk_told
from core.importing.limits import MIB, Limits
from pages.components import errors, session

KEPT_SECONDS = 24 * 3600
UPLOAD = "upload"


def upload_limits() -> Limits:
    """The limits of an uploaded file: `server.maxUploadSize` of .streamlit/config.toml, in MB."""
    return Limits(file_bytes=int(st.get_option("server.maxUploadSize")) * MIB)


def queue_upload(
    uploaded: Any,
    *,
    form: str,
    turn: str,
    missing: str,
    said: str,
    start: Callable[[Path, str], object],
) -> None:
    """Hand a submitted form's file to `start(path, submission id)`, which moves it into a job.

    Without a file, `missing` is told; a refusal is told and leaves the form as it is; else `said`
    is, and the form is emptied: `turn` names what is remembered for its widgets' keys.
    """
    if uploaded is None:
        errors.tell("No file yet", missing)
        return
    suffix = Path(uploaded.name).suffix.lower()[:12]
    path = session.workspace().inbox / f"{new_id('up')}{suffix}"
    try:
        path.write_bytes(uploaded.getbuffer())
        start(path, session.submission_id(form))
    except TouchstoneError as error:
        errors.tell(error.title, error.message)
        return
    finally:
        path.unlink(missing_ok=True)
    session.submitted(form)
    session.remember(turn, session.recall(turn, 0) + 1)
    session.say(said)
    st.rerun()


def on_disk(uploaded: Any) -> Path:
    """Where the uploaded file lies: written once, closed to everybody else."""
    held = session.recall(UPLOAD)
    if held is not None and held[0] == uploaded.file_id and held[1].is_file():
        return Path(held[1])
    if held is not None:
        Path(held[1]).unlink(missing_ok=True)
    inbox = session.workspace().inbox
    _sweep(inbox)
    suffix = Path(uploaded.name).suffix.lower()[:12]
    path = inbox / (new_id("up") + (suffix if suffix[1:].isalnum() else ""))
    path.touch(0o600)
    try:
        with full_disk_told():
            path.write_bytes(uploaded.getbuffer())
    except DiskFull:
        path.unlink()
        raise
    session.remember(UPLOAD, (uploaded.file_id, path))
    return path


def _sweep(inbox: Path) -> None:
    """Remove what tabs that were closed before importing have left."""
    for path in inbox.glob("up_*"):
        if time.time() - path.stat().st_mtime > KEPT_SECONDS:
            path.unlink(missing_ok=True)
