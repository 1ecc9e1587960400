"""Search: where a text occurs among a project's examples, and which examples are like one.

Each project has a text index under search/, which follows from the database: a fingerprint says
whether it is the present, and what changed since is put in before an answer.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from core.clock import now
from core.examples.text_index import Fingerprint, Text, TextIndex
from core.query import Query
from storage.database import Database

T = TypeVar("T")
MOST_CHANGED = 5_000
"""So many changed examples are put in at once, in the server; more are a worker's."""
# A change that was begun before the last look and committed after it has an earlier time.
_OVERLAP = timedelta(minutes=10)
_TEXT = "lower(instruction) || chr(31) || lower(input) || chr(31) || lower(output)"


class Search:
    """Questions that the text indexes answer."""

    def __init__(self, db: Database, workspace: Path) -> None:
        self._db = db
        self._folder = workspace / "search"
        self._lock = threading.Lock()
        self._open: dict[str, TextIndex] = {}

    def positions(self, project_id: str, text: str, most: int) -> Sequence[int] | None:
        """Where a text occurs, whatever its case; None where no index can tell: none is there or
        it is far behind, the text is shorter than three characters, or it occurs too often."""
        # As the database writes it: Python has other lower cases of some letters.
        lower = self._db.value("SELECT lower($text)", {"text": text})
        return self._ask(project_id, lambda index: index.positions(lower, most))

    def like(self, project_id: str, position: int, most: int) -> Sequence[int] | None:
        """The positions of the examples that are most like one; None where no index can tell."""
        return self._ask(project_id, lambda index: index.like(position, most))

    def is_behind(self, project_id: str) -> bool:
        """Whether the last question about the project found no index, or one far behind: a worker
        must make it, for the first time or anew."""
        with self._lock:
            return project_id not in self._open

    def to_index(self, project_id: str) -> Query:
        """What a worker makes the index of: position, hash of the revision, text."""
        return Query(
            f"""
            SELECT position, hash(revision_id) AS hash, {_TEXT} AS text
            FROM example_current WHERE project_id = $project_id ORDER BY position
            """,  # noqa: S608 a literal of this module
            {"project_id": project_id},
        )

    def put_in_place(self, project_id: str, path: Path) -> None:
        """Answer from the index in this file from now on; twice is once."""
        with self._lock:
            self._folder.mkdir(exist_ok=True)
            self._shut(project_id)
            part = self._path(project_id).with_suffix(".part")
            part.unlink(missing_ok=True)
            os.link(path, part)
            self._remove(project_id)
            part.replace(self._path(project_id))

    def close(self) -> None:
        """Close the indexes that are open."""
        with self._lock:
            for index in self._open.values():
                index.close()
            self._open.clear()

    # Keeping up --------------------------------------------------------------------------------

    def _path(self, project_id: str) -> Path:
        return self._folder / f"{project_id}.sqlite"

    def _shut(self, project_id: str) -> None:
        if index := self._open.pop(project_id, None):
            index.close()

    def _remove(self, project_id: str) -> None:
        """Delete the file, and the journal of a crash, which the next file would play back."""
        self._path(project_id).unlink(missing_ok=True)
        Path(f"{self._path(project_id)}-journal").unlink(missing_ok=True)

    def _ask(self, project_id: str, question: Callable[[TextIndex], T | None]) -> T | None:
        """Ask the index, brought to the present; None where that is a worker's. A file that a crash
        has cut off is thrown away first."""
        with self._lock:
            for _ in range(2):
                try:
                    index = self._present(project_id)
                    return question(index) if index else None
                except (sqlite3.DatabaseError, ValueError):
                    self._shut(project_id)
                    self._remove(project_id)
        return None

    def _present(self, project_id: str) -> TextIndex | None:
        wanted = self._fingerprint(project_id)
        index = self._open.get(project_id)
        if index is None:
            if not self._path(project_id).exists() and wanted.examples > MOST_CHANGED:
                return None
            self._folder.mkdir(exist_ok=True)
            index = self._open[project_id] = TextIndex(self._path(project_id))
        if index.fingerprint == wanted or self._caught_up(project_id, index):
            return index
        self._shut(project_id)
        return None

    def _fingerprint(self, project_id: str) -> Fingerprint:
        row = self._db.one(
            """
            SELECT count(*) AS n, coalesce(bit_xor(hash(revision_id)), 0) AS hashes
            FROM example_current WHERE project_id = $project_id
            """,
            {"project_id": project_id},
        )
        return Fingerprint(row["n"], row["hashes"]) if row else Fingerprint(0, 0)

    def _caught_up(self, project_id: str, index: TextIndex) -> bool:
        """Put in what changed, lately or else at all; False where it is too much."""
        began = now()
        lately = datetime.fromisoformat(index.fact("mark", "1970-01-01")) - _OVERLAP
        rows = self._texts(project_id, "updated_at >= $since", since=lately)
        known = index.hashes() if len(rows) > MOST_CHANGED else None
        if known is None:
            index.change(rows)
        if known is not None or index.fingerprint != self._fingerprint(project_id):
            present = self._hashes(project_id)
            known = known or index.hashes()
            changed = [one for one, found in present.items() if known.get(one) != found]
            if len(changed) > MOST_CHANGED:
                return False
            rows = self._texts(project_id, "list_contains($changed, position)", changed=changed)
            index.change(rows, known.keys() - present.keys())
        index.keep_fact("mark", began.isoformat())
        return True

    def _hashes(self, project_id: str) -> dict[int, int]:
        table = self._db.arrow(
            """
            SELECT position, hash(revision_id) AS hash FROM example_current
            WHERE project_id = $project_id
            """,
            {"project_id": project_id},
        )
        return dict(zip(*(table.column(k).to_pylist() for k in (0, 1)), strict=True))

    def _texts(self, project_id: str, condition: str, **params: Any) -> list[Text]:
        rows = self._db.rows(
            f"""
            SELECT position, hash(revision_id) AS hash, {_TEXT} AS text FROM example_current
            WHERE project_id = $project_id AND {condition} LIMIT {MOST_CHANGED + 1}
            """,  # noqa: S608 the parts are literals of this module
            {"project_id": project_id, **params},
        )
        return [Text(**row) for row in rows]
