"""SHA-256 of a model's weights. Reads gigabytes: for workers only, never on a page or a server.

A hash that was computed once is kept beside the workspace's models and found again while names,
sizes and times of the files are the same.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from core.jobs.folder import read_json, write_json
from core.tuning.settings import InvalidRunSpec


def weights_hash(folder: Path) -> str:
    """SHA-256 over the names and bytes of the folder's *.safetensors, sorted; 64 hex digits.

    Raises InvalidRunSpec when there are none.
    """
    total = hashlib.sha256()
    for path in _weights(folder):
        with path.open("rb") as file:
            total.update(f"{path.name}\n".encode() + hashlib.file_digest(file, "sha256").digest())
    return total.hexdigest()


def weights_bytes(folder: Path) -> int:
    """Bytes of the folder's *.safetensors. Raises InvalidRunSpec when there are none."""
    return sum(path.stat().st_size for path in _weights(folder))


def cached_weights_hash(folder: Path, cache: Path) -> str:
    """`weights_hash`, taken from the JSON file `cache` where the files did not change since."""
    key = str(folder.resolve())
    files = [
        [path.name, stat.st_size, stat.st_mtime_ns]
        for path in _weights(folder)
        for stat in [path.stat()]
    ]
    known = (read_json(cache) if cache.is_file() else None) or {}
    entry = known.get(key) or {}
    if entry.get("files") == files:
        return str(entry["hash"])
    found = weights_hash(folder)
    cache.parent.mkdir(parents=True, exist_ok=True)
    write_json(cache, {**known, key: {"files": files, "hash": found}})
    return found


def _weights(folder: Path) -> list[Path]:
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise InvalidRunSpec(f"{folder} holds no .safetensors file. Choose a folder with a model.")
    return files
