"""Sign-in sessions and the one-time link of the first set-up."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from core.accounts import Session
from core.actor import Actor, Role
from core.clock import now
from storage.database import Database
from storage.remembered import Remembered


class Sessions:
    """Questions and changes about sessions. `on_revoked` is called with hashes of dead ones."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.on_revoked: Callable[[Iterable[str]], None] = lambda hashes: None
        self._seen: Remembered[Session] = Remembered(db)

    def forget(self) -> None:
        """People, roles or sessions change: look again, for everybody, once that is committed."""
        self._seen.forget()

    def open(self, token_hash: str, person_id: str, expires_at: datetime) -> None:
        """Insert a session, and drop those of the person that ended before it began."""
        self.forget()
        moment = now()
        self._db.execute(
            "DELETE FROM sessions WHERE person_id = $person_id AND expires_at < $moment",
            {"person_id": person_id, "moment": moment},
        )
        self._db.execute(
            """
            INSERT INTO sessions (token_hash, person_id, created_at, expires_at)
            VALUES ($token_hash, $person_id, $created_at, $expires_at)
            """,
            {
                "token_hash": token_hash,
                "person_id": person_id,
                "created_at": moment,
                "expires_at": expires_at,
            },
        )

    def by_token(self, token_hash: str, moment: datetime) -> Session | None:
        """A living session with its person and all roles of theirs: remembered until somebody's
        sessions, roles or rights change."""
        found = self._seen.get(token_hash, lambda: self._by_token(token_hash, moment))
        return found if found and found.expires_at > moment else None

    def is_known(self, token_hash: str, moment: datetime) -> bool:
        """Whether `by_token` would find a living session without a statement."""
        found = self._seen.known(token_hash)
        return bool(found and found.expires_at > moment)

    def _by_token(self, token_hash: str, moment: datetime) -> Session | None:
        rows = self._db.rows(
            """
            SELECT p.person_id, p.name, p.is_admin, s.expires_at, s.project_id,
                   m.project_id AS role_in, m.role
            FROM sessions s JOIN people p USING (person_id)
            LEFT JOIN memberships m USING (person_id)
            WHERE s.token_hash = $token_hash AND s.revoked_at IS NULL
              AND s.expires_at > $moment AND NOT p.disabled
            """,
            {"token_hash": token_hash, "moment": moment},
        )
        if not rows:
            return None
        roles: dict[str, set[Role]] = {}
        for row in rows:
            if row["role"]:
                roles.setdefault(row["role_in"], set()).add(row["role"])
        first = rows[0]
        frozen = {project: frozenset(held) for project, held in roles.items()}
        actor = Actor(first["person_id"], first["name"], first["is_admin"], frozen)
        return Session(actor, first["expires_at"], first["project_id"])

    def extend(self, token_hash: str, expires_at: datetime) -> None:
        """Move the end of a session."""
        self.forget()
        self._db.execute(
            "UPDATE sessions SET expires_at = $expires_at WHERE token_hash = $token_hash",
            {"expires_at": expires_at, "token_hash": token_hash},
        )

    def choose_project(self, token_hash: str, project_id: str) -> None:
        """Keep the project that new tabs of a session begin with."""
        self.forget()
        self._db.execute(
            "UPDATE sessions SET project_id = $project_id WHERE token_hash = $token_hash",
            {"project_id": project_id, "token_hash": token_hash},
        )

    def revoke(self, token_hash: str) -> str | None:
        """End one session; the id of its person, or None if it had ended."""
        self.forget()
        row = self._db.one(
            """
            UPDATE sessions SET revoked_at = $moment
            WHERE token_hash = $token_hash AND revoked_at IS NULL RETURNING person_id
            """,
            {"moment": now(), "token_hash": token_hash},
        )
        return str(row["person_id"]) if row else None

    def revoke_all_of(self, person_id: str, *, but: str = "") -> list[str]:
        """End every session of a person but one; the hashes of those that ended."""
        self.forget()
        rows = self._db.rows(
            """
            UPDATE sessions SET revoked_at = $moment
            WHERE person_id = $person_id AND revoked_at IS NULL AND token_hash <> $but
            RETURNING token_hash
            """,
            {"moment": now(), "person_id": person_id, "but": but},
        )
        return [row["token_hash"] for row in rows]

    # The link of the first set-up --------------------------------------------------------------

    def replace_setup_link(self, token_hash: str) -> None:
        """Insert a set-up link; unused older ones are void."""
        self._db.execute("DELETE FROM setup_links WHERE used_at IS NULL")
        self._db.execute(
            """
            INSERT INTO setup_links (token_hash, created_at) VALUES ($token_hash, $created_at)
            """,
            {"token_hash": token_hash, "created_at": now()},
        )

    def setup_link_open(self, token_hash: str) -> bool:
        """Whether a set-up link can still be used."""
        return bool(
            self._db.value(
                """
                SELECT count(*) FROM setup_links
                WHERE token_hash = $token_hash AND used_at IS NULL
                """,
                {"token_hash": token_hash},
            )
        )

    def use_setup_link(self, token_hash: str) -> bool:
        """Use a set-up link up; False if it was unknown, or used."""
        row = self._db.one(
            """
            UPDATE setup_links SET used_at = $moment
            WHERE token_hash = $token_hash AND used_at IS NULL RETURNING token_hash
            """,
            {"moment": now(), "token_hash": token_hash},
        )
        return row is not None
