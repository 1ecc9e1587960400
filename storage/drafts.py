"""Drafts: what each person has typed into a form and not saved yet."""

from __future__ import annotations

import json
from typing import Any

from core.clock import now
from storage.database import Database


class Drafts:
    """One draft per person and form; a newer one replaces it."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def of(self, person_id: str, form: str) -> dict[str, Any] | None:
        """What this person left in the form."""
        content = self._db.value(
            "SELECT content FROM drafts WHERE person_id = ? AND form = ?", [person_id, form]
        )
        return json.loads(content) if content else None

    def keep(self, person_id: str, form: str, content: dict[str, Any]) -> None:
        """Replace what is kept of the form."""
        self._db.execute(
            "INSERT INTO drafts VALUES (?, ?, ?, ?) ON CONFLICT (person_id, form) DO UPDATE SET "
            "content = excluded.content, created_at = excluded.created_at",
            [person_id, form, json.dumps(content), now()],
        )

    def drop(self, person_id: str, form: str) -> None:
        """Forget the form."""
        self._db.execute("DELETE FROM drafts WHERE person_id = ? AND form = ?", [person_id, form])

    def drop_of_example(self, person_id: str, example_id: str) -> None:
        """Forget what this person typed into the forms of an example."""
        self._db.execute(
            """
            DELETE FROM drafts WHERE person_id = $person_id AND form IN ($annotate, $review)
            """,
            {
                "person_id": person_id,
                "annotate": f"annotate {example_id}",
                "review": f"review {example_id}",
            },
        )
