"""Comments on examples, their mentions, and who has opened them: three tables that only grow."""

from __future__ import annotations

from collections.abc import Sequence

from core.clock import now
from core.examples.comments import Comment
from storage.database import Database
from storage.written_keys import WrittenKeys


class Comments:
    """Questions about comments, and their additions; callers hold the transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._commented = WrittenKeys(db, "SELECT DISTINCT example_id FROM example_comments")

    def is_known(self, comment_id: str) -> bool:
        """Whether this comment was saved already."""
        found = self._db.value(
            "SELECT 1 FROM example_comments WHERE comment_id = $id", {"id": comment_id}
        )
        return found is not None

    def on_example(self, example_id: str) -> list[Comment]:
        """The comments on an example, oldest first."""
        if not self._commented.may_have(example_id):
            return []
        rows = self._db.rows(
            """
            SELECT c.comment_id, c.author_id, coalesce(p.name, 'Touchstone') AS author, c.text,
                   c.created_at
            FROM example_comments c LEFT JOIN people p ON p.person_id = c.author_id
            WHERE c.example_id = $example_id ORDER BY c.created_at, c.comment_id
            """,
            {"example_id": example_id},
        )
        return [Comment(**row) for row in rows]

    def add(
        self, project_id: str, example_id: str, comment: Comment, mentioned: Sequence[str]
    ) -> None:
        """Append a comment and whom it mentions."""
        self._commented.add(example_id)
        about = {"comment_id": comment.comment_id, "project_id": project_id}
        self._db.execute(
            """
            INSERT INTO example_comments
                (comment_id, project_id, example_id, author_id, text, created_at)
            VALUES ($comment_id, $project_id, $example_id, $author_id, $text, $created_at)
            """,
            {
                **about,
                "example_id": example_id,
                "author_id": comment.author_id,
                "text": comment.text,
                "created_at": comment.created_at,
            },
        )
        for person_id in mentioned:
            self._db.execute(
                """
                INSERT INTO comment_mentions (comment_id, person_id, project_id)
                VALUES ($comment_id, $person_id, $project_id)
                """,
                {**about, "person_id": person_id},
            )

    def unread_mentions(self, project_id: str, person_id: str) -> list[str]:
        """The examples of the mentions of a person that they have not opened, one for each mention,
        the oldest first."""
        rows = self._db.rows(
            """
            SELECT c.example_id
            FROM comment_mentions m JOIN example_comments c USING (comment_id)
            WHERE m.project_id = $project_id AND m.person_id = $person_id
              AND m.comment_id NOT IN (
                  SELECT r.comment_id FROM comment_reads r WHERE r.person_id = $person_id)
            ORDER BY c.created_at, c.comment_id
            """,
            {"project_id": project_id, "person_id": person_id},
        )
        return [row["example_id"] for row in rows]

    def mentions_unread(self, example_id: str, person_id: str) -> bool:
        """Whether a comment on the example mentions a person who has not opened it."""
        found = self._db.value(
            """
            SELECT 1 FROM example_comments c JOIN comment_mentions m USING (comment_id)
            WHERE c.example_id = $example_id AND m.person_id = $person_id
              AND m.comment_id NOT IN (
                  SELECT r.comment_id FROM comment_reads r WHERE r.person_id = $person_id)
            LIMIT 1
            """,
            {"example_id": example_id, "person_id": person_id},
        )
        return found is not None

    def mark_read(self, project_id: str, example_id: str, person_id: str) -> None:
        """Append that a person has opened every comment on an example that mentions them."""
        self._db.execute(
            """
            INSERT INTO comment_reads (comment_id, person_id, created_at)
            SELECT m.comment_id, m.person_id, $now
            FROM comment_mentions m JOIN example_comments c USING (comment_id)
            WHERE m.project_id = $project_id AND c.example_id = $example_id
              AND m.person_id = $person_id
            ON CONFLICT DO NOTHING
            """,
            {
                "project_id": project_id,
                "example_id": example_id,
                "person_id": person_id,
                "now": now(),
            },
        )
