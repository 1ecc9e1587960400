"""Drafts: what each person has typed into a form and not saved yet."""

from __future__ import annotations

import json
from typing import Any, get_args

from core.clock import now
from core.examples.states import Queue
from storage.database import Database
from storage.written_keys import WrittenKeys


class Drafts:
    """One draft per person and form; a newer one replaces it."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._kept = WrittenKeys(db, "SELECT person_id, form FROM drafts")

    def may_exist(self, person_id: str, form: str) -> bool:
        """False where the person surely left nothing in the form."""
        return self._kept.may_have(person_id, form)

    def of(self, person_id: str, form: str) -> dict[str, Any] | None:
        """What this person left in the form."""
        content = self._db.value(
            "SELECT content FROM drafts WHERE person_id = ? AND form = ?", [person_id, form]
        )
        return json.loads(content) if content else None

    def with_time(self, person_id: str, form: str) -> dict[str, Any] | None:
        """The same, with `saved_at`, a naive UTC time."""
        row = self._db.one(
            """
            SELECT content, created_at FROM drafts
            WHERE person_id = $person_id AND form = $form
            """,
            {"person_id": person_id, "form": form},
        )
        return {**json.loads(row["content"]), "saved_at": row["created_at"]} if row else None

    def newest(self, person_id: str, kind: str) -> str | None:
        """The form this person typed into last, among those whose name begins with `kind`."""
        value = self._db.value(
            """
            SELECT form FROM drafts
            WHERE person_id = $person_id AND starts_with(form, $kind)
            ORDER BY created_at DESC LIMIT 1
            """,
            {"person_id": person_id, "kind": kind},
        )
        return str(value) if value else None

    def keep(self, person_id: str, form: str, content: dict[str, Any]) -> None:
        """Replace what is kept of the form."""
        self._kept.add(person_id, form)
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
        for queue in get_args(Queue):
            if self.may_exist(person_id, f"{queue} {example_id}"):
                self.drop(person_id, f"{queue} {example_id}")
